"""The patch that an operator lays over the documents Envoys are given: its form, and what it may not touch.

    {"edge": {PART: ...}, "node": {PART: ...}}     with these parts, all of them optional:

    bootstrap, listener, http, routes    JSON merge patches (RFC 7396: null removes, an array replaces an array)
    clusters                             by name: a merge patch, or a cluster of your own
    http_filters, access_logs            arrays of what is added: filters in front of the router, logs after hactl's own

What hactl itself relies on is refused by name. All the rest is Envoy's to judge, before any process starts with it.
Pure: text in, text out; the file is `files`' to read, and laying it over is the engine's.
"""

import json
from collections.abc import Iterator
from typing import Any

from hactl.config.kinds import Kind
from hactl.config.unfit import Problem, Unfit, did_you_mean, found, quoted, unfit
from hactl.core.spec import FleetSpec, GatewayKind

LARGEST = 1 << 20
"""Bytes."""
Patch = dict[str, Any]
"""A JSON object."""

ROLES = ("edge", "node")
PATCHES = ("bootstrap", "listener", "http", "routes")
LISTS = ("http_filters", "access_logs")
PARTS = (*PATCHES, "clusters", *LISTS)
EDGE_CLUSTER = "gw"
"""What an edge's cluster of nodes is called."""

_ADD = "add yours to the part"
OWN: dict[str, dict[str, str]] = {
    "bootstrap": {
        "node.id": "",
        "node.cluster": "",
        "admin": "",
        "dynamic_resources": "",
        "static_resources": f'{_ADD} "clusters"',
        "stats_config.stats_matcher": "hactl reads the statistics",
    },
    "listener": {
        "name": "",
        "address": "edge.listen and region.bind say where to listen",
        "additional_addresses": "edge.listen and region.bind say where to listen",
        "enable_reuse_port": "",
        "reuse_port": "",
        "bind_to_port": "",
        "traffic_direction": "",
        "api_listener": "",
        "internal_listener": "",
        "udp_listener_config": "",
        "filter_chain_matcher": "",
        "default_filter_chain": "",
        "filter_chains": f'{_ADD} "http_filters", or patch "http"',
    },
    "http": {
        "stat_prefix": "",
        "rds": "",
        "scoped_routes": "",
        "route_config": "",
        "http_filters": f'{_ADD} "http_filters" beside "http"',
        "access_log": f'{_ADD} "access_logs" beside "http"',
        "local_reply_config.mappers": "",
    },
    "routes": {
        "name": "",
        "vhds": "",
        "virtual_hosts": "write a [[route]]",
        "response_headers_to_add": "a [[route]] has response_headers",
        "response_headers_to_remove": "a [[route]] has response_headers",
    },
}
"""What hactl relies on, by part: key → what to do instead."""
OWN_OF_CLUSTERS = {
    "name": "",
    "alt_stat_name": "",
    "type": "",
    "cluster_type": "",
    "eds_cluster_config": "",
    "load_assignment": "a [[service]] has endpoints",
    "ignore_health_on_host_removal": "",
}
"""The same for clusters that hactl writes."""
OWN_FILTERS = (
    *(
        f"envoy.filters.http.{each}"
        for each in ("health_check", "local_ratelimit", "stateful_session", "cors", "router")
    ),
    "hactl.fault",
)
"""Filters hactl places itself."""
ALIKE = ("normalize_path", "merge_slashes", "path_with_escaped_slashes_action", "path_normalization_options")
"""Keys of "http" that edge and node must agree on, or a route could be walked around."""


def overlay() -> Kind:
    """The patch as JSON text, or the path of its file, which whoever reads the configuration puts the text in for."""
    wants = "the path of a JSON file"

    def read(raw: object) -> str:
        if not isinstance(raw, str) or "\0" in raw:
            raise unfit(wants, raw)
        return canonical(raw) if raw else ""

    return Kind(wants=wants, read=read, schema={"type": "string"})


def is_text(value: str) -> bool:
    """Whether `value` is the patch itself, or nothing; otherwise it is a path."""
    return not value or value.lstrip().startswith("{")


def canonical(text: str) -> str:
    """The patch in `text` in the one spelling it is kept in; "" when it changes nothing. Raises Unfit."""
    if not text.lstrip().startswith("{"):
        raise Unfit(f"wants a JSON object, found {quoted(text)}")
    try:
        patch = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        spelled = json.dumps(patch, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        spelled.encode()
    except json.JSONDecodeError as error:
        said = error.msg[:1].lower() + error.msg[1:]
        raise Unfit(f"not valid JSON: {said} (line {error.lineno}, column {error.colno})") from error
    except UnicodeEncodeError as error:
        raise Unfit("not valid JSON: half of a surrogate pair") from error
    except (RecursionError, ValueError) as error:  # a plain one for numbers beyond Python's limit of digits
        raise Unfit("not valid JSON: nested too deeply, or a number too long") from error
    for path, cause, hint in _problems(patch):
        raise Unfit(f"{path}: {cause}", hint)
    return "" if spelled == "{}" else spelled


def misfits(spec: FleetSpec) -> Iterator[Problem]:
    """What of the overlay of `spec` conflicts with the rest of it."""
    if not spec.gateway.envoy_overlay:
        return
    patch: Patch = json.loads(spec.gateway.envoy_overlay)
    place = "gateway.envoy_overlay: "
    if spec.gateway.kind is GatewayKind.COMMAND:
        if "node" in patch:
            yield Problem(path=f"{place}node", cause='conflicts with kind = "command"', hint="your program decides")
    else:
        for key in ALIKE:
            if _at(patch, f"edge.http.{key}") != _at(patch, f"node.http.{key}"):
                cause = "edge and node must interpret paths the same way"
                yield Problem(path=f"{place}http.{key}", cause=cause, hint="set the same value in both")
    known = {"edge": (EDGE_CLUSTER,), "node": tuple(service.name for service in spec.services)}
    for role, layer in patch.items():
        for name, cluster in layer.get("clusters", {}).items():
            path = f"{place}{role}.clusters.{name}"
            if name not in known[role] and not _whole(cluster):
                cause = "no cluster has that name, and a new one needs a load_assignment"
                yield Problem(path=path, cause=cause, hint=did_you_mean(name, known[role]))
            elif name in known[role]:
                for place_, cause, hint in _owned(path, cluster, OWN_OF_CLUSTERS):
                    yield Problem(path=place_, cause=cause, hint=hint)


def _problems(patch: Patch) -> Iterator[tuple[str, str, str]]:
    for role, layer in patch.items():
        if role not in ROLES:
            yield quoted(role), "unknown key", did_you_mean(role, ROLES)
        elif not isinstance(layer, dict):
            yield role, f"wants an object, found {_json(layer)}", ""
        else:
            yield from _layer(role, layer)


def _layer(role: str, layer: Patch) -> Iterator[tuple[str, str, str]]:
    for part, value in layer.items():
        place = f"{role}.{part}"
        if part not in PARTS:
            yield f"{role}.{quoted(part)}", "unknown part", did_you_mean(part, PARTS)
        elif part in LISTS:
            yield from _listed(place, value, filters=part == "http_filters")
        elif not isinstance(value, dict):
            yield place, f"wants an object, found {_json(value)}", ""
        elif part == "clusters":
            yield from _clusters(place, value)
        else:
            yield from _owned(place, value, OWN[part])


def _clusters(place: str, clusters: Patch) -> Iterator[tuple[str, str, str]]:
    for name, cluster in clusters.items():
        path = f"{place}.{name}"
        if not isinstance(cluster, dict):
            yield path, f"wants an object, found {_json(cluster)}", ""
        elif not name or ":" in name or name.startswith(f"{EDGE_CLUSTER}-"):
            yield f"{place}.{quoted(name)}", "that name is reserved", ""


def _listed(place: str, items: object, *, filters: bool) -> Iterator[tuple[str, str, str]]:
    if not isinstance(items, list):
        yield place, f"wants an array, found {_json(items)}", ""
        return
    names: list[str] = []
    for number, item in enumerate(items, start=1):
        path = f"{place}[{number}]"
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            yield path, "wants an object with a name", ""
        elif filters and name in OWN_FILTERS:
            yield path, f"{quoted(name)} is added by hactl itself", ""
        elif filters and name in names:
            yield path, f"two filters are called {quoted(name)}", "Envoy lets you choose the names"
        else:
            names.append(name)


def _owned(place: str, patch: Patch, own: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for key, hint in own.items():
        path = key
        while path:  # a patch of all that is around a key takes the key along
            given = _at(patch, path)
            if given is not _ABSENT and (path == key or not isinstance(given, dict)):
                yield f"{place}.{path}", "hactl relies on it, and it cannot be changed", hint
            path = path.rpartition(".")[0]


def _whole(cluster: Patch) -> bool:
    return "load_assignment" in cluster or "cluster_type" in cluster


_ABSENT = object()


def _at(patch: object, path: str) -> object:
    for key in path.split("."):
        if not isinstance(patch, dict) or key not in patch:
            return _ABSENT
        patch = patch[key]
    return patch


def _once(pairs: list[tuple[str, Any]]) -> Patch:
    patch = dict(pairs)
    if len(patch) < len(pairs):
        twice = next(name for name, _ in pairs if [key for key, _ in pairs].count(name) > 1)
        raise Unfit(f"{quoted(twice)} appears twice in one object")
    return patch


def _no_number(said: str) -> float:
    raise Unfit(f"not valid JSON: {said} is not a number")


def _json(value: object) -> str:
    return "an object" if isinstance(value, dict) else "null" if value is None else found(value)

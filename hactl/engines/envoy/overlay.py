"""Lays the operator's patch over the documents hactl has made. Pure. What it may hold is checked by `hactl.config`.

Paths of hactl's own stay untouched by the operator's filters, so that no filter can make a healthy process look dead.
"""

from typing import cast

import msgspec

from hactl.core.model import Fleet
from hactl.core.node import Role
from hactl.core.value import Value, replace
from hactl.engines.envoy.clusters import GRPC_SUFFIX
from hactl.engines.envoy.document import Document, Documents, typed
from hactl.engines.envoy.endpoints import CLUSTER, HEDGED
from hactl.engines.envoy.routes import OWN_PREFIX


class Layer(Value):
    """What is laid over the documents of one role: patches, and what is added to lists."""

    bootstrap: Document = {}
    listener: Document = {}
    """Of the listener for clients, not of an edge's private one."""
    http: Document = {}
    routes: Document = {}
    clusters: dict[str, Document] = {}
    http_filters: list[Document] = []
    access_logs: list[Document] = []


class Overlay(Value):
    """The whole patch."""

    edge: Layer = Layer()
    node: Layer = Layer()


def laid_over(documents: Documents, fleet: Fleet, role: Role) -> Documents:
    """`documents`, for processes of `role`, with the overlay of `fleet` over them."""
    text = fleet.spec.gateway.envoy_overlay
    if not text:
        return documents
    overlay = msgspec.json.decode(text, type=Overlay)
    layer = overlay.edge if role is Role.EDGE else overlay.node
    first, *others = documents.listeners
    listeners = [_listener(first, layer, layer.access_logs), *(_listener(other, layer, []) for other in others)]
    return replace(
        documents,
        bootstrap=merged(documents.bootstrap, layer.bootstrap),
        listeners=(merged(listeners[0], layer.listener), *listeners[1:]),
        routes=merged(_untouched(documents.routes, [str(each["name"]) for each in layer.http_filters]), layer.routes),
        clusters=_clusters(documents.clusters, layer.clusters),
    )


def hint(fleet: Fleet) -> str:
    """What to look at when documents of `fleet` are refused."""
    return "gateway.envoy_overlay is part of them" if fleet.spec.gateway.envoy_overlay else ""


def merged(target: Document, patch: Document) -> Document:
    """A JSON merge patch (RFC 7396): null removes, objects are merged, everything else takes the place of what was."""
    result = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            inside = result.get(key)
            result[key] = merged(inside if isinstance(inside, dict) else {}, value)
        else:
            result[key] = value
    return result


def _listener(listener: Document, layer: Layer, logs: list[Document]) -> Document:
    (chain,) = cast("list[Document]", listener["filter_chains"])
    (manager,) = cast("list[Document]", chain["filters"])
    http = merged(cast(Document, manager["typed_config"]), layer.http)
    *before, router = cast("list[Document]", http["http_filters"])
    http["http_filters"] = [*before, *layer.http_filters, router]
    http["access_log"] = [*cast("list[Document]", http["access_log"]), *logs]
    return {**listener, "filter_chains": [{**chain, "filters": [{**manager, "typed_config": http}]}]}


def _untouched(routes: Document, filters: list[str]) -> Document:
    """`routes` with these filters off on hactl's own paths."""
    if not filters:
        return routes
    off: Document = {name: typed("envoy.config.route.v3.FilterConfig", disabled=True) for name in filters}
    (host,) = cast("list[Document]", routes["virtual_hosts"])
    listed = cast("list[Document]", host["routes"])
    return {**routes, "virtual_hosts": [{**host, "routes": [_without(each, off) for each in listed]}]}


def _without(route: Document, off: Document) -> Document:
    match = cast("dict[str, str]", route["match"])
    if not (match.get("path") or match.get("prefix", "")).startswith(OWN_PREFIX):
        return route
    return {**route, "typed_per_filter_config": {**cast(Document, route.get("typed_per_filter_config", {})), **off}}


def _clusters(clusters: tuple[Document, ...], patches: dict[str, Document]) -> tuple[Document, ...]:
    """A patch holds for both clusters of a service, and for both of an edge; what has no cluster becomes one."""
    kin = {HEDGED: CLUSTER}
    names = {str(cluster["name"]).removesuffix(GRPC_SUFFIX) for cluster in clusters}
    changed = [
        merged(cluster, patches.get(kin.get(name := str(cluster["name"]), name.removesuffix(GRPC_SUFFIX)), {}))
        for cluster in clusters
    ]
    added = [merged({"name": name}, patch) for name, patch in patches.items() if name not in names]
    return (*changed, *added)

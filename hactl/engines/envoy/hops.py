"""How a node is led past its services, through a proxy: beside each service's cluster another, and a choice by runtime.

Pure: documents in, documents out. The other cluster is the same in everything (limits, checks, ejection, TLS and what
an overlay says), but its endpoints are sockets at which a proxy may stand. Which of both requests go to is a weight
that the runtime of the process says: by itself, all to the service. A node watches no file, and needs none for this.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast
from urllib.parse import quote, urlencode

from hactl.core.model import Fleet
from hactl.core.routing import ServiceSpec
from hactl.core.value import replace
from hactl.engines.envoy.clusters import GRPC_SUFFIX
from hactl.engines.envoy.document import Document, Documents, seconds
from hactl.engines.envoy.seat import Seat

HOP_SUFFIX = ":hop"
_CHOICE = "hactl.hop"
_LOOK = 1.0
"""Seconds between two checks of a socket where nobody stands: those of a cluster that is used are as the service's."""


def places(seat: Seat, service: str, count: int) -> tuple[Path, ...]:
    """The sockets at which a proxy for a service would stand, one for each endpoint; all nodes look at the same."""
    return tuple(seat.sockets.parent.parent / "hops" / f"{service}-{number}.sock" for number in range(count))


def with_hops(documents: Documents, fleet: Fleet, seat: Seat) -> Documents:
    """`documents` of a node of `fleet`, which can be led past its services."""
    services = {service.name: service for service in fleet.spec.services}
    routed = {name + kind for name in services for kind in ("", GRPC_SUFFIX)}
    beside = tuple(
        _beside(cluster, services[name.removesuffix(GRPC_SUFFIX)], seat)
        for cluster in documents.clusters
        if (name := str(cluster["name"])) in routed
    )
    hosts = [
        {**host, "routes": [_choosing(route, routed) for route in cast("list[Document]", host.get("routes", []))]}
        for host in cast("list[Document]", documents.routes.get("virtual_hosts", []))
    ]
    return replace(
        documents, clusters=(*documents.clusters, *beside), routes={**documents.routes, "virtual_hosts": hosts}
    )


def counter(service: str) -> str:
    """Matches a statistic that exists in every process that can be led past a service, and in no other."""
    return rf"^cluster\.{service}{HOP_SUFFIX.replace(':', '_')}\.membership_total$"


def order(led: Iterable[str], known: Iterable[str]) -> str:
    """The target of a POST that leads a process past these of its services and past no others; twice does no harm."""
    settings = _settings(led)
    return "/runtime_modify?" + urlencode({key: settings.get(key, "") for key in _settings(known)}, quote_via=quote)


def in_force(runtime: Mapping[str, str], led: Iterable[str], known: Iterable[str]) -> bool:
    """True when that is what the runtime of a process says."""
    return {key: runtime[key] for key in _settings(known) if key in runtime} == _settings(led)


def _settings(services: Iterable[str]) -> dict[str, str]:
    names = [service + kind for service in services for kind in ("", GRPC_SUFFIX)]
    return {
        key: weight
        for name in names
        for key, weight in ((f"{_CHOICE}.{name}", "0"), (f"{_CHOICE}.{name}{HOP_SUFFIX}", "1"))
    }


def _beside(cluster: Document, service: ServiceSpec, seat: Seat) -> Document:
    name = f"{cluster['name']}{HOP_SUFFIX}"
    addresses = [{"pipe": {"path": str(path)}} for path in places(seat, service.name, len(service.endpoints))]
    # what a patch adds to the endpoints (weights, localities) is not known here; each is called for itself
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}} for address in addresses]}]
    beside = {
        **{key: value for key, value in cluster.items() if not key.startswith("dns_")},
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    }
    if "health_checks" in cluster:
        checks = cast("list[Document]", cluster["health_checks"])
        beside["health_checks"] = [{**check, "no_traffic_interval": seconds(_LOOK)} for check in checks]
    return beside


def _choosing(route: Document, routed: set[str]) -> Document:
    action = cast(Document, route.get("route", {}))
    name = str(action.get("cluster", ""))
    if name not in routed:
        return route
    rest = {key: value for key, value in action.items() if key != "cluster"}
    either = [{"name": name, "weight": 1}, {"name": name + HOP_SUFFIX, "weight": 0}]
    return {**route, "route": {"weighted_clusters": {"runtime_key_prefix": _CHOICE, "clusters": either}, **rest}}

"""The words every Envoy document is made of. Knows JSON shapes, not what hactl puts into them."""

import hashlib
from pathlib import Path

import msgspec

from hactl.core.value import Value

Document = dict[str, object]
"""A part of an Envoy document, as JSON."""


def typed(kind: str, **fields: object) -> Document:
    """A message that names its own type; `kind` without the common prefix."""
    return {"@type": f"type.googleapis.com/{kind}", **fields}


def extension(name: str, kind: str, **fields: object) -> Document:
    """A named extension with its typed configuration."""
    return {"name": name, "typed_config": typed(kind, **fields)}


def seconds(value: float) -> str:
    """A duration, to the millisecond."""
    return f"{value:.3f}s"


def socket_address(host: str, port: int) -> Document:
    """A TCP address."""
    return {"socket_address": {"address": host, "port_value": port}}


def pipe_address(path: Path) -> Document:
    """A Unix socket that only its owner may use (mode 0600)."""
    return {"pipe": {"path": str(path), "mode": 0o600}}


def source(path: Path) -> Document:
    """Read a resource from `path`, again whenever something is moved there."""
    return {"resource_api_version": "V3", "path_config_source": {"path": str(path)}}


_STREAMS = 100
_STREAM_WINDOW = 256 << 10
HTTP2: Document = {
    "max_concurrent_streams": _STREAMS,
    "initial_stream_window_size": _STREAM_WINDOW,
    "initial_connection_window_size": _STREAMS * _STREAM_WINDOW,
}
"""HTTP/2 on every hop. Many clients share one connection between edge and node: its window is as large as those of all
its streams, so that even if nobody reads but one, that one is served. (With Envoy's own values a hundred unread
answers of 4 MiB held everybody up.)"""

LISTENER = "envoy.config.listener.v3.Listener"
ROUTES = "envoy.config.route.v3.RouteConfiguration"
CLUSTER = "envoy.config.cluster.v3.Cluster"
ENDPOINTS = "envoy.config.endpoint.v3.ClusterLoadAssignment"
SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret"


def discovery(version: str, kind: str, *resources: Document) -> Document:
    """What a resource file holds. `version` must never be used for two different contents."""
    return {"version_info": version, "resources": [typed(kind, **resource) for resource in resources]}


def digest(*parts: object) -> str:
    """Equal for equal documents, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


class Documents(Value):
    """Everything an Envoy is given but endpoints, without versions: equal when nothing would change."""

    bootstrap: Document
    listeners: tuple[Document, ...]
    routes: Document
    clusters: tuple[Document, ...]
    secrets: tuple[Document, ...] = ()
    """Of these only the names of files are told."""

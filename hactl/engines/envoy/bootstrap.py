"""What an Envoy process is started with: its identity, its admin socket, where its documents are, its arguments."""

from pathlib import Path

from hactl.engines.envoy.document import Document, extension, pipe_address, source
from hactl.engines.envoy.seat import Seat

DRAIN_SECONDS = 1
"""How long a drained edge still takes new connections, so that the other edges are not surprised by all at once."""
_RESETS = "overload.premature_reset_total_stream_count"
_FROM_CLIENTS: Document = {
    # what is asked and taken back in one breath is never begun (with this, a flood of it costs a ninth of the time)
    "http.max_requests_per_io_cycle": 10,
    # a connection that has taken back half as many within a second each is closed; the default is 500
    _RESETS: 200,
}
_FROM_EDGES: Document = {_RESETS: 1 << 31}
"""An edge's connection carries many clients: it is not closed because one of them changes its mind all the time."""


def bootstrap(seat: Seat, *, fleet: str, region: str = "", max_connections: int = 0, edge: bool = False) -> Document:
    """The start-up document of the process at `seat`.

    `fleet` is the fleet's id and stands as the cluster, so that a directory tells whose it is. With
    `max_connections` > 0 more client connections than that are closed at once. To an `edge` come clients, to a node
    come edges.
    """
    runtime = _FROM_CLIENTS if edge else _FROM_EDGES
    document: Document = {
        "node": {"id": seat.name, "cluster": fleet, "locality": {"region": region}},
        "admin": {"address": pipe_address(seat.admin), "ignore_global_conn_limit": True},
        "dynamic_resources": {"lds_config": source(seat.listeners), "cds_config": source(seat.clusters)},
        # histograms are merged at a flush only, and people look at them every second
        "stats_flush_interval": "1s",
        "layered_runtime": {
            "layers": [{"name": "base", "static_layer": runtime}, {"name": "admin", "admin_layer": {}}]
        },
    }
    if max_connections:
        document["overload_manager"] = {
            "resource_monitors": [
                extension(
                    "envoy.resource_monitors.global_downstream_max_connections",
                    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    max_active_downstream_connections=max_connections,
                )
            ]
        }
    return document


def arguments(binary: Path, seat: Seat, threads: int) -> tuple[str, ...]:
    """The argument vector. Its log goes to stderr: a log file of Envoy's own is written up to 10 s late."""
    return (
        str(binary),
        "-c",
        str(seat.bootstrap),
        "--disable-hot-restart",
        "--concurrency",
        str(threads),
        "--drain-time-s",
        str(DRAIN_SECONDS),
        "--drain-strategy",
        "immediate",
        "--file-flush-interval-msec",
        "250",
        "--reject-unknown-dynamic-fields",
        "-l",
        "warning",
    )

"""What an Envoy is started with."""

from pathlib import Path

from hactl.engines.envoy.bootstrap import arguments, bootstrap
from hactl.engines.envoy.seat import Seat

SEAT = Seat(name="edge-1", directory=Path("/d"), sockets=Path("/s"))


def test_it_names_the_process_and_its_fleet() -> None:
    """The admin socket is the owner's only, and the fleet's id tells whose process it is."""
    made = bootstrap(SEAT, fleet="f1", region="seoul")
    assert made["node"] == {"id": "edge-1", "cluster": "f1", "locality": {"region": "seoul"}}
    assert made["admin"]["address"] == {"pipe": {"path": "/s/admin.sock", "mode": 0o600}}


def test_connections_are_limited_when_asked() -> None:
    """Only a limit above 0 is one; the admin socket is never part of it."""
    assert "overload_manager" not in bootstrap(SEAT, fleet="f1")
    assert "'max_active_downstream_connections': 9" in repr(bootstrap(SEAT, fleet="f1", max_connections=9))
    assert bootstrap(SEAT, fleet="f1", max_connections=9)["admin"]["ignore_global_conn_limit"] is True


def test_clients_are_trusted_less_than_edges() -> None:
    """Whoever takes back what it asked for loses its connection, unless it is an edge, which speaks for many."""
    name = "overload.premature_reset_total_stream_count"
    edge, node = [
        bootstrap(SEAT, fleet="f1", edge=edge)["layered_runtime"]["layers"][0]["static_layer"] for edge in (True, False)
    ]
    assert edge["http.max_requests_per_io_cycle"] == 10
    assert "http.max_requests_per_io_cycle" not in node
    assert edge[name] < 500 < 1 << 30 < node[name]


def test_it_is_started_so_that_mistakes_show_and_drains_end() -> None:
    """Unknown fields are rejected, a drain takes a second and not ten minutes, two Envoys do not meet."""
    line = " ".join(arguments(Path("/bin/envoy"), SEAT, 2))
    assert line.startswith("/bin/envoy -c /d/bootstrap.json ")
    for option in ("--disable-hot-restart", "--concurrency 2", "--drain-time-s 1", "--reject-unknown-dynamic-fields"):
        assert option in line

"""Statistics as readings."""

import msgspec

from hactl.engines.envoy.admin import Stat, Stats
from hactl.engines.envoy.stats import reading

ANSWER = {
    "stats": [
        {"name": "http.edge.downstream_rq_completed", "value": 100},
        {"name": "http.edge.downstream_rq_5xx", "value": 3},
        {"name": "http.edge.downstream_rq_active", "value": 2},
        {"name": "http.edge.downstream_cx_active", "value": 7},
        {"name": "cluster.gw.upstream_rq_retry", "value": 4},
        {"name": "node.rq.up.127.0.0.1:20001.code.200", "value": 60},
        {"name": "node.rq.up.127.0.0.1:20001.code.503", "value": 3},
        {"name": "node.rq.up.127.0.0.1:29999.code.200", "value": 30},
        {"name": "node.rq.up..code.503", "value": 1},
        {"name": "cluster.gw.endpoint.127.0.0.1_20001.rq_error", "value": 5},
        {"name": "cluster.gw.endpoint.127.0.0.1_20001.rq_active", "value": 2},
        {"name": "cluster.gw.version_text", "value": "f1.1.1"},
        {
            "histograms": {
                "supported_percentiles": [50],
                "details": [
                    {
                        "name": "node.rq_us.up.127.0.0.1:20001",
                        "percentiles": [],
                        "totals": [{"lower_bound": 1500, "width": 100, "count": 9}],
                        "intervals": [],
                    },
                    {"name": "node.rq_us.up.", "totals": [{"lower_bound": 1, "width": 1, "count": 1}]},
                ],
            }
        },
    ]
}
STATS = msgspec.json.decode(msgspec.json.encode(ANSWER), type=Stats).stats


def test_everything_is_counted_at_the_address_where_it_was_done() -> None:
    """Totals of the edge, and per address its answers, failed attempts, requests in flight and latency in ms."""
    seen = reading("edge-1", 5.0, STATS, {"127.0.0.1:20001": "seoul-1", "127.0.0.1:20002": "seoul-2"})
    assert (seen.edge, seen.mono) == ("edge-1", 5.0)
    assert (seen.requests, seen.errors, seen.active, seen.connections, seen.retries) == (100, 3, 2, 7, 4)
    assert seen.nodes == {"127.0.0.1_20001": "seoul-1", "127.0.0.1_20002": "seoul-2"}
    first = seen.places["127.0.0.1_20001"]
    assert (first.requests, first.errors, first.active) == (63, 5, 2)
    assert first.latency == ((1.5, 0.1, 9),)


def test_an_address_of_nobody_is_counted_too() -> None:
    """Whoever gets it next is measured from there on; what reached no address at all is nobody's."""
    seen = reading("edge-1", 5.0, STATS, {"127.0.0.1:20002": "seoul-2"})
    assert seen.places.keys() == {"127.0.0.1_20001", "127.0.0.1_29999"}
    assert seen.places["127.0.0.1_29999"].requests == 30


def test_an_address_of_ipv6_is_one_and_the_same_in_every_name() -> None:
    """Envoy writes it in two ways."""
    stats = [
        Stat(name="node.rq.up.[::1]:20001.code.200", value=6),
        Stat(name="cluster.gw.endpoint.[__1]_20001.rq_error", value=5),
    ]
    seen = reading("edge-1", 5.0, stats, {"[::1]:20001": "seoul-1"})
    assert seen.nodes == {"[__1]_20001": "seoul-1"}
    assert (seen.places["[__1]_20001"].requests, seen.places["[__1]_20001"].errors) == (6, 5)

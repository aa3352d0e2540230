"""Statistics as readings."""

import msgspec

from hactl.engines.envoy.admin import Stats
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


def test_everything_is_attributed_to_the_node_that_did_it() -> None:
    """Totals of the edge, and per node its answers, failed attempts, requests in flight and latency in ms."""
    seen = reading("edge-1", 5.0, STATS, {"127.0.0.1:20001": "seoul-1", "127.0.0.1:20002": "seoul-2"})
    assert (seen.edge, seen.mono) == ("edge-1", 5.0)
    assert (seen.requests, seen.errors, seen.active, seen.connections, seen.retries) == (100, 3, 2, 7, 4)
    first = seen.nodes["seoul-1"]
    assert (first.requests, first.errors, first.active) == (63, 5, 2)
    assert first.latency == ((1.5, 0.1, 9),)


def test_a_node_without_traffic_is_there_with_zeros() -> None:
    """A node nobody asked yet reads 0, and an address of nobody is left out."""
    seen = reading("edge-1", 5.0, STATS, {"127.0.0.1:20002": "seoul-2"})
    assert seen.nodes.keys() == {"seoul-2"}
    assert seen.nodes["seoul-2"].requests == 0

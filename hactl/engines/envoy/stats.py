"""What an edge counted, from Envoy's words into hactl's. Pure: statistics in, one reading out."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from hactl.core.running import EdgeReading, NodeCounters
from hactl.engines.envoy.admin import Bin, Stat

PATTERN = (
    r"^(http\.edge\.downstream_(rq_completed|rq_5xx|rq_active|cx_active)$"
    r"|cluster\.gw(-hedged)?\.(upstream_rq_retry|endpoint\..*\.rq_(error|active))$|node\.rq)"
)
"""What one reading needs, as Envoy's filter."""
OPTIONS = "&usedonly&histogram_buckets=detailed"
_TOTALS = {
    "http.edge.downstream_rq_completed": "requests",
    "http.edge.downstream_rq_5xx": "errors",
    "http.edge.downstream_rq_active": "active",
    "http.edge.downstream_cx_active": "connections",
    "cluster.gw.upstream_rq_retry": "retries",
    "cluster.gw-hedged.upstream_rq_retry": "retries",
}
_ANSWERS = re.compile(r"node\.rq\.up\.(.+)\.code\.\d+")
_LATENCY = re.compile(r"node\.rq_us\.up\.(.+)")
_ENDPOINT = re.compile(r"cluster\.gw(?:-hedged)?\.endpoint\.(.+)\.rq_(error|active)")


class _Count:
    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        self.active = 0
        self.latency: tuple[tuple[float, float, int], ...] = ()


def reading(edge: str, mono: float, stats: Iterable[Stat], nodes: Mapping[str, str]) -> EdgeReading:
    """One reading; `nodes` names the node at each "address:port". Those of nobody are counted, too: somebody may come.

    Requests are answers to clients, so neither retries nor proofs count; errors are attempts that failed, which
    includes the first half of a request that was then retried with success.
    """
    totals = dict.fromkeys(_TOTALS.values(), 0)
    counts: defaultdict[str, _Count] = defaultdict(_Count)
    for stat in stats:
        if stat.histograms is not None:
            for histogram in stat.histograms.details:
                if found := _LATENCY.fullmatch(histogram.name):
                    counts[_flat(found[1])].latency = tuple(_bin(each) for each in histogram.totals)
        elif not isinstance(stat.value, int):
            continue
        elif total := _TOTALS.get(stat.name):
            totals[total] += stat.value
        elif found := _ANSWERS.fullmatch(stat.name):
            counts[_flat(found[1])].requests += stat.value
        elif found := _ENDPOINT.fullmatch(stat.name):
            if found[2] == "error":
                counts[found[1]].errors += stat.value
            else:
                counts[found[1]].active += stat.value
    places = {place: _counters(count) for place, count in counts.items()}
    flat = {_flat(address): name for address, name in nodes.items()}
    return EdgeReading(edge=edge, mono=mono, places=places, nodes=flat, **totals)


def _counters(count: _Count) -> NodeCounters:
    return NodeCounters(requests=count.requests, errors=count.errors, active=count.active, latency=count.latency)


def _bin(each: Bin) -> tuple[float, float, int]:
    return each.lower_bound / 1000, each.width / 1000, each.count


def _flat(address: str) -> str:
    """How Envoy writes an address inside a name: dots and brackets stay."""
    return address.replace(":", "_")

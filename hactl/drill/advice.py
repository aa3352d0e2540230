"""Why an objective was most likely missed, and which knob to look at. Pure; a guess from figures, and called one.

The figures come from clients; what the daemon knows only helps to tell causes apart.
"""

from hactl.core.value import replace
from hactl.drill.judging import Windows
from hactl.drill.verdict import Judged, Status

_CLASSES = {
    "timeout": "requests waited for a process that hangs: health.interval, health.timeout, health.hang_grace",
    "refused": "nobody listened where clients connect: edge.count",
    "reset": "requests under way were cut off and not tried again: route.retries; at an edge only clients can do that",
    "closed without an answer": "connections were cut off: route.retries; at an edge only clients can do that",
    "answer cut short": "answers were cut off in the middle, which nobody can try again",
    "status 503": "edges had nobody to send requests to, or sent them to the dead: region.spares, the panic threshold",
    "status 504": "answers took longer than the route allows: route.timeout, route.per_try_timeout",
    "status 502": "the service behind the nodes failed: service.health",
}
_OTHERS = {
    "detect": "the daemon looked too rarely, or was held up: health.probe, and the loop lag in hactl status",
    "latency_p99": "answers waited behind what had died or hangs: route.per_try_timeout, route.hedge, spares",
    "latency_p99_ratio": "answers waited behind what had died or hangs: route.per_try_timeout, route.hedge, spares",
    "settled_latency_p99": "those that are left are busier than before: region.nodes, region.spares, the headroom",
    "goodput": "more was asked for than it carries: gateway.capacity, edge.rate_limit, region.nodes",
    "refused_p99": "what is beyond is queued before it is refused: edge.rate_limit, service.limits",
    "recovered": "what had queued up is worked off first: service.limits, route.timeout",
    "amplification": "attempts beyond the first add to the load that made them fail: route.retries",
    "restore_capacity": "a start takes that long: region.spares, gateway.start_timeout",
    "rpo_records": "the journal lost what it had acknowledged: hactl doctor, and the disk below it",
    "failback_failed": "regions got their traffic back before they could carry it: health.slow_start, health.path",
    "rollback_clean": "the daemon could not put everything back: hactl status",
}


def explained(judged: tuple[Judged, ...], windows: Windows) -> tuple[Judged, ...]:
    """The objectives, with a likely cause for each that was missed."""
    return tuple(
        replace(item, cause=_cause(item.name, windows)) if item.status is Status.MISSED else item for item in judged
    )


def _cause(name: str, windows: Windows) -> str:
    if name in _OTHERS:
        return f"likely {_OTHERS[name]}"
    bad = windows.failures
    if not bad:
        return ""
    (worst, count), *_ = bad.most_common(1)
    known = next((told for start, told in _CLASSES.items() if worst.startswith(start)), "")
    share = f"{count} of {bad.total()} failures are '{worst}'"
    return f"{share}; likely {known}" if known else share

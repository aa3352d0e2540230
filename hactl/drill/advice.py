"""Why an objective was most likely missed, and which setting to look at. Pure; inferred from figures, and marked so.

The figures come from clients; what the daemon knows, and what edges count, only helps to tell causes apart.
"""

from collections.abc import Iterator

from hactl.core.value import replace
from hactl.drill.judging import Windows
from hactl.drill.verdict import Judged, Status
from hactl.engines.envoy.account import NOBODY, Account

_CLASSES = {
    "timeout": "requests waited for a hung process: health.interval, health.timeout, health.hang_grace",
    "refused": "nothing was listening where clients connect: edge.count",
    "reset": "requests in flight were cut off and not retried: route.retries; at an edge only clients can retry",
    "closed without an answer": "connections were cut off: route.retries; at an edge only clients can retry",
    "answer cut short": "responses were cut off in the middle and cannot be retried",
    "status 429": "more requests arrived than edges admit: edge.rate_limit, route.rate_limit",
    "status 500": "the service or node failed, and no status is retried: hactl logs",
    "status 503": "edges, or nodes, had nowhere to send requests: region.spares, service.health",
    "status 504": "responses took longer than the route allows: route.timeout, route.per_try_timeout",
    "status 502": "the service behind the nodes failed: service.health",
    "no local port left": "the drill's own clients had used up the ports of this machine: load.rate, load.connections",
    "no file descriptor left": "the drill's own clients had more connections open than they may: ulimit -n, load.rate",
}
_OVERLAY = "gateway.envoy_overlay: edge.clusters.gw"
_OTHERS = {
    "detect": "the daemon probed too rarely, or was delayed: health.probe, and the loop lag in hactl status",
    "latency_p99": "requests waited for a dead or hung process: route.per_try_timeout, route.hedge, spares",
    "latency_p99_ratio": "requests waited for a dead or hung process: route.per_try_timeout, route.hedge, spares",
    "settled_latency_p99": "the remaining nodes are busier than before: region.nodes, region.spares, the headroom",
    "settled_latency_p99_ratio": "the remaining nodes are busier than before: region.nodes, region.spares",
    "goodput": "demand exceeded the capacity: gateway.capacity, edge.rate_limit, region.nodes",
    "refused_p99": "excess requests are queued before they are refused: edge.rate_limit, service.limits",
    "recovered": "a backlog is processed first, or recovered endpoints are used late: service.limits, service.health",
    "others_availability": "failing requests used up shared resources: service.limits, route.timeout, edge.count",
    "herd": "requests had queued up, or were retried together: route.timeout, route.retries, service.limits",
    "shifted": "degradation was detected late, or the others could not carry more: gateway.capacity, hactl events",
    "turns": "traffic was given back too soon, repeatedly: region_failover.stable_for",
    "amplification": "retries add to the load that made requests fail: route.retries",
    "restore_capacity": "starting takes that long: region.spares, gateway.start_timeout",
    "rpo_records": "the journal lost acknowledged records: hactl doctor, and the disk under it",
    "failback_failed": "regions got their traffic back before they could carry it: health.slow_start, health.path",
    "nodes_out": "something else was out of service during the restart: hactl events",
    "longest_out": "draining or starting takes that long: gateway.stop_timeout, gateway.start_timeout",
    "adopted": "a daemon takes that long to start, or none is started: hactl logs daemon",
    "restarts": "processes were killed with their daemon: KillMode=process in its service (hactl init --systemd)",
    "journal_gaps": "records were lost: hactl doctor, and the disk under the journal",
    "refused": "validation accepted that configuration: hactl config check",
    "nodes_reached": "worse responses were missed while the first node was watched: --bake of hactl config apply",
    "reverted": "worse responses were noticed late, or a restart takes that long: --bake, gateway.stop_timeout",
    "rollback_clean": "the daemon could not restore everything: hactl status",
}


_CLIENTS = (
    "availability",
    "settled_availability",
    "budget_share",
    "rto",
    "failed",
    "failed_with_retries",
    "failback_failed",
    "latency_p99",
)
"""Objectives that are about what clients got: those that a setting of an edge can spoil."""


def explained(judged: tuple[Judged, ...], windows: Windows, edges: tuple[Account, ...] = ()) -> tuple[Judged, ...]:
    """The objectives, with a likely cause for each that was missed. What `edges` have counted meanwhile is no guess,
    and takes the place of one."""
    counted = "; ".join(blamed(edges))
    return tuple(
        replace(item, cause=_why(item.name, windows, counted)) if item.status is Status.MISSED else item
        for item in judged
    )


def _why(name: str, windows: Windows, counted: str) -> str:
    if not counted or name not in _CLIENTS:
        return _cause(name, windows)
    return "; ".join(filter(None, (counted, _commonest(windows)[0])))


def blamed(edges: tuple[Account, ...]) -> Iterator[str]:
    """What edges did that they do by no document of hactl's own, each with the setting that has them do it."""
    if judging := [edge for edge in edges if edge.ejections and edge.judges_status]:
        times = sum(edge.ejections for edge in judging)
        yield (
            f"{_names(judging)} ejected nodes {times} times for the status of their responses:"
            f" {_OVERLAY}.outlier_detection makes them do so"
        )
    if panicking := [edge for edge in edges if edge.panics and edge.panic_threshold > NOBODY]:
        times = sum(edge.panics for edge in panicking)
        yield (
            f"{_names(panicking)} sent {times} requests to any node, healthy or not, in panic mode:"
            f" {_OVERLAY}.common_lb_config.healthy_panic_threshold is {panicking[0].panic_threshold:g} %"
        )
    if tired := [edge for edge in edges if edge.given_up and edge.most_retries is not None]:
        times = sum(edge.given_up for edge in tired)
        yield (
            f"{_names(tired)} did not retry {times} requests:"
            f" {_OVERLAY}.circuit_breakers allows {tired[0].most_retries} retries at a time"
        )


def _names(edges: list[Account]) -> str:
    return " and ".join(edge.edge for edge in edges)


def _cause(name: str, windows: Windows) -> str:
    if name in _OTHERS:
        return f"likely {_OTHERS[name]}"
    share, worst = _commonest(windows)
    known = next((told for start, told in _CLASSES.items() if worst.startswith(start)), "")
    return f"{share}; likely {known}" if known else share


def _commonest(windows: Windows) -> tuple[str, str]:
    """What part of the failures is of the commonest kind, and which that is; "" when there are none."""
    bad = windows.failures
    if not bad:
        return "", ""
    (worst, count), *_ = bad.most_common(1)
    return f"{count} of {bad.total()} failures are '{worst}'", worst

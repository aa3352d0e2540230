"""Asking an edge for its account: by its counters, and by the documents it really runs with. What that says and what it
is for is `account`. Of a node only how often it called a service."""

import re
from collections.abc import Collection

import msgspec

from hactl.core.errors import HactlError
from hactl.engines.envoy.account import Account
from hactl.engines.envoy.admin import Admin, Stat
from hactl.engines.envoy.clusters import GRPC_SUFFIX
from hactl.engines.envoy.endpoints import CLUSTER
from hactl.engines.envoy.hops import HOP_SUFFIX
from hactl.engines.envoy.seat import Seat
from hactl.paths import FleetPaths

_PATTERN = (
    r"^cluster\.gw(-hedged)?\.(lb_healthy_panic|upstream_rq_retry|upstream_rq_retry_overflow"
    r"|outlier_detection\.ejections_enforced_(consecutive_5xx|consecutive_gateway_failure|success_rate))$"
)
_GRPC, _HOP = (suffix.replace(":", "_") for suffix in (GRPC_SUFFIX, HOP_SUFFIX))
"""As Envoy writes them in the names of its counters."""
_PANIC_DEFAULT = 50.0
"""Per cent: Envoy's own, where a document says nothing."""
_RETRIES_DEFAULT = 3
_ENFORCING_DEFAULT = 100
_BY_STATUS = (
    "outlier_detection.ejections_enforced_consecutive_5xx",
    "outlier_detection.ejections_enforced_consecutive_gateway_failure",
    "outlier_detection.ejections_enforced_success_rate",
)


class _Percent(msgspec.Struct):
    value: float = 0.0


class _CommonLb(msgspec.Struct):
    healthy_panic_threshold: _Percent | None = None


class _Outliers(msgspec.Struct):
    enforcing_consecutive_5xx: int = _ENFORCING_DEFAULT
    enforcing_consecutive_gateway_failure: int = 0
    enforcing_success_rate: int = _ENFORCING_DEFAULT

    @property
    def judge_status(self) -> bool:
        return bool(
            self.enforcing_consecutive_5xx or self.enforcing_consecutive_gateway_failure or self.enforcing_success_rate
        )


class _Threshold(msgspec.Struct):
    priority: str = "DEFAULT"
    max_retries: int = _RETRIES_DEFAULT
    retry_budget: dict[str, object] | None = None


class _Breakers(msgspec.Struct):
    thresholds: list[_Threshold] = []


class Cluster(msgspec.Struct):
    """What matters here of a cluster's document, as Envoy gives it back: what it leaves out has Envoy's default."""

    common_lb_config: _CommonLb = msgspec.field(default_factory=_CommonLb)
    outlier_detection: _Outliers | None = None
    circuit_breakers: _Breakers = msgspec.field(default_factory=_Breakers)


async def read(paths: FleetPaths, edge: str, pid: int) -> Account | None:
    """What the process `pid` of `edge` says; None when it does not answer, or not in a way that is understood."""
    admin = Admin(Seat.of(paths, edge), pid=pid)
    try:
        stats = await admin.stats(_PATTERN)
        cluster = await admin.running(CLUSTER, Cluster)
    except HactlError:
        return None
    finally:
        admin.close()
    return account(edge, pid, stats, cluster)


async def sent(paths: FleetPaths, node: str, pid: int, services: Collection[str]) -> int | None:
    """How many requests the process `pid` of `node` has sent to `services` since it started, tries beyond the first
    and those through a proxy included; None when it does not answer."""
    admin = Admin(Seat.of(paths, node), pid=pid)
    names = "|".join(re.escape(name) for name in services)
    try:
        stats = await admin.stats(rf"^cluster\.({names})({_GRPC})?({_HOP})?\.upstream_rq_total$")
    except HactlError:
        return None
    finally:
        admin.close()
    return sum(stat.value for stat in stats if isinstance(stat.value, int))


def account(edge: str, pid: int, stats: list[Stat], cluster: Cluster) -> Account:
    """The same from what was read. Pure."""
    counts: dict[str, int] = {}
    for stat in stats:
        if isinstance(stat.value, int):
            name = stat.name.partition(".")[2].partition(".")[2]
            counts[name] = counts.get(name, 0) + stat.value
    panic, outliers = cluster.common_lb_config.healthy_panic_threshold, cluster.outlier_detection
    limits = next((one for one in cluster.circuit_breakers.thresholds if one.priority == "DEFAULT"), _Threshold())
    return Account(
        edge=edge,
        pid=pid,
        panics=counts.get("lb_healthy_panic", 0),
        retries=counts.get("upstream_rq_retry", 0),
        given_up=counts.get("upstream_rq_retry_overflow", 0),
        ejections=sum(counts.get(name, 0) for name in _BY_STATUS),
        panic_threshold=_PANIC_DEFAULT if panic is None else panic.value,
        most_retries=None if limits.retry_budget is not None else limits.max_retries,
        judges_status=outliers is not None and outliers.judge_status,
    )

"""The probes of the Chaos Toolkit: the fleet as it is, and what clients see of it. They change nothing."""

import asyncio

from hactl.core.errors import HactlError
from hactl.core.reading import is_serving, url
from hactl.ctk.acting import MEMORY
from hactl.ctk.finding import found
from hactl.drill.definition import Hypothesis, Probe
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.drill.measure import judge
from hactl.drill.records import Records
from hactl.drill.steady import holds, measured


def serving(fleet: str = "", config: str = "") -> bool:
    """Everything that is wanted serves, confirmed by every edge."""
    return is_serving(found(fleet, config).client.fleet().fleet)


def as_asked() -> bool:
    """All that was asked of hactl in this experiment was done: true in the beginning. Raises HactlError with what was
    not, so that it stands in the journal."""
    if MEMORY.borrowed is not None and MEMORY.borrowed.lost:
        raise HactlError(MEMORY.borrowed.lost)
    if MEMORY.wrong:
        raise HactlError("; ".join(MEMORY.wrong))
    return True


def availability(
    seconds: float = 3.0,
    rate: float = 100.0,
    timeout: float = 2.0,
    route: str = "/-/echo",
    fleet: str = "",
    config: str = "",
) -> float:
    """The part of the requests that were good (0..1), of a stream that is sent on time come what may. Raises HactlError
    when it could not be."""
    return _seen(Probe.AVAILABILITY, seconds, rate, timeout, route, fleet, config)


def check(
    probe: str = "availability",
    least: float | None = None,
    most: float | None = None,
    seconds: float = 3.0,
    rate: float = 100.0,
    timeout: float = 2.0,
    route: str = "/-/echo",
    fleet: str = "",
    config: str = "",
) -> bool:
    """Whether what clients see is within limits: `availability` (0..1) or `latency_p99` (seconds)."""
    if probe not in tuple(Probe):
        raise HactlError(f"no probe '{probe}'", f"known: {', '.join(Probe)}")
    rule = Hypothesis(probe=Probe(probe), least=least, most=most)
    return holds(rule, _seen(rule.probe, seconds, rate, timeout, route, fleet, config))


def _seen(probe: Probe, seconds: float, rate: float, timeout: float, route: str, fleet: str, config: str) -> float:
    edge = found(fleet, config).client.fleet().fleet.spec.edge
    plan = LoadPlan(url=url(edge) + route, rate=rate, duration=seconds, timeout=timeout, node_header=edge.node_header)
    report = judge(asyncio.run(_sent(plan)))
    value = measured(probe, report)
    if report.late or value is None:
        raise HactlError(
            f"the load generator was {report.lag_p99_ms:.0f} ms late at p99: this measures nothing",
            "a lower rate, or a machine that is less busy",
        )
    return value


async def _sent(plan: LoadPlan) -> Records:
    async with LoadProcess(plan) as load:
        return await load.finish()

"""The probes of the Chaos Toolkit: the fleet as it is, and what clients see of it. They change nothing."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

from hactl.cli.choice import Chosen
from hactl.core.errors import HactlError
from hactl.core.reading import is_serving, url
from hactl.ctk.acting import MEMORY
from hactl.ctk.finding import found, wanted
from hactl.drill.definition import Connections, Hypothesis, Probe
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.drill.measure import judge
from hactl.drill.plan import SERVICE_ROUTE, plan
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
    return _seen(Probe.AVAILABILITY, seconds, rate, timeout, _clients(found(fleet, config), route))


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
    seed: int = 0,
    configuration: Mapping[str, Any] | None = None,
    connections: str = Connections.KEPT,
) -> bool:
    """Whether what clients see is within limits: `availability` (0..1) or `latency_p99` (seconds), on `kept`
    connections or on `fresh` ones.

    As a route, "@service" is where the fleet routes to the service that the drill in the experiment's configuration
    strikes; that is drawn with `seed` until it is struck.
    """
    if probe not in tuple(Probe):
        raise HactlError(f"no probe '{probe}'", f"known: {', '.join(Probe)}")
    if connections not in tuple(Connections):
        raise HactlError(f"no connections are '{connections}'", f"known: {', '.join(Connections)}")
    rule = Hypothesis(probe=Probe(probe), least=least, most=most)
    clients = _clients(found(fleet, config), route, seed, configuration)
    return holds(rule, _seen(rule.probe, seconds, rate, timeout, clients, Connections(connections)))


class _Clients(NamedTuple):
    """What they ask for, and by which header they are told who answered."""

    url: str
    node_header: str


def _clients(chosen: Chosen, route: str, seed: int = 0, configuration: Mapping[str, Any] | None = None) -> _Clients:
    """Those of a fleet. While it is borrowed the daemon is not asked: it may be what is struck."""
    borrowed = MEMORY.borrowed
    if borrowed is not None and borrowed.planned is not None and borrowed.paths.state == chosen.paths.state:
        load = borrowed.planned.load
        asked = load.url if route == SERVICE_ROUTE else urljoin(load.url, route)
        return _Clients(asked, load.node_header)
    fleet = chosen.client.fleet().fleet
    asked = (
        plan(wanted("", (), configuration), fleet, seed).load.url
        if route == SERVICE_ROUTE
        else url(fleet.spec.edge) + route
    )
    return _Clients(asked, fleet.spec.edge.node_header)


def _seen(
    probe: Probe,
    seconds: float,
    rate: float,
    timeout: float,
    clients: _Clients,
    connections: Connections = Connections.KEPT,
) -> float:
    load = LoadPlan(
        url=clients.url,
        rate=rate,
        duration=seconds,
        timeout=timeout,
        fresh_connections=connections is Connections.FRESH,
        node_header=clients.node_header,
    )
    report = judge(asyncio.run(_sent(load)))
    value = measured(probe, report)
    if report.late or value is None:
        raise HactlError(
            f"the load generator was {report.lag_p99_ms:.0f} ms late at p99: the measurement is invalid",
            "a lower rate, or a machine that is less busy",
        )
    return value


async def _sent(plan: LoadPlan) -> Records:
    async with LoadProcess(plan) as load:
        return await load.finish()

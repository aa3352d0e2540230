"""Drills of hops on a real fleet: the built-in ones as they stand in their files, and one killed at every phase.

The built-in ones take half a minute each; every build runs a short one of the same faults.
"""

import signal

import pytest
from support.drills import as_written, hactl, runner, status
from support.fleet import Region, RunningFleet
from support.load import open_loop
from support.long import takes_minutes
from support.processes import gone

from hactl.core.events import OperationBegan
from hactl.core.hop_events import HopChanged
from hactl.core.operation import Verb
from hactl.drill import library
from hactl.drill.reading import parse
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Status, Verdict

pytestmark = pytest.mark.envoy

TWO = (Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2))
HASTY = """\
[[service]]
name = "app"
endpoints = ["127.0.0.1:{upstream}"]

[[route]]
prefix = "/"
service = "app"
timeout = "200ms"
"""
"""A route that gives up on a service that hangs within the time that the built-in drill allows."""
SHORT = """\
schema = 1
name = "hops"
title = "A region is cut off, then a service refuses"

[limits]
max_faulted_share = "2/3"
lease = "2s"

[load]
rate = 100

[phases]
baseline = "6s"
hold = "5s"
settle = "1s"

[[fault]]
type = "proxy.partition"
target = { region = "random", nodes = "all" }
direction = "from"
for = "2s"

[[fault]]
type = "upstream.down"
target = { service = "random" }
at = "2.5s"
for = "1s"

[objectives]
rpo_records = 0
"""


def met(report: DrillReport) -> dict[str, bool]:
    return {name: how is Status.MET for name, how in status(report).items()}


async def test_each_fault_is_proved_by_its_proxy_and_called_emulated() -> None:
    """Cut off one way and back, then refused and back, under load: all of it read back, and nothing left."""
    said: list[str] = []
    async with RunningFleet(regions=TWO) as fleet:
        report = await runner(fleet, parse(SHORT, "hops"), say=said.append).run()
        assert report.clean, report.evidence.leftovers
        assert [proof.done for proof in report.evidence.proofs] == [True] * 3, report.evidence.proofs
        assert all(" held, " in proof.found for proof in report.evidence.proofs)
        assert report.evidence.proofs[-1].node == "hop to app"
        assert met(report)["rpo_records"]
        _, page, _ = await hactl(fleet, "drill", "report", report.identity.run)
        assert page.count(", emulated") == 2
        assert (await fleet.client.fleet()).fleet.hops == {}


@takes_minutes
@pytest.mark.parametrize("name", ["partition", "partition-one-way"])
async def test_a_region_that_cannot_be_reached_is_left_out(name: str) -> None:
    async with RunningFleet(regions=TWO) as fleet:
        report = await runner(fleet, library.load(name)).run()
    assert report.clean, report.evidence.leftovers
    assert report.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE), report.why  # of a machine that is too busy
    assert all(met(report).values()), report.objectives


@takes_minutes
@pytest.mark.parametrize("routes", [HASTY, None], ids=["gives up in time", "waits"])
async def test_a_service_that_is_down_fails_fast_where_its_route_gives_up_in_time(routes: str | None) -> None:
    """With a route that waits for 5 s the drill finds that clients of a service that hangs wait as long."""
    async with RunningFleet(regions=TWO, **({} if routes is None else {"routes": routes})) as fleet:
        report = await runner(fleet, library.load("upstream-down")).run()
    assert report.clean, report.evidence.leftovers
    assert met(report)["latency_p99"] is (routes is not None), report.objectives
    assert met(report)["rto"], report.objectives
    assert met(report)["failback_failed"], report.objectives
    others = ("recovered", "amplification", "herd", "others_availability", "nodes_out", "restarts")
    assert {met(report)[name] for name in others} == {True}, report.objectives
    if routes is None:
        (missed,) = [item for item in report.objectives if item.name == "latency_p99"]
        assert missed.cause


@takes_minutes
@pytest.mark.parametrize("phase", ["inject", "confirm", "observe", "heal", "settle", "failback", "verify"])
async def test_whenever_its_runner_is_killed_nothing_is_left(phase: str) -> None:
    """kill -9 in each phase: the lease runs out, everybody is led past the proxy, and that ends."""
    async with RunningFleet(regions=TWO) as fleet:
        (fleet.directory / "hops.toml").write_text(SHORT)
        async with as_written(fleet, "./hops.toml") as drill:
            await drill.until(phase)
            drill.send(signal.SIGKILL)
            await drill.ended()
        began = await fleet.happens(OperationBegan, lambda event: event.operation.verb is Verb.DRILL, after=0)
        await fleet.ended(began.event.operation.id)
        await fleet.calm()
        assert fleet.now.hops == {}
        changes = fleet.since(0, HopChanged)
        for pid in {change.hop.proxy.pid for change in changes if change.hop.proxy is not None}:
            await gone(pid)
        async with open_loop(fleet.port, rate=100) as load:
            await load.answered(100)
        assert load.failed == 0, load

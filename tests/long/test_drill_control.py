"""Drills about what operates a fleet: its daemon, planned work, its configuration. As in their files by hand; in builds
short: the daemon of a real fleet dies, and its runner with it.
"""

import signal

import pytest
from support.drills import FEW_CANARIES, drilling, hactl, only_late, runner, short
from support.fleet import Region, RunningFleet, is_calm
from support.long import SHORT, takes_minutes

from hactl.cli.exits import Exit
from hactl.core.drills import in_progress
from hactl.core.events import OperationBegan
from hactl.core.operation import Outcome, Verb
from hactl.drill import library
from hactl.drill.definition import Definition
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Status

TWO = (Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2))


ADOPTED = "objectives.adopted=8s"
"""A machine that does other things as well takes seconds to start a daemon."""


def drill(name: str, *settings: str, late: tuple[str, ...] = ()) -> Definition:
    """`late` is how much later than on a machine of its own things may be; `settings` are for builds only."""
    return short(name, *settings, *late) if SHORT else library.load(name, late)


def missed(report: DrillReport) -> dict[str, str]:
    """Objectives that were not met, latencies aside: those are the machine's."""
    return {
        item.name: item.value
        for item in report.objectives
        if item.status is not Status.MET and item.name != "latency_p99"
    }


@takes_minutes
@pytest.mark.envoy
async def test_every_node_is_restarted_and_nobody_notices() -> None:
    """One at a time, under load, each another process afterwards."""
    async with RunningFleet(regions=TWO) as fleet:
        before = fleet.pids()
        report = await runner(fleet, drill("rolling-restart")).run()
        assert report.clean, report.evidence.leftovers
        assert only_late(report, FEW_CANARIES), report.validity
        assert missed(report) == {}, report.failures
        now = (await fleet.client.fleet()).fleet
        assert is_calm(now)
        after = {node.name: node.launch.pid for node in now.nodes.values() if node.launch}
        assert {name for name in before if before[name] != after[name]} == {node.name for node in now.gateways}
        assert len(report.evidence.proofs) == 4


@pytest.mark.envoy
async def test_the_daemon_dies_and_clients_do_not_notice() -> None:
    """Another one is in charge within seconds, adopts everybody, and the drill goes on with it to a report."""
    async with RunningFleet(regions=TWO) as fleet:
        before, daemon = fleet.pids(), fleet.daemon
        crash = drill("control-crash", "phases.hold=3s", "limits.lease=10s", late=(ADOPTED,))
        report = await runner(fleet, crash).run()
        await fleet.succeeded()
        assert fleet.daemon != daemon
        assert report.clean, report.evidence.leftovers
        assert only_late(report, FEW_CANARIES), report.validity
        assert missed(report) == {}, (report.failures, report.objectives)
        assert fleet.pids() == before
        (proof,) = report.evidence.proofs
        assert (proof.pid, proof.found) == (daemon, "gone; restarted by this drill, as hactl up does")


@pytest.mark.envoy
@pytest.mark.parametrize("phase", ("observe",) if SHORT else ("inject", "confirm", "observe"))
async def test_a_runner_that_dies_leaves_no_fleet_without_a_daemon(phase: str) -> None:
    """kill -9 of the runner while the daemon is dead, for a minute if it were for the drill."""
    async with RunningFleet(regions=TWO) as fleet:
        before = fleet.pids()
        file = fleet.directory / "away.toml"
        file.write_text(library.text("control-crash")[0].replace('for = "100ms"', 'for = "60s"'))
        async with drilling(fleet, str(file), "phases.hold=61s") as running:
            await running.until(phase)
            running.send(signal.SIGKILL)
        daemon = fleet.daemon
        await fleet.succeeded()
        await fleet.until(lambda now: in_progress(now) is None)
        await fleet.until(is_calm)
        assert fleet.daemon != daemon
        assert fleet.pids() == before
        assert (await hactl(fleet, "drill", "recover"))[0] == Exit.OK


@takes_minutes
@pytest.mark.envoy
async def test_a_bad_configuration_does_not_spread() -> None:
    """The invalid one reaches nobody; the wrong one a single node, which has the right one again by itself."""
    async with RunningFleet(regions=TWO) as fleet:
        settings = ("load.rate=200", "phases.baseline=4s", "phases.hold=10s", "phases.settle=2s", "limits.lease=5s")
        report = await runner(fleet, drill("bad-config", *settings)).run()
        assert report.clean, report.evidence.leftovers
        assert only_late(report, FEW_CANARIES), report.validity
        assert missed(report).keys() <= {"availability"}, (report.failures, report.objectives)
        now = (await fleet.client.fleet()).fleet
        assert (now.revision, now.last_revision, now.proposal) == (1, 2, None)
        _, revisions = report.evidence.losses
        assert (revisions.kept, revisions.broken) == (2, 0), "the wrong one is there as well: it was acknowledged"
        first, second = report.evidence.proofs
        assert first.found.startswith("refused: ")
        assert second.found.endswith(" serves with revision 2")


@pytest.mark.envoy
@pytest.mark.parametrize("phase", ("observe",) if SHORT else ("inject", "confirm", "observe", "settle", "failback"))
async def test_a_runner_that_dies_leaves_the_configuration_from_before(phase: str) -> None:
    """Also where nobody takes a wrong one back by itself: the lease lapses, and the daemon goes back."""
    async with RunningFleet(regions=TWO) as fleet:
        before, mark = (await fleet.client.fleet()).fleet.spec, fleet.seq
        async with drilling(fleet, "bad-config", "load.rate=10", "phases.hold=4s", "objectives.rto=10s") as running:
            await running.until(phase)
            running.send(signal.SIGKILL)
        began = await fleet.happens(OperationBegan, lambda event: event.operation.verb is Verb.DRILL, after=mark)
        ended = (await fleet.ended(began.event.operation.id)).event
        assert ended.outcome is not Outcome.FAILED, ended
        await fleet.until(is_calm)
        now = (await fleet.client.fleet()).fleet
        assert now.spec == before
        assert now.proposal is None
        assert (await hactl(fleet, "drill", "recover"))[0] == Exit.OK

"""Drills on real Envoys: what they measure, and that they leave nothing behind, whoever dies in the middle of one."""

import asyncio
import json
import signal
from pathlib import Path

import pytest
from support.build import goals
from support.drills import (
    CLIENTS_LATE,
    FEW_CANARIES,
    UNHURRIED,
    drilling,
    hactl,
    held_down,
    on_loan,
    only_late,
    runner,
    short,
    status,
)
from support.fleet import Region, RunningFleet, is_calm
from support.long import some
from support.polling import wait_until
from support.processes import children, state

from hactl.cli.exits import Exit
from hactl.core.commands import BeginDrill, Drain, EndDrill, Resume
from hactl.core.drills import in_progress
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationBegan
from hactl.core.model import Fleet
from hactl.core.operation import Outcome, Verb
from hactl.core.talk import Query
from hactl.core.value import replace
from hactl.drill.phases import Phase
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Status, Verdict

TWO = (Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2))
FAULTY = ("inject", "confirm", "observe", "settle", "failback")
DELAY_MS = 299.0
"""What node-slow adds to each answer; a timer may ring a little early."""
TWICE = """
schema = 1
name = "twice"
title = "One after the other"
[[fault]]
type = "node.impair"
target = { names = ["seoul-1"] }
failed = 0.1
for = "500ms"
[[fault]]
type = "node.impair"
target = { names = ["tokyo-1"] }
at = "1s"
delay = "50ms"
for = "1s"
"""
PHASES = ("gate", "baseline", "undo", *FAULTY)
"""As a runner says them; nothing is borrowed before the first."""


def impaired(fleet: Fleet) -> list[str]:
    return [node.name for node in fleet.nodes.values() if node.impaired is not None]


async def stopped_in(fleet: RunningFleet, phase: str) -> tuple[DrillReport, list[str]]:
    """A drill that is stopped as soon as it says something of `phase`, and everything it said."""
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if line.startswith(f"{phase}:"):
            drill.stop("the test says so")

    drill = runner(fleet, short("region-loss"), say=say)
    return await drill.run(), said


@pytest.mark.envoy
async def test_a_node_dies_and_nobody_notices() -> None:
    """From the plan to the report: the fault is the right process's, nothing is lost, everything is as it was."""
    async with RunningFleet(regions=TWO) as fleet:
        before = goals(fleet.now)
        drill = short("node-kill", *UNHURRIED, "phases.baseline=3s", "canary.rate=60")
        report = await runner(fleet, drill).run()
        assert report.clean, report.evidence.leftovers
        assert only_late(report, CLIENTS_LATE, FEW_CANARIES), report.validity
        assert report.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)
        assert status(report)["failed"] is Status.MET
        assert status(report)["rpo_records"] is Status.MET
        assert [spent.phase for spent in report.phases] == list(Phase)[:-1]
        (proof,) = report.evidence.proofs
        assert (proof.node, proof.done) == (report.plan.nodes[0], True)
        journal, revisions = report.evidence.losses
        assert (journal.lost_count, revisions.lost_count) == (0, 0)
        assert journal.kept > 10
        assert revisions.kept == 1, "the founding one"
        await fleet.until(is_calm)
        assert goals(fleet.now) == before


@pytest.mark.envoy
async def test_a_region_dies_and_gets_its_traffic_back_without_a_failure() -> None:
    """What was kept down comes back with the failback, under load, and clients get every answer."""
    async with RunningFleet(
        regions=(Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2, priority=1))
    ) as fleet:
        drill = short("region-loss", "phases.baseline=3s", "canary.rate=60")
        for seed in range(4):
            report = await runner(fleet, drill, seed=seed).run()
            assert report.clean, report.evidence.leftovers
            assert only_late(report, CLIENTS_LATE, FEW_CANARIES), report.validity
            assert status(report)["failback_failed"] is Status.MET
            capacity, failback = report.evidence.times.capacity, report.evidence.times.failback
            assert capacity is not None
            assert failback is not None
            assert capacity > failback
            await fleet.until(is_calm)
            assert fleet.now.evacuations == {}
            if report.plan.regions == ("seoul",):
                return
        raise AssertionError("the region that carries the traffic was never drawn")


@pytest.mark.envoy
async def test_a_node_is_slow_and_nobody_fails() -> None:
    """Clients see the delay from the moment on that was read back, get every answer, and no delay afterwards."""
    async with RunningFleet(regions=TWO) as fleet:
        report = await runner(fleet, short("node-slow", "phases.hold=3s", "load.rate=200")).run()
        assert report.clean, report.evidence.leftovers
        assert only_late(report, CLIENTS_LATE, FEW_CANARIES), report.validity
        assert status(report)["failed"] is Status.MET, report.failures
        (proof,) = report.evidence.proofs
        assert (proof.node, proof.done) == (report.plan.nodes[0], True)
        assert proof.pid == fleet.pid(proof.node)
        assert proof.found == "impaired: +300 ms on 100 %"
        assert report.whole.max_ms >= DELAY_MS > report.before.p99_ms
        assert not impaired((await fleet.client.fleet()).fleet)


@pytest.mark.envoy
async def test_an_impairment_ends_when_its_time_is_over(tmp_path: Path) -> None:
    """Long before the failback, also while another fault is waited for."""
    file = tmp_path / "mine.toml"
    file.write_text(TWICE)
    said: list[str] = []
    async with RunningFleet(regions=TWO) as fleet:
        mark = fleet.seq
        report = await runner(fleet, short(str(file), "phases.hold=5s"), say=said.append).run()
        assert report.clean, report.evidence.leftovers
        assert only_late(report, CLIENTS_LATE, FEW_CANARIES), report.validity
        assert [line for line in said if line.startswith(("heal: ", "observe: "))] == [
            "heal: seoul-1: no longer impaired",
            "observe: 5 s",
            "heal: tokyo-1: no longer impaired",
        ]
        ended = await fleet.client.history(Query(after=mark, kinds=("OperationEnded",)))
        verbs = [record.event.sentence.split()[0] for record in ended]
        assert verbs[:4] == ["impair", "heal", "impair", "heal"], verbs
        assert not impaired((await fleet.client.fleet()).fleet)


@pytest.mark.envoy
async def test_an_impairment_is_gone_whenever_its_runner_dies() -> None:
    """kill -9: the lease lapses, and the drill is over when its nodes have proved to be well."""
    async with RunningFleet(regions=TWO) as fleet:
        for phase in some("inject", "observe", "failback"):
            await fleet.until(is_calm)
            mark = fleet.seq
            async with drilling(fleet, "region-brownout") as drill:
                await drill.until(phase)
                drill.send(signal.SIGKILL)
            began = await fleet.happens(OperationBegan, lambda event: event.operation.verb is Verb.DRILL, after=mark)
            ended = (await fleet.ended(began.event.operation.id)).event
            assert ended.outcome is not Outcome.FAILED, (phase, ended)
            assert not impaired(fleet.now), phase
            assert (await hactl(fleet, "drill", "recover"))[0] == Exit.OK


@pytest.mark.envoy
async def test_a_drill_that_is_stopped_at_any_phase_puts_everything_back() -> None:
    """Stopped by a person: aborted, clean, and the report says what stopped it."""
    async with RunningFleet(regions=TWO) as fleet:
        before = goals(fleet.now)
        for phase in some("plan", *PHASES, "verify"):
            await fleet.until(is_calm)
            report, said = await stopped_in(fleet, phase)
            assert report.verdict is Verdict.ABORTED, said
            assert "the test says so" in report.why
            assert report.clean, (phase, report.evidence.leftovers)
            await fleet.until(is_calm)
            assert goals(fleet.now) == before, phase


@pytest.mark.envoy
async def test_a_runner_that_is_killed_at_any_phase_is_made_up_for_by_the_daemon() -> None:
    """kill -9 of the runner: the lease lapses, the daemon puts everything back, and the run is filed as aborted."""
    async with RunningFleet(regions=TWO) as fleet:
        before = goals(fleet.now)
        for phase in some(*PHASES, "verify"):
            await fleet.until(is_calm)
            mark = fleet.seq
            async with drilling(fleet, "region-loss") as drill:
                await drill.until(phase)
                drill.send(signal.SIGKILL)
            began = await fleet.happens(OperationBegan, lambda event: event.operation.verb is Verb.DRILL, after=mark)
            ended = (await fleet.ended(began.event.operation.id)).event
            assert ended.outcome is not Outcome.FAILED, (phase, ended)
            await fleet.until(is_calm)
            assert goals(fleet.now) == before, phase
            assert fleet.now.evacuations == {}
            code, out, err = await hactl(fleet, "drill", "recover", "--json")
            assert code == Exit.OK, err
            (report,) = json.loads(out)["reports"]
            assert report["verdict"] == "aborted"
            assert report["clean"]
            assert "died in phase" in report["why"]
            assert ended.sentence in report["why"]
        assert not list(fleet.paths.drills.rglob("hactl-load-*"))


@pytest.mark.envoy
async def test_a_runner_that_sleeps_past_its_lease_strikes_nobody_when_it_goes_on(tmp_path: Path) -> None:
    """Ctrl-Z, a laptop that is closed: what it had done is put back, and by then the fleet is lent to somebody else. It
    wakes up to a fault that is long due, which is refused, and says in its report what became of it."""
    file = tmp_path / "later.toml"
    file.write_text(held_down("seoul-1", "tokyo-1"))
    other = BeginDrill(name="other", nodes=("tokyo-1", "tokyo-2"), lease=2.0)
    async with RunningFleet(regions=TWO) as fleet:
        before, mark = goals(fleet.now), fleet.seq
        async with drilling(fleet, str(file), "phases.hold=5s") as drill:
            await drill.until("inject")
            drill.send(signal.SIGSTOP)
            began = await fleet.happens(OperationBegan, lambda event: event.operation.verb is Verb.DRILL, after=mark)
            await fleet.ended(began.event.operation.id)
            await fleet.until(is_calm)
            assert goals(fleet.now) == before, "nobody is held down any more"
            runner = drill.process.pid
            # its clients do not go on asking
            await asyncio.to_thread(wait_until, lambda: {state(pid) for pid in children(runner)} == {"Z"})
            lapsing = await fleet.command(other, wait=False)
            await fleet.ended(lapsing)  # nobody keeps it: two leases have gone by, and the second fault is due
            async with on_loan(fleet, replace(other, lease=60.0)) as another:
                lent = await fleet.happens(OperationBegan, lambda event: event.operation.id == another)
                drill.send(signal.SIGCONT)
                assert await drill.over() == Exit.ABORTED, drill.said
                assert not await fleet.client.history(Query(after=lent.seq, kinds=("OperationBegan", "NodeChanged")))
        assert goals(fleet.now) == before
        report = json.loads((await hactl(fleet, "drill", "report", "--json"))[1])
        assert (report["verdict"], report["clean"]) == ("aborted", True), report["evidence"]["leftovers"]
        assert report["why"] == "the fleet was taken back: its runner has been silent for 2 s"


@pytest.mark.envoy
async def test_runner_and_daemon_are_killed_together() -> None:
    """The next daemon grants one term, hears nobody, and puts everything back."""
    async with RunningFleet(regions=TWO) as fleet:
        before = goals(fleet.now)
        for phase in some(*FAULTY):
            await fleet.until(is_calm)
            async with drilling(fleet, "region-loss") as drill:
                await drill.until(phase)
                await fleet.kill_daemon()
                drill.send(signal.SIGKILL)
            await fleet.launch()
            await fleet.until(lambda now: in_progress(now) is None)
            await fleet.until(is_calm)
            assert goals(fleet.now) == before, phase
            assert (await hactl(fleet, "drill", "recover"))[0] == Exit.OK


@pytest.mark.envoy
async def test_a_drill_survives_the_daemon() -> None:
    """The daemon is killed while a region is down: another one goes on with the same drill, and no canary is lost."""
    async with RunningFleet(regions=TWO) as fleet:
        async with drilling(fleet, "region-loss", "phases.hold=6s", "limits.lease=10s") as drill:
            await drill.until("observe")
            await fleet.kill_daemon()
            await fleet.launch()
            code = await drill.over()
        assert code != Exit.NOT_CLEAN, drill.said
        code, out, err = await hactl(fleet, "drill", "report", "--json")
        report = json.loads(out)
        assert report["clean"], (report["why"], err)
        assert [loss["lost_count"] for loss in report["evidence"]["losses"]] == [0, 0]
        await fleet.until(is_calm)


@pytest.mark.envoy
async def test_ctrl_c_puts_everything_back_and_says_so() -> None:
    """Exit code 130, a report that says interrupted, and a fleet as it was."""
    async with RunningFleet(regions=TWO) as fleet:
        before = goals(fleet.now)
        async with drilling(fleet, "region-loss", "phases.hold=60s", "limits.max_duration=2m") as drill:
            await drill.until("observe")
            drill.send(signal.SIGINT)
            assert await drill.over() == Exit.INTERRUPTED
        assert any("interrupted by SIGINT" in line for line in drill.said)
        await fleet.until(is_calm)
        assert goals(fleet.now) == before


@pytest.mark.envoy
async def test_a_terminal_that_is_closed_puts_everything_back() -> None:
    """SIGHUP, and nobody reads any more: the drill ends in good order all the same, and its report is there."""
    async with RunningFleet(regions=TWO) as fleet:
        before = goals(fleet.now)
        async with drilling(fleet, "region-loss", "phases.hold=60s", "limits.max_duration=2m") as drill:
            await drill.until("observe")
            drill.deafen()
            drill.send(signal.SIGHUP)
            await drill.ended()
        await fleet.until(is_calm)
        assert goals(fleet.now) == before
        report = json.loads((await hactl(fleet, "drill", "report", "--json"))[1])
        assert (report["verdict"], report["clean"]) == ("aborted", True)
        assert "SIGHUP" in report["why"]


@pytest.mark.envoy
async def test_somebody_else_stops_it() -> None:
    """`hactl drill stop` from another terminal: the runner hears of it with its next sign of life."""
    async with RunningFleet(regions=TWO) as fleet:
        async with drilling(fleet, "region-loss", "phases.hold=60s", "limits.max_duration=2m") as drill:
            await drill.until("observe")
            code, _, said = await hactl(fleet, "drill", "stop", "--reason", "not now")
            assert code == Exit.OK, said
            assert "everything it touched has been restored" in said
            assert await drill.over() == Exit.ABORTED
        assert any("the fleet was taken back" in line for line in drill.said)
        assert (await hactl(fleet, "drill", "stop"))[0] == Exit.FAILED


@pytest.mark.envoy
async def test_a_fleet_that_is_not_well_is_not_drilled() -> None:
    """Nothing is borrowed, nothing is struck, and the gate says what it wanted."""
    async with RunningFleet(regions=TWO) as fleet:
        await fleet.command(Drain(nodes=("tokyo-1",)))
        mark = fleet.seq
        drill = short("node-kill", "limits.min_healthy_nodes=3")
        with pytest.raises(CommandRejected, match=r"nodes left to serve: 2 \(wanted >= 3\)"):
            await runner(fleet, drill).run()
        await fleet.command(Resume(nodes=("tokyo-1",)))
        assert [event.operation.verb for event in fleet.since(mark, OperationBegan)] == [Verb.RESUME]


@pytest.mark.envoy
async def test_what_the_daemon_forbids_is_not_begun() -> None:
    """The rules of `hactl.toml` cannot be raised by a drill file."""
    rules = '[safety]\nmin_serving_nodes = 3\nmax_drill = "5m"\n'
    async with RunningFleet(regions=TWO, extra=rules) as fleet:
        with pytest.raises(CommandRejected, match=r"safety\.min_serving_nodes"):
            await runner(fleet, short("region-loss")).run()
        wide = short("region-loss", "phases.hold=20m", "limits.max_duration=30m")
        with pytest.raises(CommandRejected, match=r"safety\.max_drill allows only 300 s"):
            await runner(fleet, wide).run()
        assert in_progress(fleet.now) is None
        with pytest.raises(Exception, match="no drill"):
            await fleet.client.submit(EndDrill(id="op-1"), by="test")

"""One run of a drill in memory, where its own files are in the way; runs on real fleets are in `scenarios`."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.build import a_spec
from support.lending import Lender, ScriptedLoad
from support.processes import waiting
from support.script import Script, exited, serving

from hactl.core.commands import BeginDrill, Command, EndDrill, Kill, Pause
from hactl.core.errors import CommandRejected, HactlError, Unreachable
from hactl.core.events import OperationBegan, Record
from hactl.core.talk import Query, Receipt
from hactl.core.value import replace
from hactl.drill.definition import CanarySpec, Definition, Fault, FaultKind, Phases, Target
from hactl.drill.load_plan import Progress
from hactl.drill.onlooking import Onlooker
from hactl.drill.phases import BORROWED, Phase
from hactl.drill.records import Records
from hactl.drill.report import Identity
from hactl.drill.runner import Runner
from hactl.drill.runs import OpenRun, Run
from hactl.drill.verdict import Verdict
from hactl.paths import FleetPaths
from hactl.supervisor import procfs

DRILL = Definition(
    name="node-kill",
    title="t",
    canary=CanarySpec(rate=100.0),
    phases=Phases(baseline=0.02, hold=0.02, settle=0.02),
    hypotheses=(),
    faults=(Fault(kind=FaultKind.KILL, target=Target(names=("seoul-1",))),),
)


class FullRun(Run):
    """A run on a disk that is full once it has come so far."""

    def __init__(self, directory: Path, *, phase: Phase, borrowed: bool) -> None:
        super().__init__(directory)
        self._phase = phase
        self._borrowed = borrowed

    def mark(self, run: OpenRun) -> None:
        if run.phase is self._phase and bool(run.identity.operation) is self._borrowed:
            raise HactlError("cannot write run.json: no space left on device", "df -h")
        super().mark(run)


class Broken(ScriptedLoad):
    """A load that does not come up, and knows nothing of requests."""

    def __init__(self, why: Exception) -> None:
        super().__init__([])
        self._why = why

    async def __aenter__(self) -> ScriptedLoad:
        raise self._why

    async def finish(self) -> Records:
        raise FileNotFoundError("records")


def runner(
    lender: Lender,
    run: Run,
    *,
    load: Sequence[Progress] | ScriptedLoad = (),
    say: Callable[[str], None] = lambda line: None,
    drill: Definition = DRILL,
) -> Runner:
    pid = os.getpid()
    identity = Identity(run=run.name, fleet="t", by="a", host="h", version="0", began=1.0, revision=0)
    me = OpenRun(identity=identity, definition=drill, phase=Phase.PLAN, pid=pid, ticks=procfs.start_ticks(pid) or 0)
    paths = FleetPaths(run.directory)
    asked = load if isinstance(load, ScriptedLoad) else ScriptedLoad([*load])
    return Runner(lender, drill, run, me=me, paths=paths, seed=1, load=lambda _: asked, say=say)


def given_back(lender: Lender) -> bool:
    """It was borrowed, and given back after that."""
    return (
        borrowed(lender) and isinstance(lender.requests[-1].command, EndDrill) and not lender.snapshot.fleet.operations
    )


def borrowed(lender: Lender) -> bool:
    return any(isinstance(record.event, OperationBegan) for record in lender.records)


async def test_where_nothing_can_be_written_nothing_is_begun(tmp_path: Path) -> None:
    """A disk that is full from the beginning, or before the fleet is borrowed: it is not."""
    lender = Lender(serving(a_spec()))
    with pytest.raises(HactlError, match="no space left"):
        await runner(lender, FullRun(tmp_path, phase=Phase.PLAN, borrowed=False)).run()
    report = await runner(lender, FullRun(tmp_path, phase=Phase.GATE, borrowed=False)).run()
    assert (report.verdict, "no space left on device" in report.why) == (Verdict.ABORTED, True)
    assert not borrowed(lender)


@pytest.mark.parametrize("phase", [Phase.GATE, *BORROWED, Phase.FAILBACK, Phase.VERIFY, Phase.REPORT])
async def test_a_disk_that_fills_up_takes_no_failback_with_it(phase: Phase, tmp_path: Path) -> None:
    """From the moment on that the fleet is borrowed, whatever cannot be written leads through the failback, and is the
    reason in the report."""
    lender = Lender(serving(a_spec()))
    report = await runner(lender, FullRun(tmp_path, phase=phase, borrowed=True)).run()
    assert given_back(lender)
    assert report.clean
    assert (report.verdict, "no space left on device" in report.why) == (Verdict.ABORTED, True)


async def test_a_ledger_that_cannot_be_begun_is_no_reason_to_keep_the_fleet(tmp_path: Path) -> None:
    lender = Lender(serving(a_spec()))
    (tmp_path / "canaries").mkdir()
    report = await runner(lender, Run(tmp_path)).run()
    assert given_back(lender)
    assert report.verdict is Verdict.ERROR
    assert "the ledger of canaries cannot be written: is a directory" in report.why


@pytest.mark.parametrize("why", [HactlError("the load has ended"), OSError("no memory"), KeyError("x")], ids=repr)
async def test_a_load_that_does_not_come_up_ends_in_a_report_and_gives_the_fleet_back(
    why: Exception, tmp_path: Path
) -> None:
    """Whatever it was, foreseen or not."""
    lender = Lender(serving(a_spec()))
    report = await runner(lender, Run(tmp_path), load=Broken(why)).run()
    assert given_back(lender)
    assert report.verdict is Verdict.ERROR
    assert str(why) in report.why


class Taken(Lender):
    """A fleet that somebody else is lent at the last moment: after everything was asked, and before it is borrowed."""

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        if isinstance(command, BeginDrill) and not dry_run:
            await super().submit(replace(command, name="other"), by="bob")
        return await super().submit(command, by=by, reason=reason, confirm=confirm, dry_run=dry_run)


@pytest.mark.parametrize(
    ("lender", "why"),
    [
        (Lender((Script(serving(a_spec())) >> Pause()).fleet), "is paused"),
        (Lender((Script(serving(a_spec())) >> exited("seoul-1", signal=9)).fleet), "everything serves"),
        (Taken(serving(a_spec())), "drill other on seoul-1 is in progress by bob"),
    ],
    ids=["paused", "not well", "lent to another"],
)
async def test_a_drill_that_loses_its_turn_when_it_borrows_the_fleet_is_no_run(
    lender: Lender, why: str, tmp_path: Path
) -> None:
    """It was asked before whether it may be; what has changed since makes it one that may not be begun, as any other:
    there is no report, and whoever has the fleet keeps it."""
    with pytest.raises(CommandRejected, match=f"drill node-kill was not started: .*{why}") as refused:
        await runner(lender, Run(tmp_path)).run()
    assert refused.value.guard
    assert not any(isinstance(request.command, EndDrill) for request in lender.requests)


class Cut(Lender):
    """A fleet that is lent, and nobody hears of it."""

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        receipt = await super().submit(command, by=by, reason=reason, confirm=confirm, dry_run=dry_run)
        if isinstance(command, BeginDrill) and not dry_run:
            raise Unreachable("no daemon answers")
        return receipt


async def test_a_fleet_that_may_be_lent_is_not_called_clean(tmp_path: Path) -> None:
    """Whoever does not know whether it was borrowed has not seen it restored."""
    lender = Cut(serving(a_spec()))
    report = await runner(lender, Run(tmp_path)).run()
    assert borrowed(lender)
    assert (report.verdict, report.why, report.clean) == (Verdict.ERROR, "no daemon answers", False)


async def test_whoever_looks_on_is_told_how_far_it_has_come(tmp_path: Path) -> None:
    """Every phase, every line for people and every word of the load, on disk as it happens."""
    lender, run = Lender(serving(a_spec())), Run(tmp_path / "run")
    run.directory.mkdir()
    said: list[str] = []
    drill = runner(lender, run, load=[Progress(t=1.0, sent=10, failed=0)], say=said.append)
    report = await drill.run()
    course = Onlooker(tmp_path).look()
    assert course is not None
    assert [one.phase for one in course.entered] == [spent.phase for spent in report.phases]
    assert [one.text for one in course.told] == said
    assert [one.progress.sent for one in course.asked] == [10]
    assert course.timed.times.failback == report.evidence.times.failback


async def test_when_a_daemon_was_in_charge_again_is_told_to_whoever_looks_on(tmp_path: Path) -> None:
    """By the guardian, which speaks last: what is said to the one who runs it is said to everybody."""
    lender, run = Lender(serving(a_spec())), Run(tmp_path / "run")
    run.directory.mkdir()
    said: list[str] = []
    freeze = replace(DRILL, faults=(Fault(kind=FaultKind.DAEMON_FREEZE, target=Target(), lasting=60.0),))
    with waiting("--ready-fd", "3") as child:
        lender.snapshot = replace(lender.snapshot, pulse=replace(lender.snapshot.pulse, pid=child.pid))
        await runner(lender, run, say=said.append, drill=freeze).run()
    course = Onlooker(tmp_path).look()
    assert course is not None
    assert [one.text for one in course.told] == said
    assert [line for line in said if f"a daemon (pid {child.pid}) was in charge after" in line]


class Lost(ScriptedLoad):
    """A load whose records are gone in the end."""

    async def finish(self) -> Records:
        raise OSError("records are gone")


class Mute(Lender):
    """A daemon that does not answer who kills."""

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        if isinstance(command, Kill) and not dry_run:
            raise Unreachable("no daemon answers")
        return await super().submit(command, by=by, reason=reason, confirm=confirm, dry_run=dry_run)


async def test_of_two_errors_the_first_is_told(tmp_path: Path) -> None:
    """What breaks afterwards may only follow from it."""
    said: list[str] = []
    report = await runner(Mute(serving(a_spec())), Run(tmp_path), load=Lost([]), say=said.append).run()
    assert "report: OSError: records are gone" in said
    assert (report.verdict, report.why) == (Verdict.ERROR, "no daemon answers")


class Gone(Lender):
    """A daemon that has nothing to say any more once the fleet was given back."""

    async def history(self, query: Query) -> list[Record]:
        if any(isinstance(request.command, EndDrill) for request in self.requests):
            raise Unreachable("no daemon answers")
        return await super().history(query)


@pytest.mark.parametrize(
    ("lender", "load", "why"),
    [
        (Gone(serving(a_spec())), ScriptedLoad([]), "no daemon answers"),
        (Lender(serving(a_spec())), Lost([]), "OSError: records are gone"),
    ],
    ids=["daemon", "load"],
)
async def test_what_was_measured_is_reported_whoever_is_gone_in_the_end(
    lender: Lender, load: ScriptedLoad, why: str, tmp_path: Path
) -> None:
    """No daemon came back from the drill, or the load has lost its records: when the fault was is known all the same,
    and what the fleet went through."""
    report = await runner(lender, Run(tmp_path), load=load).run()
    assert (report.verdict, report.why) == (Verdict.ERROR, why)
    times = report.evidence.times
    assert times.fault is not None
    assert (len(times.struck), times.failback is not None) == (1, True)
    assert report.evidence.continuity.nodes_out == 0
    assert report.evidence.nodes

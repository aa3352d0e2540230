"""A run whose runner died is filed as aborted, with what the journal says about its end."""

from hactl.core.drill_events import DrillKept
from hactl.core.events import Event, OperationBegan, OperationEnded, Record
from hactl.core.operation import Operation, Outcome, Verb
from hactl.core.value import replace
from hactl.drill.canary import Found, Written
from hactl.drill.definition import CanaryStore, Definition
from hactl.drill.evidence import Times
from hactl.drill.gate import Check
from hactl.drill.phases import Phase
from hactl.drill.progress import Entered, Timed
from hactl.drill.recovering import lifetime, obituary, unmarked
from hactl.drill.report import Ending, Identity
from hactl.drill.runs import OpenRun
from hactl.drill.verdict import Verdict

LEFT = OpenRun(
    identity=Identity(run="r", fleet="f", by="a", host="h", version="0", began=1.0, revision=1, operation="op-7"),
    definition=Definition(name="node-kill", title="t"),
    phase=Phase.OBSERVE,
    pid=4711,
    ticks=1,
)


def ended(outcome: Outcome) -> OperationEnded:
    return OperationEnded(id="op-7", outcome=outcome, sentence="everything it touched has been restored")


def record(seq: int, event: Event) -> Record:
    return Record(seq=seq, mono=float(seq), wall=0.0, event=event)


def test_what_the_daemon_put_back_is_clean() -> None:
    report = obituary(LEFT, ended(Outcome.ROLLED_BACK), [])
    assert (report.verdict, report.clean) == (Verdict.ABORTED, True)
    assert report.why == (
        "its runner (pid 4711) died in phase observe; the daemon: everything it touched has been restored"
    )


def test_what_it_could_not_put_back_is_not() -> None:
    assert not obituary(LEFT, ended(Outcome.FAILED), []).clean


def test_what_nobody_knows_is_not_called_clean() -> None:
    assert not obituary(LEFT, None, []).clean


def test_a_fleet_that_was_never_borrowed_has_nothing_left_in_it() -> None:
    never = replace(LEFT, identity=replace(LEFT.identity, operation=""), phase=Phase.GATE)
    assert obituary(never, None, []).clean


def test_a_run_that_was_killed_while_the_fleet_was_lent_to_it_is_told_by_its_name() -> None:
    """The daemon had answered, and the runner had not noted that yet. Nothing is taken from anybody else."""
    never = replace(LEFT, identity=replace(LEFT.identity, operation=""), phase=Phase.GATE)
    began = [
        ("op-3", Verb.RESTART, "ann@drill node-kill"),
        ("op-4", Verb.DRILL, "ann@chaostoolkit"),
        ("op-5", Verb.DRILL, "ann@drill edge-kill"),
        ("op-6", Verb.DRILL, "ann@drill node-kill"),
        ("op-7", Verb.DRILL, "ann@drill node-kill"),
    ]
    records = [
        record(seq, OperationBegan(operation=Operation(id=name, verb=verb, by=by, began=0.0, wall=0.0, deadline=1.0)))
        for seq, (name, verb, by) in enumerate(began, start=3)
    ]
    assert unmarked(never, records, {"op-6"}) == "op-7"
    assert unmarked(never, records, {"op-6", "op-7"}) == ""


def test_what_its_ledger_remembers_is_looked_for_where_it_was() -> None:
    """Whatever had been acknowledged before the runner died is there, or is said to be lost."""
    written = [Written(number=number, sent=float(number), acknowledged=number + 0.5) for number in (1, 2, 3)]
    written.append(Written(number=4, sent=4.0))
    written += [
        Written(number=number, sent=1.0, acknowledged=1.0, store=CanaryStore.REVISIONS, digest="a") for number in (1, 2)
    ]
    found = {
        CanaryStore.JOURNAL: [Found(number=number) for number in (1, 3, 4)],
        CanaryStore.REVISIONS: [Found(number=2, digest="a")],
    }
    journal, revisions = obituary(LEFT, ended(Outcome.ROLLED_BACK), written, found=found).evidence.losses
    assert (journal.acknowledged, journal.kept, journal.lost, journal.ghosts) == (3, 2, (2,), 1)
    assert (revisions.acknowledged, revisions.kept, revisions.lost) == (2, 1, (1,))
    assert obituary(LEFT, ended(Outcome.ROLLED_BACK), written[3:4], found=found).evidence.losses == ()


def test_what_the_run_had_learnt_and_what_the_journal_knows_is_not_lost_with_the_runner() -> None:
    """The gate was passed, the fault was in effect, somebody had pressed Ctrl-C twice: all of that is in the report."""
    check = Check(name="edges left to serve", value="1", limit=">= 1", ok=True)
    ending = Ending(stopped="interrupted by SIGINT", interrupted=True)
    told = [
        Timed(times=Times(asked=1.0)),
        Entered(at=2.0, phase=Phase.INJECT),
        Timed(times=Times(asked=1.0, fault=2.0)),
    ]
    over = ended(Outcome.ROLLED_BACK)
    journal = list(lifetime([record(5, DrillKept(id="op-7", expires=9.0)), record(6, over), record(7, over)], "op-7"))
    report = obituary(replace(LEFT, gate=(check,), ending=ending), over, [], journal, told)
    assert (report.gate, report.interrupted, report.evidence.times.fault) == ((check,), True, 2.0)
    assert report.why.startswith("interrupted by SIGINT; its runner (pid 4711) died in phase observe")
    assert [line.at for line in report.timeline] == [4.0]

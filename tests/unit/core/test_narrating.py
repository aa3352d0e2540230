"""A burst of records becomes few sentences that say it all; whatever happens, nothing that matters is left unsaid."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.build import a_spec, founded
from support.pictures import AT, MONO, a_fleet, a_snapshot, with_node
from support.values import values
from support.world import MemoryWorld

from hactl.core.alert import Alert, AlertKind, Severity
from hactl.core.alert_events import AlertRaised
from hactl.core.commands import Drain, Kill, Pause, Restart
from hactl.core.draft import evolve
from hactl.core.events import Event, FailoverBegan, FailoverEnded, FleetUnpaused, OperationBegan, OperationEnded, Record
from hactl.core.model import Failover, Fleet
from hactl.core.narrating import narrate, opening, spoken, verdict
from hactl.core.node import NodeState, Reason, ReasonCode
from hactl.core.operation import Operation, Outcome, Verb
from hactl.core.talk import Snapshot
from hactl.core.value import replace


class Story:
    """A fleet in memory, and what was said of it so far."""

    def __init__(self, regions: int = 2, nodes: int = 2) -> None:
        self.world = MemoryWorld(founded(a_spec(regions=regions, nodes=nodes))).begin()
        self._told = len(self.world.journal)
        self._heard = self.world.fleet

    def said(self, by: str = "", turns: int = 5000) -> list[str]:
        """What is said of everything since last time, as one burst; of at most so many turns."""
        self.world.run(turns)
        new = self.world.journal[self._told :]
        self._told += len(new)
        records = record(self._heard, new, by=by)
        self.length = len(records)
        self._heard, said = narrate(self._heard, records)
        return [each.text for each in said]


def record(fleet: Fleet, events: Sequence[Event], by: str = "") -> list[Record]:
    return [
        Record(seq=seq, wall=AT + seq, mono=MONO, event=event, by=by) for seq, event in enumerate(events, fleet.seq + 1)
    ]


class TestOpening:
    def test_a_fleet_that_is_well_is_one_sentence(self):
        assert opening(a_snapshot()) == ("fleet default is ok: 4 nodes and 2 edges serve",)

    def test_what_is_out_of_service_has_its_reason_and_its_age(self):
        reason = Reason(code=ReasonCode.EXITED, text="killed by SIGSEGV")
        fleet = with_node(a_fleet(), "seoul-2", state=NodeState.BACKOFF, reason=reason, since=AT - 4)
        assert opening(a_snapshot(fleet)) == (
            "fleet default is degraded: 1 of 6 out: seoul-2",
            "seoul-2 is backoff for 4s: killed by SIGSEGV",
        )

    def test_a_fleet_that_hangs_on_one_node_says_so(self):
        fleet = with_node(a_fleet(nodes=1, regions=1), "edge-1", state=NodeState.SERVING)
        assert (
            verdict(fleet)
            == "fleet default is ok: 1 node and 2 edges serve; losing one more node or edge could take it down"
        )


class TestBursts:
    def test_a_kill_is_the_operation_and_the_loss_with_its_times(self):
        """Twenty records and more, and two sentences; who did it is said once."""
        story = Story()
        story.world.submit(Kill(nodes=("seoul-1",)), by="ann")
        said = story.said(by="ann")
        assert story.length >= 10
        assert len(said) == 2
        loss = next(text for text in said if text.startswith("seoul-1: "))
        assert "capacity lost" in loss
        assert "traffic moved away on every edge after" in loss
        assert "capacity back after" in loss
        assert sum(text.count("ann") for text in said) == 2

    def test_a_crash_that_is_not_over_says_what_it_is_now_and_the_verdict_last(self):
        story = Story()
        story.world.unready.add("seoul-1")
        story.world.die("seoul-1")
        said = story.said(turns=30)
        assert any(text.startswith("seoul-1 is ") and ", was serving: " in text for text in said)
        assert said[-1] == "fleet default is degraded: 1 of 6 out: seoul-1"

    def test_processes_that_do_the_same_share_a_sentence(self):
        story = Story(regions=1, nodes=4)
        story.world.submit(Drain(nodes=("seoul-1", "seoul-2")))
        said = story.said()
        assert "seoul-1 and seoul-2 are drained, was serving: drained by alice" in said
        assert said[-1].startswith("fleet default is ok: 2 nodes")

    def test_a_rolling_restart_is_its_end_and_what_each_has_gone_through(self):
        story = Story(regions=1, nodes=3)
        operation = story.world.submit(Restart(nodes=("seoul-1", "seoul-2", "seoul-3")))
        said = story.said()
        assert any(text.startswith(f"{operation} done after") for text in said)
        assert any("are serving again, after being draining, stopping" in text for text in said)
        assert len(said) == 2

    def test_what_was_decided_at_the_same_time_is_said_in_the_order_of_its_records(self):
        """A kill is not said to be done before the loss it caused."""
        fleet = a_fleet()
        operation = Operation(id="op-1", verb=Verb.KILL, by="ann", began=0.0, wall=AT, deadline=9.0, sentence="kill it")
        loss = Failover(node="seoul-1", cause=Reason(code=ReasonCode.KILLED), seen=1.0, version=2)
        happened = (
            OperationBegan(operation=operation),
            FailoverBegan(failover=loss),
            FailoverEnded(node="seoul-1", moved_ms=9.0, back_ms=71.0),
            OperationEnded(id="op-1", outcome=Outcome.DONE, sentence="kill it", ms=80.0),
        )
        _, said = narrate(fleet, [replace(each, wall=AT) for each in record(fleet, happened)])
        assert [each.text.partition(" ")[0] for each in said] == ["seoul-1:", "op-1"]

    def test_how_edges_were_told_is_not_said(self):
        story = Story()
        story.world.submit(Drain(nodes=("seoul-1",)))
        assert not [text for text in story.said() if "plan" in text]

    def test_what_stands_alone_is_told_as_it_is(self):
        story = Story()
        story.world.submit(Pause())
        assert any("nothing is repaired" in text for text in story.said())

    def test_one_alert_to_many_is_one_sentence(self):
        alert = Alert(
            id="1", to="ops", fleet="t", kind=AlertKind.NODE_DOWN, severity=Severity.WARNING, subject="a-1",
            sentence="a-1 is down", hint="", seq=1, at=AT,
        )  # fmt: skip
        raised = [AlertRaised(alert=replace(alert, id=to, to=to), until=AT) for to in ("ops", "chat")]
        _, said = narrate(a_fleet(), record(a_fleet(), raised))
        assert [each.text for each in said] == ["alert to ops, chat: node-down: a-1 is down"]

    def test_nothing_new_is_nothing_said(self):
        fleet = replace(a_fleet(), seq=7)
        old = Record(seq=7, wall=AT, mono=MONO, event=record(fleet, Story().world.journal[-1:])[0].event)
        assert narrate(fleet, [old]) == (fleet, ())

    def test_sentences_come_in_the_order_of_what_happened(self):
        story = Story()
        story.world.die("seoul-1")
        story.world.settle()
        story.world.die("osaka-1")
        new = story.world.settle().journal[story._told :]
        _, said = narrate(story._heard, record(story._heard, new))
        assert [each.wall for each in said] == sorted(each.wall for each in said)
        assert [each.text.partition(":")[0] for each in said] == ["seoul-1", "osaka-1"]


@given(st.lists(values(Event), max_size=6))
def test_whatever_happens_can_be_told_and_ends_where_the_journal_ends(events: list[Event]) -> None:
    """One line each, however odd the contents."""
    fleet = a_fleet()
    after, said = narrate(fleet, record(fleet, events))
    for event in events:
        fleet = evolve(fleet, event)
    assert after == fleet
    assert all(each.text.strip() for each in said)


@pytest.mark.parametrize(
    ("by", "reason", "said"),
    [
        ("ann", "", "repairs resume: anna is back, by ann"),
        ("", "", "repairs resume: anna is back"),
        ("anna", "lunch", "repairs resume: anna is back, by anna (lunch)"),
    ],
)
def test_who_did_it_is_told_unless_the_sentence_says_so_in_whole_words(by: str, reason: str, said: str) -> None:
    records = record(a_fleet(), [FleetUnpaused(why="anna is back")], by=by)
    _, told = narrate(a_fleet(), [replace(each, reason=reason) for each in records])
    assert told[0].text == said


def test_a_reason_is_told_also_where_the_sentence_says_who_it_was() -> None:
    records = record(a_fleet(), [FleetUnpaused(why="ended by ann")], by="ann")
    _, told = narrate(a_fleet(), [replace(each, reason="lunch is over") for each in records])
    assert told[0].text == "repairs resume: ended by ann (lunch is over)"


class TestFigures:
    def test_the_figures_of_a_moment(self):
        said = spoken(a_snapshot())
        assert said == (
            "fleet default is ok: 4 nodes and 2 edges serve; 100 requests/s, no errors, p99 12 ms; seoul 50%, osaka 50%"
        )

    @pytest.mark.parametrize("measured", [(), None])
    def test_without_traffic_there_are_none(self, measured: tuple[()] | None):
        snapshot = a_snapshot(measured=())
        quiet = snapshot if measured is None else Snapshot(fleet=a_fleet(), at=AT, mono=MONO)
        assert spoken(quiet).endswith("; no requests")

    def test_errors_are_a_number_and_a_part(self):
        snapshot = a_snapshot()
        samples = tuple(replace(sample, errors=2.5) for sample in snapshot.samples)
        assert "5.0 errors/s (5.0%)" in spoken(replace(snapshot, samples=samples))

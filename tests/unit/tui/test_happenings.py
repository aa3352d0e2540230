"""Records as lines: who did it and when, what was measured stands out, what is bad looks bad."""

import pytest
from support.pictures import a_fleet, a_view

from hactl.core.drill_events import DrillKept
from hactl.core.events import (
    DaemonStopped,
    Event,
    FailoverBegan,
    FailoverMoved,
    FleetUnpaused,
    NodeChanged,
    OperationEnded,
    Record,
    TrafficApplied,
    WeightsChanged,
)
from hactl.core.model import Failover
from hactl.core.node import Health, NodeState, Reason, ReasonCode
from hactl.core.operation import Outcome
from hactl.core.value import replace
from hactl.tui.happenings import happened, noteworthy, told
from hactl.tui.lines import Line, plain
from hactl.tui.meaning import Meaning

FAILOVER = Failover(node="seoul-1", cause=Reason(code=ReasonCode.KILLED, text="killed"), seen=1.0, version=3)


def a_record(event: Event, seq: int = 1) -> Record:
    return Record(seq=seq, wall=1.0, mono=1.0, event=event)


def text(line: Line) -> str:
    return plain(line)


def test_a_record_is_a_sentence_with_its_time_and_who_did_it():
    view = a_view(None, WeightsChanged(nodes={"seoul-1": 50}))
    said = text(happened(view.records[0]))
    assert "seoul-1" in said
    assert said.endswith("by ann")
    assert ".500 " in said


def test_who_did_it_is_said_once():
    record = replace(a_record(FleetUnpaused(why="unpaused by ann")), by="ann")
    assert text(happened(record)).endswith("repairs resume: unpaused by ann")


def test_what_was_measured_stands_out():
    line = happened(a_record(FailoverMoved(failover=FAILOVER, ms=31.4)))
    assert text(line).endswith("seoul-1: traffic moved away on every edge after 31 ms")
    assert [span.text for span in line if span.meaning is Meaning.TITLE] == ["31 ms"]


@pytest.mark.parametrize(
    ("event", "meaning"),
    [
        (FailoverBegan(failover=FAILOVER), Meaning.DOWN),
        (OperationEnded(id="op-1", outcome=Outcome.FAILED, sentence="late"), Meaning.DEGRADED),
        (OperationEnded(id="op-1", outcome=Outcome.DONE, sentence="done"), Meaning.TEXT),
        (TrafficApplied(edge="edge-1", version=3), Meaning.MUTED),
        (DaemonStopped(pid=1), Meaning.TEXT),
    ],
)
def test_it_looks_as_bad_as_it_is(event, meaning):
    assert happened(a_record(event))[1].meaning is meaning


def test_beside_other_things_only_what_says_something_by_itself_is_told():
    node = a_fleet().nodes["seoul-1"]
    starting = replace(node, state=NodeState.STARTING)
    unwell = replace(node, health=Health.UNHEALTHY)
    events = [
        FailoverBegan(failover=FAILOVER),
        TrafficApplied(edge="edge-1", version=3),
        NodeChanged(was=NodeState.STARTING, node=starting),
        NodeChanged(was=NodeState.SERVING, node=unwell),
        DaemonStopped(pid=1),
    ]
    newest_first = reversed([a_record(event, seq) for seq, event in enumerate(events)])
    assert [record.seq for record in noteworthy(newest_first, 10)] == [4, 3, 0]
    assert [record.seq for record in noteworthy([a_record(each) for each in events], 1)] == [1]


def test_the_signs_of_life_of_a_drill_are_not_told_one_by_one():
    """There are twenty a second: nobody would see anything else."""
    records = [a_record(DrillKept(id="op-1", expires=9.0, canary=seq), seq) for seq in range(1, 60)]
    records.insert(30, a_record(DaemonStopped(pid=1), 60))
    assert [record.seq for record in told(records)] == [60]
    assert [record.seq for record in noteworthy(records, 10)] == [60]

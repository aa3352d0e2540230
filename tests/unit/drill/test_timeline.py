"""Records in, milliseconds out."""

from hactl.core.events import (
    Event,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    NodeChanged,
    OperationBegan,
    Record,
    TrafficApplied,
)
from hactl.core.model import Failover
from hactl.core.node import Health, Node, NodeState, Reason, ReasonCode, Role
from hactl.core.operation import Operation, Verb
from hactl.drill.timeline import Timeline, read_timeline

KILL = Operation(id="op-1", verb=Verb.KILL, by="demo", began=100.0, wall=0.0, deadline=200.0)
LOSS = Failover(node="n1", cause=Reason(code=ReasonCode.KILLED), seen=100.001, version=7)


def node(state: NodeState, health: Health = Health.UNKNOWN, name: str = "n1") -> Node:
    reason = None if state is NodeState.SERVING else Reason(code=ReasonCode.KILLED, text="signal 9")
    return Node(name=name, role=Role.GATEWAY, state=state, health=health, reason=reason)


def changed(was: NodeState, state: NodeState, health: Health = Health.UNKNOWN, name: str = "n1") -> NodeChanged:
    return NodeChanged(was=was, node=node(state, health, name))


STORY: tuple[tuple[float, Event], ...] = (
    (0.0, OperationBegan(operation=KILL)),
    (1.0, changed(NodeState.SERVING, NodeState.BACKOFF)),
    (1.0, FailoverBegan(failover=LOSS)),
    (2.0, changed(NodeState.BACKOFF, NodeState.STARTING)),
    (9.0, TrafficApplied(edge="edge-1", version=7)),
    (12.0, TrafficApplied(edge="edge-2", version=7)),
    (12.0, FailoverMoved(failover=LOSS, ms=11.0)),
    (70.0, changed(NodeState.STARTING, NodeState.SERVING, Health.HEALTHY)),
    (79.0, TrafficApplied(edge="edge-1", version=8)),
    (80.0, TrafficApplied(edge="edge-2", version=8)),
    (80.0, FailoverEnded(node="n1", moved_ms=11.0, back_ms=79.0)),
)


def recorded(story: tuple[tuple[float, Event], ...]) -> list[Record]:
    return [Record(seq=i, wall=0.0, mono=100.0 + ms / 1000, event=event) for i, (ms, event) in enumerate(story, 1)]


def rounded(timeline: Timeline) -> list[tuple[float, str]]:
    return [(round(ms, 3), text) for ms, text in timeline.steps]


def test_a_whole_failover_reads_as_a_story() -> None:
    """Kill, death, each edge, all edges, new process, probes, capacity: in measured ms after the kill."""
    timeline = read_timeline(recorded(STORY), "n1", "op-1")
    assert timeline.complete
    assert timeline.over
    assert rounded(timeline) == [
        (0.0, "kill -9 of n1 accepted"),
        (1.0, "its death was seen: signal 9"),
        (2.0, "a new process was started"),
        (9.0, "edge-1 proved that it routes around it"),
        (12.0, "edge-2 proved that it routes around it"),
        (12.0, "every edge has: no more requests go to it"),
        (70.0, "it answers its probes"),
        (80.0, "every edge sends it requests: capacity is back"),
    ]


def test_a_story_cut_short_anywhere_is_incomplete() -> None:
    """Whatever record the journal ends with before the last one, nothing is claimed that it does not show."""
    for length in range(len(STORY)):
        timeline = read_timeline(recorded(STORY[:length]), "n1", "op-1")
        assert not timeline.complete
        assert not timeline.over
        assert all(ms <= STORY[max(0, length - 1)][0] + 1e-6 for ms, _ in timeline.steps)


def test_other_nodes_older_plans_and_earlier_losses_are_not_part_of_it() -> None:
    """What happened before the kill, to others, or with a plan that still had the node is passed over."""
    noise: tuple[tuple[float, Event], ...] = (
        (-50.0, changed(NodeState.SERVING, NodeState.BACKOFF)),
        (-40.0, FailoverEnded(node="n1", moved_ms=1.0, back_ms=2.0)),
        STORY[0],
        (0.5, changed(NodeState.SERVING, NodeState.BACKOFF, name="n2")),
        (0.6, TrafficApplied(edge="edge-1", version=6)),
        *STORY[1:3],
        (1.5, TrafficApplied(edge="edge-1", version=6)),
        (1.6, FailoverEnded(node="n2", moved_ms=1.0, back_ms=2.0)),
        *STORY[3:],
    )
    assert rounded(read_timeline(recorded(noise), "n1", "op-1")) == rounded(
        read_timeline(recorded(STORY), "n1", "op-1")
    )


def test_a_node_that_does_not_come_back_ends_the_failover_without_capacity() -> None:
    """A failover that ended badly is over and not complete."""
    story = (*STORY[:7], (30.0, FailoverEnded(node="n1", moved_ms=11.0, back_ms=None)))
    timeline = read_timeline(recorded(story), "n1", "op-1")
    assert timeline.over
    assert not timeline.complete
    assert timeline.back_ms is None

"""The table of states and causes, cell by cell, written out by hand: what the code says must be what stands here."""

import pytest
from support.build import a_launch, a_node, a_spec, at

from hactl.core.errors import CommandRejected
from hactl.core.lifecycle import LATE, TABLE, Cause, Context, Refusal, Stimulus, instance_of, react
from hactl.core.model import DeadlineKind, Goal, Node, NodeState
from hactl.core.value import replace

S, D = NodeState, DeadlineKind
CONTEXT = Context(now=at(100.0), spec=a_spec(), fleet_id="f1")

#         start    stop     drain    resume  kill    born failed  healthy sick hung exited   idle     woke     busy
EXPECTED = """
stopped   STARTING refused  refused  refused refused late late    late    late late late     late     late     late
starting  refused  STOPPING same     refused same    same BACKOFF SERVING late late BACKOFF  late     same     late
standby   refused  STOPPING same     refused same    late late    same    same same STARTING late     late     late
serving   refused  DRAINING DRAINING refused same    late late    same    same same STARTING late     late     late
draining  SERVING  refused  refused  SERVING same    late late    same    same same STOPPED  STOPPING STOPPING same
stopping  same     refused  refused  refused same    same STOPPED late    late late STOPPED  late     same     late
backoff   STARTING STOPPED  same     refused refused late late    late    late late late     late     STARTING late
failed    STARTING STOPPED  same     refused refused late late    late    late late late     late     STARTING late
"""
"""For a process with an ordinary past: up if it should be, on its way down in `draining` and `stopping`, drained by
nobody. `same` means the state stays (other things may change), `late` that the news is dropped, `refused` that the
order does not fit. `kill` never changes a state: the exit will."""

ROWS = {NodeState(line.split()[0]): line.split()[1:] for line in EXPECTED.strip().splitlines()}
CELLS = [
    pytest.param(state, cause, said, id=f"{state}-{cause}")
    for state, row in ROWS.items()
    for cause, said in zip(Cause, row, strict=True)
]


def stimulus(cause: Cause, node: Node) -> Stimulus:
    """A cause with plausible particulars."""
    return Stimulus(
        cause=cause,
        by="alice" if cause in list(Cause)[:5] else "",
        launch=a_launch(node.name) if cause is Cause.SPAWNED else None,
        why="something happened",
        woke=node.deadline.kind if node.deadline else D.READY,
    )


def test_every_state_meets_every_cause() -> None:
    """All 8 x 14 cells are filled, and orders are answered in every state: late is for news only."""
    assert set(TABLE) == set(NodeState)
    for row in TABLE.values():
        assert set(row) == set(Cause)
        for cause in (Cause.START, Cause.STOP, Cause.DRAIN, Cause.RESUME, Cause.KILL):
            assert row[cause] is not LATE
        for cause in list(Cause)[5:]:
            assert not isinstance(row[cause], Refusal), "news is never refused"
    assert len(CELLS) == 8 * 14


@pytest.mark.parametrize(("state", "cause", "said"), CELLS)
def test_cell(state: NodeState, cause: Cause, said: str) -> None:
    """What becomes of a process in `state` when `cause` comes."""
    node = a_node(state)
    if said == "refused":
        with pytest.raises(CommandRejected) as rejected:
            react(node, stimulus(cause, node), CONTEXT)
        assert "'seoul-1'" in rejected.value.message
        assert rejected.value.hint
        return
    reaction = react(node, stimulus(cause, node), CONTEXT)
    if said == "late":
        assert reaction is None
        return
    assert reaction is not None
    assert reaction.node.state is (state if said == "same" else NodeState[said])
    assert reaction.node.state is S.SERVING or reaction.node.reason is not None or cause is Cause.HEALTHY
    assert reaction.why or reaction.node == node


@pytest.mark.parametrize("state", [S.DRAINING, S.STOPPING])
def test_a_process_on_its_way_down_that_should_be_up(state: NodeState) -> None:
    """The same two rows when a start has been ordered meanwhile: what ends comes back."""
    node = a_node(state, goal=Goal.UP)
    exited = react(node, stimulus(Cause.EXITED, node), CONTEXT)
    assert exited is not None
    assert exited.node.state is S.STARTING
    if state is S.DRAINING:
        idle = react(node, stimulus(Cause.IDLE, node), CONTEXT)
        assert idle is not None
        assert (idle.node.state, idle.node.idle, idle.node.deadline) == (S.DRAINING, True, None)


@pytest.mark.parametrize("state", NodeState)
@pytest.mark.parametrize("kind", DeadlineKind)
def test_a_wake_up_for_something_else_is_late(state: NodeState, kind: DeadlineKind) -> None:
    """A wake-up counts only for the deadline it was set for, and not before that has come."""
    node = a_node(state)
    if node.deadline is None or node.deadline.kind is not kind:
        assert react(node, Stimulus(cause=Cause.WOKE, woke=kind), CONTEXT) is None
    else:
        early = replace(node, deadline=replace(node.deadline, at=100.001))
        assert react(early, Stimulus(cause=Cause.WOKE, woke=kind), CONTEXT) is None
        assert react(node, Stimulus(cause=Cause.WOKE, woke=kind), CONTEXT) is not None


def test_an_instance_is_named_after_its_launch() -> None:
    """A process that runs keeps its name; one to come has the number of its launch."""
    assert instance_of(a_node(S.SERVING), "f1") == "f1/seoul-1/1"
    assert instance_of(a_node(S.STARTING, launch=None, launches=7), "f1") == "f1/seoul-1/7"

"""The table of states and causes, cell by cell, written out by hand: what the code says must be what stands here."""

import pytest
from support.build import a_launch, a_node, a_spec, at

from hactl.core.causes import LATE, Cause, Context, Reaction, Refusal, Stimulus, instance_of
from hactl.core.effects import SendSignal, Spawn
from hactl.core.errors import CommandRejected
from hactl.core.lifecycle import TABLE, react
from hactl.core.model import Paused
from hactl.core.node import DeadlineKind, Goal, Health, Node, NodeState
from hactl.core.pausing import held
from hactl.core.value import replace

S, D = NodeState, DeadlineKind
CONTEXT = Context(now=at(100.0), spec=a_spec(), fleet_id="f1")

#         start    stop     drain    resume   kill    freeze  thaw
ORDERED = """
stopped   STARTING refused  refused  refused  refused refused refused
starting  refused  STOPPING same     refused  same    same    refused
standby   refused  STOPPING same     refused  same    same    refused
serving   refused  DRAINING DRAINING refused  same    same    refused
draining  SERVING  refused  refused  SERVING  same    same    refused
stopping  same     refused  refused  refused  same    same    refused
backoff   STARTING STOPPED  same     refused  refused refused refused
failed    STARTING STOPPED  same     refused  refused refused refused
"""

#         born failed  healthy sick hung slow exited   idle     woke     released busy
NEWS = """
stopped   late late    late    late late late late     late     late     late     late
starting  same BACKOFF SERVING late late same BACKOFF  late     same     same     late
standby   late late    same    same same late STARTING late     late     same     late
serving   late late    same    same same late STARTING late     late     same     late
draining  late late    same    same same late STOPPED  STOPPING STOPPING same     same
stopping  same STOPPED late    late late late STOPPED  late     same     late     late
backoff   late late    late    late late late late     late     STARTING same     late
failed    late late    late    late late late late     late     STARTING same     late
"""

#         born failed  healthy sick hung slow exited   idle     woke     released busy
NEWS_IN_A_PAUSE = """
stopped   late late    late    late late late late     late     late     late     late
starting  same BACKOFF SERVING late late same BACKOFF  late     same     same     late
standby   late late    same    same same late BACKOFF  late     late     same     late
serving   late late    same    same same late BACKOFF  late     late     same     late
draining  late late    same    same same late STOPPED  STOPPING STOPPING same     same
stopping  same STOPPED late    late late late STOPPED  late     same     late     late
backoff   late late    late    late late late late     late     same     same     late
failed    late late    late    late late late late     late     same     same     late
"""
"""For a process with an ordinary past: up if it should be, on its way down in `draining` and `stopping`, drained by
nobody. `same` means the state stays (other things may change), `late` that the news is dropped, `refused` that the
order does not fit. `kill` and `freeze` never change a state: the exit will; `thaw` fits what is frozen, `released` what
has waited for the end of a pause: see FROZEN and HELD."""

ORDERS, OF_THE_WORLD = list(Cause)[:7], list(Cause)[7:]
Cells = list[tuple[NodeState, Cause, str]]


def cells(table: str, causes: list[Cause]) -> Cells:
    rows = {NodeState(line.split()[0]): line.split()[1:] for line in table.strip().splitlines()}
    return [(state, cause, said) for state, row in rows.items() for cause, said in zip(causes, row, strict=True)]


def named(cells: Cells) -> list[object]:
    return [pytest.param(*cell, id=f"{cell[0]}-{cell[1]}") for cell in cells]


CELLS = cells(ORDERED, ORDERS) + cells(NEWS, OF_THE_WORLD)
PAUSED = replace(CONTEXT, paused=Paused(by="alice", since=1.0))


def stimulus(cause: Cause, node: Node) -> Stimulus:
    """A cause with plausible particulars."""
    return Stimulus(
        cause=cause,
        by="alice" if cause in ORDERS else "",
        launch=a_launch(node.name) if cause is Cause.SPAWNED else None,
        why="something happened",
        woke=node.deadline.kind if node.deadline else D.READY,
    )


def test_every_state_meets_every_cause() -> None:
    """All 8 x 18 cells are filled, and orders are answered in every state: late is for news only."""
    assert set(TABLE) == set(NodeState)
    for row in TABLE.values():
        assert set(row) == set(Cause)
        for cause in ORDERS:
            assert row[cause] is not LATE
        for cause in OF_THE_WORLD:
            assert not isinstance(row[cause], Refusal), "news is never refused"
    assert len(CELLS) == 8 * 18


@pytest.mark.parametrize(("state", "cause", "said"), named(CELLS))
def test_cell(state: NodeState, cause: Cause, said: str) -> None:
    """What becomes of a process in `state` when `cause` comes."""
    node = a_node(state)
    if said == "refused":
        for context in (CONTEXT, PAUSED):
            with pytest.raises(CommandRejected) as rejected:
                react(node, stimulus(cause, node), context)
            assert "'seoul-1'" in rejected.value.message
            assert rejected.value.hint
        return
    check(node, react(node, stimulus(cause, node), CONTEXT), cause, said)


def check(node: Node, reaction: Reaction | None, cause: Cause, said: str) -> None:
    """What became of it is what the table says, with a reason wherever it is out of service."""
    if said == "late":
        assert reaction is None
        return
    assert reaction is not None
    assert reaction.node.state is (node.state if said == "same" else NodeState[said])
    assert reaction.node.state is S.SERVING or reaction.node.reason is not None or cause is Cause.HEALTHY
    assert reaction.why or reaction.node == node


@pytest.mark.parametrize(("state", "cause", "said"), named(cells(NEWS_IN_A_PAUSE, OF_THE_WORLD)))
def test_cell_in_a_pause(state: NodeState, cause: Cause, said: str) -> None:
    """The same news in a paused fleet: nobody is started, and nobody is killed but who was told to stop before."""
    node = a_node(state)
    reaction = react(node, stimulus(cause, node), PAUSED)
    check(node, reaction, cause, said)
    effects = reaction.effects if reaction is not None else ()
    assert not [effect for effect in effects if isinstance(effect, Spawn)]
    killed = [effect for effect in effects if isinstance(effect, SendSignal) and effect.signal == "KILL"]
    assert bool(killed) is ((state, cause) == (S.STOPPING, Cause.WOKE))
    if reaction is not None and reaction.node.state in (S.BACKOFF, S.FAILED) and cause is not Cause.RELEASED:
        assert reaction.node.deadline is None
        assert reaction.node.reason is not None
        assert reaction.node.reason.text.endswith("; waits: the fleet is paused by alice")


@pytest.mark.parametrize("state", [state for state in NodeState if state.alive])
@pytest.mark.parametrize("context", [CONTEXT, PAUSED], ids=["", "paused"])
def test_orders_know_no_pause(state: NodeState, context: Context) -> None:
    """Freeze and thaw in every state that has a process, paused or not: SIGSTOP, SIGCONT, and no other change."""
    node = a_node(state)
    frozen = react(node, stimulus(Cause.FREEZE, node), context)
    assert frozen is not None
    assert frozen.effects == (SendSignal(launch=node.launch, node="seoul-1", signal="STOP"),)
    assert (frozen.node.state, frozen.node.health) == (state, node.health)
    assert (frozen.node.frozen, frozen.node.excused) == ("alice", "alice")
    with pytest.raises(CommandRejected, match="already frozen by alice"):
        react(frozen.node, stimulus(Cause.FREEZE, node), context)
    thawed = react(frozen.node, stimulus(Cause.THAW, node), context)
    assert thawed is not None
    assert thawed.effects == (SendSignal(launch=node.launch, node="seoul-1", signal="CONT"),)
    assert replace(thawed.node, reason=node.reason) == node


HELD = [
    (a_node(S.BACKOFF, deadline=None), S.STARTING),
    (a_node(S.FAILED, deadline=None), S.STARTING),
    (a_node(S.STARTING, hung=True, deadline=None), S.STARTING),
    (a_node(S.SERVING, hung=True, health=Health.UNHEALTHY), S.SERVING),
    (a_node(S.STANDBY, hung=True, health=Health.UNHEALTHY), S.STANDBY),
    (a_node(S.DRAINING, hung=True, health=Health.UNHEALTHY), S.DRAINING),
]


@pytest.mark.parametrize(("node", "state"), HELD, ids=lambda value: str(getattr(value, "state", value)))
def test_what_a_pause_has_held_is_released(node: Node, state: NodeState) -> None:
    """What has died is started in the same breath, what hangs or was never ready is killed; once."""
    assert held(node)
    reaction = react(node, stimulus(Cause.RELEASED, node), CONTEXT)
    assert reaction is not None
    assert reaction.node.state is state
    (effect,) = reaction.effects
    assert isinstance(effect, SendSignal if node.launch else Spawn)
    assert not held(reaction.node)


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

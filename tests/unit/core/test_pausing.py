"""A paused fleet: the daemon repairs nothing, serving goes on, and what waited is made up for afterwards."""

from collections.abc import Callable

import pytest
from support.build import a_proposal, a_spec, at, founded
from support.script import (
    NOTHING,
    Script,
    after,
    applied,
    exited,
    healthy,
    idle,
    like,
    serving,
    spawn_failed,
    spawned,
    unhealthy,
)
from support.world import MemoryWorld

from hactl.core.commands import Apply, Drain, Freeze, Kill, Pause, Request, Resume, Start, Stop, Thaw, Unpause
from hactl.core.effects import ApplyTraffic, SendSignal, Spawn
from hactl.core.events import (
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    FleetPaused,
    FleetUnpaused,
    OperationEnded,
    TrafficShifted,
)
from hactl.core.model import Fleet, Paused
from hactl.core.node import Health, NodeState, ReasonCode
from hactl.core.observations import Stalled
from hactl.core.operation import Outcome
from hactl.core.pausing import held, rearmed, waiting
from hactl.core.reading import Verdict, explain, read
from hactl.core.routing import RouteSpec
from hactl.core.value import replace

S = NodeState


def paused(fleet: Fleet | None = None, seconds: float | None = None) -> Script:
    """A fleet that alice has paused."""
    return Script(fleet or serving()) >> Request(command=Pause(seconds=seconds), by="alice", reason="a new switch")


def confirmed(story: Script) -> Script:
    """Every edge that serves proves the newest plan."""
    for edge in story.fleet.edges:
        if edge.serviceable:
            story >> applied(edge.name)
    return story


def signals(story: Script) -> list[tuple[str, str]]:
    """Who was signalled with what, by the last cause."""
    return [(effect.node, effect.signal) for effect in story.outcomes if isinstance(effect, SendSignal)]


# -- when it begins and ends


def test_a_pause_says_who_why_and_since_when() -> None:
    """It is over in the moment it is ordered, as an operation; what it changes is one value of the fleet."""
    story = paused() << like(OperationEnded, outcome=Outcome.DONE, sentence="pause")
    assert story.fleet.paused == Paused(by="alice", reason="a new switch", since=at(1000.0).wall)
    assert read(story.fleet).verdict is Verdict.OK, "everything serves"
    assert story.replayed() == story.fleet


def test_a_pause_ends_by_itself_when_its_time_has_come() -> None:
    """Neither sooner nor later, and what waited for it is started in the same step."""
    story = paused(seconds=60.0) >> exited("seoul-1", signal=9) >> after(59.9)
    assert story.node("seoul-1").state is S.BACKOFF
    story >> after(0.1) << like(FleetUnpaused, why="the pause has expired") << like(Spawn, node__name="seoul-1")
    assert story.fleet.paused is None
    assert not held(story.node("seoul-1"))


def test_a_pause_can_be_prolonged_and_cut_short() -> None:
    """By anybody, who is then the one who paused; since when it has lasted is kept."""
    story = paused(seconds=60.0) >> after(30.0) >> Request(command=Pause(seconds=600.0), by="bob")
    story << like(FleetPaused, paused__by="bob", paused__since=at(1000.0).wall, paused__until=at(1630.0).wall)
    story >> after(599.0)
    assert story.fleet.paused is not None
    story >> Request(command=Unpause(), by="carol") << like(FleetUnpaused, why="unpaused by carol")
    assert story.fleet.paused is None


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e9, float("nan"), float("inf")])
def test_a_pause_of_no_sense_is_refused(seconds: float) -> None:
    rejected = Script(serving()).refuses(Pause(seconds=seconds))
    assert "is out of range" in rejected.message
    assert rejected.hint.endswith("hactl unpause")


def test_nobody_ends_a_pause_that_is_none() -> None:
    assert Script(serving()).refuses(Unpause()).message == "fleet 'default' is not paused"


# -- what is left undone


def test_a_process_that_dies_is_not_started_again() -> None:
    """It waits without a deadline and says for what; the edges do without it, and nobody measures when it is back."""
    story = paused() >> exited("seoul-1", signal=11)
    story << TrafficShifted << FailoverBegan << ApplyTraffic
    node = story.node("seoul-1")
    assert (node.state, node.deadline, held(node)) == (S.BACKOFF, None, True)
    assert explain(node) == "killed by signal 11; waits: the fleet is paused by alice"
    assert len(node.exits) == 1
    story >> applied("edge-1") >> applied("edge-2") << FailoverMoved << like(FailoverEnded, back_ms=None)
    story >> after(3600.0) << NOTHING
    assert read(story.fleet).verdict is Verdict.DEGRADED


def test_an_edge_that_dies_is_not_started_again_either() -> None:
    """The other one carries the traffic."""
    story = paused() >> exited("edge-1", code=1)
    assert story.node("edge-1").state is S.BACKOFF
    assert not [effect for effect in story.outcomes if isinstance(effect, Spawn)]


@pytest.mark.parametrize(
    "last_word",
    [lambda name: exited(name, code=1), spawn_failed],
    ids=["it exits", "it cannot be started"],
)
def test_a_start_that_fails_is_not_repeated(last_word: Callable[[str], object]) -> None:
    """An order starts it, once; the operation says that nobody tries again."""
    story = paused() >> exited("seoul-1", signal=9) >> Start(nodes=("seoul-1",)) << like(Spawn, instance="f1/seoul-1/2")
    story >> last_word("seoul-1") << like(OperationEnded, outcome=Outcome.FAILED, hint="hactl status")
    assert story.node("seoul-1").state is S.BACKOFF
    ended = [event for event in story.events if isinstance(event, OperationEnded)][-1]
    assert ended.sentence.endswith("waits: the fleet is paused by alice")


def test_what_a_process_lacked_is_gone_with_it() -> None:
    """Killed before it was ready, it waits for the end of the pause, and nothing is said of what it lacked alive."""
    story = paused() >> exited("seoul-1", signal=9) >> Start(nodes=("seoul-1",)) >> spawned("seoul-1")
    lacks = "it runs, but nothing listens on 127.0.0.1:20001"
    story >> Stalled(node="seoul-1", instance="f1/seoul-1/2", why=lacks)
    assert lacks in explain(story.node("seoul-1"))
    story >> Kill(nodes=("seoul-1",)) >> exited("seoul-1", signal=9)
    assert story.node("seoul-1").state is S.BACKOFF
    assert explain(story.node("seoul-1")) == "killed by alice; waits: the fleet is paused by alice"


def test_an_order_starts_what_waits() -> None:
    """Orders are carried out as ever."""
    story = paused() >> exited("seoul-1", signal=9) >> Start(nodes=("seoul-1",)) >> spawned("seoul-1")
    story >> healthy("seoul-1")
    confirmed(story)
    assert story.node("seoul-1").serviceable
    story >> Drain(nodes=("seoul-2",)) >> idle("seoul-2") >> Resume(nodes=("seoul-2",)) >> Stop(nodes=("seoul-3",))
    story >> idle("seoul-3") >> exited("seoul-3", code=0)
    assert story.node("seoul-3").state is S.STOPPED
    assert story.fleet.paused is not None


def test_a_backoff_that_was_running_waits_on() -> None:
    """Its moment comes and goes; a crash loop's slow try likewise."""
    story = Script(serving(a_spec(restart={"initial": 0.0, "budget": 1})))
    story >> exited("seoul-1", code=1) >> spawned("seoul-1") >> exited("seoul-1", code=1)
    assert story.node("seoul-1").state is S.FAILED
    story >> exited("seoul-2", code=1) >> spawned("seoul-2")
    story >> Pause() >> after(100.0)
    node = story.node("seoul-1")
    assert (node.state, node.deadline) == (S.FAILED, None)
    assert node.reason is not None
    assert node.reason.code is ReasonCode.CRASH_LOOP
    story >> Unpause() << like(Spawn, node__name="seoul-1")
    assert len(story.node("seoul-1").exits) == 1, "its budget stays spent"


def test_a_hanging_process_is_taken_out_and_left_alone() -> None:
    """Out of rotation as unhealthy, but not killed; when it answers again it is back."""
    story = paused() >> unhealthy("seoul-1", "silent for 1.0 s", hung=True)
    assert signals(story) == []
    assert story.node("seoul-1").health is Health.UNHEALTHY
    assert explain(story.node("seoul-1")) == "silent for 1.0 s; not killed: the fleet is paused by alice"
    story >> unhealthy("seoul-1", "silent for 9.0 s", hung=True) << NOTHING
    story >> healthy("seoul-1")
    assert story.node("seoul-1").serviceable
    story >> Unpause()
    assert signals(story) == []


def test_a_start_that_takes_too_long_may_go_on() -> None:
    """No start-timeout kill: it may still become ready."""
    story = paused() >> exited("seoul-1", signal=9) >> Start(nodes=("seoul-1",)) >> spawned("seoul-1") >> after(10.0)
    assert signals(story) == []
    node = story.node("seoul-1")
    assert (node.state, node.deadline) == (S.STARTING, None)
    assert explain(node) == "not ready after 10 s; not killed: the fleet is paused by alice"
    story >> healthy("seoul-1")
    assert story.node("seoul-1").serviceable
    assert not story.node("seoul-1").hung


def test_a_stop_is_not_softened_by_a_pause() -> None:
    """KILL at the deadline: the stop was ordered."""
    story = paused() >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> after(10.0)
    assert story.node("seoul-1").state is S.STOPPING
    assert story.node("seoul-1").deadline is None, "KILL was sent"


# -- when it is over


def test_everything_that_waited_is_made_up_for_at_once() -> None:
    """What died is started, what hangs or never got ready is killed, in one step; it ends when all are up."""
    story = paused() >> exited("edge-1", signal=9) >> Start(nodes=("edge-1",)) >> spawned("edge-1")
    story >> exited("seoul-1", signal=9) >> unhealthy("seoul-2", hung=True) >> after(10.0)
    assert waiting(story.fleet) == ("edge-1", "seoul-1", "seoul-2")
    story >> Request(command=Unpause(), by="bob")
    assert signals(story) == [("edge-1", "KILL"), ("seoul-2", "KILL")]
    assert [effect.node.name for effect in story.outcomes if isinstance(effect, Spawn)] == ["seoul-1"]
    assert waiting(story.fleet) == ()
    operation = list(story.fleet.operations.values())[-1]
    assert [target.node for target in operation.targets] == ["edge-1", "seoul-1", "seoul-2"]
    story >> exited("edge-1", signal=9)
    assert story.node("edge-1").reason.code is ReasonCode.START_TIMEOUT
    story >> exited("seoul-2", signal=9)
    assert story.node("seoul-2").reason.code is ReasonCode.HUNG
    story >> after(0.5)
    for name in ("edge-1", "seoul-1", "seoul-2"):
        story >> spawned(name) >> healthy(name)
    confirmed(story) << like(OperationEnded, outcome=Outcome.DONE, sentence="resume repairs")


def test_a_loop_of_crashes_goes_on_counting() -> None:
    """What died in a pause is charged as ever: the pause forgives nothing."""
    story = Script(serving(a_spec(restart={"initial": 0.0, "budget": 1}))) >> exited("seoul-1", code=1)
    story >> spawned("seoul-1") >> Pause() >> exited("seoul-1", code=1)
    assert story.node("seoul-1").state is S.BACKOFF, "whatever the budget says: nobody tries while it lasts"
    story >> Unpause() >> spawned("seoul-1") >> exited("seoul-1", code=1)
    assert story.node("seoul-1").state is S.FAILED


def test_unpause_with_nothing_to_make_up_for_is_done_at_once() -> None:
    paused() >> Unpause() << FleetUnpaused << like(OperationEnded, outcome=Outcome.DONE)


# -- faults in a pause


def test_a_killed_process_stays_dead_and_the_kill_is_over_when_every_edge_knows() -> None:
    """Nobody brings it back, so nobody waits for that; the exit is the operator's and costs nothing."""
    story = paused() >> Request(command=Kill(nodes=("seoul-1",)), by="bob") >> exited("seoul-1", signal=9)
    assert explain(story.node("seoul-1")) == "killed by bob; waits: the fleet is paused by alice"
    assert story.node("seoul-1").exits == ()
    story >> applied("edge-1")
    assert story.fleet.operations
    story >> applied("edge-2") << like(OperationEnded, outcome=Outcome.DONE)


def test_a_frozen_process_stays_frozen_and_the_freeze_is_over_when_every_edge_knows() -> None:
    """Out of rotation as unhealthy; an unpause kills it, and the exit is still the operator's."""
    story = paused() >> Request(command=Freeze(nodes=("seoul-1",)), by="bob")
    assert signals(story) == [("seoul-1", "STOP")]
    story >> unhealthy("seoul-1", "stopped (state T)", hung=True) << TrafficShifted
    assert signals(story) == []
    assert explain(story.node("seoul-1")) == "frozen by bob; not killed: the fleet is paused by alice"
    story >> applied("edge-1")
    assert [operation.verb for operation in story.fleet.operations.values()] == ["freeze"]
    story >> applied("edge-2") << like(OperationEnded, outcome=Outcome.DONE)
    story >> Unpause()
    assert signals(story) == [("seoul-1", "KILL")]
    story >> exited("seoul-1", signal=9) << like(Spawn, instance="f1/seoul-1/2")
    assert story.node("seoul-1").exits == ()


def test_a_frozen_edge_is_out_when_it_is_seen_to_be() -> None:
    """No plan changes; the operation is over as soon as the edge counts as out."""
    story = paused() >> Freeze(nodes=("edge-1",)) >> unhealthy("edge-1", "stopped (state T)", hung=True)
    story << like(OperationEnded, outcome=Outcome.DONE)
    assert [edge.name for edge in story.fleet.edges if edge.serviceable] == ["edge-2"]


def test_a_thawed_process_gets_traffic_when_it_is_well_again() -> None:
    """Not before: SIGCONT is no answer."""
    story = paused() >> Freeze(nodes=("seoul-1",)) >> unhealthy("seoul-1", hung=True)
    confirmed(story) >> Thaw(nodes=("seoul-1",))
    assert signals(story) == [("seoul-1", "CONT")]
    assert not story.node("seoul-1").serviceable
    assert explain(story.node("seoul-1")) == "not healthy yet"
    story >> Unpause()
    assert signals(story) == [], "it runs again: nothing to make up for"
    story >> healthy("seoul-1") << TrafficShifted
    assert story.node("seoul-1").serviceable
    confirmed(story)
    assert story.fleet.operations == {}
    assert story.fleet.failovers == {}
    story >> exited("seoul-1", code=1)
    assert len(story.node("seoul-1").exits) == 1, "what it does from now on is its own doing"


def test_what_was_thawed_by_somebody_else_is_not_frozen_any_more() -> None:
    """A process that answers runs, whoever sent the signal."""
    story = paused() >> Freeze(nodes=("seoul-1",)) >> unhealthy("seoul-1", hung=True) >> healthy("seoul-1")
    node = story.node("seoul-1")
    assert (node.frozen, node.excused, node.hung) == ("", "", False)


def test_many_may_be_frozen_at_once() -> None:
    """That they hang is certain: the share that probes alone may take out does not count for them."""
    story = paused() >> Request(command=Freeze(nodes=("seoul-1", "seoul-2")), by="bob", confirm="default")
    story >> unhealthy("seoul-1", hung=True) >> unhealthy("seoul-2", hung=True)
    assert [node.name for node in story.fleet.gateways if node.serviceable] == ["seoul-3"]


# -- another boot


def test_a_pause_keeps_its_end_over_a_reboot() -> None:
    """The wall clock goes on; the monotonic one starts anew. One that should be over is over at once."""
    pause = Paused(by="alice", since=0.0, until=at(1600.0).wall, ends=1600.0)
    assert rearmed(pause, at(1000.0, "boot-2")).ends == 1600.0
    moved = at(5.0, "boot-2")
    assert rearmed(pause, moved).ends == 1600.0
    late = Paused(by="alice", since=0.0, until=at(1.0).wall, ends=1.0)
    assert rearmed(late, at(7.0, "boot-2")).ends == 7.0
    forever = Paused(by="alice", since=0.0)
    assert rearmed(forever, moved) == forever


# -- a configuration that comes into force meanwhile


def changing(*dead: str, broken: str = "") -> tuple[MemoryWorld, str]:
    """A paused fleet with some nodes dead, and the change of its routes that was ordered then."""
    world = MemoryWorld(founded(a_spec(regions=2, nodes=2))).begin()
    for command in (Pause(), *(Kill(nodes=(name,)) for name in dead)):
        world.submit(command)
        world.settle()
    world.broken = {broken}
    spec = replace(world.fleet.spec, routes=(RouteSpec(prefix="/new", respond=200),))
    return world, world.submit(Apply(text=""), proposal=a_proposal(world.fleet, spec))


def test_a_configuration_comes_into_force_in_a_pause() -> None:
    """It is an order: it restarts whom it has to, also one that waits, and does not wait for the end of the pause."""
    world, operation = changing("seoul-1")
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.paused is not None
    assert all(node.serviceable for node in world.fleet.nodes.values())


def test_a_configuration_that_a_node_will_not_have_is_taken_back_in_a_pause() -> None:
    """The node that could not start with it waits then, and nobody waits for that until a deadline."""
    world, operation = changing(broken="osaka-1")
    began = world.mono
    world.settle()
    ending = world.ending(operation)
    assert ending.outcome is Outcome.ROLLED_BACK
    assert "osaka-1" in ending.sentence
    assert world.mono - began < 1.0
    assert held(world.fleet.nodes["osaka-1"])
    assert [node.name for node in world.fleet.gateways if node.serviceable] == ["seoul-1", "seoul-2", "osaka-2"]


def test_a_spare_steps_in_all_the_same() -> None:
    """Traffic follows who is alive and well; what died stays dead, and a thawed one stands by or serves as it did."""
    spec = a_spec()
    regions = tuple(replace(region, spares=1) for region in spec.regions)
    world = MemoryWorld(founded(replace(spec, regions=regions))).begin()
    (spare,) = [node.name for node in world.fleet.gateways if node.state is S.STANDBY]
    victim = next(node.name for node in world.fleet.gateways if node.serviceable)
    for command in (Pause(), Kill(nodes=(victim,))):
        operation = world.submit(command)
        world.settle().check_quiet()
        assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.nodes[victim].state is S.BACKOFF
    assert world.fleet.nodes[spare].serviceable
    world.submit(Unpause())
    world.settle().check_quiet()
    assert world.fleet.nodes[victim].state is S.STANDBY

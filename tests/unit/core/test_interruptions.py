"""kill -9 of the daemon between any two steps of every sequence: the next daemon finishes what was begun, once."""

from collections.abc import Callable
from random import Random

import pytest
from support.build import a_spec, founded, goals
from support.world import MemoryWorld

from hactl.core.commands import (
    Command,
    Down,
    Drain,
    Failback,
    Failover,
    Freeze,
    Kill,
    Pause,
    Restart,
    Resume,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
    Unpause,
)
from hactl.core.events import NodeAdopted, OrphanEnded
from hactl.core.node import NodeState
from hactl.core.operation import Outcome
from hactl.core.plan import EndpointStatus
from hactl.core.regions import kept
from hactl.core.spec import Policy

ACTIVE = EndpointStatus.ACTIVE
SPEC = a_spec(regions=1, nodes=3, edges=2)
EVERYTHING = ("seoul-1", "seoul-2", "seoul-3", "edge-1", "edge-2")
RAISED = MemoryWorld(founded(SPEC)).begin()
"""A fleet that has come up; every story starts from a copy."""

Story = Callable[[MemoryWorld], str]


def copy(world: MemoryWorld) -> MemoryWorld:
    """Another world in the same state, played again turn by turn."""
    again = MemoryWorld(founded(world.fleet.spec)).begin()
    assert again.fleet == world.fleet
    return again


def one(command: Command, *first: Command) -> Story:
    """`first` in peace, then `command`."""

    def story(world: MemoryWorld) -> str:
        for earlier in first:
            world.submit(earlier)
            world.settle()
        return world.submit(command)

    return story


def crash_of_a_node(world: MemoryWorld) -> str:
    world.die("seoul-2")
    return ""


def crash_of_an_edge(world: MemoryWorld) -> str:
    world.die("edge-1")
    return ""


def crash_in_a_pause(world: MemoryWorld) -> str:
    world.submit(Pause())
    world.die("seoul-2")
    return ""


STORIES: dict[str, Story] = {
    "kill a node": one(Kill(nodes=("seoul-1",))),
    "kill two nodes": one(Kill(nodes=("seoul-1", "seoul-3"))),
    "kill an edge": one(Kill(nodes=("edge-2",))),
    "kill a drained node": one(Kill(nodes=("seoul-1",)), Drain(nodes=("seoul-1",))),
    "stop": one(Stop(nodes=("seoul-2",))),
    "stop an edge": one(Stop(nodes=("edge-1",))),
    "start": one(Start(nodes=("seoul-2",)), Stop(nodes=("seoul-2",))),
    "drain": one(Drain(nodes=("seoul-1",))),
    "resume": one(Resume(nodes=("seoul-1",)), Drain(nodes=("seoul-1",))),
    "stop what is drained": one(Stop(nodes=("seoul-1",)), Drain(nodes=("seoul-1",))),
    "weight": one(SetWeight(nodes=("seoul-1",), weight=10)),
    "region weight": one(SetWeight(regions=("seoul",), weight=50)),
    "policy": one(SetPolicy(policy=Policy.ROUND_ROBIN)),
    "restart one": one(Restart(nodes=("seoul-2",))),
    "rolling restart": one(Restart(nodes=EVERYTHING)),
    "down": one(Down()),
    "down with one stopped and one drained": one(Down(), Stop(nodes=("seoul-1",)), Drain(nodes=("seoul-2",))),
    "freeze a node": one(Freeze(nodes=("seoul-1",))),
    "freeze an edge": one(Freeze(nodes=("edge-2",))),
    "freeze a drained node": one(Freeze(nodes=("seoul-1",)), Drain(nodes=("seoul-1",))),
    "pause": one(Pause()),
    "pause for an hour": one(Pause(seconds=3600.0)),
    "kill in a pause": one(Kill(nodes=("seoul-1",)), Pause()),
    "freeze in a pause": one(Freeze(nodes=("seoul-1", "seoul-3")), Pause()),
    "freeze an edge in a pause": one(Freeze(nodes=("edge-1",)), Pause()),
    "thaw in a pause": one(Thaw(nodes=("seoul-1",)), Pause(), Freeze(nodes=("seoul-1",))),
    "stop what is frozen": one(Stop(nodes=("seoul-1",)), Pause(), Freeze(nodes=("seoul-1",))),
    "start what a pause keeps down": one(Start(nodes=("seoul-1",)), Pause(), Kill(nodes=("seoul-1",))),
    "unpause": one(Unpause(), Pause(), Kill(nodes=("seoul-1",)), Freeze(nodes=("seoul-2",)), Kill(nodes=("edge-1",))),
    "down in a pause": one(Down(), Pause(), Kill(nodes=("seoul-1",)), Freeze(nodes=("seoul-2",))),
    "a node crashes": crash_of_a_node,
    "a node crashes in a pause": crash_in_a_pause,
    "an edge crashes": crash_of_an_edge,
}


def length(story: Story) -> int:
    """Turns the story takes when nobody interrupts it."""
    world = copy(RAISED)
    story(world)
    before = world.turns
    world.settle()
    return world.turns - before


def finished(story: Story) -> MemoryWorld:
    """The story without interruption."""
    world = copy(RAISED)
    story(world)
    return world.settle()


@pytest.mark.parametrize("gap", [0.2, 300.0], ids=["at once", "after five minutes"])
@pytest.mark.parametrize("name", STORIES)
def test_a_daemon_killed_at_any_step_leaves_nothing_half_done(name: str, gap: float) -> None:
    """Whatever step the daemon dies at: goals reached, no second process, each operation ended exactly once."""
    story = STORIES[name]
    expected = finished(story)
    if not expected.fleet.closing:
        expected.check_quiet()
    for step in range(length(story) + 1):
        world = copy(RAISED)
        operation = story(world)
        assert world.run(step) == step
        alive = {process.launch.instance for process in world.processes.values()}
        world.crash()
        decision = world.recover(gap)
        adopted = {event.instance for event in decision.events if isinstance(event, NodeAdopted)}
        orphans = {event.instance for event in decision.events if isinstance(event, OrphanEnded)}
        assert adopted | orphans == alive, f"at step {step}"
        world.settle()
        world.check_quiet()
        after_down = name.startswith("down")
        if operation:
            ending = world.ending(operation)
            late = gap > 60 or after_down
            assert ending.outcome in ((Outcome.DONE, Outcome.FAILED, Outcome.ROLLED_BACK) if late else (Outcome.DONE,))
            assert ending.outcome is Outcome.DONE or ending.hint
        if operation and world.ending(operation).outcome is Outcome.ROLLED_BACK:
            assert goals(world.fleet) == goals(RAISED.fleet)
            assert world.fleet.policy == RAISED.fleet.policy
        else:
            assert goals(world.fleet) == goals(expected.fleet), f"at step {step}"
            assert world.fleet.policy == expected.fleet.policy


@pytest.mark.parametrize("name", [name for name in STORIES if name != "rolling restart"])
def test_a_daemon_killed_twice_does_no_harm_either(name: str) -> None:
    """Recovery itself can be interrupted: after any step of the story, and again after any step of the recovery."""
    story = STORIES[name]
    for step in range(0, length(story) + 1, 2):
        for second in range(0, 12, 3):
            world = copy(RAISED)
            story(world)
            world.run(step)
            world.crash()
            world.recover()
            world.run(second)
            world.crash()
            world.recover()
            world.settle()
            world.check_quiet()


@pytest.mark.parametrize("name", STORIES)
def test_the_machine_dies_at_any_step(name: str) -> None:
    """A reboot starts everything that should be up again and charges nobody; operations end, with a hint."""
    story = STORIES[name]
    expected = finished(story)
    for step in range(length(story) + 1):
        world = copy(RAISED)
        operation = story(world)
        world.run(step)
        world.reboot()
        assert world.fleet.operations == {}
        world.settle()
        world.check_quiet()
        for node in world.fleet.nodes.values():
            assert node.exits == () or operation == "", "an ordered exit was charged"
        wanted = {node: (goal, drained) for node, (goal, drained, _) in goals(expected.fleet).items()}
        assert {node: (goal, drained) for node, (goal, drained, _) in goals(world.fleet).items()} == wanted
        if operation and world.ending(operation).outcome is Outcome.FAILED:
            assert world.ending(operation).hint


@pytest.mark.parametrize("seed", range(40))
def test_news_may_arrive_in_any_order(seed: int) -> None:
    """Reports of different processes overtake one another; every story still ends the same."""
    for story in STORIES.values():
        expected = finished(story)
        world = copy(RAISED)
        world.chance = Random(seed)
        operation = story(world)
        world.settle()
        world.check_quiet()
        assert goals(world.fleet) == goals(expected.fleet)
        if operation:
            assert world.ending(operation).outcome is Outcome.DONE


def test_a_fleet_taken_down_comes_up_as_it_was() -> None:
    """`down` then `up` keeps goals, weights and drains."""
    world = copy(RAISED)
    for command in (
        Stop(nodes=("seoul-1",)),
        Drain(nodes=("seoul-2",)),
        SetWeight(nodes=("seoul-3",), weight=7),
        SetPolicy(policy=Policy.ROUND_ROBIN),
    ):
        world.submit(command)
        world.settle()
    before = goals(world.fleet)
    world.submit(Down())
    world.settle()
    assert world.halted
    assert world.processes == {}
    assert all(node.state is NodeState.STOPPED for node in world.fleet.nodes.values())
    world.halted = False
    world.recover()
    world.settle()
    world.check_quiet()
    assert goals(world.fleet) == before
    assert world.fleet.policy is Policy.ROUND_ROBIN


def test_down_in_the_middle_of_a_rolling_restart_keeps_the_goals() -> None:
    """What the restart held down for a moment is up again after the next start, at whatever step `down` cut in."""
    for step in range(length(STORIES["rolling restart"]) + 1):
        world = copy(RAISED)
        restart = STORIES["rolling restart"](world)
        world.run(step)
        down = world.submit(Down())
        world.settle()
        assert world.halted, f"at step {step}"
        assert world.ending(down).outcome is Outcome.DONE
        if world.ending(restart).outcome is Outcome.FAILED:
            assert world.ending(restart).hint
        world.halted = False
        world.recover()
        world.settle()
        world.check_quiet()
        assert goals(world.fleet) == goals(RAISED.fleet), f"at step {step}"


PAIR = MemoryWorld(founded(a_spec(regions=2, nodes=2, standby=True, auto_failback=True, stable_for=5.0))).begin()
"""Two regions, the second one waiting; a lost one returns by itself."""


def there(world: MemoryWorld) -> str:
    return world.submit(Failover(region="seoul", steps=2, pause=1.0))


def and_back(world: MemoryWorld) -> str:
    there(world)
    world.settle()
    return world.submit(Failback(region="seoul", steps=2, pause=1.0))


def turned_round(world: MemoryWorld) -> str:
    there(world)
    world.run(3)
    return world.submit(Failback(region="seoul", steps=2, pause=1.0))


def lost(world: MemoryWorld) -> str:
    world.die("seoul-1")
    world.die("seoul-2")
    return ""


MOVES = {"failover": (there, 0), "failback": (and_back, 100), "turned round": (turned_round, 100), "lost": (lost, 100)}
"""Each with what seoul keeps in the end."""


@pytest.mark.parametrize("name", MOVES)
def test_traffic_between_regions_arrives_whatever_step_the_daemon_dies_at(name: str) -> None:
    """The ramp goes on, a lost region returns after it has been whole once more; somebody serves at every moment."""
    story, goal = MOVES[name]
    world = copy(PAIR)
    story(world)
    before = world.turns
    world.settle()
    assert kept(world.fleet, "seoul") == goal
    for step in range(world.turns - before + 1):
        world = copy(PAIR)
        operation = story(world)
        world.run(step)
        world.crash()
        world.recover()
        world.settle()
        world.check_quiet()
        assert kept(world.fleet, "seoul") == goal, f"at step {step}"
        assert all(
            any(endpoint.status is ACTIVE for endpoint in plan.endpoints) for plan in world.plans if plan.version
        )
        assert not operation or world.ending(operation).outcome is Outcome.DONE


@pytest.mark.parametrize("name", [name for name in MOVES if name != "lost"])
def test_traffic_between_regions_is_never_left_half_way_by_a_reboot(name: str) -> None:
    """Operations do not outlive a boot: what they had begun is taken back, what they had done stays."""
    story, _ = MOVES[name]
    for step in range(0, 60, 2):
        world = copy(PAIR)
        story(world)
        world.run(step)
        world.reboot()
        world.settle()
        world.check_quiet()
        assert kept(world.fleet, "seoul") in (0, 100), f"at step {step}"

"""A configuration comes into force while the fleet serves, or is taken back, whatever happens on the way."""

from random import Random
from typing import Any

import pytest
from support.build import a_proposal, a_spec, founded
from support.world import MemoryWorld

from hactl.core.commands import (
    Apply,
    Command,
    Down,
    Drain,
    Failover,
    Kill,
    Pause,
    Restart,
    Scale,
    SetPolicy,
    SetWeight,
    Stop,
    Unpause,
)
from hactl.core.config_events import NodesAdded, NodesRemoved, RevisionApplied, RevisionProposed, RevisionRolledBack
from hactl.core.draft import evolve
from hactl.core.errors import CommandRejected
from hactl.core.events import FailoverEnded, OperationMoved
from hactl.core.node import Goal, NodeState, Role
from hactl.core.observations import PlanApplied, TrafficWorsened
from hactl.core.operation import Outcome, Phase, Step
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, GatewaySpec, Policy, RegionSpec, SafetySpec
from hactl.core.value import replace

APPLY = Apply(text="")
OTHER_ROUTES = (RouteSpec(prefix="/new", respond=200),)
BOUND = 600
"""More turns than any change here takes."""


def a_world(spec: FleetSpec | None = None) -> MemoryWorld:
    return MemoryWorld(founded(spec or a_spec(regions=2, nodes=2))).begin()


def with_routes(spec: FleetSpec) -> FleetSpec:
    return replace(spec, routes=OTHER_ROUTES)


def everything_else(spec: FleetSpec) -> FleetSpec:
    """Other routes, a node more in one region, one region gone, another new, an edge more."""
    first = replace(spec.regions[0], nodes=spec.regions[0].nodes + 1, weight=50)
    return replace(
        with_routes(spec),
        regions=(RegionSpec(name="sapporo", nodes=2), first),
        edge=replace(spec.edge, count=3, threads=2),
    )


def propose(
    world: MemoryWorld, spec: FleetSpec, *, command: Command = APPLY, bake: float = 0.0, confirm: str = ""
) -> str:
    return world.submit(command, proposal=a_proposal(world.fleet, spec, bake=bake), confirm=confirm)


def refusal(world: MemoryWorld, spec: FleetSpec, command: Command = APPLY) -> CommandRejected:
    before = world.fleet
    with pytest.raises(CommandRejected) as caught:
        propose(world, spec, command=command)
    assert world.fleet == before
    assert caught.value.hint
    return caught.value


def order(world: MemoryWorld, operation: str) -> list[str]:
    """Which process was done when."""
    done: list[str] = []
    for event in world.saw(OperationMoved):
        assert isinstance(event, OperationMoved)
        if event.operation.id == operation:
            steps = [target for target in event.operation.targets if target.phase is Phase.DONE]
            done += [name for target in steps if (name := target.node or str(target.step)) not in done]
    return done


# -- the way there


def test_other_routes_restart_every_node_and_tell_every_edge() -> None:
    """One node and one edge first, then the other edges, then the other nodes; the edges never restart for it."""
    world = a_world()
    launches = {name: node.launches for name, node in world.fleet.nodes.items()}
    operation = propose(world, with_routes(world.fleet.spec))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.revision == 2
    assert order(world, operation) == ["seoul-1", "edge-1", "edge-2", "seoul-2", "osaka-1", "osaka-2", "commit"]
    for name, node in world.fleet.nodes.items():
        assert node.launches - launches[name] == (node.role is Role.GATEWAY), name


def test_nobody_is_left_alone() -> None:
    """Never are two processes of a kind out at a time."""
    world = a_world()
    propose(world, everything_else(world.fleet.spec))
    serving = {Role.EDGE: 2, Role.GATEWAY: 4}
    while world.turn():
        for role, least in serving.items():
            up = [node for node in world.fleet.nodes.values() if node.role is role and node.serviceable]
            assert len(up) >= least - 1, [node.name for node in up]
    world.check_quiet()


def test_processes_come_before_others_go() -> None:
    """New ones serve before an old one is touched, those nobody wants go last, and are forgotten."""
    world = a_world()
    operation = propose(world, everything_else(world.fleet.spec))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert [node.name for node in world.fleet.gateways] == ["sapporo-1", "sapporo-2", "seoul-1", "seoul-2", "seoul-3"]
    assert world.alive("osaka-1") == []
    done = order(world, operation)
    assert done.index("sapporo-1") < done.index("seoul-2") < done.index("commit") < done.index("osaka-1")
    assert [region.weight for region in world.fleet.plan.regions] == [100, 50]


def test_what_no_process_has_to_know_takes_no_restart() -> None:
    """A limit of the daemon's own is in force when the edges have proved that they do not mind."""
    world = a_world()
    spawned = list(world.spawns)
    spec = replace(world.fleet.spec, safety=replace(world.fleet.spec.safety, min_serving_nodes=2))
    operation = propose(world, spec)
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.spec == spec
    assert world.spawns == spawned


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"routes": (RouteSpec(prefix="/", respond=404),)}, 0.0),
        ({"services": (ServiceSpec(name="app", endpoints=(("127.0.0.1", 9000),)),)}, 0.0),
        ({"gateway": GatewaySpec(env={"DEBUG": "1"})}, 0.0),
        ({"gateway": GatewaySpec(capacity=500, stop_timeout=1.0)}, 90.0),
        ({"edge": EdgeSpec(max_connections=5)}, 90.0),
        ({"safety": SafetySpec(min_serving_nodes=2)}, 90.0),
    ],
    ids=["routes", "services", "environment", "capacity", "edges", "safety"],
)
def test_what_was_sustained_holds_as_long_as_nodes_do_the_same(change: dict[str, Any], kept: float) -> None:
    """A node that does something else for each request may carry less; until the commit, what was seen stands."""
    world = a_world()
    fleet = replace(world.fleet, sustained=90.0)
    proposal = a_proposal(fleet, replace(fleet.spec, **change))
    fleet = evolve(fleet, RevisionProposed(proposal=replace(proposal, revision=2)))
    assert fleet.sustained == 90.0
    assert evolve(fleet, RevisionRolledBack(revision=2, why="")).sustained == 90.0
    assert evolve(fleet, RevisionApplied(revision=2)).sustained == kept


def test_the_traffic_is_watched_for_a_while() -> None:
    """Between the first node and edge and all others."""
    world = a_world()
    began = world.mono
    operation = propose(world, with_routes(world.fleet.spec), bake=30.0)
    while not any(node.name == "edge-2" and node.revision == 2 for node in world.fleet.edges):
        assert world.turn()
    assert world.mono - began >= 30.0
    assert [node.revision for node in world.fleet.gateways] == [2, 0, 0, 0]
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE


def test_what_is_watched_has_traffic() -> None:
    """A node or an edge that is stopped, drained or standing by proves nothing."""
    world = a_world(a_spec(regions=2, nodes=2, standby=True))
    spec = world.fleet.spec
    spec = replace(spec, regions=(spec.regions[1], spec.regions[0]))
    propose(world, spec)  # the standby region is the first now
    world.settle()
    world.submit(Stop(nodes=("seoul-1",)))
    world.submit(Stop(nodes=("edge-1",)))
    world.settle()
    operation = propose(world, with_routes(spec), bake=1.0)
    steps = [target.node or str(target.step) for target in world.fleet.operations[operation].targets]
    assert steps[:4] == ["seoul-1", "seoul-2", "edge-2", "bake"]
    world.settle().check_quiet()


def test_weights_and_drains_that_people_have_set_hold() -> None:
    """A configuration that says nothing new about a weight leaves it as it was set."""
    world = a_world()
    world.submit(SetWeight(nodes=("seoul-2",), weight=10))
    world.submit(SetWeight(regions=("osaka",), weight=30))
    world.submit(Drain(nodes=("osaka-1",)))
    world.settle()
    propose(world, with_routes(world.fleet.spec))
    world.settle().check_quiet()
    assert world.fleet.nodes["seoul-2"].weight == 10
    assert world.fleet.region_weights == {"osaka": 30}
    assert world.fleet.nodes["osaka-1"].drained


def test_what_is_stopped_stays_stopped_and_starts_with_the_new_one() -> None:
    """Nobody is started against an order; the next start has what is in force."""
    world = a_world()
    world.submit(Stop(nodes=("seoul-2",)))
    world.submit(Stop(nodes=("edge-2",)))
    world.settle()
    operation = propose(world, with_routes(world.fleet.spec))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.nodes["seoul-2"].goal is Goal.DOWN
    assert world.alive("seoul-2") == []


def test_a_node_that_keeps_dying_may_be_cured() -> None:
    """It is changed first, and nobody waits for it to be well before."""
    world = a_world(a_spec(regions=2, nodes=2, restart={"budget": 0}))
    world.broken.add("osaka-2")
    world.die("osaka-2")
    while world.fleet.nodes["osaka-2"].state is not NodeState.FAILED:
        assert world.turn()
    world.broken.clear()
    operation = propose(world, with_routes(world.fleet.spec))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert order(world, operation)[0] == "osaka-2"


def test_a_scale_is_a_revision() -> None:
    """Up and down again; the last ones go."""
    world = a_world()
    one = world.fleet.spec.regions[0]
    for count in (4, 1):
        spec = replace(world.fleet.spec, regions=(replace(one, nodes=count), *world.fleet.spec.regions[1:]))
        operation = propose(world, spec, command=Scale(region="seoul", count=count))
        world.settle().check_quiet()
        assert world.ending(operation).outcome is Outcome.DONE
    assert [node.name for node in world.fleet.in_region("seoul")] == ["seoul-1"]
    assert [event.revision for event in world.saw(RevisionApplied)] == [2, 3]  # type: ignore[attr-defined]


def test_nobody_goes_before_the_edges_know_who_comes() -> None:
    """A whole region is replaced by another: the old nodes begin to drain when every edge has the new plan."""
    world = a_world(a_spec(regions=1, nodes=2))
    operation = propose(world, replace(world.fleet.spec, regions=(RegionSpec(name="sapporo", nodes=2),)))
    while world.fleet.nodes["seoul-1"].state is NodeState.SERVING:
        assert world.turn()
    assert {endpoint.node for endpoint in world.fleet.plan.endpoints} == {"sapporo-1", "sapporo-2"}
    assert all(world.fleet.confirmed[edge.name] == world.fleet.plan.version for edge in world.fleet.edges)
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE


def test_a_restart_does_not_stumble_over_what_is_gone() -> None:
    """A change that was given up after it came into force leaves nodes that go later, also while others restart."""
    world = a_world()
    operation = propose(world, replace(world.fleet.spec, regions=world.fleet.spec.regions[:1]))
    world.lost = lambda saw: isinstance(saw, PlanApplied) and bool(world.saw(RevisionApplied))
    while operation in world.fleet.operations:
        assert world.turn()
    assert "osaka-2" in world.fleet.nodes
    restart = world.submit(Restart(nodes=("seoul-1", "osaka-2")))
    world.lost = lambda saw: False
    for edge in world.fleet.edges:
        world.die(edge.name)
    world.settle().check_quiet()
    assert world.ending(restart).outcome is Outcome.FAILED
    assert "'osaka-2' is no longer in the configuration" in world.ending(restart).sentence


def test_a_loss_ends_before_its_node_is_forgotten() -> None:
    """Whoever was told that it began is told that it ended."""
    world = a_world()
    world.broken.add("osaka-1")
    world.die("osaka-1")
    while world.fleet.nodes["osaka-1"].state is not NodeState.BACKOFF:
        assert world.turn()
    propose(world, replace(world.fleet.spec, regions=world.fleet.spec.regions[:1]))
    world.settle().check_quiet()
    assert [event.node for event in world.saw(FailoverEnded)] == ["osaka-1"]  # type: ignore[attr-defined]


def failed(world: MemoryWorld, name: str) -> None:
    """It dies until nobody starts it again for a long while."""
    world.broken.add(name)
    world.die(name)
    while world.fleet.nodes[name].state is not NodeState.FAILED:
        assert world.turn()


def serving_nodes(world: MemoryWorld) -> int:
    return sum(node.serviceable for node in world.fleet.gateways)


def limited(nodes: int) -> MemoryWorld:
    return a_world(a_spec(regions=1, nodes=nodes, safety={"min_serving_nodes": 2}, restart={"budget": 0}))


def test_who_fails_on_the_way_does_not_bring_it_below_the_limit() -> None:
    """Who keeps dying has its turn next, which may cure it; nobody else goes before."""
    world = limited(3)
    operation = propose(world, with_routes(world.fleet.spec), bake=5.0)
    while world.fleet.nodes["edge-1"].revision != 2:
        assert world.turn()
    failed(world, "seoul-3")
    world.broken.clear()  # it was the configuration
    while operation in world.fleet.operations:
        assert serving_nodes(world) >= 2
        assert world.turn()
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert order(world, operation)[-3:] == ["seoul-3", "seoul-2", "commit"]


def test_who_fails_for_good_on_the_way_turns_it_round() -> None:
    """Rather than that the limit is broken, the change is; the way back waits for nobody who will not come."""
    world = limited(3)
    operation = propose(world, with_routes(world.fleet.spec), bake=5.0)
    while world.fleet.nodes["edge-1"].revision != 2:
        assert world.turn()
    failed(world, "seoul-3")
    while operation in world.fleet.operations:
        assert world.turn()
    assert world.ending(operation).outcome is Outcome.ROLLED_BACK
    assert "seoul-3" in world.ending(operation).sentence


def test_what_is_meant_goes_below_the_limit() -> None:
    """Whoever has typed the name is not made to wait for a limit, and neither is who repairs a fleet below it."""
    world = limited(2)
    operation = propose(world, with_routes(world.fleet.spec), confirm="default")
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    world = limited(3)
    failed(world, "seoul-1")
    failed(world, "seoul-2")
    failed(world, "seoul-3")
    world.broken.clear()
    operation = propose(world, with_routes(world.fleet.spec))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE


@pytest.mark.parametrize("turns", range(0, 60, 2))
def test_what_was_on_its_way_out_comes_back_new(turns: int) -> None:
    """A change that was given up after it came into force leaves nodes and edges behind that the next one wants again:
    wherever they stand by then, they start, with what that one says."""
    world = a_world()
    old = world.fleet.spec
    fewer = replace(old, regions=old.regions[:1], edge=replace(old.edge, count=1))
    operation = propose(world, replace(fewer, routes=OTHER_ROUTES))
    world.busy.update(("osaka-1", "osaka-2"))
    world.lost = lambda saw: isinstance(saw, PlanApplied) and bool(world.saw(RevisionApplied))
    while operation in world.fleet.operations:
        assert world.turn()
    assert "osaka-2" in world.fleet.nodes
    world.lost = lambda saw: False
    for edge in world.fleet.edges:
        world.die(edge.name)
    world.run(turns)
    world.busy.clear()
    again = propose(world, replace(old, routes=OTHER_ROUTES))
    world.settle().check_quiet()
    assert world.ending(again).outcome is Outcome.DONE
    assert {node.goal for node in world.fleet.nodes.values()} == {Goal.UP}


def test_a_name_comes_back_and_its_numbers_do_not() -> None:
    """An instance id names one process for ever, in the journal, in logs and on the machine."""
    world = a_world()
    spec = world.fleet.spec
    fewer = replace(spec, regions=(replace(spec.regions[0], nodes=1), spec.regions[1]), edge=EdgeSpec(count=1))
    for coming in (fewer, spec, fewer, spec):
        propose(world, coming)
        world.settle().check_quiet()
        world.die("seoul-1")
        world.settle()
    assert len([spawned for spawned in world.spawns if "/seoul-2/" in spawned]) == 3
    assert len(set(world.spawns)) == len(world.spawns)


# -- the way back


def test_a_configuration_that_no_process_takes_is_taken_back() -> None:
    """One process is touched, and it has the old one again; why is said."""
    world = a_world()
    old = world.fleet.spec
    world.unfit = lambda spec: bool(spec.routes)
    operation = propose(world, everything_else(old))
    world.settle().check_quiet()
    ending = world.ending(operation)
    assert ending.outcome is Outcome.ROLLED_BACK
    assert "cannot use this configuration" in ending.sentence
    assert world.fleet.spec == old
    assert world.fleet.revision == 1
    assert {node.launches for node in world.fleet.gateways} == {1, 3}


def test_an_edge_that_refuses_it_turns_it_round() -> None:
    """Also when nodes have it already."""
    world = a_world()
    old = world.fleet.spec
    world.picky["edge-2"] = lambda plan: world.fleet.nodes["edge-2"].revision == 2
    operation = propose(world, everything_else(old))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.ROLLED_BACK
    assert "edge-2" in world.ending(operation).sentence
    assert world.fleet.spec == old
    assert world.saw(NodesRemoved)


def test_worse_answers_turn_it_round() -> None:
    """As long as it is not in force; afterwards it is somebody's decision, not ours."""
    world = a_world()
    operation = propose(world, with_routes(world.fleet.spec), bake=5.0)
    world.run(20)
    world.deliver(TrafficWorsened(operation=operation, why="9 % of the answers failed, 0 % before"))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.ROLLED_BACK
    assert world.fleet.revision == 1
    again = propose(world, with_routes(world.fleet.spec))
    world.settle()
    world.deliver(TrafficWorsened(operation=again, why="late"))
    world.settle().check_quiet()
    assert world.ending(again).outcome is Outcome.DONE


def test_numbers_are_never_used_twice() -> None:
    """Also those of configurations that were taken back."""
    world = a_world()
    world.unfit = lambda spec: bool(spec.routes)
    propose(world, with_routes(world.fleet.spec))
    world.settle()
    world.unfit = lambda spec: False
    propose(world, with_routes(world.fleet.spec))
    world.settle().check_quiet()
    numbers = [event.proposal.revision for event in world.saw(RevisionProposed)]  # type: ignore[attr-defined]
    assert numbers == [2, 3]
    assert world.fleet.revision == 3


def test_a_process_that_never_gets_ready_is_not_waited_for_for_ever() -> None:
    """Its start deadline turns the change round; on the way back the others do not wait for it."""
    world = a_world()
    operation = propose(world, with_routes(world.fleet.spec))
    world.unready.add("seoul-1")
    world.run(60)
    world.unready.clear()
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.ROLLED_BACK
    assert "not ready" in world.ending(operation).sentence


@pytest.mark.parametrize("proves", [False, True], ids=["before it proves it", "while traffic is watched"])
def test_an_edge_that_dies_of_it_turns_it_round(proves: bool) -> None:
    """The other edge never gets it, or nobody would be left."""
    world = a_world()
    old = world.fleet.spec
    world.lost = lambda saw: isinstance(saw, PlanApplied) and saw.revision == 2 and not proves
    operation = propose(world, replace(old, edge=replace(old.edge, node_header="x-new")), bake=5.0)
    while operation in world.fleet.operations:
        for process in tuple(world.processes.values()):
            if process.spec.edge.node_header == "x-new":
                world.die(process.name)
        assert world.fleet.nodes["edge-2"].serviceable
        assert world.turn()
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.ROLLED_BACK
    assert "'edge-1' did not" in world.ending(operation).sentence


def test_a_way_back_that_took_too_long_leaves_no_edge_behind() -> None:
    """Not even behind one that will not have the old configuration any more."""
    world = a_world()
    old = world.fleet.spec
    operation = propose(world, with_routes(old), bake=1.0)
    while world.fleet.proved["edge-2"] != 2:
        assert world.turn()
    world.picky["edge-1"] = lambda plan: world.fleet.nodes["edge-1"].revision == 1
    world.deliver(TrafficWorsened(operation=operation, why="worse"))
    while operation in world.fleet.operations:
        assert world.turn()
    world.picky.clear()
    world.settle()
    assert world.ending(operation).outcome is Outcome.FAILED
    assert world.fleet.spec == old
    assert [world.alive(edge.name)[0].spec for edge in world.fleet.edges] == [old, old]


# -- in a paused fleet


def paused(*dead: str) -> MemoryWorld:
    """Some processes have died since, and nobody has started them again."""
    world = a_world()
    world.submit(Pause())
    for name in dead:
        world.die(name)
    world.settle().check_quiet()
    assert all(world.alive(name) == [] for name in dead)
    return world


def test_a_pause_holds_up_no_configuration() -> None:
    """It is an order: what it changes is started for it, although nobody repairs anything; the pause goes on."""
    world = paused("seoul-1", "osaka-2", "edge-2")
    other = everything_else(world.fleet.spec)
    operation = propose(world, replace(other, edge=replace(other.edge, threads=0)), bake=5.0)
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.paused is not None
    assert all(node.serviceable for node in world.fleet.nodes.values())


def test_who_dies_of_a_configuration_in_a_pause_turns_it_round() -> None:
    """By whatever signal: only an operator's is no fault of the configuration."""
    world = paused()
    operation = propose(world, with_routes(world.fleet.spec), bake=5.0)
    while not _stands_at(world, operation, Step.BAKE):
        assert world.turn()
    world.die("seoul-1", signal=9)
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.ROLLED_BACK


def test_what_a_configuration_does_not_touch_stays_held() -> None:
    """A limit of the daemon's own is no reason to start a node that a pause keeps down."""
    world = paused("seoul-1")
    operation = propose(world, replace(world.fleet.spec, safety=SafetySpec(min_serving_nodes=2)))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.alive("seoul-1") == []


def test_who_is_killed_in_a_pause_has_not_died_of_the_configuration() -> None:
    """While its traffic is watched, and while it starts: it stays down like anybody who is killed in a pause."""
    for moment in (Step.CHANGE, Step.BAKE):
        world = paused()
        operation = propose(world, with_routes(world.fleet.spec), bake=5.0)
        while not _stands_at(world, operation, moment):
            assert world.turn()
        world.submit(Kill(nodes=("seoul-1",)), confirm="default")
        world.settle().check_quiet()
        assert world.ending(operation).outcome is Outcome.DONE, moment
        assert world.alive("seoul-1") == []
        world.submit(Unpause())
        world.settle().check_quiet()
        assert world.alive("seoul-1")[0].spec.routes == OTHER_ROUTES


def _stands_at(world: MemoryWorld, operation: str, step: Step) -> bool:
    """True when that step is under way; of a node, when it has a process that is not ready yet."""
    target = next(one for one in world.fleet.operations[operation].targets if one.phase is not Phase.DONE)
    node = world.fleet.nodes.get(target.node)
    starting = node is None or (node.state is NodeState.STARTING and node.launch is not None)
    return target.step is step and target.phase is Phase.STARTING and starting


def test_who_never_gets_ready_in_a_pause_turns_it_round() -> None:
    """Nobody kills it, and nobody waits for it until the last deadline."""
    world = paused()
    operation = propose(world, with_routes(world.fleet.spec))
    world.unready.add("seoul-1")
    began = world.mono
    while not world.fleet.operations[operation].back:
        assert world.turn()
    assert world.mono - began <= world.fleet.spec.gateway.start_timeout + 1.0
    world.unready.clear()
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.ROLLED_BACK


# -- interruptions


@pytest.mark.parametrize("good", [True, False], ids=["forth", "back"])
def test_the_daemon_may_die_at_every_step(good: bool) -> None:
    """The next one goes on, forth or back; in the end everybody has one and the same configuration."""
    for turns in range(BOUND):
        world = a_world()
        if not good:
            world.picky["edge-2"] = lambda plan, world=world: world.fleet.nodes["edge-2"].revision == 2  # type: ignore[misc]
        operation = propose(world, everything_else(world.fleet.spec))
        if world.run(turns) < turns:
            return
        world.crash()
        world.recover()
        world.settle().check_quiet()
        assert world.ending(operation).outcome is (Outcome.DONE if good else Outcome.ROLLED_BACK)
    raise AssertionError("never quiet")


@pytest.mark.parametrize("seed", range(150))
def test_processes_may_die_at_any_time(seed: int) -> None:
    """Whatever dies when, and in whatever order it is told: it ends, and everybody has what is in force."""
    chance = Random(seed)
    world = a_world()
    world.chance = chance
    operation = propose(world, everything_else(world.fleet.spec), bake=chance.choice((0.0, 1.0)))
    for _ in range(chance.randrange(1, 6)):
        world.run(chance.randrange(40))
        world.die(chance.choice(list(world.fleet.nodes)))
        if chance.random() < 0.3:
            world.crash()
            world.recover()
    world.settle().check_quiet()
    assert world.ending(operation).outcome in (Outcome.DONE, Outcome.ROLLED_BACK)


def test_a_reboot_takes_it_back() -> None:
    """Nothing is half new after it, whenever it comes."""
    for turns in range(0, BOUND, 3):
        world = a_world()
        old = world.fleet.spec
        propose(world, everything_else(old))
        if world.run(turns) < turns:
            return
        committed = bool(world.saw(RevisionApplied))
        world.reboot()
        world.settle().check_quiet()
        assert (world.fleet.spec == old) is not committed
    raise AssertionError("never quiet")


def test_a_reboot_leaves_nobody_at_a_new_address() -> None:
    """Everybody starts where the configuration in force has it."""
    for turns in range(0, BOUND, 3):
        world = a_world()
        spec = world.fleet.spec
        elsewhere = tuple(replace(region, bind="127.0.0.2") for region in spec.regions)
        propose(world, replace(spec, regions=elsewhere, edge=replace(spec.edge, port=9000)))
        if world.run(turns) < turns:
            return
        world.reboot()
        world.settle().check_quiet()
        spec = world.fleet.spec
        assert {node.address for node in world.fleet.gateways} == {spec.regions[0].bind}
        assert {edge.port for edge in world.fleet.edges} == {spec.edge.port}
    raise AssertionError("never quiet")


def test_a_down_takes_it_back() -> None:
    """The next start has the old configuration, and none of the processes that only the new one wanted."""
    for turns in range(0, BOUND, 3):
        world = a_world()
        old = world.fleet.spec
        propose(world, everything_else(old))
        if world.run(turns) < turns:
            return
        committed = bool(world.saw(RevisionApplied))
        world.submit(Down())
        world.settle()
        assert world.halted
        assert world.processes == {}
        assert bool(world.saw(RevisionRolledBack)) is not committed
        world.halted = False
        world.recover()
        world.settle().check_quiet()
        assert (world.fleet.spec == old) is not committed
    raise AssertionError("never quiet")


# -- what is refused


def test_what_cannot_be_changed_is_refused_by_name() -> None:
    """And nothing has happened."""
    world = a_world()
    spec = world.fleet.spec
    assert "'fleet.name'" in refusal(world, replace(with_routes(spec), name="other")).message
    assert "nothing to change" in refusal(world, spec).message
    assert "revision 1 is in force" in refusal(world, with_routes(spec), Apply(text="", base=7)).message
    with pytest.raises(CommandRejected, match="was not validated"):
        world.submit(APPLY)


def test_what_was_judged_against_another_one_is_refused() -> None:
    """A scale that was read before another change came into force would take that change back."""
    world = a_world()
    first, second = world.fleet.spec.regions
    scaled = a_proposal(world.fleet, replace(world.fleet.spec, regions=(replace(first, nodes=3), second)))
    propose(world, with_routes(world.fleet.spec))
    world.settle()
    with pytest.raises(CommandRejected, match="while this one was being validated"):
        world.submit(Scale(region="seoul", count=3), proposal=scaled)
    assert world.fleet.spec.routes == OTHER_ROUTES


def test_one_change_at_a_time() -> None:
    """Neither another one nor a rolling restart may cut in, and nobody else orders its processes about."""
    world = a_world()
    propose(world, with_routes(world.fleet.spec))
    assert "in progress" in refusal(world, everything_else(world.fleet.spec)).message
    for command in (Stop(nodes=("seoul-1",)), Restart(nodes=("seoul-2",)), Drain(nodes=("osaka-1",))):
        with pytest.raises(CommandRejected, match="part of a configuration change"):
            world.submit(command)
    world.settle().check_quiet()
    world.submit(Restart(nodes=("seoul-1",)))
    assert "in progress" in refusal(world, everything_else(world.fleet.spec)).message


def test_nobody_is_left_without_a_node_unless_meant() -> None:
    """The only node that serves is not restarted, and regions do not vanish, unless somebody types the name."""
    world = a_world(a_spec(regions=1, nodes=1, edges=1))
    guarded = refusal(world, with_routes(world.fleet.spec))
    assert guarded.guard
    assert "'seoul-1' would restart" in guarded.message
    operation = propose(world, with_routes(world.fleet.spec), confirm="default")
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE


def test_nothing_is_left_to_an_evacuated_region_unless_meant() -> None:
    """Neither for good, nor while the one node beside it restarts."""
    world = a_world(a_spec(regions=2, nodes=1, edges=1))
    world.submit(Failover(region="seoul", steps=1, pause=0.0))
    world.settle()
    spec = world.fleet.spec
    restarted = refusal(world, with_routes(spec))
    assert (restarted.message, restarted.guard) == (
        "restarting 'osaka-1' would leave only seoul serving, evacuated by alice",
        True,
    )
    removed = refusal(world, replace(spec, regions=spec.regions[:1]))
    assert (removed.message, removed.guard) == ("it would leave only seoul serving, evacuated by alice", True)


def test_the_edge_that_serves_does_not_go() -> None:
    """Fewer edges are those with the lowest numbers, and the first is stopped."""
    world = a_world()
    world.submit(Stop(nodes=("edge-1",)))
    world.settle()
    spec = replace(world.fleet.spec, edge=replace(world.fleet.spec.edge, count=1))
    refused = refusal(world, spec)
    assert refused.guard
    assert "no edge serving" in refused.message


def test_what_is_meant_is_done() -> None:
    """The only edge that is not stopped restarts when somebody has typed the name; nobody waits for the stopped one."""
    world = a_world()
    world.submit(Stop(nodes=("edge-2",)))
    world.settle()
    spec = replace(world.fleet.spec, edge=replace(world.fleet.spec.edge, threads=2))
    assert "'edge-1' would restart" in refusal(world, spec).message
    operation = propose(world, spec, confirm="default")
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE


def test_what_any_command_must_leave_is_left() -> None:
    """Regions, nodes with weight, and nodes beside one that restarts, for another address as for other routes."""
    world = a_world(a_spec(regions=2, nodes=2, safety={"min_serving_regions": 2}))
    spec = world.fleet.spec
    assert "1 region serving" in refusal(world, replace(spec, regions=spec.regions[:1])).message
    world = a_world(a_spec(regions=2, nodes=1))
    spec = world.fleet.spec
    asleep = replace(spec.regions[0], weight=0)
    assert "0 nodes serving" in refusal(world, replace(spec, regions=(asleep,))).message
    world = a_world(a_spec(regions=1, nodes=3, safety={"min_serving_nodes": 3}))
    assert "only 2 other nodes would be serving" in refusal(world, with_routes(world.fleet.spec)).message
    world = a_world(a_spec(regions=1, nodes=1))
    spec = world.fleet.spec
    elsewhere = replace(spec.regions[0], bind="127.0.0.2")
    assert "no other node is serving" in refusal(world, replace(spec, regions=(elsewhere,))).message


def test_a_limit_is_not_lowered_by_what_it_forbids() -> None:
    """Lowering it and making use of that are two changes; raising it counts at once."""
    world = a_world(a_spec(regions=1, nodes=4, safety={"min_serving_nodes": 4, "min_serving_regions": 1}))
    spec = world.fleet.spec
    fewer = replace(spec, regions=(replace(spec.regions[0], nodes=2),), safety=SafetySpec(min_serving_nodes=1))
    assert "2 nodes serving (safety.min_serving_nodes = 4)" in refusal(world, fewer).message
    assert (
        "only 3 other nodes would be serving" in refusal(world, replace(with_routes(spec), safety=SafetySpec())).message
    )
    propose(world, replace(spec, safety=SafetySpec(min_serving_nodes=1)))
    world.settle()
    operation = propose(world, fewer)
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    raised = replace(with_routes(fewer), safety=SafetySpec(min_serving_nodes=2))
    assert "only 1 other node would be serving" in refusal(world, raised).message


def test_a_policy_and_what_it_needs_are_not_taken_apart() -> None:
    """Neither what a policy hashes that an operator has set, nor node weights by a policy that would ignore them."""
    world = a_world(a_spec(edge={"hash_on": "source-ip"}))
    spec = world.fleet.spec
    world.submit(SetPolicy(policy=Policy.RING_HASH))
    world.settle()
    assert "needs something to hash" in refusal(world, replace(spec, edge=EdgeSpec(count=2))).message
    world.submit(SetPolicy(policy=Policy.LEAST_REQUEST))
    world.submit(SetWeight(nodes=("seoul-1",), weight=7))
    world.settle()
    random = replace(spec, edge=replace(spec.edge, policy=Policy.RANDOM))
    assert "ignores node weights, and they differ" in refusal(world, random).message
    world.submit(SetWeight(nodes=("seoul-1",), weight=100))
    world.settle()
    operation = propose(world, random)
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert world.fleet.policy is Policy.RANDOM


def test_what_is_coming_counts_for_commands_too() -> None:
    """Neither a policy that the coming configuration has nothing to hash for, nor weights that its policy ignores."""
    world = a_world(a_spec(edge={"hash_on": "source-ip"}))
    edge = replace(world.fleet.spec.edge, policy=Policy.RANDOM, hash_on="")
    propose(world, replace(world.fleet.spec, edge=edge))
    with pytest.raises(CommandRejected, match="needs something to hash"):
        world.submit(SetPolicy(policy=Policy.RING_HASH))
    with pytest.raises(CommandRejected, match="policy 'random' ignores node weights"):
        world.submit(SetWeight(nodes=("seoul-1",), weight=7))
    world.settle().check_quiet()


def test_ports_that_nodes_have_stay_in_the_range() -> None:
    """A range that leaves a node out needs a start, where nodes can move; one that none minds does not."""
    world = a_world()
    spec = world.fleet.spec
    refused = refusal(world, replace(spec, ports=(20_001, 20_900)))
    assert refused.message == "'seoul-1' has port 20000, which is outside fleet.ports = 20001-20900"
    assert refused.hint == "hactl down && hactl up"
    operation = propose(world, replace(spec, ports=(20_000, 20_900)))
    world.settle().check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE


def test_steps_are_known_before() -> None:
    """A dry run can say them."""
    world = a_world()
    operation = propose(world, everything_else(world.fleet.spec), bake=1.0)
    targets = world.fleet.operations[operation].targets
    assert [target.step for target in targets if not target.node] == [Step.BAKE, Step.COMMIT]
    assert world.saw(NodesAdded) == []


def test_the_group_of_a_fleet_needs_another_daemon() -> None:
    """Its sockets are made by a daemon that starts: a change that would have no effect is refused, with the way."""
    world = a_world()
    refused = refusal(world, replace(world.fleet.spec, group="ops"))
    assert "'fleet.group' cannot change" in refused.message
    assert refused.hint == "hactl daemon restart"

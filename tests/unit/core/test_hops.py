"""Disturbed hops: proxy, callers and fault come in this order and go in the opposite one, whoever dies meanwhile."""

import itertools

import pytest
from support.build import a_proposal, a_spec, founded
from support.world import MemoryWorld

from hactl.core.commands import Apply, BeginDrill, Command, Down, EndDrill, Freeze, Kill, Restart
from hactl.core.drills import in_progress
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationEnded
from hactl.core.hop import Disturbance, Hop, HopFault, HopPhase, Proxy, to_service
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.hop_events import HopChanged, HopMended
from hactl.core.hop_observations import HopsLost, HopsRead, NodeLed, NodeNotLed
from hactl.core.hops import PATIENCE, orders
from hactl.core.operation import Outcome
from hactl.core.reading import read
from hactl.core.routing import ServiceSpec
from hactl.core.spec import FleetSpec
from hactl.core.telling import tell
from hactl.core.value import replace

CUT = HopFault(what=Disturbance.HOLD)
LATE = HopFault(what=Disturbance.LATE, lag=0.2)
NODE = BreakHop(nodes=("seoul-1",), fault=CUT)
SERVICE = BreakHop(services=("api",), fault=CUT)
API = to_service("api")


def with_api() -> FleetSpec:
    return a_spec(services=(ServiceSpec(name="api", endpoints=(("127.0.0.1", 9000), ("127.0.0.1", 9001))),))


def lent_world() -> tuple[MemoryWorld, str]:
    """A fleet with a service, lent to a drill that may touch seoul-1 and the hops to the service."""
    world = MemoryWorld(founded(with_api())).begin()
    drill = BeginDrill(name="game-day", nodes=("seoul-1",), services=("api",), lease=30.0, longest=200.0)
    return world, world.submit(drill)


def until(world: MemoryWorld, name: str, phase: HopPhase) -> Hop:
    while name not in world.fleet.hops or world.fleet.hops[name].phase is not phase:
        assert world.turn(), f"{name} never becomes {phase}"
    return world.fleet.hops[name]


def phases(world: MemoryWorld, name: str) -> list[HopPhase]:
    """Those that the hop has gone through, in order."""
    told = [event.hop.phase for event in world.journal if isinstance(event, HopChanged) and event.hop.name == name]
    return [phase for phase, _ in itertools.groupby(told)]


def ports(world: MemoryWorld) -> set[int]:
    """Where the plan has the edges call seoul-1."""
    return {endpoint.port for endpoint in world.fleet.plan.endpoints if endpoint.node == "seoul-1"}


def well(world: MemoryWorld) -> bool:
    """Nothing of it is left, in any process or in what is known of it."""
    led = any(process.led for process in world.processes.values())
    own = ports(world) <= {world.fleet.nodes["seoul-1"].port}
    return not led and own and world.fleet.hops == {} and world.proxy is None


def test_the_proxy_stands_and_every_edge_goes_through_it_before_it_disturbs() -> None:
    """And on the way back it lets everything pass before the edges go past it, and leaves when none goes through."""
    world, drill = lent_world()
    world.held = lambda saw: type(saw).__name__ == "PlanApplied" and getattr(saw, "edge", "") == "edge-2"
    order = world.submit(NODE)
    hop = until(world, "seoul-1", HopPhase.LEADING)
    world.calm()
    assert ports(world) == {hop.port} != {world.fleet.nodes["seoul-1"].port}
    assert world.standing["seoul-1"].fault is None
    world.held = lambda saw: False
    until(world, "seoul-1", HopPhase.EFFECTIVE)
    assert world.standing["seoul-1"].fault == CUT
    assert world.ending(order).outcome is Outcome.DONE
    assert "1 hop disturbed by a drill" in read(world.fleet).sentence
    world.submit(EndDrill(id=drill))
    until(world, "seoul-1", HopPhase.LEAVING)
    assert world.standing["seoul-1"].fault is None
    assert ports(world) == {world.fleet.nodes["seoul-1"].port}
    world.settle()
    assert phases(world, "seoul-1") == list(HopPhase)
    assert world.ending(drill).outcome is Outcome.DONE
    world.check_quiet()


def test_every_node_is_led_past_a_service_before_that_is_disturbed() -> None:
    world, drill = lent_world()
    world.held = lambda saw: isinstance(saw, NodeLed) and saw.node == "seoul-2"
    order = world.submit(SERVICE)
    until(world, API, HopPhase.LEADING)
    world.calm()
    assert world.standing[API].fault is None
    assert world.standing[API].targets == (("127.0.0.1", 9000), ("127.0.0.1", 9001))
    world.held = lambda saw: False
    until(world, API, HopPhase.EFFECTIVE)
    assert {process.led for process in world.processes.values() if process.role == "gateway"} == {("api",)}
    assert world.ending(order).outcome is Outcome.DONE
    world.submit(EndDrill(id=drill))
    world.settle()
    assert phases(world, API) == list(HopPhase)
    world.check_quiet()


def test_a_node_that_is_started_meanwhile_is_led_as_well() -> None:
    """It would call the service past the fault, and the drill would show less than it says."""
    world, drill = lent_world()
    world.submit(SERVICE)
    until(world, API, HopPhase.EFFECTIVE)
    world.die("seoul-2")
    while not any(process.led for process in world.alive("seoul-2")):
        assert world.turn()
    (process,) = world.calm().alive("seoul-2")
    assert process.led == ("api",)
    assert process.launch.instance in world.fleet.hops[API].led
    world.submit(EndDrill(id=drill))
    world.settle()
    world.check_quiet()


@pytest.mark.parametrize("command", [NODE, SERVICE], ids=["node", "service"])
def test_a_proxy_that_ends_is_no_hole_for_good(command: BreakHop) -> None:
    """In whatever phase: callers are led past where it stood, and whoever waits for the order is told."""
    for turns in range(0, 30, 2):
        world, drill = lent_world()
        order = world.submit(command)
        world.calm(turns)
        world.lose_proxy()
        world.calm()
        assert well(world), turns
        assert in_progress(world.fleet) is not None, "the drill goes on, without its fault"
        assert world.ending(order).outcome in (Outcome.DONE, Outcome.FAILED)
        world.submit(EndDrill(id=drill))
        world.settle()
        world.check_quiet()


@pytest.mark.parametrize("command", [NODE, SERVICE], ids=["node", "service"])
@pytest.mark.parametrize("meanwhile", [(), (Kill(nodes=("seoul-1",)),), (Freeze(nodes=("seoul-1",)),), (Down(),)])
def test_whenever_the_daemon_dies_nothing_is_left_in_the_end(command: BreakHop, meanwhile: tuple[Command, ...]) -> None:
    """Killed after every turn, before and after the drill was ended: the proxy dies with it, and callers go past."""
    for before, behind in itertools.product(range(0, 24, 3), range(0, 12, 4)):
        world, drill = lent_world()
        world.killed_in(drill, command, *meanwhile, before=before, behind=behind)
        assert well(world), (before, behind)


def test_another_daemon_leads_past_at_once_and_the_drill_goes_on_without_its_fault() -> None:
    world, drill = lent_world()
    world.submit(NODE)
    until(world, "seoul-1", HopPhase.EFFECTIVE)
    world.crash()
    world.recover()
    world.calm()
    assert well(world)
    assert in_progress(world.fleet) is not None
    world.submit(EndDrill(id=drill))
    world.settle()
    world.check_quiet()


def test_a_reboot_leaves_nothing() -> None:
    world, _ = lent_world()
    world.submit(NODE)
    world.submit(SERVICE)
    until(world, "seoul-1", HopPhase.EFFECTIVE)
    world.reboot()
    world.settle()
    assert well(world)


def test_a_lease_that_runs_out_mends_it() -> None:
    world, drill = lent_world()
    world.submit(SERVICE)
    until(world, API, HopPhase.EFFECTIVE)
    world.settle()  # nobody keeps it
    assert world.ending(drill).outcome is Outcome.ROLLED_BACK
    world.check_quiet()


def test_it_can_be_mended_and_disturbed_otherwise_while_the_drill_goes_on() -> None:
    world, _ = lent_world()
    world.submit(NODE)
    until(world, "seoul-1", HopPhase.EFFECTIVE)
    other = world.submit(BreakHop(nodes=("seoul-1",), fault=LATE))
    until(world, "seoul-1", HopPhase.EFFECTIVE)
    assert world.standing["seoul-1"].fault == LATE
    assert world.ending(other).outcome is Outcome.DONE
    mended = world.submit(MendHop(nodes=("seoul-1",)))
    with pytest.raises(CommandRejected, match="is being lifted"):
        world.submit(NODE)
    world.calm()
    assert world.ending(mended).outcome is Outcome.DONE
    assert well(world)
    world.submit(NODE)
    until(world, "seoul-1", HopPhase.EFFECTIVE)


def test_an_order_that_does_not_come_true_fails_and_is_taken_back() -> None:
    """Who ordered it believes that nothing came of it: then nothing may come of it."""
    world, drill = lent_world()
    world.lost = lambda saw: isinstance(saw, HopsRead)
    order = world.submit(NODE)
    world.calm()
    world.mono += PATIENCE
    while order in world.fleet.operations:
        assert world.turn()
    world.calm()
    assert world.ending(order).outcome is Outcome.FAILED
    assert well(world)
    world.lost = lambda saw: False
    world.submit(EndDrill(id=drill))
    world.settle()
    world.check_quiet()


def test_a_node_that_cannot_be_led_fails_the_order_with_what_to_do() -> None:
    world, _ = lent_world()
    order = world.submit(SERVICE)
    until(world, API, HopPhase.LEADING)
    instance = world.alive("seoul-1")[0].launch.instance
    world.held = lambda saw: isinstance(saw, NodeLed)
    world.deliver(NodeNotLed(node="seoul-1", instance=instance, why="it is too old", hint="restart it"))
    world.calm()
    ended = world.ending(order)
    assert (ended.outcome, ended.hint) == (Outcome.FAILED, "restart it")
    assert "calls of 'seoul-1' cannot be routed through the fault proxy: it is too old" in ended.sentence


def test_a_proxy_that_cannot_be_started_fails_the_order() -> None:
    world, _ = lent_world()
    world.lost = lambda saw: isinstance(saw, HopsRead)
    order = world.submit(NODE)
    world.deliver(HopsLost(proxy=None, why="no memory"))
    world.calm()
    assert "no memory" in world.ending(order).sentence
    assert world.fleet.hops == {}


def test_a_place_that_cannot_be_had_fails_the_order_for_that_hop_alone() -> None:
    """The other one may just not have been told yet."""
    world, _ = lent_world()
    world.lost = lambda saw: isinstance(saw, HopsRead)
    orders_given = world.submit(NODE), world.submit(SERVICE)
    world.calm()
    world.lost = lambda saw: False
    world.deliver(HopsRead(proxy=Proxy(pid=7, ticks=7), hops=(), wrong={"seoul-1": "the address is in use"}))
    world.turn()
    assert [order in world.fleet.operations for order in orders_given] == [False, True]
    assert world.ending(orders_given[0]).sentence == "the hop to seoul-1 cannot be disturbed: the address is in use"


@pytest.mark.parametrize(
    ("command", "said", "guard"),
    [
        (BreakHop(nodes=("seoul-2",), fault=CUT), "no drill in progress covers 'seoul-2'", True),
        (BreakHop(services=("web",), fault=CUT), "no service 'web'", False),
        (BreakHop(nodes=("edge-1",), fault=CUT), "'edge-1' is an edge", False),
        (BreakHop(nodes=("nobody",), fault=CUT), "no node 'nobody'", False),
        (BreakHop(fault=CUT), "no node given", False),
        (BreakHop(nodes=("seoul-1",), fault=HopFault(what=Disturbance.LATE)), "a delay of 0 s", False),
        (BreakHop(nodes=("seoul-1",), fault=HopFault(what=Disturbance.NARROW)), "0 bytes/s", False),
        (BreakHop(nodes=("seoul-1",), fault=HopFault(what=Disturbance.HOLD, down=1.0)), "up for 0 s", False),
        (MendHop(nodes=("seoul-1",)), "the hop to 'seoul-1' is not disturbed", False),
    ],
)
def test_what_does_not_fit_is_refused_with_a_hint(command: Command, said: str, guard: bool) -> None:
    world, _ = lent_world()
    with pytest.raises(CommandRejected) as refusal:
        world.submit(command)
    assert said in refusal.value.message
    assert refusal.value.hint
    assert refusal.value.guard is guard


def test_nothing_is_disturbed_without_a_drill_or_when_it_is_over() -> None:
    world = MemoryWorld(founded(with_api())).begin()
    for command in (NODE, SERVICE):
        with pytest.raises(CommandRejected, match="no drill in progress"):
            world.submit(command)


WEB = ServiceSpec(name="web", endpoints=(("127.0.0.1", 9002),))


@pytest.mark.parametrize("config", [False, True])
@pytest.mark.parametrize(
    "services",
    [(), (WEB,), (ServiceSpec(name="api", endpoints=(("127.0.0.1", 9000),)), WEB)],
    ids=("none", "another", "fewer endpoints"),
)
def test_no_configuration_takes_the_service_away_from_under_a_proxy(
    services: tuple[ServiceSpec, ...], *, config: bool
) -> None:
    """Gone, or with other endpoints: refused until the drill is over. Other services may come meanwhile."""
    world = MemoryWorld(founded(with_api())).begin()
    drill = world.submit(BeginDrill(name="d", nodes=(), services=("api",), config=config, lease=90.0, longest=500.0))
    world.submit(SERVICE)
    until(world, API, HopPhase.EFFECTIVE)
    spec = world.fleet.spec
    with pytest.raises(CommandRejected, match="the hops to service 'api'") as refusal:
        world.submit(Apply(text=""), proposal=a_proposal(world.fleet, replace(spec, services=services)))
    assert refusal.value.hint == f"change it once it has ended: hactl wait --operation {drill}"
    more = replace(spec, services=(*spec.services, WEB))
    world.submit(Apply(text=""), proposal=a_proposal(world.fleet, more))
    world.submit(EndDrill(id=drill))
    world.settle().check_quiet()


def test_a_service_that_is_not_there_any_more_is_no_order() -> None:
    """Whatever came over it, the daemon goes on."""
    world, _ = lent_world()
    world.submit(SERVICE)
    until(world, API, HopPhase.EFFECTIVE)
    assert [order.name for order in orders(world.fleet, {"api": ("/a", "/b")})] == [API]
    assert orders(replace(world.fleet, spec=replace(world.fleet.spec, services=())), {}) == ()


@pytest.mark.parametrize("phase", [HopPhase.PLACING, HopPhase.LEADING, HopPhase.EFFECTIVE, HopPhase.LIFTING])
def test_a_node_that_is_taken_away_meanwhile_takes_its_hop_along(phase: HopPhase) -> None:
    """Scaled in during the drill: nobody can be led past the proxy to it any more, and nobody has to be."""
    world = MemoryWorld(founded(with_api())).begin()
    drill = world.submit(BeginDrill(name="game-day", nodes=("seoul-2",), lease=30.0, longest=200.0))
    world.submit(BreakHop(nodes=("seoul-2",), fault=CUT))
    until(world, "seoul-2", HopPhase.EFFECTIVE if phase.over else phase)
    if phase.over:
        world.submit(MendHop(nodes=("seoul-2",)))
    (region,) = world.fleet.spec.regions
    fewer = replace(world.fleet.spec, regions=(replace(region, nodes=1),))
    world.submit(Apply(text=""), proposal=a_proposal(world.fleet, fewer), confirm=world.fleet.name)
    while "seoul-2" in world.fleet.nodes:
        assert world.turn()
    assert world.fleet.hops == {}
    world.submit(EndDrill(id=drill))
    world.settle()
    assert world.ending(drill).outcome is Outcome.DONE
    assert world.proxy is None


def test_a_rolling_restart_meanwhile_leaves_nothing() -> None:
    world, drill = lent_world()
    world.submit(SERVICE)
    world.submit(NODE)
    until(world, API, HopPhase.EFFECTIVE)
    world.submit(Restart(nodes=("seoul-1", "seoul-2")))
    world.calm()
    world.submit(EndDrill(id=drill))
    world.settle()
    world.check_quiet()


def test_it_is_told_in_words() -> None:
    world, drill = lent_world()
    world.submit(NODE)
    until(world, "seoul-1", HopPhase.EFFECTIVE)
    world.submit(EndDrill(id=drill))
    world.settle()
    told = [tell(event) for event in world.journal if isinstance(event, HopChanged | HopMended)]
    assert told[0] == "the hop to seoul-1 is about to be disturbed by drill game-day: nothing arrives either way"
    assert "the hop to seoul-1 is disturbed by drill game-day: nothing arrives either way" in told
    assert "the hop to seoul-1: disturbance is being lifted: its drill has ended" in told
    assert told[-1] == "the hop to seoul-1 is back to normal"
    assert sum(isinstance(event, OperationEnded) for event in world.journal) == 2

"""Spares stand by, ready, and step in the moment others are out: told to the core, and played in memory."""

from random import Random

import pytest
from support.build import a_proposal, a_spec, founded
from support.script import Script, after, applied, exited, healthy, idle, like, serving, spawned, unhealthy
from support.world import MemoryWorld

from hactl.core.commands import Apply, Drain, Kill, Restart, Resume, SetWeight, Stop
from hactl.core.effects import ApplyTraffic
from hactl.core.events import FailoverBegan, FailoverEnded, FailoverMoved, NodeChanged, TrafficShifted
from hactl.core.headroom import bereft
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.operation import Outcome
from hactl.core.plan import EndpointStatus
from hactl.core.reading import Verdict, read
from hactl.core.spec import FailoverMode, FleetSpec
from hactl.core.traffic import shares
from hactl.core.value import replace

S = NodeState
SPEC = a_spec(nodes=2, spares=1)


def with_spares(spec: FleetSpec = SPEC) -> Fleet:
    """Everything is up: as many serve as are wanted, the others stand by."""
    return MemoryWorld(founded(spec)).begin().fleet


def states(fleet: Fleet) -> list[str]:
    return [node.state.value for node in fleet.gateways]


def listed(fleet: Fleet) -> dict[str, EndpointStatus]:
    return {endpoint.node: endpoint.status for endpoint in fleet.plan.endpoints}


def test_as_many_serve_as_are_wanted() -> None:
    """Whoever is ready first; the others stand by, known to the edges and without traffic."""
    fleet = with_spares()
    assert states(fleet) == ["serving", "serving", "standby"]
    assert listed(fleet)["seoul-3"] is EndpointStatus.DRAINING
    assert read(fleet).verdict is Verdict.OK
    assert "1 on standby" in read(fleet).sentence


def test_a_spare_steps_in_the_moment_a_node_dies() -> None:
    """In the same step: the edges are told one plan, without the dead one and with the spare."""
    story = Script(with_spares()) >> exited("seoul-1", signal=9)
    story << like(NodeChanged, node__name="seoul-3", node__state=S.SERVING) << TrafficShifted << FailoverBegan
    story << ApplyTraffic
    active = [name for name, status in listed(story.fleet).items() if status is EndpointStatus.ACTIVE]
    assert active == ["seoul-2", "seoul-3"]
    story >> after(0.02) >> applied("edge-1") >> applied("edge-2") << FailoverMoved << FailoverEnded
    (ended,) = [event for event in story.events if isinstance(event, FailoverEnded)]
    assert ended.back_ms == pytest.approx(20.0)
    assert "seoul-1 out" in next(
        event.why for event in story.events if isinstance(event, NodeChanged) and event.node.name == "seoul-3"
    )


def test_who_comes_back_stands_by() -> None:
    """Its place is taken, and nobody is taken out to make room."""
    story = Script(with_spares()) >> exited("seoul-1", signal=9) >> spawned("seoul-1") >> healthy("seoul-1")
    assert states(story.fleet) == ["standby", "serving", "serving"]


@pytest.mark.parametrize("how", ["unhealthy", "hung", "drained", "stopped", "weighed 0"])
def test_a_spare_steps_in_for_whoever_is_out(how: str) -> None:
    """Whatever the reason."""
    story = Script(with_spares())
    match how:
        case "unhealthy":
            story >> unhealthy("seoul-2")
        case "hung":
            story >> unhealthy("seoul-2", hung=True)
        case "drained":
            story >> Drain(nodes=("seoul-2",))
        case "stopped":
            story >> Stop(nodes=("seoul-2",))
        case _:
            story >> SetWeight(nodes=("seoul-2",), weight=0)
    assert story.node("seoul-3").serviceable
    assert listed(story.fleet)["seoul-3"] is EndpointStatus.ACTIVE


def test_more_losses_than_spares() -> None:
    """The first loss is made up for, the second waits for its own node."""
    story = Script(with_spares()) >> exited("seoul-1", signal=9) >> exited("seoul-2", signal=9)
    for edge in ("edge-1", "edge-2"):
        story >> applied(edge)
    assert set(story.fleet.failovers) == {"seoul-1", "seoul-2"}
    story >> spawned("seoul-1") >> healthy("seoul-1")
    for edge in ("edge-1", "edge-2"):
        story >> applied(edge)
    assert story.fleet.failovers == {}
    assert story.node("seoul-1").serviceable


def test_a_spare_that_is_drained_or_unwell_does_not_step_in() -> None:
    """It is none, for as long as that is so; resumed, it is one again."""
    story = Script(with_spares()) >> Drain(nodes=("seoul-3",)) >> exited("seoul-1", signal=9)
    assert story.node("seoul-3").state is S.STANDBY
    story >> Resume(nodes=("seoul-3",))
    assert story.node("seoul-3").serviceable
    story = Script(with_spares()) >> unhealthy("seoul-3") >> exited("seoul-1", signal=9)
    assert story.node("seoul-3").state is S.STANDBY
    story >> healthy("seoul-3")
    assert story.node("seoul-3").serviceable


def test_a_spare_makes_a_kill_safe() -> None:
    """Nobody has to confirm what costs no capacity."""
    story = Script(with_spares(a_spec(nodes=1, spares=1))) >> Kill(nodes=("seoul-1",))
    bare = Script(serving(a_spec(nodes=1)))
    assert bare.refuses(Kill(nodes=("seoul-1",))).guard
    assert story.refuses(Kill(nodes=("seoul-1", "seoul-2"))).guard


def test_where_shares_spill_over_spares_are_not_listed() -> None:
    """They would count as the part of a region that is not well."""
    fleet = with_spares(a_spec(nodes=2, spares=1, failover_mode=FailoverMode.SPILL_OVER))
    assert listed(fleet).get("seoul-3") is None


def test_a_rolling_restart_costs_no_capacity() -> None:
    """The spare steps in before the first one goes; in the end somebody else stands by."""
    world = MemoryWorld(founded(SPEC)).begin()
    operation = world.submit(Restart(nodes=("seoul-1", "seoul-2", "seoul-3")))
    while world.turn():
        assert sum(node.serviceable for node in world.fleet.gateways) >= 2
    world.check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert sorted(states(world.fleet)) == ["serving", "serving", "standby"]


@pytest.mark.parametrize("spares", [0, 2])
def test_spares_come_and_go_with_the_configuration(spares: int) -> None:
    """While the fleet serves."""
    world = MemoryWorld(founded(SPEC)).begin()
    spec = replace(SPEC, regions=(replace(SPEC.regions[0], spares=spares),))
    world.die("seoul-1")
    world.settle()
    operation = world.submit(Apply(text=""), proposal=a_proposal(world.fleet, spec))
    while world.turn():
        assert sum(node.serviceable for node in world.fleet.gateways) >= 1
    world.check_quiet()
    assert world.ending(operation).outcome is Outcome.DONE
    assert states(world.fleet).count("standby") == spares


@pytest.mark.parametrize("seed", range(60))
def test_whatever_dies_in_whatever_order(seed: int) -> None:
    """In the end as many serve as are wanted, also when the daemon dies on the way."""
    chance = Random(seed)
    world = MemoryWorld(founded(a_spec(regions=2, nodes=2, spares=1))).begin()
    world.chance = chance
    for _ in range(chance.randrange(1, 6)):
        world.run(chance.randrange(20))
        world.die(chance.choice(list(world.fleet.nodes)))
        if chance.random() < 0.3:
            world.crash()
            world.recover()
    world.settle().check_quiet()


def test_a_stop_of_a_spare_is_at_once() -> None:
    """It has nothing to finish."""
    story = Script(with_spares()) >> Stop(nodes=("seoul-3",))
    assert story.node("seoul-3").state is S.STOPPING
    story >> exited("seoul-3", code=0)
    assert story.node("seoul-3").state is S.STOPPED


def test_a_drain_for_good_needs_no_confirmation() -> None:
    """As long as there is a spare for it."""
    story = Script(with_spares(a_spec(nodes=1, spares=1))) >> Drain(nodes=("seoul-1",)) >> idle("seoul-1")
    assert story.node("seoul-2").serviceable
    assert story.refuses(Drain(nodes=("seoul-2",))).guard


def test_what_a_dry_run_shows_has_the_spare_in_it() -> None:
    """Right after a kill the spare has stepped in: the shares that are promised are those that come about."""
    fleet = with_spares()
    promised = {share.node: share.part for share in shares(bereft(fleet, ["seoul-1"]))}
    assert promised == {"seoul-1": 0.0, "seoul-2": 0.5, "seoul-3": 0.5}
    story = Script(fleet) >> exited("seoul-1", signal=9)
    assert {share.node: share.part for share in shares(story.fleet)} == promised
    both = {share.node: share.part for share in shares(bereft(fleet, ["seoul-1", "seoul-3"]))}
    assert both == {"seoul-1": 0.0, "seoul-2": 1.0, "seoul-3": 0.0}

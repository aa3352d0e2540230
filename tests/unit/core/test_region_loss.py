"""The loss of a region: who takes over, and whether traffic comes back by itself."""

from typing import Any

import pytest
from support.build import a_spec, at, founded
from support.script import Script, after, applied, exited, healthy, idle, like, serving, slow, spawned

from hactl.core.commands import Drain, Failback, Failover, Kill, Request, Restart, SetWeight, Stop
from hactl.core.effects import ApplyTraffic
from hactl.core.evacuation import EvacuationCause
from hactl.core.events import OperationEnded
from hactl.core.model import Fleet
from hactl.core.node import NodeState, ReasonCode
from hactl.core.operation import Outcome
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.region_events import RegionBack, RegionEvacuated, RegionLost, RegionMoved, RegionRestored
from hactl.core.telling import tell
from hactl.core.traffic import shares
from hactl.core.value import replace

LOSS = (RegionLost, RegionEvacuated)


def fleet_of(regions: int = 2, *, standby: bool = True, **changes: Any) -> Script:
    """Regions of two nodes each; with `standby` each waits behind the one before it."""
    return Script(serving(a_spec(regions=regions, nodes=2, standby=standby, **changes)))


def carriers(fleet: Fleet) -> set[str]:
    """The regions that are meant to take traffic."""
    return {share.region for share in shares(fleet) if share.part}


def killed(story: Script, *nodes: str) -> Script:
    """From outside, one after the other."""
    for node in nodes:
        story >> exited(node, signal=9)
    return story


def back(story: Script, *nodes: str) -> Script:
    """Started again and well."""
    for node in nodes:
        story >> spawned(node) >> healthy(node)
    return proved(story)


def proved(story: Script) -> Script:
    """Every edge has proved the newest plan."""
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    return story


def happened(story: Script, *kinds: type) -> list[Any]:
    """What happened of these kinds, from the beginning."""
    return [event for event in story.events if isinstance(event, kinds)]


def test_the_next_region_takes_over_in_the_same_step() -> None:
    """One plan is published: without the lost nodes, and with the region behind the others."""
    story = killed(fleet_of(), "seoul-1", "seoul-2")
    assert carriers(story.fleet) == {"osaka"}
    (told,) = [outcome for outcome in story.outcomes if isinstance(outcome, ApplyTraffic)]
    assert [region.priority for region in told.plan.regions] == [2, 1]
    story << RegionLost << RegionEvacuated
    evacuation = story.fleet.evacuations["seoul"]
    assert (evacuation.cause, evacuation.keep, evacuation.by) == (EvacuationCause.LOST, 0, "")
    assert evacuation.why == "all its nodes were lost, the last one because: killed by signal 9"


def test_what_it_took_is_measured_at_the_edges() -> None:
    story = killed(fleet_of(), "seoul-1", "seoul-2")
    story.mono += 0.020
    story >> applied("edge-1")
    assert happened(story, RegionMoved) == []
    story.mono += 0.005
    story >> applied("edge-2")
    (moved,) = happened(story, RegionMoved)
    assert (moved.to, round(moved.ms)) == (("osaka",), 25)
    story.mono += 0.075
    back(story, "seoul-1")
    assert happened(story, RegionBack) == [], "half a region is not a region"
    back(story, "seoul-2")
    (whole,) = happened(story, RegionBack)
    assert (round(whole.moved_ms), round(whole.back_ms)) == (25, 100)
    assert story.fleet.region_losses == {}
    assert story.replayed() == story.fleet


def test_a_lost_region_that_is_back_waits_for_an_operator() -> None:
    """However soon: traffic does not go to and fro by itself."""
    story = back(killed(fleet_of(), "seoul-1", "seoul-2"), "seoul-1", "seoul-2")
    assert carriers(story.fleet) == {"osaka"}
    story >> after(3600.0)
    assert carriers(story.fleet) == {"osaka"}
    story >> Failback(region="seoul", steps=1, pause=0.0)
    assert carriers(story.fleet) == {"seoul"}
    proved(story) << like(OperationEnded, outcome=Outcome.DONE)


def test_regions_that_share_come_back_at_once() -> None:
    """Active/active: nodes come back as nodes do."""
    story = killed(fleet_of(standby=False), "seoul-1", "seoul-2")
    story << RegionLost
    assert carriers(story.fleet) == {"osaka"}
    assert happened(story, RegionEvacuated) == []
    back(story, "seoul-1")
    assert carriers(story.fleet) == {"seoul", "osaka"}


def test_when_all_that_share_are_lost_all_of_them_wait() -> None:
    """The first one was lost while its peer still served: it is no less lost than that."""
    *peers, third = a_spec(regions=3, nodes=2).regions
    story = Script(serving(replace(a_spec(), regions=(*peers, replace(third, priority=1)))))
    killed(story, "seoul-1", "seoul-2", "osaka-1", "osaka-2")
    assert carriers(story.fleet) == {"tokyo"}
    back(story, "seoul-1", "seoul-2", "osaka-1", "osaka-2")
    assert carriers(story.fleet) == {"tokyo"}
    assert set(story.fleet.evacuations) == {"seoul", "osaka"}


def test_total_loss_evacuates_nobody_and_whoever_is_back_first_serves() -> None:
    """The region that waits comes first: then the other one has been failed over, and waits."""
    story = killed(fleet_of(), "osaka-1", "osaka-2", "seoul-1", "seoul-2")
    assert story.fleet.evacuations == {}
    back(story, "osaka-1")
    assert carriers(story.fleet) == {"osaka"}
    back(story, "seoul-1", "seoul-2")
    assert carriers(story.fleet) == {"osaka"}
    other = back(killed(fleet_of(), "osaka-1", "osaka-2", "seoul-1", "seoul-2"), "seoul-1", "osaka-1")
    assert carriers(other.fleet) == {"seoul"}
    assert other.fleet.evacuations == {}


def test_a_region_that_waits_serves_when_the_other_is_lost_as_well() -> None:
    """It is needed, so its wait is over; and the other one does not take the traffic back by itself."""
    story = back(killed(fleet_of(), "seoul-1", "seoul-2"), "seoul-1", "seoul-2")
    killed(story, "osaka-1", "osaka-2")
    story << like(RegionRestored, region="seoul", why="no other region can serve")
    assert carriers(story.fleet) == {"seoul"}
    back(story, "osaka-1", "osaka-2")
    assert carriers(story.fleet) == {"seoul"}
    assert story.fleet.evacuations == {}


def test_the_first_that_is_up_when_nobody_was_does_not_keep_the_traffic_for_that() -> None:
    """It serves until the region is back that had taken over; one node is enough for the one, not for the other."""
    story = back(killed(fleet_of(), "seoul-1", "seoul-2"), "seoul-1")
    killed(story, "seoul-1", "osaka-1", "osaka-2") >> after(5.0)
    back(story, "seoul-1")
    assert carriers(story.fleet) == {"seoul"}
    back(story, "osaka-1")
    assert carriers(story.fleet) == {"osaka"}
    assert story.fleet.evacuations["seoul"].cause is EvacuationCause.LOST


@pytest.mark.parametrize("first", ["seoul-1", "osaka-1"])
def test_a_reboot_gives_a_lost_region_nothing_back(first: str) -> None:
    """Whoever is up first; and what is told of it is true."""
    story = back(killed(fleet_of(), "seoul-1", "seoul-2"), "seoul-1")
    decision = recover(story.fleet, Found(), Arrival(pid=2, version="1"), at(10.0, "boot-2"))
    (told,) = [tell(event) for event in decision.events if isinstance(event, RegionBack)]
    assert told == "region seoul: no longer tracking its loss: the machine was rebooted"
    again = Script(decision.fleet, 10.0)
    for name in sorted(again.fleet.nodes, key=lambda name: name != first):
        again >> spawned(name) >> healthy(name)
        assert carriers(again.fleet) <= ({"osaka"} if again.node("osaka-1").serviceable else {"seoul"})
    assert carriers(proved(again).fleet) == {"osaka"}
    assert again.fleet.evacuations["seoul"].cause is EvacuationCause.LOST


def test_an_order_to_stay_away_outlives_the_loss_of_the_others() -> None:
    """A region that an operator has failed over serves only as long as nobody else can."""
    story = fleet_of() >> Failover(region="seoul", steps=1, pause=0.0)
    killed(proved(story), "osaka-1", "osaka-2")
    assert carriers(story.fleet) == {"seoul"}
    back(story, "osaka-1")
    assert carriers(story.fleet) == {"osaka"}
    assert story.fleet.evacuations["seoul"].cause is EvacuationCause.OPERATOR


def test_the_loss_of_a_region_that_waits_is_none() -> None:
    """It took no traffic."""
    assert happened(killed(fleet_of(), "osaka-1", "osaka-2"), *LOSS) == []


def test_a_kill_is_taken_for_what_it_simulates_and_ends_with_the_truth() -> None:
    """The capacity is back, the traffic is not: both are said."""
    sure = Request(command=Kill(nodes=("seoul-1", "seoul-2")), by="alice", confirm="default")
    story = back(killed(fleet_of() >> sure, "seoul-1", "seoul-2"), "seoul-1", "seoul-2")
    (loss,) = happened(story, RegionLost)
    assert loss.loss.cause.code is ReasonCode.KILLED
    (ended,) = happened(story, OperationEnded)
    assert ended.outcome is Outcome.DONE
    assert ended.sentence.endswith("; seoul takes no traffic until: hactl failback seoul")


@pytest.mark.parametrize("order", [Drain, Stop])
def test_what_an_operator_takes_out_is_not_lost(order: type[Drain | Stop]) -> None:
    """And comes back at once when it is put back."""
    sure = Request(command=order(nodes=("seoul-1", "seoul-2")), by="alice", confirm="default")
    story = fleet_of() >> sure >> idle("seoul-1") >> idle("seoul-2")
    assert carriers(story.fleet) == {"osaka"}
    if order is Stop:
        killed(story, "seoul-1", "seoul-2")
        assert story.node("seoul-1").state is NodeState.STOPPED
    assert happened(story, *LOSS) == []


def test_a_weight_of_0_is_no_loss() -> None:
    assert happened(fleet_of() >> SetWeight(regions=("seoul",), weight=0), *LOSS) == []


def test_a_crash_beside_what_was_drained_is_a_loss_and_a_drain_beside_a_crash_is_none() -> None:
    """What counts is who went last."""
    drained = fleet_of() >> Drain(nodes=("seoul-1",)) >> exited("seoul-2", signal=9)
    assert len(happened(drained, RegionLost)) == 1
    crashed = fleet_of(restart={"initial": 5.0}) >> exited("seoul-2", signal=9) >> Drain(nodes=("seoul-1",))
    assert happened(crashed, RegionLost) == []


def test_a_rolling_restart_of_a_region_of_one_node_is_no_loss() -> None:
    story = Script(serving(a_spec(regions=2, nodes=1, standby=True))) >> Restart(nodes=("seoul-1",))
    story >> idle("seoul-1") >> exited("seoul-1", code=0)
    back(story, "seoul-1")
    assert happened(story, *LOSS) == []
    assert carriers(story.fleet) == {"seoul"}


def test_an_adoption_is_no_loss_and_what_died_meanwhile_is_one() -> None:
    """Seen now: nobody looked before."""
    story = fleet_of()
    launches = [node.launch for node in story.fleet.nodes.values() if node.launch]
    arrival = Arrival(pid=2, version="1", gap=5.0)
    adopted = recover(story.fleet, Found(alive=tuple(launches)), arrival, at(2000.0))
    assert [event for event in adopted.events if isinstance(event, LOSS)] == []
    alive = tuple(launch for launch in launches if "/seoul-" not in launch.instance)
    died = recover(story.fleet, Found(alive=alive), arrival, at(2000.0))
    assert [type(event) for event in died.events if isinstance(event, LOSS)] == [RegionLost, RegionEvacuated]


def test_the_start_of_a_fleet_is_no_loss_however_it_goes() -> None:
    """The one that waits is up first, then half of the other, which dies again before its twin is ready."""
    story = Script(founded(a_spec(regions=2, nodes=2, standby=True)))
    story.take(recover(story.fleet, Found(), Arrival(pid=1, version="0"), story.now))
    for name in story.fleet.nodes:
        story >> spawned(name)
    for name in ("edge-1", "edge-2", "osaka-1", "osaka-2"):
        story >> healthy(name)
    assert carriers(story.fleet) == {"osaka"}
    story >> healthy("seoul-1") >> exited("seoul-1", signal=9)
    back(story, "seoul-1")
    story >> healthy("seoul-2")
    assert carriers(story.fleet) == {"seoul"}
    assert happened(story, *LOSS) == []


def test_a_crash_beside_a_node_that_restarts_in_its_turn_is_a_loss() -> None:
    """The region has served all along: that one of two was on its way down by order makes it no better."""
    story = fleet_of() >> Restart(nodes=("seoul-1",)) >> idle("seoul-1") >> exited("seoul-1", code=0)
    assert story.node("seoul-1").state is NodeState.STARTING
    story >> exited("seoul-2", signal=9) << RegionLost << RegionEvacuated


def test_a_region_whose_nodes_are_stopped_meanwhile_is_not_waited_for() -> None:
    story = killed(fleet_of(restart={"initial": 5.0}), "seoul-1", "seoul-2") >> Stop(nodes=("seoul-1", "seoul-2"))
    story << like(RegionBack, back_ms=None)
    assert story.fleet.region_losses == {}


def test_a_loss_is_over_when_all_nodes_serve_again_whatever_they_weigh() -> None:
    """An operator has weighed the region 0 meanwhile: what it would take is another matter."""
    story = proved(killed(fleet_of(), "seoul-1", "seoul-2"))
    weigh = SetWeight(regions=("seoul",), weight=0)
    proved(story >> Request(command=weigh, by="alice", confirm=story.fleet.name))
    back(story, "seoul-1")
    assert story.fleet.region_losses
    back(story, "seoul-2")
    assert not story.fleet.region_losses


def test_a_region_is_lost_when_those_of_its_nodes_are_that_take_traffic() -> None:
    """One that weighs 0 carries nothing for them; what stands behind the region takes over for good."""
    story = proved(fleet_of() >> SetWeight(nodes=("seoul-2",), weight=0))
    proved(killed(story, "seoul-1"))
    assert list(story.fleet.region_losses) == ["seoul"]
    assert happened(story, RegionMoved)
    back(story, "seoul-1")
    assert (carriers(story.fleet), dict(story.fleet.region_losses)) == ({"osaka"}, {})


def test_weighing_down_what_is_left_of_a_region_loses_nothing() -> None:
    """Not even when something is known about a node that serves."""
    story = fleet_of() >> slow("seoul-1")
    weigh = SetWeight(regions=("seoul",), weight=0)
    proved(story >> Request(command=weigh, by="alice", confirm=story.fleet.name))
    assert happened(story, *LOSS) == []

"""From states, weights and regions to what the edges are told and what that should come to."""

import pytest
from support.build import CERTIFICATE, a_proposal, a_spec, founded
from support.script import Script, applied, exited, healthy, idle, serving, spawned, unhealthy

from hactl.core.commands import (
    Down,
    Drain,
    Failback,
    Failover,
    Kill,
    Request,
    Restart,
    Resume,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
)
from hactl.core.model import Fleet
from hactl.core.node import Health, NodeState
from hactl.core.observations import CertificateFit
from hactl.core.plan import EndpointStatus, TrafficPlan
from hactl.core.spec import FailoverMode, FleetSpec, GatewayKind, Policy, RegionSpec
from hactl.core.traffic import confirmed, plan_for, shares
from hactl.core.value import replace

ACTIVE, DRAINING, UNHEALTHY = EndpointStatus.ACTIVE, EndpointStatus.DRAINING, EndpointStatus.UNHEALTHY


def parts(fleet: Fleet) -> dict[str, float]:
    """Intended shares that are not 0, in per cent."""
    return {share.node: round(share.part * 100, 2) for share in shares(fleet) if share.part}


def told(fleet: Fleet) -> dict[str, EndpointStatus]:
    """What the plan in force says of each node."""
    return {endpoint.node: endpoint.status for endpoint in fleet.plan.endpoints}


def two_regions(
    first: tuple[int, int], second: tuple[int, int], mode: FailoverMode = FailoverMode.STANDBY, nodes: int = 2
) -> FleetSpec:
    """seoul and osaka, each given as (priority, weight)."""
    regions = tuple(
        RegionSpec(name=name, priority=priority, weight=weight, nodes=nodes)
        for name, (priority, weight) in (("seoul", first), ("osaka", second))
    )
    return replace(a_spec(), regions=regions, failover_mode=mode)


def sure(story: Script, command: object) -> Script:
    """A command whose sender means it."""
    return story >> Request(command=command, by="alice", confirm="default")


def test_equal_nodes_share_equally() -> None:
    """Three nodes, a third each."""
    assert parts(serving()) == {"seoul-1": 33.33, "seoul-2": 33.33, "seoul-3": 33.33}


def test_weights_divide_a_region() -> None:
    """Shares follow the weights; 0 takes a node out without unlisting it."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=200) >> SetWeight(nodes=("seoul-3",), weight=0)
    assert parts(story.fleet) == {"seoul-1": 66.67, "seoul-2": 33.33}
    assert told(story.fleet) == {"seoul-1": ACTIVE, "seoul-2": ACTIVE, "seoul-3": DRAINING}
    assert [endpoint.weight for endpoint in story.fleet.plan.endpoints] == [200, 100, 1]


def test_random_ignores_node_weights() -> None:
    """Envoy's RANDOM does; so do the shares, which promise nothing it would not keep."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=0) >> SetPolicy(policy=Policy.RANDOM)
    assert parts(story.fleet) == {"seoul-2": 50.0, "seoul-3": 50.0}
    weighted = replace(
        story.fleet,
        nodes=story.fleet.nodes | {"seoul-2": replace(story.fleet.nodes["seoul-2"], weight=900)},
    )
    assert parts(weighted) == {"seoul-2": 50.0, "seoul-3": 50.0}


def test_active_regions_share_by_weight_however_many_nodes_they_have() -> None:
    """Two regions of one priority: their weights count, then those of their nodes."""
    story = Script(serving(two_regions((0, 300), (0, 100))))
    assert parts(story.fleet) == {"seoul-1": 37.5, "seoul-2": 37.5, "osaka-1": 12.5, "osaka-2": 12.5}
    story >> exited("seoul-1", signal=9)
    assert parts(story.fleet) == {"seoul-2": 75.0, "osaka-1": 12.5, "osaka-2": 12.5}
    story >> exited("seoul-2", signal=9)
    assert parts(story.fleet) == {"osaka-1": 50.0, "osaka-2": 50.0}


def test_a_region_of_weight_0_takes_nothing() -> None:
    """Its nodes stay listed so that whoever is pinned there can finish."""
    story = sure(Script(serving(two_regions((0, 100), (0, 100)))), SetWeight(regions=("osaka",), weight=0))
    assert parts(story.fleet) == {"seoul-1": 50.0, "seoul-2": 50.0}
    assert told(story.fleet)["osaka-1"] is DRAINING
    assert all(region.weight >= 1 for region in story.fleet.plan.regions), "Envoy takes no weight of 0"


def test_a_standby_region_waits_until_nobody_else_can_serve() -> None:
    """All or nothing: one node left in the first region keeps all the traffic there."""
    story = Script(serving(two_regions((0, 100), (1, 100))))
    assert parts(story.fleet) == {"seoul-1": 50.0, "seoul-2": 50.0}
    assert set(told(story.fleet).values()) == {ACTIVE}, "the edges know the waiting region and can fail over themselves"
    story >> exited("seoul-1", signal=9)
    assert parts(story.fleet) == {"seoul-2": 100.0}
    assert "seoul-1" not in told(story.fleet)
    story >> exited("seoul-2", signal=9)
    assert parts(story.fleet) == {"osaka-1": 50.0, "osaka-2": 50.0}
    story >> spawned("seoul-2") >> healthy("seoul-2")
    assert parts(story.fleet) == {"osaka-1": 50.0, "osaka-2": 50.0}, "what was lost waits until it is given back"
    sure(story, Failback(region="seoul", steps=1, pause=0.0))
    assert parts(story.fleet) == {"seoul-2": 100.0}


def test_spill_over_moves_what_a_region_cannot_carry() -> None:
    """A region of four nodes with two well carries 1.4 x 2/4 = 70 %; the next one takes the rest."""
    story = Script(serving(two_regions((0, 100), (1, 100), FailoverMode.SPILL_OVER, nodes=4)))
    story >> exited("seoul-1", signal=9)
    assert sum(part for name, part in parts(story.fleet).items() if "seoul" in name) == pytest.approx(100, abs=0.1)
    assert told(story.fleet)["seoul-1"] is UNHEALTHY, "listed, so that the edges count it as missing"
    story >> exited("seoul-2", signal=9)
    assert sum(part for name, part in parts(story.fleet).items() if "seoul" in name) == pytest.approx(70, abs=0.1)
    assert sum(part for name, part in parts(story.fleet).items() if "osaka" in name) == pytest.approx(30, abs=0.1)


def test_nothing_spills_over_to_an_evacuated_region() -> None:
    """It takes nothing while anybody else serves, however few; and when it is back, things are as they were."""
    story = Script(serving(two_regions((0, 100), (0, 100), FailoverMode.SPILL_OVER, nodes=3)))
    story >> Failover(region="seoul", steps=1, pause=0.0) >> applied("edge-1") >> applied("edge-2")
    for name in ("osaka-1", "osaka-2"):
        story >> exited(name, signal=9) >> applied("edge-1") >> applied("edge-2")
        assert name not in told(story.fleet)
    assert parts(story.fleet) == {"osaka-3": 100.0}
    story >> exited("osaka-3", signal=9)
    assert sum(part for name, part in parts(story.fleet).items() if "seoul" in name) == pytest.approx(100, abs=0.1)


def test_what_stands_between_takes_what_spills_over_before_an_evacuated_region() -> None:
    """Only the last of those that are not evacuated has nowhere to leave it."""
    story = Script(serving(a_spec(regions=3, standby=True, failover_mode=FailoverMode.SPILL_OVER)))
    story >> Failover(region="seoul", steps=1, pause=0.0) >> applied("edge-1") >> applied("edge-2")
    for name in ("osaka-1", "osaka-2", "tokyo-1", "tokyo-2"):
        story >> exited(name, signal=9) >> applied("edge-1") >> applied("edge-2")
    assert parts(story.fleet) == {"osaka-3": pytest.approx(46.67), "tokyo-3": pytest.approx(53.33)}
    assert (told(story.fleet)["osaka-1"], "tokyo-1" in told(story.fleet)) == (UNHEALTHY, False)


def test_what_was_stopped_on_purpose_is_not_missing() -> None:
    """A stopped node leaves the region smaller, not weaker: nothing spills over."""
    story = Script(serving(two_regions((0, 100), (1, 100), FailoverMode.SPILL_OVER, nodes=2)))
    story >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> exited("seoul-1", code=0)
    assert parts(story.fleet) == {"seoul-2": 100.0}
    assert "seoul-1" not in told(story.fleet)


def test_a_drain_is_told_to_the_edges_until_it_is_over() -> None:
    """No new clients while it finishes, then not listed at all, then back."""
    story = Script(serving()) >> Drain(nodes=("seoul-2",))
    assert told(story.fleet)["seoul-2"] is DRAINING
    story >> idle("seoul-2")
    assert "seoul-2" not in told(story.fleet)
    story >> Resume(nodes=("seoul-2",))
    assert told(story.fleet)["seoul-2"] is ACTIVE


def test_an_unwell_node_is_taken_out_and_put_back() -> None:
    """Health counts as much as state."""
    story = Script(serving()) >> unhealthy("seoul-2")
    assert set(parts(story.fleet)) == {"seoul-1", "seoul-3"}
    assert "seoul-2" not in told(story.fleet)
    story >> healthy("seoul-2")
    assert set(parts(story.fleet)) == {"seoul-1", "seoul-2", "seoul-3"}


def test_a_plan_nobody_could_serve_is_never_published() -> None:
    """The last good plan is held, and nobody is promised a share."""
    story = Script(serving(a_spec(nodes=2))) >> exited("seoul-1", signal=9)
    held = story.fleet.plan
    story >> exited("seoul-2", signal=9)
    assert story.fleet.plan == held
    assert told(story.fleet) == {"seoul-2": ACTIVE}
    assert parts(story.fleet) == {}


def test_where_operators_have_taken_everybody_out_edges_are_told_of_nobody() -> None:
    """They would try whom they know when none seems well, and no drain would ever end. Who serves again is told."""
    story = sure(Script(serving(a_spec(nodes=2))), Drain(nodes=("seoul-1",)))
    held = story.fleet.plan
    sure(story, Stop(nodes=("seoul-2",)))
    assert story.fleet.plan.endpoints == ()
    assert story.fleet.plan.version == held.version + 1
    assert [region.name for region in story.fleet.plan.regions] == ["seoul"]
    story >> idle("seoul-2") >> exited("seoul-2", code=0)
    assert story.fleet.plan.endpoints == ()
    story >> Start(nodes=("seoul-2",)) >> spawned("seoul-2")
    assert story.fleet.plan.endpoints == ()
    story >> healthy("seoul-2")
    assert told(story.fleet) == {"seoul-1": DRAINING, "seoul-2": ACTIVE}
    assert story.replayed() == story.fleet


def test_who_crashes_beside_those_that_are_taken_out_stays_in_the_plan() -> None:
    """It may be the check that errs, and edges find it by themselves when it is back."""
    story = Script(serving(a_spec(nodes=2))) >> Drain(nodes=("seoul-1",)) >> idle("seoul-1")
    story >> unhealthy("seoul-2")
    assert told(story.fleet) == {"seoul-2": ACTIVE}


def test_the_only_node_is_told_again_when_its_restart_is_over() -> None:
    """Meanwhile edges refuse requests at once, and what it worked on is answered."""
    story = sure(Script(serving(a_spec(nodes=1, edges=1))), Restart(nodes=("seoul-1",)))
    assert story.fleet.plan.endpoints == ()
    story >> applied("edge-1") >> idle("seoul-1") >> exited("seoul-1", code=0) >> spawned("seoul-1")
    story >> healthy("seoul-1")
    assert told(story.fleet) == {"seoul-1": ACTIVE}
    story >> applied("edge-1")
    assert not story.fleet.operations


def test_a_fleet_that_goes_down_keeps_its_plan_for_the_next_time() -> None:
    """Its edges go first, and those that come then are told at once of whom they knew."""
    story = Script(serving(a_spec(nodes=1, edges=1)))
    held = story.fleet.plan
    story >> Down() >> idle("edge-1") >> exited("edge-1", code=0) >> exited("seoul-1", code=0)
    assert not story.node("seoul-1").state.alive
    assert story.fleet.plan == held


def test_other_programs_stay_in_the_plan_until_they_have_stopped() -> None:
    """What they still work on is counted by the edges, and of nobody whom those do not know."""
    spec = a_spec(nodes=1, gateway={"kind": GatewayKind.COMMAND, "command": ("x",)})
    story = sure(Script(serving(spec)), Stop(nodes=("seoul-1",)))
    assert told(story.fleet) == {"seoul-1": ACTIVE}


def test_before_anybody_has_served_there_is_no_plan() -> None:
    """Version 0, empty: the edges have nothing to be told."""
    fleet = founded()
    assert fleet.plan == TrafficPlan()
    assert plan_for(fleet) == fleet.plan
    assert {share.part for share in shares(fleet)} == {0.0}


def test_the_same_picture_is_the_same_plan() -> None:
    """A version is a change: what alters nothing for the edges makes no new plan."""
    fleet = serving()
    assert plan_for(fleet) == fleet.plan
    story = Script(fleet) >> Kill(nodes=("seoul-1",))
    assert story.fleet.plan == fleet.plan, "the exit moves traffic, not the order"


def test_confirmed_means_every_edge_that_serves_and_at_least_one() -> None:
    """An edge that is down proves nothing and holds nothing up; no edge at all is no proof."""
    story = Script(serving()) >> exited("seoul-1", signal=9)
    version = story.fleet.plan.version
    assert confirmed(story.fleet, version - 1)
    assert not confirmed(story.fleet, version)
    story >> applied("edge-1")
    assert not confirmed(story.fleet, version)
    story >> exited("edge-2", signal=9)
    assert confirmed(story.fleet, version)
    story >> exited("edge-1", signal=9)
    assert not confirmed(story.fleet, version)
    assert not confirmed(story.fleet, 0)


def test_regions_that_are_coming_are_listed_and_take_nothing() -> None:
    """The edges check their nodes before they are needed."""
    fleet = serving()
    spec = replace(fleet.spec, regions=(*fleet.spec.regions, RegionSpec(name="sapporo", nodes=2)))
    coming = replace(a_proposal(fleet, spec), revision=2)
    ready = {"state": NodeState.SERVING, "health": Health.HEALTHY, "revision": 2}
    fresh = {node.name: replace(node, **ready) for node in coming.nodes if node.region == "sapporo"}
    plan = plan_for(replace(fleet, proposal=coming, nodes=fleet.nodes | fresh))
    listed = {endpoint.node: endpoint.status for endpoint in plan.endpoints}
    assert listed["seoul-1"] is ACTIVE
    assert listed["sapporo-1"] is listed["sapporo-2"] is DRAINING
    assert (
        sum(share.part for share in shares(replace(fleet, nodes=fleet.nodes | fresh)) if share.region == "sapporo") == 0
    )


def test_a_certificate_reaches_edges_of_a_fleet_in_which_nobody_serves() -> None:
    """The plan keeps the nodes it had: nobody could serve a better one; but clients may see the new certificate."""
    story = Script(serving(a_spec(nodes=1))) >> exited("seoul-1", signal=9)
    plan = story.fleet.plan
    story >> CertificateFit(certificate=CERTIFICATE)
    assert story.fleet.plan == replace(plan, certificate="c1", version=plan.version + 1)


def test_before_the_first_node_has_served_there_is_no_plan_for_a_certificate() -> None:
    """Edges are started with it all the same: they are given what the fleet has."""
    story = Script(founded()) >> CertificateFit(certificate=CERTIFICATE)
    assert story.fleet.certificate == CERTIFICATE
    assert story.fleet.plan == TrafficPlan()

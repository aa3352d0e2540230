"""A plan counts as published only when this very edge uses it, and a bad one changes nothing."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from support.envoy import Site, fleet_of, plan_of, site
from support.load import fetch, open_loop
from support.ports import free_port
from support.upstream import Upstream

from hactl.core.errors import HactlError
from hactl.core.plan import EndpointStatus, TrafficPlan
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.running import PlanRefused
from hactl.core.spec import EdgeSpec, FleetSpec, Policy, RegionSpec
from hactl.core.value import replace
from hactl.engines.envoy.edge import EnvoyEdge

pytestmark = pytest.mark.envoy

EVEN = FleetSpec(edge=EdgeSpec(threads=1, policy=Policy.ROUND_ROBIN), routes=(RouteSpec(prefix="/", respond=200),))


async def nodes_of(running: Site, requests: int) -> Counter[str]:
    """Which nodes answer so many requests in a row."""
    return Counter([(await fetch(running.port))[1].get("x-hactl-node", "") for _ in range(requests)])


def altered(plan: TrafficPlan, **changes: object) -> TrafficPlan:
    """`plan` with its first endpoint changed."""
    region, *others = plan.regions
    first, *rest = region.endpoints
    changed = replace(region, endpoints=(replace(first, **changes), *rest))
    return replace(plan, version=plan.version + 1, regions=(changed, *others))


async def test_traffic_is_where_the_plan_says_when_publish_returns(tmp_path: Path) -> None:
    """After `publish` not one request goes to a node the plan no longer has."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        assert await nodes_of(running, 10) == {"local-1": 5, "local-2": 5}
        for gone, left, version in (("local-1", "local-2", 2), ("local-2", "local-1", 3), ("local-1", "local-2", 4)):
            await running.publish(running.without(gone, version=version))
            assert await nodes_of(running, 10) == {left: 10}


async def test_a_draining_node_gets_nothing_new(tmp_path: Path) -> None:
    """An endpoint listed as draining takes no more requests."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        await running.publish(altered(running.fleet.plan, status=EndpointStatus.DRAINING))
        assert await nodes_of(running, 10) == {"local-2": 10}


async def test_a_bad_plan_is_refused_and_the_last_good_one_serves_on(tmp_path: Path) -> None:
    """An address Envoy cannot use is refused with its reason; traffic goes on, and the next good plan is taken."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        with pytest.raises(PlanRefused, match="not-an-address"):
            await running.publish(altered(running.fleet.plan, address="not-an-address"))
        assert await nodes_of(running, 10) == {"local-1": 5, "local-2": 5}
        await running.publish(running.without("local-2", version=3))
        assert await nodes_of(running, 5) == {"local-1": 5}


async def test_a_plan_nobody_can_serve_is_not_proved(tmp_path: Path) -> None:
    """A plan Envoy accepts but whose only node is not there is refused, and the good one goes back in place."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        lonely = altered(running.without("local-2", version=2), port=free_port())
        with pytest.raises(PlanRefused, match="a request through it shows otherwise"):
            await running.publish(lonely)
        async with open_loop(running.port, rate=200) as load:
            await load.answered(50)
        assert load.failed == 0, load


async def test_the_same_plan_can_be_published_again(tmp_path: Path) -> None:
    """Republishing an unchanged plan is confirmed anew, as after a restart of the daemon."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        for _ in range(3):
            await running.publish()
        assert await nodes_of(running, 4) == {"local-1": 2, "local-2": 2}


async def test_an_adopted_edge_takes_plans(tmp_path: Path) -> None:
    """An engine that did not start the edge can probe it, publish to it and read it."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        await running.edge.close()
        running.edge = EnvoyEdge(running.paths)
        assert (await running.edge.probe(running.node("edge-1"), 1.0)).ok
        await running.publish(running.without("local-1"))
        assert await nodes_of(running, 5) == {"local-2": 5}


@pytest.mark.parametrize("policy", list(Policy))
async def test_a_policy_changes_without_a_lost_request(policy: Policy, tmp_path: Path) -> None:
    """The policy is changed back and forth under load; every request is answered."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        other = replace(running.fleet.plan, policy=policy)
        async with open_loop(running.port, rate=200) as load:
            for version in range(2, 8, 2):
                await running.publish(replace(other, version=version))
                await load.answered(10)
                await running.publish(replace(running.fleet.plan, version=version + 1))
                await load.answered(10)
        assert load.failed == 0, load


async def test_new_routes_reach_a_running_edge(tmp_path: Path) -> None:
    """A changed route list is validated, moved into place and confirmed; broken settings are refused before that."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=EVEN)) as running:
        spec = replace(running.fleet.spec, routes=(RouteSpec(prefix="/slow", respond=200, timeout=60.0),))
        running.fleet = replace(running.fleet, spec=spec)
        await running.publish()
        routes = (running.paths.node("edge-1") / "rds" / "rds.json").read_text()
        assert '"60.250s"' in routes
        broken = replace(spec, edge=replace(spec.edge, node_header="not a header name\n"))
        running.fleet = replace(running.fleet, spec=broken)
        with pytest.raises(PlanRefused, match="envoy rejects these documents"):
            await running.publish()
        assert (running.paths.node("edge-1") / "rds" / "rds.json").read_text() == routes


async def test_an_edge_that_is_gone_or_frozen_confirms_nothing(tmp_path: Path) -> None:
    """Neither a stopped nor a dead edge is ever taken for one that uses the plan, and neither passes a probe."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=EVEN)) as running:
        edge = running.node("edge-1")
        running.processes["edge-1"].freeze()
        assert not (await running.edge.probe(edge, 0.1)).ok
        with pytest.raises(PlanRefused):
            await running.publish(plan_of(running.fleet, 2))
        running.processes["edge-1"].kill()
        await running.edge.forget(edge)
        assert not (await running.edge.probe(edge, 0.1)).ok
        with pytest.raises(PlanRefused):
            await running.publish(plan_of(running.fleet, 3))
        with pytest.raises(HactlError):
            await running.edge.read(edge, running.fleet)
        assert await running.edge.in_flight(edge) is None


async def test_a_stranger_on_the_port_is_not_the_node(tmp_path: Path) -> None:
    """Another server that answers 200 on a node's address does not pass for the node."""
    fleet = fleet_of(RegionSpec(nodes=1))
    async with (
        Upstream(body=b'{"node":"local-1","fleet":"another"}') as stranger,
        site(tmp_path, fleet, start=()) as running,
    ):
        node = replace(fleet.nodes["local-1"], port=stranger.port)
        await running.gateway.prepare(fleet.nodes["local-1"], fleet)
        answer = await running.gateway.probe(node, 1.0)
    assert not answer.ok
    assert "something else answers there" in answer.why


async def test_a_reading_counts_what_clients_got(tmp_path: Path) -> None:
    """Requests, statuses and latencies are attributed to the nodes that answered."""
    async with site(tmp_path, fleet_of(RegionSpec(nodes=2), spec=EVEN)) as running:
        async with open_loop(running.port, rate=500) as load:
            await load.answered(100)
        reading = await running.edge.read(running.node("edge-1"), running.fleet)
        assert (reading.requests, reading.errors, reading.active) == (load.ok, 0, 0)
        assert {name: counters.requests for name, counters in (await running.counted()).items()} == load.nodes


async def test_a_reading_tells_what_a_node_works_on_and_what_failed_there(tmp_path: Path) -> None:
    """Requests in flight, and answers of 500 and more, are counted for the node that has them."""
    async with Upstream() as service:
        spec = FleetSpec(
            edge=EdgeSpec(threads=1),
            services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
            routes=(RouteSpec(prefix="/", service="app"),),
        )
        async with site(tmp_path, fleet_of(RegionSpec(nodes=1), spec=spec)) as running:
            service.hold()
            async with asyncio.TaskGroup() as group:
                for _ in range(3):
                    group.create_task(fetch(running.port))
                await service.arrived(3)
                assert (await running.counted())["local-1"].active == 3
                service.status = 500
                service.release()
            counted = (await running.counted())["local-1"]
    assert (counted.requests, counted.errors, counted.active) == (3, 3, 0)

"""What the edges do by themselves when a node dies, hangs or answers badly: no daemon takes part in these tests."""

import asyncio
from pathlib import Path

import pytest
from support.envoy import Processes, fleet_of, plan_of, site
from support.load import Load, fetch, open_loop
from support.polling import until
from support.upstream import Upstream

from hactl.core.model import Fleet
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FailoverMode, FleetSpec, HealthSpec, Policy, RegionSpec

pytestmark = pytest.mark.envoy
PATIENT = HealthSpec(timeout=2.0)
"""Nobody hangs here: who is late on a busy machine is not taken for ill, and who is dead refuses at once."""
RATE = 100.0
"""Requests a second where the story is what becomes of them, not how many they are."""
NODES = ("local-1", "local-2")
MANY = 300
"""Requests in flight at once."""


def fleet_for(
    *services: Upstream,
    nodes: int = 2,
    policy: Policy = Policy.LEAST_REQUEST,
    health: HealthSpec = PATIENT,
    **first: float,
) -> Fleet:
    """Nodes that route /0 to the first service, /1 to the second and so on; `first` is more of the first route."""
    named = {f"/{number}": service for number, service in enumerate(services)}
    spec = FleetSpec(
        edge=EdgeSpec(threads=1, policy=policy),
        health=health,
        services=tuple(ServiceSpec(name=path[1:], endpoints=(("127.0.0.1", s.port),)) for path, s in named.items()),
        routes=tuple(RouteSpec(prefix=path, service=path[1:], **(first if path == "/0" else {})) for path in named),
    )
    return fleet_of(RegionSpec(nodes=nodes), spec=spec)


async def sent(load: Load) -> int:
    """How many requests have been sent so far."""
    return load.sent


@pytest.mark.parametrize("policy", [Policy.LEAST_REQUEST, Policy.ROUND_ROBIN, Policy.MAGLEV])
async def test_the_death_of_one_of_two_nodes_costs_no_get(policy: Policy, tmp_path: Path) -> None:
    """kill -9 under load, with requests in flight on the node: every GET is answered."""
    async with Upstream(delay=0.02) as service, site(tmp_path, fleet_for(service, policy=policy)) as running:
        async with open_loop(running.port, path="/0", rate=250) as load:
            await load.answered(150)
            running.processes["local-1"].kill()
            await load.answered(350)
        assert load.failed == 0, load


async def test_the_death_of_three_of_four_nodes_costs_no_get(tmp_path: Path) -> None:
    """Three nodes die within a moment; the fourth answers everything."""
    async with Upstream(delay=0.02) as service, site(tmp_path, fleet_for(service, nodes=4)) as running:
        async with open_loop(running.port, path="/0", rate=250) as load:
            await load.answered(150)
            for name in ("local-1", "local-2", "local-3"):
                running.processes[name].kill()
            await load.answered(350)
        assert load.failed == 0, load


async def test_a_standby_region_takes_all_or_nothing(tmp_path: Path) -> None:
    """It gets nothing while one node of the first region lives, and everything when none does; no GET is lost."""
    spec = FleetSpec(edge=EdgeSpec(threads=1), routes=(RouteSpec(prefix="/", respond=200),))
    fleet = fleet_of(RegionSpec(name="seoul", nodes=2), RegionSpec(name="busan", nodes=2, priority=1), spec=spec)
    async with site(tmp_path, fleet) as running:
        async with open_loop(running.port, rate=250) as load:
            await load.answered(50)
            running.processes["seoul-1"].kill()
            await load.answered(200)
        assert load.failed == 0, load
        assert load.nodes.keys() == {"seoul-1", "seoul-2"}
        async with open_loop(running.port, rate=250) as load:
            running.processes["seoul-2"].kill()
            await load.answered(200)
        assert load.failed == 0, load
        assert load.nodes["busan-1"] + load.nodes["busan-2"] >= 199, load


async def test_a_region_that_spills_over_shares_its_load(tmp_path: Path) -> None:
    """With spill-over the second region takes what half of the first cannot carry: about 30 of 100."""
    spec = FleetSpec(
        edge=EdgeSpec(threads=1), routes=(RouteSpec(prefix="/", respond=200),), failover_mode=FailoverMode.SPILL_OVER
    )
    fleet = fleet_of(RegionSpec(name="seoul", nodes=2), RegionSpec(name="busan", nodes=1, priority=1), spec=spec)
    async with site(tmp_path, fleet) as running:
        running.processes["seoul-1"].kill()
        async with open_loop(running.port, rate=300) as load:
            await load.answered(300)  # until the checks have seen it
        async with open_loop(running.port, rate=300) as load:
            await load.answered(400)
        assert load.failed == 0, load
        assert 0.2 < load.nodes["busan-1"] / load.ok < 0.4, load


async def test_a_post_that_reached_a_node_is_never_sent_again(tmp_path: Path) -> None:
    """A POST in flight on a node that dies fails; the service saw it exactly once."""
    async with Upstream() as service, site(tmp_path, fleet_for(service)) as running:
        service.hold()
        async with asyncio.TaskGroup() as group:
            call = group.create_task(fetch(running.port, "/0/order", method="POST", body=b"one"))
            await service.arrived(1)
            running.processes["local-1"].kill()
            running.processes["local-2"].kill()
            status, _, _ = await call
        assert status == 503
        assert service.bodies == [b"one"]


async def test_a_get_or_put_in_flight_is_answered_by_another_node(tmp_path: Path) -> None:
    """Idempotent requests that wait in a node when it dies are asked again elsewhere, bodies included; of the two it is
    the one that has more of them."""
    async with Upstream() as service, site(tmp_path, fleet_for(service)) as running:
        service.hold()
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(fetch(running.port, "/0/thing", method="GET")) for _ in range(4)]
            calls += [group.create_task(fetch(running.port, "/0/thing", method="PUT", body=b"two")) for _ in range(4)]
            await service.arrived(8)
            carried = await running.counted()
            struck, other = sorted(carried, key=lambda name: carried[name].active, reverse=True)
            running.processes[struck].kill()
            await service.arrived(9)
            service.release()
        answers = [call.result() for call in calls]
        assert [status for status, _, _ in answers] == [200] * 8
        assert {headers["x-hactl-node"] for _, headers, _ in answers} == {other}


@pytest.mark.parametrize("hedge", [0.0, 30.0])
async def test_however_many_wait_when_nodes_die_all_are_answered(hedge: float, tmp_path: Path) -> None:
    """A slow service, and two of three nodes die at once: most of what is in flight has to be asked again together."""
    async with Upstream() as service, site(tmp_path, fleet_for(service, nodes=3, hedge=hedge, timeout=60.0)) as running:
        service.hold()
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(fetch(running.port, "/0/thing", timeout=60.0)) for _ in range(MANY)]
            await service.arrived(MANY)
            carried = await running.counted()
            running.processes["local-1"].kill()
            running.processes["local-3"].kill()
            await service.arrived(MANY + carried["local-1"].active + carried["local-3"].active)
            service.release()
        assert [call.result()[0] for call in calls] == [200] * MANY


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_when_no_node_seems_well_all_of_them_are_tried(method: str, tmp_path: Path) -> None:
    """The whole machine stalls, or the last node is late twice: requests wait for it and nobody is turned away."""
    async with Upstream() as service, site(tmp_path, fleet_for(service, health=HealthSpec())) as running:
        async with open_loop(running.port, path="/0", rate=RATE, method=method) as load:
            await load.answered(20)
            for name in NODES:
                running.processes[name].freeze()
            await until(lambda: running.stat(r"cluster\.gw\.membership_healthy"), lambda count: count == 0)
            seen = load.sent
            await until(lambda: sent(load), lambda count: count > seen + 20)
            for name in NODES:
                running.processes[name].thaw()
            await load.answered(50)
        assert load.failed == 0, load


async def test_a_node_that_was_taken_out_is_used_when_nobody_else_can_answer(tmp_path: Path) -> None:
    """It gets nothing while there is another one, or nearly: that one may seem unwell when the machine stood still."""
    async with Upstream() as service, site(tmp_path, fleet_for(service)) as running:
        plan = plan_of(running.fleet, 2, draining=("local-1",))
        await running.publish(plan)
        answers = [await fetch(running.port, "/0/thing") for _ in range(50)]
        assert sum(headers["x-hactl-node"] == "local-2" for _, headers, _ in answers) >= 45
        async with open_loop(running.port, path="/0", rate=RATE) as load:
            running.processes["local-2"].kill()
            await load.answered(100)
        assert load.failed == 0, load
        assert load.nodes["local-1"] >= 90, load


async def test_a_service_that_always_fails_takes_no_node_with_it(tmp_path: Path) -> None:
    """Its 503 goes to the client once, unrepeated; the other route loses nothing and no node is ejected."""
    async with Upstream(status=503) as bad, Upstream() as good, site(tmp_path, fleet_for(bad, good)) as running:
        async with (
            open_loop(running.port, path="/0", rate=RATE) as failing,
            open_loop(running.port, path="/1", rate=RATE) as load,
        ):
            await failing.answered(200)
        assert failing.statuses.keys() == {503}
        assert load.failed == 0, load
        assert bad.count <= failing.sent
        assert (await running.edge.read(running.node("edge-1"), running.fleet)).retries == 0


async def test_a_dead_service_takes_no_node_with_it(tmp_path: Path) -> None:
    """Nothing listens where the service should be: its route fails, the other route loses nothing."""
    async with Upstream() as dead, Upstream() as good, site(tmp_path, fleet_for(dead, good)) as running:
        await dead.stop()
        async with (
            open_loop(running.port, path="/0", rate=RATE) as failing,
            open_loop(running.port, path="/1", rate=RATE) as load,
        ):
            await failing.answered(200)
        assert failing.ok == 0
        assert load.failed == 0, load


async def test_a_service_that_hangs_takes_no_node_with_it(tmp_path: Path) -> None:
    """The node gives up on a mute service before the edge gives up on the node: 504, no retry, no ejection.

    The other way round every request would be tried again; those in flight while the machine itself stands still for
    longer than the edge's margin may be.
    """
    async with Upstream() as mute, Upstream() as good:
        mute.hold()
        fleet = fleet_for(mute, good, timeout=1.0, per_try_timeout=0.3)
        async with site(tmp_path, fleet) as running, open_loop(running.port, path="/1", rate=RATE) as load:
            async with open_loop(running.port, path="/0", rate=RATE) as failing:
                await failing.answered(200)
            retries = (await running.edge.read(running.node("edge-1"), running.fleet)).retries
    assert failing.statuses.keys() == {504}
    assert load.failed == 0, load
    assert retries < 100


async def test_a_service_that_breaks_off_takes_no_node_with_it(tmp_path: Path) -> None:
    """Answers cut in the middle reach the client as failures; the other route loses nothing."""
    async with Upstream(body=b"x" * 1000) as broken, Upstream() as good:
        broken.truncate = True
        async with (
            site(tmp_path, fleet_for(broken, good)) as running,
            open_loop(running.port, path="/1", rate=RATE) as load,
            open_loop(running.port, path="/0", rate=RATE) as failing,
        ):
            await failing.answered(150)
    assert failing.ok == 0, failing
    assert load.failed == 0, load


async def test_a_node_that_comes_back_is_used_at_once(tmp_path: Path) -> None:
    """A node restarted on its address and listed again by a plan takes requests when `publish` has returned."""
    async with Upstream() as service, site(tmp_path, fleet_for(service, policy=Policy.ROUND_ROBIN)) as running:
        with Processes() as again:
            async with open_loop(running.port, path="/0", rate=200) as load:
                running.processes["local-1"].kill()
                await running.publish(running.without("local-1", version=2))
                await running.start(again, "local-1")
                await running.publish(running.without(version=3))
                await load.answered(50)
            assert load.failed == 0, load
            assert load.nodes["local-1"] >= 10, load

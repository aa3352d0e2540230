"""Gateway nodes die under load, killed from outside: what clients notice, what the fleet does, and in which order."""

import asyncio
from collections import Counter

import pytest
import pytest_asyncio
from support.fleet import APP, PATIENT_ROUTE, TIRELESS, Region, RunningFleet, kinds, life
from support.load import fetch, open_loop

from hactl.core.events import FailoverBegan, FailoverEnded, FailoverMoved, TrafficShifted

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 300
GATEWAYS = {"local-1", "local-2", "local-3", "local-4"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Four nodes in one region."""
    async with RunningFleet(routes=PATIENT_ROUTE, extra=TIRELESS) as running:
        yield running


async def test_one_of_four(fleet):
    """No GET is lost; the node is missed once, its traffic moves before its capacity is back; nobody else restarts."""
    mark, before = fleet.seq, fleet.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("local-2")
        await fleet.happens(FailoverEnded)
        await load.answered(100)
    assert load.failed == 0, load
    await fleet.calm()
    events = fleet.since(mark)
    assert kinds(events, FailoverBegan, FailoverMoved, FailoverEnded) == [
        "FailoverBegan",
        "FailoverMoved",
        "FailoverEnded",
    ]
    assert life(events, "local-2") == ["starting", "serving"]
    without, again = fleet.since(mark, TrafficShifted)
    assert {endpoint.node for endpoint in without.plan.endpoints} == GATEWAYS - {"local-2"}
    assert {endpoint.node for endpoint in again.plan.endpoints} == GATEWAYS
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == {"local-2"}


async def test_three_of_four_at_once(fleet):
    """The last one answers everything until the others are back; each loss is counted once."""
    mark, lost = fleet.seq, GATEWAYS - {"local-4"}
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill(*lost)
        for name in lost:
            await fleet.happens(FailoverEnded, lambda event, name=name: event.node == name, after=mark)
        await load.answered(100)
    assert load.failed == 0, load
    await fleet.calm()
    assert Counter(event.failover.node for event in fleet.since(mark, FailoverBegan)) == Counter(lost)
    assert fleet.pids().keys() >= GATEWAYS
    assert life(fleet.since(mark), "local-4") == []


async def test_a_second_one_while_the_first_is_fresh_in_mind(fleet):
    """Two die one after the other, 300 ms of the load's own schedule apart: no GET is lost, both come back."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("local-1")
        await load.answered(RATE * 3 // 10)
        fleet.kill("local-3")
        for name in ("local-1", "local-3"):
            await fleet.happens(FailoverEnded, lambda event, name=name: event.node == name, after=mark)
        await load.answered(100)
    assert load.failed == 0, load
    await fleet.calm()
    assert [event.failover.node for event in fleet.since(mark, FailoverBegan)] == ["local-1", "local-3"]


async def test_a_post_in_flight_fails_once_and_is_never_sent_again(fleet):
    """Exactly the POSTs on the killed node fail, every other one is answered, and the service saw each of them once."""
    service, posts = fleet.upstream, 12
    service.bodies.clear()
    service.hold()
    try:
        async with asyncio.TaskGroup() as tasks:
            calls = [tasks.create_task(outcome(fleet.port, f"call-{number}".encode())) for number in range(posts)]
            await service.arrived(service.count + posts - len(service.bodies))
            measured = await fleet.measured(lambda update: sum(in_flight(update).values()) == posts)
            victim, on_it = max(in_flight(measured).items(), key=lambda item: item[1])
            mark = fleet.seq
            fleet.kill(victim)
            await fleet.happens(FailoverEnded, after=mark)
            service.release()
    finally:
        service.release()
    outcomes = Counter(call.result() for call in calls)
    assert outcomes == {"answered": posts - on_it, "failed": on_it}
    assert Counter(service.bodies) == {f"call-{number}".encode(): 1 for number in range(posts)}


async def outcome(port: int, body: bytes) -> str:
    """What became of one POST: nothing is tried twice here."""
    try:
        status, _, _ = await fetch(port, "/patient", method="POST", body=body, timeout=60)
    except OSError:
        return "failed"
    return "answered" if status == 200 else "failed"


def in_flight(update) -> dict[str, int]:
    """Requests that each gateway node is working on, as the edges count them."""
    return {sample.node: sample.active or 0 for sample in update.samples if sample.node in GATEWAYS}


async def settled_on(port: int, region: str) -> None:
    """Both edges have found every node of `region` well by their own first checks: new connections meet no other."""
    in_a_row = 0
    while in_a_row < 30:
        _, headers, _ = await fetch(port)
        in_a_row = in_a_row + 1 if headers.get("x-hactl-node", "").startswith(region) else 0


@pytest.mark.asyncio(loop_scope="function")
async def test_a_whole_region():
    """Active/passive: the standby gets nothing before, all while the first region is dead, and no GET is lost."""
    regions = (Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2, priority=1))
    async with RunningFleet(regions=regions, routes=APP, extra=TIRELESS) as fleet:
        await settled_on(fleet.port, "seoul")
        mark = fleet.seq
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(100)
            assert load.nodes.keys() == {"seoul-1", "seoul-2"}
            fleet.kill("seoul-1", "seoul-2")
            for name in ("seoul-1", "seoul-2"):
                await fleet.happens(FailoverEnded, lambda event, name=name: event.node == name, after=mark)
            await load.answered(100)
        assert load.failed == 0, load
        assert load.nodes.keys() & {"tokyo-1", "tokyo-2"}
        first = fleet.since(mark, TrafficShifted)[0]
        assert {endpoint.node for endpoint in first.plan.endpoints} >= {"tokyo-1", "tokyo-2"}
        assert life(fleet.since(mark), "tokyo-1") == life(fleet.since(mark), "tokyo-2") == []

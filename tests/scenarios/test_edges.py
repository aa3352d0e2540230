"""Edges die, hang, come and go under load: what clients lose with them, and that it is no more than that."""

import asyncio
import os
import signal

import pytest
import pytest_asyncio
from support.fleet import PATIENT_ROUTE, TIRELESS, RunningFleet, kinds
from support.load import open_loop
from support.polling import until

from hactl.core.commands import Apply, Start, Stop
from hactl.core.events import EdgeBack, EdgeGivenUp, EdgeLost
from hactl.core.operation import Outcome
from hactl.supervisor.handover import door_of, steer, who_accepts

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 100
EDGES = ("edge-1", "edge-2")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Four nodes, two edges; idle client connections hold up the drain of an edge for 3 s at most."""
    async with RunningFleet(routes=PATIENT_ROUTE, extra=TIRELESS + '[gateway]\nstop_timeout = "3s"\n') as running:
        yield running


async def test_an_edge_takes_exactly_what_its_event_says(fleet):
    """Keep-alive clients wait for their answers when an edge is killed: those on it fail, as many as the event names,
    and nobody else's. When it is read last nothing moves any more; else the number is as old as the reading."""
    mark, asked, clients = fleet.seq, fleet.upstream.count, 40
    fleet.upstream.hold()
    try:
        async with open_loop(fleet.port, rate=RATE, path="/patient", timeout=60, limit=clients) as load:
            await fleet.upstream.arrived(asked + clients)
            await fleet.measured(lambda update: sum(requests_at(update).values()) == clients)
            fleet.kill("edge-1")
            loss = (await fleet.happens(EdgeLost, after=mark)).event.loss
            fleet.upstream.release()
    finally:
        fleet.upstream.release()
    assert loss.use.requests == load.failed == load.errors["ConnectionResetError"], load
    assert loss.use.connections == load.failed, "one connection for each that waited"
    assert loss.others == ("edge-2",)
    assert loss.carried[0].requests == load.ok == clients - load.failed
    assert (await fleet.happens(EdgeBack, after=mark)).event.edge == "edge-1"
    await fleet.calm()
    assert fleet.now.last_edge_loss.back_ms > 0


async def applied(fleet, text: str) -> None:
    """A configuration has come into force."""
    receipt = await fleet.client.submit(Apply(text=text, bake=0.0), by="test", confirm="t")
    ended = (await fleet.ended(receipt.operation)).event
    assert ended.outcome is Outcome.DONE, ended
    await fleet.calm()


def requests_at(update) -> dict[str, int]:
    """Requests in flight at each edge."""
    return {sample.node: sample.active or 0 for sample in update.samples if sample.node in EDGES}


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "fresh"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_a_lost_edge_costs_nothing_once_it_is_replaced(fleet, how, keep_alive):
    """Killed or frozen from outside: what was on it is reset at once, nobody waits in vain, and then no more fails."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE, keep_alive=keep_alive) as load:
        await load.answered(100)
        os.kill(fleet.pid("edge-1"), how)
        await fleet.happens(EdgeBack, after=mark)
        await load.answered(RATE // 4)  # what was sent before it was back has ended by now
        failed = load.failed
        await load.answered(2 * RATE)
        assert load.failed == failed, load
    assert load.errors["TimeoutError"] == 0, load
    await fleet.calm()
    assert kinds(fleet.since(mark), EdgeLost, EdgeBack, EdgeGivenUp) == ["EdgeLost", "EdgeBack"]


async def test_a_stopped_edge_is_no_loss(fleet):
    """It drains, and says itself what it cut off."""
    mark = fleet.seq
    await fleet.command(Stop(nodes=("edge-2",)))
    await fleet.command(Start(nodes=("edge-2",)))
    await fleet.calm()
    assert kinds(fleet.since(mark), EdgeLost, EdgeBack, EdgeGivenUp) == []


async def test_a_handover_that_a_daemon_left_when_it_died_is_ended_by_the_next(fleet):
    """New connections are kept from an edge that is about to leave; the one who did that is gone, the edge stays."""
    door = door_of(fleet.now)
    assert await asyncio.to_thread(steer, door, "edge-1")
    assert {await asyncio.to_thread(who_accepts, door) for _ in range(40)} == {"edge-2"}
    await fleet.kill_daemon()
    await fleet.launch()
    await fleet.calm()
    await until(lambda: asyncio.to_thread(who_accepts, door), lambda edge: edge == "edge-1")


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "fresh"])
async def test_edges_come_and_go(fleet, keep_alive):
    """Two become four, one, and two again while clients ask: nobody fails, and those that stay are the same processes.

    What the kernel resets in the queue of a socket that closes has reached nobody; that is rare where new connections
    are handed over, but a machine that is too busy to find out whose place is whose does without.
    """
    mark, before, asked = fleet.seq, fleet.pids(), fleet.upstream.count
    async with open_loop(fleet.port, rate=RATE, keep_alive=keep_alive) as load:
        for count in (4, 1, 2):
            await load.answered(100)
            await applied(fleet, fleet.toml(edges=count))
            assert [edge.name for edge in fleet.now.edges] == [f"edge-{number + 1}" for number in range(count)]
        await load.answered(100)
    assert load.failed == load.unaccepted, load
    assert fleet.upstream.count - asked == load.ok
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == {"edge-2"}
    assert fleet.since(mark, EdgeLost) == []

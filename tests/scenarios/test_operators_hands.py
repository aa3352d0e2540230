"""What operators do with a whole fleet under load: pause it, freeze parts of it, replace its daemon. 0 GETs lost."""

import os
import signal
from collections import Counter

import pytest
import pytest_asyncio
from support.fleet import TIRELESS, RunningFleet, life
from support.load import open_loop

from hactl.core.commands import Freeze, Kill, Pause, Restart, Start, Thaw, Unpause
from hactl.core.events import (
    DaemonStarted,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    NodeAdopted,
    NodeChanged,
    OperationBegan,
    OperationEnded,
    OperationMoved,
    OrphanEnded,
    TrafficShifted,
)
from hactl.core.node import Health, NodeState
from hactl.core.operation import Outcome, Phase
from hactl.supervisor import procfs

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 300
GATEWAYS = {"local-1", "local-2", "local-3", "local-4"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Four nodes, two edges; idle client connections hold up an edge's restart for 3 s at most."""
    async with RunningFleet(extra=TIRELESS + '[gateway]\nstop_timeout = "3s"\n') as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def paused(fleet):
    """The same, paused; in the end it is well again."""
    await fleet.command(Pause())
    yield fleet
    if fleet.now.paused is not None:
        await fleet.command(Unpause())
    await fleet.calm()


def stopped(pid: int) -> bool:
    """State T, as the kernel says."""
    stat = procfs.read_stat(pid)
    return stat is not None and stat.state == "T"


def out_of_plan(name: str):
    """The plan without that node."""
    return lambda event: name not in {endpoint.node for endpoint in event.plan.endpoints}


# -- pause


async def test_in_a_pause_a_dead_node_stays_dead_until_it_is_over(paused):
    """Taken out at once, not started again however long it lasts; unpause brings it back. 0 GETs are lost."""
    fleet, mark, before = paused, paused.seq, paused.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("local-2")
        await fleet.happens(FailoverMoved, after=mark)
        await load.answered(3 * RATE)
        node = fleet.now.nodes["local-2"]
        assert (node.state, node.deadline) == (NodeState.BACKOFF, None)
        assert node.reason.text.endswith("; waits: the fleet is paused by " + fleet.now.paused.by)
        asked = load.nodes["local-2"]
        await load.answered(RATE)
        assert load.nodes["local-2"] == asked
        await fleet.command(Unpause())
        await fleet.calm()
        await load.answered(RATE)
        assert load.nodes["local-2"] > asked
    assert load.failed == 0, load
    assert life(fleet.since(mark), "local-2") == ["backoff", "starting", "serving"]
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == {"local-2"}


async def test_a_kill_by_command_in_a_pause_is_over_when_every_edge_knows(paused):
    """The operation does not wait for a capacity that nobody brings back; an order does bring it back."""
    fleet, mark = paused, paused.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        await fleet.command(Kill(nodes=("local-1",)))
        assert fleet.now.nodes["local-1"].state is NodeState.BACKOFF
        await fleet.happens(TrafficShifted, out_of_plan("local-1"), after=mark)
        await fleet.command(Start(nodes=("local-1",)))
        await load.answered(100)
    assert load.failed == 0, load
    assert fleet.now.paused is not None


async def test_a_pause_outlives_a_daemon_that_is_killed(paused):
    """What died before and what died meanwhile both wait; the next daemon touches neither."""
    fleet, mark = paused, paused.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("local-1")
        await fleet.happens(FailoverMoved, after=mark)
        await fleet.kill_daemon()
        fleet.kill("local-2")
        await load.answered(RATE)
        await fleet.launch()
        await load.answered(RATE)
        waiting = {name for name, node in fleet.now.nodes.items() if node.state is NodeState.BACKOFF}
        assert waiting == {"local-1", "local-2"}
        await fleet.command(Unpause())
        await fleet.calm()
        await load.answered(100)
    assert load.failed == 0, load


async def test_a_pause_ends_by_itself(fleet):
    """The alarm rings, and what waited is started in the same breath."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        await fleet.command(Pause(seconds=1.0))
        fleet.kill("local-3")
        await fleet.until(lambda now: now.paused is None)
        await fleet.calm()
        await load.answered(50)
    assert load.failed == 0, load
    assert life(fleet.since(mark), "local-3") == ["backoff", "starting", "serving"]


# -- freeze


async def test_a_frozen_node_is_replaced(fleet):
    """An honest hang: found out, taken out, killed, started again; the exit is the operator's. 0 GETs are lost."""
    mark, before, charged = fleet.seq, fleet.pids(), fleet.now.nodes["local-2"].exits
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        await fleet.command(Freeze(nodes=("local-2",)))
        assert fleet.now.nodes["local-2"].serviceable
        await load.answered(100)
    assert load.failed == 0, load
    await fleet.calm()
    assert life(fleet.since(mark), "local-2") == ["starting", "serving"]
    assert fleet.now.nodes["local-2"].exits == charged
    assert len(fleet.since(mark, FailoverBegan)) == 1
    (ended,) = fleet.since(mark, FailoverEnded)
    assert ended.back_ms is not None
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == {"local-2"}


async def test_a_frozen_node_in_a_pause_stays_frozen_until_it_is_thawed(paused):
    """Out of rotation, neither killed nor replaced; thawed, it gets traffic when it is well. 0 GETs are lost."""
    fleet, mark, before = paused, paused.seq, paused.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        await fleet.command(Freeze(nodes=("local-2",)))
        assert stopped(before["local-2"])
        assert fleet.now.nodes["local-2"].health is Health.UNHEALTHY
        await load.answered(RATE)
        asked = load.nodes["local-2"]
        await load.answered(RATE)
        assert load.nodes["local-2"] == asked
        await fleet.command(Thaw(nodes=("local-2",)))
        assert fleet.now.nodes["local-2"].serviceable
        await load.answered(RATE)
        assert load.nodes["local-2"] > asked
    assert load.failed == 0, load
    assert fleet.pids() == before
    assert life(fleet.since(mark), "local-2") == []


async def test_a_frozen_edge_is_replaced(fleet):
    """Its private socket goes silent, it is killed and started again; what was on its connections is sent again."""
    mark, before = fleet.seq, fleet.pids()
    await fleet.command(Freeze(nodes=("edge-1",)))
    await fleet.calm()
    assert life(fleet.since(mark), "edge-1") == ["starting", "serving"]
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == {"edge-1"}
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
    assert load.failed == 0, load


# -- another daemon


async def test_the_daemon_is_replaced_under_load(fleet):
    """0 GETs are lost, everything is adopted, nobody restarted; how long nobody supervised is said."""
    mark, before, old = fleet.seq, fleet.pids(), fleet.daemon
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        said = await fleet.replace_daemon()
        await load.answered(100)
    assert load.failed == 0, load
    assert fleet.daemon != old
    assert fleet.pids() == before
    assert {event.node: event.pid for event in fleet.since(mark, NodeAdopted)} == before
    assert fleet.since(mark, NodeChanged, OrphanEnded) == []
    (started,) = fleet.since(mark, DaemonStarted)
    assert started.gap is not None
    assert f"in charge (pid {fleet.daemon}, was {old}), unsupervised for {started.gap * 1000:.0f} ms" in said


async def test_a_rolling_restart_goes_on_under_the_next_daemon(fleet):
    """Begun by one daemon, held up half-way by a node that a pause keeps down, finished by another: each node once, the
    operation ends once, done. 0 GETs are lost."""
    mark, before = fleet.seq, fleet.pids()

    def half_way(event: OperationMoved) -> bool:
        return sum(target.phase is Phase.DONE for target in event.operation.targets) == 1

    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        operation = await fleet.command(Restart(nodes=tuple(sorted(GATEWAYS))), wait=False)
        await fleet.happens(OperationMoved, half_way, after=mark)
        await fleet.command(Pause())
        fleet.kill("local-4")
        await fleet.happens(FailoverMoved, after=mark)
        await fleet.replace_daemon()
        assert operation in fleet.now.operations
        await fleet.command(Unpause())
        ended = (await fleet.ended(operation)).event
        await load.answered(100)
    assert load.failed == 0, load
    assert ended.outcome is Outcome.DONE
    await fleet.calm()
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == GATEWAYS
    began = Counter(event.operation.id for event in fleet.since(mark, OperationBegan))
    assert Counter(event.id for event in fleet.since(mark, OperationEnded)) == began
    once = ["draining", "stopping", "stopped", "starting", "serving"]
    for name in GATEWAYS - {"local-4"}:
        assert life(fleet.since(mark), name) == once
    assert life(fleet.since(mark), "local-4") == ["backoff", "starting", "serving", *once]


async def test_a_daemon_that_hangs_is_replaced_too(fleet):
    """It answers nobody and does not heed SIGTERM: it is killed after a while, and that is said."""
    before, old = fleet.pids(), fleet.daemon
    os.kill(old, signal.SIGSTOP)
    said = await fleet.replace_daemon()
    assert "had not exited after 10 s and was killed" in said
    assert fleet.daemon != old
    assert fleet.pids() == before

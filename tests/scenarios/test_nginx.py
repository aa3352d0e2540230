"""Debian's nginx as a gateway, under load: killed, restarted, drained, weighed, frozen, and started wrongly."""

import os
import signal
from pathlib import Path

import pytest
import pytest_asyncio
from support.fleet import TIRELESS, Region, RunningFleet, life
from support.load import open_loop
from support.nginx import FILES, MISSING, NGINX, gateway

from hactl.core.commands import Drain, Restart, Resume, SetWeight
from hactl.core.events import FailoverBegan, FailoverEnded, NodeChanged, TrafficRejected
from hactl.core.node import NodeState, ReasonCode
from hactl.supervisor import procfs
from hactl.supervisor.listening import is_free

pytestmark = [
    pytest.mark.envoy,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(NGINX is None, reason=MISSING),
]

RATE = 300
NODES = ("local-1", "local-2", "local-3")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Three nodes that are nginx."""
    shape = {"regions": (Region(nodes=3),), "routes": "", "extra": gateway() + TIRELESS, "files": FILES}
    async with RunningFleet(**shape) as running:
        yield running


def workers(master: int) -> list[int]:
    """The processes that an nginx master has started."""
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


async def test_each_node_is_named_in_its_answers(fleet):
    """nginx knows nothing of that: the edges add the header."""
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(150)
    assert load.failed == 0, load
    assert load.nodes.keys() == set(NODES)


async def test_a_killed_master_takes_its_workers_along(fleet):
    """kill -9 of a master: no GET is lost, its workers do not keep the port, and it comes back on the same one."""
    mark, before = fleet.seq, dict(fleet.now.nodes)
    left = workers(fleet.pid("local-2"))
    assert len(left) == 2
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("local-2")
        await fleet.happens(FailoverEnded)
        await load.answered(150)
    assert load.failed == 0, load
    await fleet.calm()
    assert life(fleet.since(mark), "local-2") == ["starting", "serving"]
    assert fleet.now.nodes["local-2"].port == before["local-2"].port
    for pid in left:
        stat = procfs.read_stat(pid)
        assert stat is None or stat.state == "Z"


async def test_a_killed_worker_is_nginxs_own_affair(fleet):
    """The master replaces it: the node stays, and clients lose nothing that can be asked again."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        os.kill(workers(fleet.pid("local-1"))[0], signal.SIGKILL)
        await load.answered(150)
    assert load.failed == 0, load
    assert life(fleet.since(mark), "local-1") == []


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_a_rolling_restart_with_its_own_stop_signal(fleet, keep_alive):
    """QUIT lets nginx finish: every node is replaced, one at a time, and no request is lost."""
    mark, before = fleet.seq, fleet.pids()
    async with open_loop(fleet.port, rate=RATE, keep_alive=keep_alive) as load:
        await load.answered(100)
        await fleet.command(Restart(nodes=NODES))
        await load.answered(100)
    assert load.failed == 0, load
    await fleet.calm()
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == set(NODES)
    for name in NODES:
        assert life(fleet.since(mark), name) == ["draining", "stopping", "stopped", "starting", "serving"]
    assert [event for event in fleet.since(mark, NodeChanged) if "ignored" in event.why] == []
    assert fleet.since(mark, FailoverBegan) == []


async def test_drain_and_resume(fleet):
    """A drained node gets nothing more, stays up as the same process, and comes back."""
    pids = fleet.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        await fleet.command(Drain(nodes=("local-1",)))
        asked = load.nodes["local-1"]
        await load.answered(150)
        assert load.nodes["local-1"] == asked
        await fleet.command(Resume(nodes=("local-1",)))
        await load.answered(150)
        assert load.nodes["local-1"] > asked
    assert load.failed == 0, load
    assert fleet.pids() == pids


async def test_weights(fleet):
    """A node of weight 0 gets nothing; of nine times the weight, most."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await fleet.command(SetWeight(nodes=("local-1",), weight=0))
        await fleet.command(SetWeight(nodes=("local-2",), weight=900))
        await load.answered(50)
        before = dict(load.nodes)
        await load.answered(300)
        assert load.nodes["local-1"] == before.get("local-1", 0)
        assert load.nodes["local-2"] - before["local-2"] > 2 * (load.nodes["local-3"] - before["local-3"])
        await fleet.command(SetWeight(nodes=NODES, weight=100))
    assert load.failed == 0, load
    assert fleet.since(mark, TrafficRejected) == []


async def test_a_frozen_master_is_replaced(fleet):
    """Stopped (state T), it could not replace a worker any more: it is killed, with its workers, and started again."""
    mark = fleet.seq
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        os.kill(fleet.pid("local-3"), signal.SIGSTOP)
        ended = await fleet.happens(FailoverEnded, after=mark)
        await load.answered(100)
    assert ended.event.node == "local-3"
    assert load.failed == 0, load
    await fleet.calm()


async def test_a_daemon_that_died_finds_them_again(fleet):
    """nginx writes over its environment: it is known all the same, by pid and time, and none is started twice."""
    before = fleet.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        await fleet.kill_daemon()
        await load.answered(50)
        await fleet.launch()
        await fleet.calm()
        await load.answered(50)
    assert load.failed == 0, load
    assert fleet.pids() == before


@pytest.mark.asyncio(loop_scope="function")
async def test_nginx_that_makes_a_daemon_of_itself():
    """It is told what to write, it ends as FAILED with that reason, and nothing of it holds the port."""
    own = (
        gateway(foreground=False)
        + '[restart]\nbase = "10ms"\nmax = "50ms"\nbudget = { restarts = 2, window = "60s" }\n'
    )
    async with RunningFleet(regions=(Region(nodes=1),), routes="", extra=own, files=FILES, settled=False) as fleet:
        failed = await fleet.happens(NodeChanged, lambda event: event.node.state is NodeState.FAILED, after=0)
        node = failed.event.node
        assert node.reason.code is ReasonCode.CRASH_LOOP
        assert "exited with code 0 but left process " in node.reason.text
        assert (
            "(nginx) listening on its port: run it in the foreground, for nginx add -g 'daemon off;'"
            in node.reason.text
        )
        assert len(node.exits) == 3
        ports = {event.node.port for event in fleet.since(0, NodeChanged) if event.node.name == "local-1"}
        assert ports == {node.port}
        assert is_free("127.0.0.1", node.port)
        assert [stray for stray in fleet.strays() if "nginx" in stray] == []

"""Processes that cannot start and services that do not answer: what is tried, what is said, who is left alone."""

import asyncio
import json
import socket
import sys
from pathlib import Path

import pytest
from support.command import Home
from support.fleet import APP, TIRELESS, Region, RunningFleet, life
from support.load import fetch, open_loop
from support.ports import free_port

from hactl.core.commands import Start, Stop
from hactl.core.events import NodeChanged, TrafficShifted
from hactl.core.node import NodeState, ReasonCode
from hactl.core.talk import Measured

pytestmark = pytest.mark.envoy

RATE = 300
DEAD = (
    '[[service]]\nname = "dead"\nendpoints = ["127.0.0.1:{dead}"]\n\n[[route]]\nprefix = "/dead"\nservice = "dead"\n\n'
)


async def test_a_node_whose_port_is_taken_moves_to_another():
    """While a node is down somebody else takes its port: it comes back on a free one and gets its share again."""
    async with RunningFleet(regions=(Region(nodes=2),), extra=TIRELESS) as fleet:
        await fleet.command(Stop(nodes=("local-1",)))
        mark, port = fleet.seq, fleet.now.nodes["local-1"].port
        with socket.create_server(("127.0.0.1", port)):
            await fleet.command(Start(nodes=("local-1",)))
            node = (await fleet.calm()).nodes["local-1"]
            async with open_loop(fleet.port, rate=RATE) as load:
                await load.answered(100)
        assert node.port != port
        assert load.failed == 0, load
        assert load.nodes["local-1"]
        refused = next(event.node for event in fleet.since(mark, NodeChanged) if event.node.state is NodeState.BACKOFF)
        assert refused.reason.code is ReasonCode.START_FAILED
        assert str(port) in refused.reason.text
        assert life(fleet.since(mark), "local-1") == ["starting", "backoff", "starting", "serving"]


async def test_a_program_of_ones_own_is_stopped_without_a_lost_request():
    """A gateway that cannot say what it is doing: the edges count for it, and it is stopped when nothing is open."""
    argv = [sys.executable, "-m", "hactl.processes.upstream", "--port", "{port}"]
    own = f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n'
    async with RunningFleet(regions=(Region(nodes=2),), routes="", extra=own) as fleet, asyncio.TaskGroup() as tasks:
        mark = fleet.seq
        slow = [tasks.create_task(fetch(fleet.port, "/slow?ms=2500", method="POST", body=b"x")) for _ in range(8)]
        await fleet.measured(lambda update: all(in_flight(update, name) for name in ("local-1", "local-2")))
        await fleet.command(Stop(nodes=("local-1",)))
        answers = [await answer for answer in slow]
        assert [status for status, _, _ in answers] == [200] * len(slow)
        assert {headers["x-hactl-node"] for _, headers, _ in answers} == {"local-1", "local-2"}
        assert life(fleet.since(mark), "local-1") == ["draining", "stopping", "stopped"]


async def test_a_dead_service_takes_nobody_else_with_it():
    """Nothing listens behind one route: its requests fail, all others are answered, no node leaves the rotation."""
    routes = DEAD.replace("{dead}", str(free_port())) + APP
    async with RunningFleet(routes=routes) as fleet:
        mark = fleet.seq
        async with open_loop(fleet.port, rate=RATE, path="/alive") as load:
            await load.answered(50)
            async with open_loop(fleet.port, rate=50, path="/dead") as dead:
                await dead.answered(100)
                early = dict(load.nodes)
                await load.answered(100)
        assert (dead.ok, set(dead.statuses)) == (0, {503}), dead
        assert load.failed == 0, load
        assert all(load.nodes[f"local-{number}"] > early.get(f"local-{number}", 0) for number in range(1, 5))
        assert fleet.since(mark, NodeChanged, TrafficShifted) == []
        for edge in ("edge-1", "edge-2"):
            assert await ejected(fleet.paths.node_sockets(edge) / "admin.sock") == 0


def test_a_missing_binary_is_said_in_one_line():
    """`hactl up` fails with the name of the program that is not there; `hactl down` leaves nothing behind."""
    with Home() as home:
        home.configure()
        done = home.run("up", HACTL_ENVOY="/nonexistent/envoy")
        assert done.returncode == 1, done
        error, *hints = done.stderr.strip().splitlines()
        assert "no envoy binary at '/nonexistent/envoy'" in error
        assert "Traceback" not in done.stderr
        assert len(hints) <= 1, hints
        home.run("down")
        assert home.strays() == []


def in_flight(update: Measured, name: str) -> int:
    """Requests a node is working on, as the edges count them."""
    return sum(sample.active or 0 for sample in update.samples if sample.node == name)


async def ejected(admin: Path) -> int:
    """How many nodes an edge has ejected by itself, now."""
    reader, writer = await asyncio.open_unix_connection(admin)
    try:
        writer.write(
            b"GET /stats?filter=outlier_detection.ejections_active HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        said = (await reader.read()).decode()
    finally:
        writer.close()
    (line,) = [line for line in said.splitlines() if line.startswith("cluster.gw.")]
    return int(line.rpartition(" ")[2])

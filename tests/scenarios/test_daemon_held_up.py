"""The daemon is stopped and goes on: nobody is blamed for what it did not see in time."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from support.fleet import APP, TIRELESS, Region, RunningFleet, life
from support.load import open_loop

from hactl.core.events import FailoverBegan, NodeChanged, TrafficShifted
from hactl.core.node import NodeState, ReasonCode

pytestmark = pytest.mark.envoy

RATE = 100
SECONDS = 3
PROGRAM = Path(__file__).parents[1] / "support" / "gateway_program.py"


def program(*more: str) -> str:
    """Nodes that are a program, given two seconds to get ready."""
    argv = json.dumps([sys.executable, str(PROGRAM), "{port}", *more])
    return f'[gateway]\nkind = "command"\ncommand = {argv}\nstart_timeout = "2s"\n[health]\npath = "/healthz"\n'


@pytest.mark.parametrize(("routes", "extra"), [(APP, ""), ("", program())], ids=["envoy", "command"])
async def test_nobody_is_blamed_for_the_time_in_which_the_daemon_was_stopped(routes, extra):
    """Every probe was under way or overdue; when it goes on, nothing has happened, and nothing failed meanwhile."""
    async with RunningFleet(routes=routes, extra=extra + TIRELESS) as fleet:
        mark, pids = fleet.seq, fleet.pids()
        async with open_loop(fleet.port, rate=RATE) as load:
            os.kill(fleet.daemon, signal.SIGSTOP)
            await load.answered(SECONDS * RATE)
            os.kill(fleet.daemon, signal.SIGCONT)
            await load.answered(2 * RATE)
        await fleet.follow()
        assert fleet.since(mark, NodeChanged, FailoverBegan, TrafficShifted) == []
        assert fleet.pids() == pids
        assert load.failed == 0, load


async def test_a_node_that_got_ready_while_the_daemon_was_stopped_is_not_killed_for_its_deadline():
    """It had two seconds and took one; nobody asked it in the second one. It serves with its first launch."""
    async with RunningFleet(
        regions=(Region(nodes=2),), routes="", extra=program("--ready-after", "1") + TIRELESS
    ) as fleet:
        mark = fleet.seq
        async with open_loop(fleet.port, rate=RATE) as load:
            fleet.kill("local-1")
            await fleet.happens(NodeChanged, started, after=mark)
            os.kill(fleet.daemon, signal.SIGSTOP)
            await load.answered(SECONDS * RATE)
            os.kill(fleet.daemon, signal.SIGCONT)
            await fleet.happens(NodeChanged, lambda event: event.node.state is NodeState.SERVING, after=mark)
        assert life(fleet.since(mark), "local-1") == ["starting", "serving"]
        assert load.failed == 0, load


async def test_a_node_that_died_or_was_stopped_meanwhile_is_found_at_once():
    """What really happened is not forgiven: the dead one comes back, the stopped one is killed and comes back."""
    async with RunningFleet(extra=TIRELESS) as fleet:
        mark, pids = fleet.seq, fleet.pids()
        async with open_loop(fleet.port, rate=RATE) as load:
            os.kill(fleet.daemon, signal.SIGSTOP)
            await load.answered(RATE)
            fleet.kill("local-1")
            os.kill(pids["local-2"], signal.SIGSTOP)
            await load.answered(SECONDS * RATE)
            os.kill(fleet.daemon, signal.SIGCONT)
            await fleet.happens(NodeChanged, hung, after=mark)
            await fleet.calm()
        changed = {event.node.name for event in fleet.since(mark, NodeChanged)}
        assert changed == {"local-1", "local-2"}
        assert load.failed == 0, load


def started(event: NodeChanged) -> bool:
    """It has a process again."""
    return event.node.state is NodeState.STARTING and event.node.launch is not None


def hung(event: NodeChanged) -> bool:
    """It has been found hanging."""
    return event.node.reason is not None and event.node.reason.code is ReasonCode.HUNG

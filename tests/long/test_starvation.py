"""More work than processors: nobody who is well is taken out or killed for that, and whoever hangs is found too.

HACTL_LONG=short the setting of every build.
"""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from support.burners import burners, comes_last
from support.fleet import APP, TIRELESS, Region, RunningFleet, life
from support.load import open_loop
from support.long import SHORT

from hactl.core.events import FailoverBegan, NodeChanged, TrafficShifted
from hactl.core.node import ReasonCode

pytestmark = [pytest.mark.envoy, pytest.mark.alone]

SECONDS = 6.0 if SHORT else 20.0
RATE = 60
FOUR = (Region(nodes=4),)
PROGRAM = Path(__file__).parents[1] / "support" / "gateway_program.py"
COMMAND = [sys.executable, str(PROGRAM), "{port}", "--mute", "{dir}/mute"]
OWN = f'[gateway]\nkind = "command"\ncommand = {json.dumps(COMMAND)}\n[health]\npath = "/healthz"\nhang_grace = "1s"\n'
KINDS = {"envoy": (APP, TIRELESS), "command": ("", OWN + TIRELESS)}
CHANGES = (NodeChanged, FailoverBegan, TrafficShifted)


def a_fleet(kind: str) -> RunningFleet:
    """Four nodes of a kind behind two edges."""
    routes, extra = KINDS[kind]
    return RunningFleet(regions=FOUR, routes=routes, extra=extra)


@pytest.mark.parametrize("kind", ["envoy"] if SHORT else KINDS)
@pytest.mark.parametrize("starving", ["the daemon"] if SHORT else ["the daemon", "nobody more than others"])
async def test_burnt_cores_cost_no_node_and_no_request(kind, starving):
    """Everybody waits for his turn, and nothing happens: no node or edge changes, no traffic moves, nothing fails."""
    async with a_fleet(kind) as fleet:
        mark, pids = fleet.seq, fleet.pids()
        if starving == "the daemon":
            comes_last([fleet.daemon])
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(RATE)
            async with burners(seconds=SECONDS) as burning:
                await burning.over()
            await load.answered(RATE)
        await fleet.follow()
        assert fleet.since(mark, *CHANGES) == []
        assert fleet.pids() == pids
        assert load.failed == 0, load


@pytest.mark.parametrize("starving", ["local"] if SHORT else ["local", "edge"])
async def test_those_who_get_no_processor_at_all_are_not_killed_for_it(starving):
    """They hardly answer, and their successors would not either: what is served is little, and nobody makes it less."""
    async with a_fleet("envoy") as fleet:
        mark, pids = fleet.seq, fleet.pids()
        comes_last(pid for name, pid in pids.items() if name.startswith(starving))
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(RATE)
            async with burners(seconds=SECONDS) as burning:
                await burning.over()
        await fleet.follow()
        assert fleet.since(mark, *CHANGES) == []
        assert fleet.pids() == pids


@pytest.mark.parametrize(
    ("kind", "how"), [("envoy", "frozen"), ("command", "mute"), ("command", "frozen")][: 1 if SHORT else 3]
)
async def test_who_hangs_while_the_cores_burn_is_found_and_replaced(kind, how):
    """A node that is stopped, or answers nothing, is killed and comes back; nobody else changes and nothing is lost."""
    async with a_fleet(kind) as fleet:
        mark, pids = fleet.seq, fleet.pids()
        async with open_loop(fleet.port, rate=RATE) as load, burners(seconds=SECONDS) as burning:
            await load.answered(RATE)
            if how == "frozen":
                os.kill(pids["local-1"], signal.SIGSTOP)
            else:
                (fleet.paths.node("local-1") / "mute").write_text("")
            found = await fleet.happens(NodeChanged, lambda event: is_hung(event, "local-1"), after=mark, patience=60)
            (fleet.paths.node("local-1") / "mute").unlink(missing_ok=True)
            await burning.over()
            await fleet.calm()
            await load.answered(RATE)
        assert load.failed == 0, load
        assert life(fleet.since(found.seq), "local-1") == ["starting", "serving"]
        assert {event.node.name for event in fleet.since(mark, NodeChanged)} == {"local-1"}
        assert {name for name, pid in fleet.pids().items() if pid != pids[name]} == {"local-1"}


def is_hung(event: NodeChanged, name: str) -> bool:
    """That node has been found hanging."""
    reason = event.node.reason
    return event.node.name == name and reason is not None and reason.code is ReasonCode.HUNG

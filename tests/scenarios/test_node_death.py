"""Gateway nodes die under load, killed from outside: what clients notice, what the fleet does, and in which order."""

import asyncio

import pytest
import pytest_asyncio
from support.fleet import Region, RunningFleet, kinds, life
from support.load import fetch, open_loop

from hactl.core.events import FailoverBegan, FailoverEnded, FailoverMoved, TrafficShifted
from hactl.core.model import ReasonCode

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 300
TIRELESS = '[restart]\nbase = "10ms"\nmax = "50ms"\nbudget = { restarts = 100, window = "60s" }\n'
"""The same few nodes die again and again here, and that is not what these stories are about."""
FAILOVER = (FailoverBegan, FailoverMoved, FailoverEnded)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Four nodes in one region."""
    async with RunningFleet(extra=TIRELESS) as running:
        yield running


async def test_one_of_four(fleet):
    """No GET is lost; the node is missed once, its traffic moved before its capacity is back, and it is a new process."""
    mark, before = fleet.seq, fleet.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        fleet.kill("local-2")
        await fleet.happens(FailoverEnded)
        await load.answered(100)
    assert load.failed == 0, load
    after = (await fleet.calm()).nodes
    events = fleet.since(mark)
    assert kinds(events, *FAILOVER) == ["FailoverBegan", "FailoverMoved", "FailoverEnded"]
    assert life(events, "local-2") == ["starting", "serving"]
    without, again = fleet.since(mark, TrafficShifted)
    assert {endpoint.node for endpoint in without.plan.endpoints} == {"local-1", "local-3", "local-4"}
    assert {endpoint.node for endpoint in again.plan.endpoints} == before.keys() - {"edge-1", "edge-2"}
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == {"local-2"}
    assert after["local-2"].restarts == 1

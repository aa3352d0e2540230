"""Hops that a drill disturbs, as clients see it: nobody pays for the leading, and nothing is left whoever dies.

A client of the test's own measures; what hactl says of the fault is only ever compared with that.
"""

import os
import signal
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from support.drills import on_loan
from support.fleet import TIRELESS, Region, RunningFleet
from support.load import open_loop
from support.processes import gone

from hactl.core.commands import BeginDrill, KeepDrill
from hactl.core.drills import in_progress
from hactl.core.errors import CommandRejected
from hactl.core.hop import Disturbance, HopFault, HopPhase, Way, to_service
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.operation import Outcome

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

FAR = ("tokyo-1", "tokyo-2")
"""The region that is cut off."""
APP = to_service("app")
CUT = HopFault(what=Disturbance.HOLD)
REFUSED = HopFault(what=Disturbance.REFUSE)
HARMLESS = HopFault(what=Disturbance.LATE, lag=0.001)
RATE = 200
ECHO = "/-/echo"
"""What nodes answer themselves; a try of it that gets no answer is made again elsewhere."""
TERM = 2.0
"""Seconds; of drills whose runner falls silent."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Two regions that share the traffic. A region that answers badly keeps it: that is another story."""
    regions = (Region(name="seoul", nodes=2), Region(name="tokyo", nodes=2))
    async with RunningFleet(regions=regions, extra=TIRELESS + "[region_failover]\nbrownout = false\n") as running:
        yield running


@asynccontextmanager
async def drilling(fleet: RunningFleet, lease: float = 60.0):
    """A drill on tokyo and on the service; ended, and waited for, when the block is left, and nothing of it is left."""
    lent = BeginDrill(name="hops", nodes=FAR, services=("app",), lease=lease, longest=120.0)
    async with on_loan(fleet, lent) as drill:
        yield drill
    await undisturbed(fleet)


def proxy(fleet: RunningFleet) -> int:
    """The pid of the process that stands in the hops."""
    (pid,) = {hop.proxy.pid for hop in fleet.now.hops.values() if hop.proxy is not None}
    return pid


async def undisturbed(fleet: RunningFleet) -> None:
    """No hop is disturbed, no process left, edges call the nodes' own ports, and both regions answer everything.

    The edges' checks give a region its share back; on a busy machine that takes a while, and costs nobody an answer.
    """
    assert fleet.now.hops == {}
    own = {node.port for node in fleet.now.gateways}
    assert {endpoint.port for endpoint in fleet.now.plan.endpoints} == own
    for path in (ECHO, "/"):
        async with open_loop(fleet.port, rate=RATE, path=path) as load:
            await load.answered(100)
            await load.until(lambda load: {name.partition("-")[0] for name in load.nodes} == {"seoul", "tokyo"})
        assert load.failed == 0, load


async def test_nobody_pays_for_being_led_through_a_proxy_and_past_it_again(fleet):
    """Not one request of those that come while edges and nodes are told, twice, and a hop is a millisecond longer."""
    for path in ("/", ECHO):
        async with open_loop(fleet.port, rate=RATE, path=path) as load:
            async with drilling(fleet):
                await fleet.command(BreakHop(nodes=FAR, services=("app",), fault=HARMLESS))
                assert {hop.phase for hop in fleet.now.hops.values()} == {HopPhase.EFFECTIVE}
                await load.answered(200)
            await load.answered(50)
        assert load.failed == 0, load


@pytest.mark.parametrize("way", [Way.BOTH, Way.FROM])
async def test_a_region_that_is_cut_off_is_left_out_and_hardly_a_client_notices(fleet, way):
    """Whichever way nothing arrives: the edges find out by their own checks, and what was on its way is asked again,
    most of it in the other region. The daemon still reaches the nodes, and leaves them alone."""
    before = fleet.pids()
    async with drilling(fleet), open_loop(fleet.port, rate=RATE, path=ECHO) as load:
        await load.answered(50)
        await fleet.command(BreakHop(nodes=FAR, fault=HopFault(what=Disturbance.HOLD, way=way)))
        await load.answered(500)
        mark = len(load.answers)
        await load.answered(100)
        late = {answer.node.partition("-")[0] for answer in load.answers[mark:]}
        assert late == {"seoul"}
        assert all(node.serviceable for node in fleet.now.gateways)
    assert load.failed <= 0.02 * load.sent, load  # a try that met the cut twice
    assert fleet.pids() == before


async def test_a_service_that_is_down_takes_nobody_with_it(fleet):
    """Whoever asks for it is told at once; what nodes answer themselves they answer; nobody is taken for dead; and it
    is used again when it is back."""
    async with drilling(fleet):
        await fleet.command(BreakHop(services=("app",), fault=REFUSED))
        async with (
            open_loop(fleet.port, rate=RATE) as asking,
            open_loop(fleet.port, rate=RATE, path=ECHO) as echoing,
        ):
            await asking.answered(300)
            await echoing.answered(100)
        assert set(asking.statuses) == {503}, asking
        assert asking.percentile(0.1) < 0.3, "nothing times out first, though a busy machine may be late for most"
        assert echoing.failed == 0, echoing
        assert all(node.serviceable for node in fleet.now.gateways)
        await fleet.command(MendHop(services=("app",)))
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(100)
        assert load.failed == 0, load
        await fleet.command(BreakHop(services=("app",), fault=REFUSED))
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(100)
        assert set(load.statuses) == {503}, "nobody goes around it on a connection kept from before"


async def test_whoever_is_started_meanwhile_goes_through_the_proxy_as_well(fleet):
    """Otherwise the new process would reach a service that is down for all others."""
    async with drilling(fleet):
        await fleet.command(BreakHop(services=("app",), fault=REFUSED))
        dead = fleet.now.nodes["seoul-1"].launch
        fleet.kill("seoul-1")
        back = lambda now: now.nodes["seoul-1"].launch != dead and now.nodes["seoul-1"].serviceable  # noqa: E731
        await fleet.until(back)
        instance = fleet.now.nodes["seoul-1"].launch.instance
        await fleet.until(lambda now: instance in now.hops[APP].led)
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(200)
        assert set(load.statuses) == {503}, load


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_a_proxy_that_dies_or_hangs_is_no_hole_for_good(fleet, end):
    """Edges and nodes are led past where it stood, within seconds, while the drill goes on."""
    async with drilling(fleet):
        await fleet.command(BreakHop(nodes=FAR, services=("app",), fault=HARMLESS))
        pid = proxy(fleet)
        os.kill(pid, end)
        await fleet.until(lambda now: not now.hops)
        await gone(pid)
        assert in_progress(fleet.now) is not None
        await undisturbed(fleet)


async def test_the_daemon_is_killed_in_between(fleet):
    """The proxy ends with it; the next daemon leads everybody past where it stood, and restarts nobody for that."""
    before = fleet.pids()
    async with drilling(fleet, lease=30.0) as drill:
        await fleet.command(BreakHop(nodes=FAR, services=("app",), fault=CUT))
        pid = proxy(fleet)
        await fleet.kill_daemon()
        await gone(pid)
        await fleet.launch()
        await fleet.client.submit(KeepDrill(id=drill), by="test")
        await fleet.until(lambda now: not now.hops)
    assert fleet.pids() == before


async def test_a_runner_that_falls_silent_leaves_nothing(fleet):
    lent = BeginDrill(name="hops", nodes=FAR, services=("app",), lease=TERM, longest=60.0)
    drill = await fleet.command(lent, wait=False)
    await fleet.command(BreakHop(nodes=FAR, services=("app",), fault=CUT))
    pid = proxy(fleet)
    over = await fleet.ended(drill)
    assert over.event.outcome is Outcome.ROLLED_BACK, over
    await gone(pid)
    await fleet.calm()
    await undisturbed(fleet)


async def test_without_a_drill_no_hop_is_disturbed(fleet):
    with pytest.raises(CommandRejected, match="no drill in progress"):
        await fleet.client.submit(BreakHop(nodes=FAR, fault=CUT), by="test")

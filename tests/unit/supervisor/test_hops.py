"""Whoever works the proxy tells what stands in the fleet, delivers what was read back, notices silence and death."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from hactl.core.errors import HactlError
from hactl.core.hop import Disturbance, Hop, HopCount, HopFault, HopOrder, HopPhase, HopReading, HopReadings
from hactl.core.hop_observations import HopsLost, HopsRead
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.observations import Observation
from hactl.supervisor.hops import HopKeeper

PATIENCE = 10.0
CUT = HopFault(what=Disturbance.HOLD)
NODE = Node(name="seoul-1", role=Role.GATEWAY, region="seoul", port=20_001)


class FakeProxy:
    """A process that only sleeps; what it says of itself is what it was told."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.told: list[tuple[HopOrder, ...]] = []
        self.silent = ""
        """Why it does not answer; "" when it does."""
        self.wrong: dict[str, str] = {}
        """Why it does not do as it is told, by hop."""
        self.leaving = 0
        self.closed = asyncio.Event()
        self.over = asyncio.Event()
        self.news = asyncio.Condition()

    async def heard(self, enough: Callable[[], bool]) -> None:
        async with self.news, asyncio.timeout(PATIENCE):
            await self.news.wait_for(enough)

    async def tell(self, orders: tuple[HopOrder, ...]) -> tuple[int, HopReadings]:
        if self.silent:
            raise HactlError(self.silent)
        async with self.news:
            self.told.append(orders)
            self.news.notify_all()
        if self.wrong:
            return self.process.pid, HopReadings(hops=(), wrong=self.wrong)
        hops = tuple(HopReading(name=one.name, ports=(5,), fault=one.fault, seen=HopCount()) for one in orders)
        return self.process.pid, HopReadings(hops=hops, leaving=self.leaving)

    async def ended(self) -> int:
        await self.over.wait()
        return -signal.SIGKILL

    async def close(self) -> None:
        self.closed.set()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(("sleep", "60")) as process:
        yield process
        process.kill()


class Watch:
    """A keeper at work, and what it has delivered."""

    def __init__(self, proxy: FakeProxy) -> None:
        self.proxy = proxy
        self.fleet = Fleet(nodes={NODE.name: NODE})
        self.saw: asyncio.Queue[Observation] = asyncio.Queue()
        self.keeper = HopKeeper(
            proxy,
            look=lambda: self.fleet,
            deliver=self.saw.put_nowait,
            places=lambda service, count: (f"/{service}",) * count,
            heartbeat=0.02,
        )

    def disturb(self, phase: HopPhase) -> None:
        hop = Hop(name=NODE.name, fault=CUT, by="drill x", order="op-1", phase=phase)
        self.fleet = Fleet(nodes=self.fleet.nodes, hops={hop.name: hop})
        self.keeper.tell()

    async def next(self) -> Observation:
        return await asyncio.wait_for(self.saw.get(), PATIENCE)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["Watch"]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.keeper.run())
            yield self
            task.cancel()


async def test_what_stands_in_the_fleet_is_told_and_what_is_so_delivered(sleeper: subprocess.Popen[bytes]) -> None:
    """With the identity of the process that said so."""
    async with Watch(FakeProxy(sleeper)).at_work() as watch:
        watch.disturb(HopPhase.PLACING)
        first = await watch.next()
        watch.disturb(HopPhase.ORDERED)
        second = await watch.next()
    assert isinstance(first, HopsRead)
    assert isinstance(second, HopsRead)
    assert first.proxy == second.proxy
    assert first.proxy.pid == sleeper.pid
    assert [hop.fault for hop in (*first.hops, *second.hops)] == [None, CUT]
    assert watch.proxy.told[0][0].targets == ((NODE.address, NODE.port),)
    assert watch.proxy.closed.is_set(), "it does not outlive the one who held it"


async def test_between_news_it_is_looked_at_and_nothing_delivered(sleeper: subprocess.Popen[bytes]) -> None:
    async with Watch(FakeProxy(sleeper)).at_work() as watch:
        watch.disturb(HopPhase.EFFECTIVE)
        await watch.next()
        await watch.proxy.heard(lambda: len(watch.proxy.told) >= 3)
        assert watch.saw.empty()


@pytest.mark.parametrize("phase", [HopPhase.PLACING, HopPhase.ORDERED, HopPhase.LIFTING])
async def test_what_could_not_be_done_at_first_is_delivered_when_it_is(
    phase: HopPhase, sleeper: subprocess.Popen[bytes]
) -> None:
    """A proxy that had no descriptor left when it was told: it is told again, and nothing else makes news of that."""
    proxy = FakeProxy(sleeper)
    proxy.wrong = {"seoul-1": "too many open files"}
    async with Watch(proxy).at_work() as watch:
        watch.disturb(phase)
        first = await watch.next()
        assert isinstance(first, HopsRead)
        assert (first.hops, first.wrong) == ((), proxy.wrong)
        proxy.wrong = {}
        while not (isinstance(read := await watch.next(), HopsRead) and read.hops):
            pass
        assert [hop.name for hop in read.hops] == ["seoul-1"]


async def test_one_that_does_not_answer_or_has_ended_is_lost(sleeper: subprocess.Popen[bytes]) -> None:
    """Noticed without any news: callers would be black-holed for good."""
    for end in (lambda watch: watch.proxy.over.set(), lambda watch: setattr(watch.proxy, "silent", "it hangs")):
        async with Watch(FakeProxy(sleeper)).at_work() as watch:
            watch.disturb(HopPhase.ORDERED)
            read = await watch.next()
            end(watch)
            lost = await watch.next()
            assert isinstance(read, HopsRead)
            assert isinstance(lost, HopsLost)
            assert lost.proxy == read.proxy
            assert lost.why


async def test_one_that_cannot_be_started_is_told_with_the_reason(sleeper: subprocess.Popen[bytes]) -> None:
    proxy = FakeProxy(sleeper)
    proxy.silent = "no memory"
    async with Watch(proxy).at_work() as watch:
        watch.disturb(HopPhase.PLACING)
        assert await watch.next() == HopsLost(proxy=None, why="no memory")


async def test_it_ends_when_nothing_is_disturbed_and_nobody_is_on_the_way(sleeper: subprocess.Popen[bytes]) -> None:
    proxy = FakeProxy(sleeper)
    proxy.leaving = 1
    async with Watch(proxy).at_work() as watch:
        watch.disturb(HopPhase.ORDERED)
        await watch.next()
        watch.fleet = Fleet(nodes=watch.fleet.nodes)
        watch.keeper.tell()
        await proxy.heard(lambda: proxy.told[-1] == ())
        assert not proxy.closed.is_set()
        proxy.leaving = 0
        await asyncio.wait_for(proxy.closed.wait(), PATIENCE)
    os.kill(sleeper.pid, 0)

"""One place of a hop between real sockets: what passes, what waits, what is refused, and what is counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from support.polling import until

from hactl.core.hop import Disturbance, HopFault, Way
from hactl.engines.hop.flow import STORE
from hactl.engines.hop.relay import Relay

PATIENCE = 10.0
CUT = HopFault(what=Disturbance.HOLD)


class Target:
    """Sends everything back; remembers what came."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.connections = 0
        self.hung_up = asyncio.Event()
        self.over = 0
        self.news = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self.news:
            self.connections += 1
            self.news.notify_all()
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                async with self.news:
                    self.heard += data
                    self.news.notify_all()
                writer.write(data)
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self.hung_up.set()
        async with self.news:
            self.over += 1
            self.news.notify_all()

    async def hears(self, said: bytes) -> None:
        async with self.news, asyncio.timeout(PATIENCE):
            await self.news.wait_for(lambda: self.heard == said)

    async def called(self) -> None:
        """Somebody has connected."""
        async with self.news, asyncio.timeout(PATIENCE):
            await self.news.wait_for(lambda: self.connections > 0)

    async def left(self) -> None:
        """Nobody is connected any more."""
        async with self.news, asyncio.timeout(PATIENCE):
            await self.news.wait_for(lambda: self.over == self.connections)


class Caller:
    """One connection through the hop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def says(self, data: bytes) -> None:
        self.writer.write(data)

    async def hears(self, data: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            assert await self.reader.readexactly(len(data)) == data

    async def is_reset(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read(1) == b"?"
            except ConnectionResetError:
                return True

    async def hears_nothing(self, seconds: float = 0.1) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read(1) == b"?"
        except TimeoutError:
            return True


class Place(Relay):
    """A relay with those who have called it."""

    def __init__(self, listen: str, target: tuple[str, int]) -> None:
        super().__init__(listen, target)
        self.listen = listen
        self.callers: list[Caller] = []

    async def call(self) -> Caller:
        connecting = (
            asyncio.open_unix_connection(self.listen)
            if self.listen.startswith("/")
            else asyncio.open_connection("127.0.0.1", self.port)
        )
        self.callers.append(Caller(*await connecting))
        return self.callers[-1]


@asynccontextmanager
async def hop(listen: str = "127.0.0.1") -> AsyncIterator[tuple[Place, Target]]:
    """A target, and a relay that leads to it."""
    target = Target()
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    async with server:
        relay = Place(listen, ("127.0.0.1", server.sockets[0].getsockname()[1]))
        await relay.open()
        try:
            yield relay, target
        finally:
            await relay.close(0.0)
            for caller in relay.callers:
                caller.writer.close()
                with suppress(ConnectionError):
                    await caller.writer.wait_closed()
            await target.left()


async def test_it_lets_everything_pass_and_counts_it() -> None:
    async with hop() as (relay, _):
        caller = await relay.call()
        caller.says(b"hello")
        await caller.hears(b"hello")
    seen = relay.seen
    assert (seen.connections, seen.sent, seen.received, seen.held, seen.resets) == (1, 5, 5, 0, 0)


async def test_whoever_hangs_up_hangs_up_on_both_sides() -> None:
    async with hop() as (relay, target):
        caller = await relay.call()
        caller.says(b"bye")
        await caller.hears(b"bye")
        caller.writer.close()
        await asyncio.wait_for(target.hung_up.wait(), PATIENCE)


async def test_a_cut_hop_keeps_what_is_sent_and_delivers_it_once_it_is_mended() -> None:
    """In order, and nothing twice, as TCP does: connections that are open stay open."""
    async with hop() as (relay, target):
        caller = await relay.call()
        caller.says(b"1")
        await caller.hears(b"1")
        await relay.suffer(CUT)
        caller.says(b"2")
        caller.says(b"3")
        assert await caller.hears_nothing()
        assert target.heard == b"1"
        await relay.suffer(None)
        await caller.hears(b"23")
    assert relay.seen.held == 2
    assert relay.fault is None


async def test_who_comes_while_it_is_cut_is_accepted_and_gets_no_further() -> None:
    async with hop() as (relay, target):
        await relay.suffer(CUT)
        caller = await relay.call()
        caller.says(b"anybody?")
        assert await caller.hears_nothing()
        assert target.connections == 0
        await relay.suffer(None)
        await caller.hears(b"anybody?")


async def test_what_is_closed_while_it_is_cut_is_closed_later_on_the_other_side() -> None:
    """A target goes on working for somebody who has long given up: the price of a partition."""
    async with hop() as (relay, target):
        caller = await relay.call()
        caller.says(b"1")
        await caller.hears(b"1")
        await relay.suffer(CUT)
        caller.says(b"2")
        caller.writer.close()
        await caller.writer.wait_closed()
        assert not target.hung_up.is_set()
        await relay.suffer(None)
        await target.hears(b"12")
        await asyncio.wait_for(target.hung_up.wait(), PATIENCE)


@pytest.mark.parametrize(("way", "heard"), [(Way.TO, b""), (Way.FROM, b"lost?")])
async def test_one_way_is_cut_and_not_the_other(way: Way, heard: bytes) -> None:
    """Requests do not arrive; or they do, and are done, and the answers are what is missing."""
    async with hop() as (relay, target):
        await relay.suffer(HopFault(what=Disturbance.HOLD, way=way))
        caller = await relay.call()
        caller.says(b"lost?")
        assert await caller.hears_nothing()
        assert target.heard == heard
        await relay.suffer(None)
        await caller.hears(b"lost?")


async def test_a_refused_hop_refuses_new_connections_and_resets_the_others_and_keeps_its_port() -> None:
    async with hop() as (relay, _):
        port, caller = relay.port, await relay.call()
        caller.says(b"1")
        await caller.hears(b"1")
        await relay.suffer(HopFault(what=Disturbance.REFUSE))
        assert await caller.is_reset()
        with pytest.raises(ConnectionRefusedError):
            await relay.call()
        await relay.suffer(None)
        again = await relay.call()
        again.says(b"2")
        await again.hears(b"2")
        assert relay.port == port
    assert relay.seen.resets == 1


async def test_whoever_was_being_accepted_when_it_began_to_refuse_does_not_get_through() -> None:
    """One such connection, kept alive, would carry requests through an outage."""
    async with hop() as (relay, target):
        caller = await relay.call()  # the kernel has accepted it, the relay has not seen it yet
        await relay.suffer(HopFault(what=Disturbance.REFUSE))
        caller.says(b"?")
        assert await caller.is_reset()
        assert target.heard == b""


async def test_a_hop_that_resets_does_so_when_the_first_byte_comes() -> None:
    async with hop() as (relay, target):
        await relay.suffer(HopFault(what=Disturbance.RESET))
        caller = await relay.call()
        await target.called()
        caller.says(b"?!")
        assert await caller.is_reset()
        assert target.heard == b""
    assert relay.seen.resets == 1


async def test_a_late_hop_delivers_in_order_and_no_sooner() -> None:
    loop = asyncio.get_running_loop()
    async with hop() as (relay, _):
        await relay.suffer(HopFault(what=Disturbance.LATE, way=Way.FROM, lag=0.08))
        caller = await relay.call()
        began = loop.time()
        caller.says(b"1")
        caller.says(b"2")
        await caller.hears(b"12")
        assert loop.time() - began >= 0.08
        await relay.suffer(HopFault(what=Disturbance.LATE, lag=0.08))
        began = loop.time()
        caller.says(b"3")
        await caller.hears(b"3")
        assert loop.time() - began >= 0.16, "either way has its own"


async def test_a_narrow_hop_lets_so_many_bytes_a_second_through() -> None:
    """All connections share them."""
    loop = asyncio.get_running_loop()
    async with hop() as (relay, _):
        await relay.suffer(HopFault(what=Disturbance.NARROW, way=Way.TO, rate=100_000))
        callers = [await relay.call() for _ in range(2)]
        began = loop.time()
        for caller in callers:
            caller.says(b"x" * 10_000)
        for caller in callers:
            await caller.hears(b"x" * 10_000)
        assert loop.time() - began >= 0.17, "20,000 bytes at 100,000 a second, two portions at once"


async def test_a_hop_that_flaps_comes_and_goes_by_itself() -> None:
    async with hop() as (relay, target):
        caller = await relay.call()
        await relay.suffer(HopFault(what=Disturbance.HOLD, down=0.2, up=0.2))
        caller.says(b"1")
        assert target.heard == b""
        await caller.hears(b"1")  # up

        async def held() -> int:
            caller.says(b"2")
            return relay.seen.held

        await until(held, lambda count: count >= 5)  # down again
        assert relay.fault is not None, "what it is told is not forgotten while it is up"


async def test_a_hop_that_is_told_the_same_again_does_not_begin_anew() -> None:
    """Otherwise one that flaps would be down as long as anybody asks."""
    async with hop() as (relay, target):
        fault = HopFault(what=Disturbance.REFUSE, down=0.15, up=60.0)
        await relay.suffer(fault)

        async def gets_through() -> bool:
            await relay.suffer(fault)
            with suppress(ConnectionRefusedError):
                await relay.call()
                return True
            return False

        await until(gets_through, bool)
        await target.called()


async def test_a_sender_is_held_up_when_too_much_waits() -> None:
    """What waits is bounded: the sender feels a full window, as it would on a cut cable."""
    async with hop() as (relay, target):
        await relay.suffer(CUT)
        caller = await relay.call()
        sent = b"x" * (16 << 20)
        caller.says(sent)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await caller.writer.drain()
        assert relay.seen.held < 2 * STORE
        await relay.suffer(None)
        await caller.hears(sent)
        assert target.heard == sent


async def test_a_target_that_is_not_there_is_not_there_for_the_caller() -> None:
    async with hop() as (relay, _):
        relay.target = ("127.0.0.1", 1)
        assert await (await relay.call()).is_reset()


async def test_a_path_serves_as_well(tmp_path: Path) -> None:
    """Refused and accepted again, and gone in the end."""
    path = tmp_path / "hop.sock"
    async with hop(str(path)) as (relay, _):
        for fault in (None, HopFault(what=Disturbance.REFUSE), None):
            await relay.suffer(fault)
            if fault is not None:
                with pytest.raises(ConnectionRefusedError):
                    await relay.call()
                continue
            caller = await relay.call()
            caller.says(b"1")
            await caller.hears(b"1")
    assert not path.exists()


async def test_those_on_the_way_may_finish_when_it_leaves() -> None:
    async with hop() as (relay, _):
        caller = await relay.call()
        caller.says(b"1")
        await caller.hears(b"1")
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(relay.close(PATIENCE))
            await asyncio.sleep(0)
            with pytest.raises(ConnectionRefusedError):
                await relay.call()
            caller.says(b"2")
            await caller.hears(b"2")
            assert not leaving.done()
            caller.writer.close()

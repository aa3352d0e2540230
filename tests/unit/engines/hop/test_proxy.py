"""The fault proxy as a process: stands where it is told, says what is so, and never outlives whoever holds it."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator

import pytest
from support.polling import until

from hactl.core.errors import HactlError
from hactl.core.hop import Disturbance, HopFault, HopOrder
from hactl.engines.hop.proxy import HopProxy

CUT = HopFault(what=Disturbance.HOLD)


@pytest.fixture
async def proxy() -> AsyncIterator[HopProxy]:
    made = HopProxy()
    yield made
    await made.close()


def order(name: str = "seoul-1", fault: HopFault | None = None, listen: str = "127.0.0.1") -> HopOrder:
    return HopOrder(name=name, listen=(listen,), targets=(("127.0.0.1", 1),), fault=fault)


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:  # by a hop whose target is not there, and that has accepted nevertheless
        pass
    return True


async def test_it_stands_where_it_is_told_and_says_what_is_so(proxy: HopProxy) -> None:
    """One process for all hops, and each keeps its port when it is told something else."""
    pid, said = await proxy.tell((order(),))
    (first,) = said.hops
    assert (first.name, first.fault) == ("seoul-1", None)
    assert connects(first.ports[0])
    again, said = await proxy.tell((order(fault=CUT), order("seoul-2")))
    assert again == pid
    assert [(hop.name, hop.fault) for hop in said.hops] == [("seoul-1", CUT), ("seoul-2", None)]
    assert said.hops[0].ports == first.ports
    both = (order(fault=CUT), order("seoul-2"))
    await until(lambda: proxy.tell(both), lambda told: told[1].hops[0].seen.connections == 1)


async def test_who_is_no_longer_named_is_left(proxy: HopProxy) -> None:
    _, said = await proxy.tell((order(),))
    _, nothing = await proxy.tell(())
    assert nothing.hops == ()
    assert not connects(said.hops[0].ports[0])


async def test_whoever_has_kept_a_connection_from_the_last_time_meets_the_next_disturbance(proxy: HopProxy) -> None:
    """Callers keep connections; one from before would lead around what is wrong with the hop now."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(5))
        writer.write(await reader.read(5))
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as target:
        at = target.sockets[0].getsockname()[:2]
        standing = HopOrder(name="seoul-1", listen=("127.0.0.1",), targets=(at,))
        _, said = await proxy.tell((standing,))
        reader, writer = await asyncio.open_connection("127.0.0.1", said.hops[0].ports[0])
        writer.write(b"first")
        assert await reader.readexactly(5) == b"first"
        _, nothing = await proxy.tell(())
        assert (nothing.hops, nothing.leaving) == ((), 1)
        _, again = await proxy.tell((standing,))
        assert again.hops[0].ports == said.hops[0].ports
        assert again.leaving == 0
        await proxy.tell((HopOrder(name="seoul-1", listen=("127.0.0.1",), targets=(at,), fault=CUT),))
        writer.write(b"other")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(5)
        await proxy.tell((standing,))
        assert await reader.readexactly(5) == b"other"
        writer.close()
        await writer.wait_closed()


async def test_a_place_that_cannot_be_had_is_told_and_the_others_stand(proxy: HopProxy) -> None:
    _, said = await proxy.tell((order("bad", listen="192.0.2.1"), order("good")))
    assert [hop.name for hop in said.hops] == ["good"]
    assert set(said.wrong) == {"bad"}


async def test_its_end_is_noticed_and_the_next_order_starts_another(proxy: HopProxy) -> None:
    pid, _ = await proxy.tell((order(),))
    os.kill(pid, signal.SIGKILL)
    assert await asyncio.wait_for(proxy.ended(), 10.0) == -signal.SIGKILL
    other, said = await proxy.tell((order(),))
    assert other != pid
    assert len(said.hops) == 1


async def test_one_that_hangs_is_killed() -> None:
    """Those who are led through it would hang with it."""
    proxy = HopProxy(answer=0.2)
    pid, _ = await proxy.tell((order(),))
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(HactlError, match="does not answer"):
        await proxy.tell((order(fault=CUT),))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await proxy.close()


async def test_it_ends_with_the_pipe_that_holds_it(proxy: HopProxy) -> None:
    """However that ends: here in good order, with a hop that is still cut and somebody in it."""
    pid, said = await proxy.tell((order(fault=CUT),))
    with socket.create_connection(("127.0.0.1", said.hops[0].ports[0])):
        await proxy.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

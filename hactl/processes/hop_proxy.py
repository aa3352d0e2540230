"""The process of the fault proxy: `python -m hactl.processes.hop_proxy`. Wiring only; what it does is `engines.hop`.

stdin has a line of JSON for each change (`HopOrders`: all hops there are to be), stdout one answer each (`HopReadings`,
read back from what really stands). It ends on end-of-file of stdin, at once, and so never outlives the daemon.
"""

import asyncio
import gc
import sys

from hactl.core import codec
from hactl.core.hop import HopOrder, HopOrders, HopReading, HopReadings
from hactl.engines.hop.gate import count
from hactl.engines.hop.relay import Relay

LINGER = 10.0
"""Seconds that connections may go on of a hop that nobody is led through any more."""


class _Hop:
    """One hop: a relay for each of its targets."""

    def __init__(self, order: HopOrder) -> None:
        self.relays = [Relay(place, target) for place, target in zip(order.listen, order.targets, strict=True)]

    async def place(self) -> None:
        """Stand there. Raises OSError, and then nothing stands."""
        try:
            for relay in self.relays:
                await relay.open()
        except OSError:
            await self.leave(0.0)
            raise

    async def resume(self) -> None:
        """Stand there again, with everybody who is on the way still. Raises OSError."""
        for relay in self.relays:
            await relay.resume()

    def retire(self) -> None:
        """Accept nobody any more."""
        for relay in self.relays:
            relay.retire()

    async def leave(self, patience: float) -> None:
        """Do not stand there any more."""
        async with asyncio.TaskGroup() as group:
            for relay in self.relays:
                group.create_task(relay.close(patience), name="leave a place")

    async def obey(self, order: HopOrder) -> HopReading:
        """Do as it says, and read back what is so then. Raises OSError."""
        for relay, target in zip(self.relays, order.targets, strict=True):
            relay.target = target
            await relay.suffer(order.fault)
        (fault,) = {relay.fault for relay in self.relays}
        ports = tuple(relay.port for relay in self.relays)
        return HopReading(name=order.name, ports=ports, fault=fault, seen=count(relay.seen for relay in self.relays))


async def serve(reader: asyncio.StreamReader) -> None:
    """Do as each line says, and say how it is then, until there are no more; whoever is on the way is then cut off."""
    hops = _Hops()
    async with asyncio.TaskGroup() as group:
        while line := await reader.readline():
            answer = await hops.obey(codec.decode(line, HopOrders).hops, group)
            sys.stdout.buffer.write(codec.encode(answer) + b"\n")
            sys.stdout.buffer.flush()
        await hops.end()


class _Hops:
    """All hops: those where it stands, and those that it has left, but for whoever is on the way there."""

    def __init__(self) -> None:
        self._standing: dict[str, _Hop] = {}
        self._left: dict[str, tuple[_Hop, asyncio.Task[None]]] = {}

    async def obey(self, orders: tuple[HopOrder, ...], group: asyncio.TaskGroup) -> HopReadings:
        """Stand where `orders` say and nowhere else, and disturb as they say; what is so then."""
        for name in self._standing.keys() - {order.name for order in orders}:
            hop = self._standing.pop(name)
            hop.retire()
            task = group.create_task(hop.leave(LINGER), name=f"leave {name}")
            self._left[name] = hop, task
        readings, wrong = [], {}
        for order in orders:
            try:
                if order.name not in self._standing:
                    self._standing[order.name] = await self._place(order)
                readings.append(await self._standing[order.name].obey(order))
            except OSError as error:
                wrong[order.name] = str(error)
        leaving = sum(not task.done() for _, task in self._left.values())
        return HopReadings(hops=tuple(readings), wrong=wrong, leaving=leaving)

    async def end(self) -> None:
        """Leave everything at once."""
        for _, task in self._left.values():
            task.cancel()
        for hop in (*self._standing.values(), *(hop for hop, _ in self._left.values())):
            await hop.leave(0.0)

    async def _place(self, order: HopOrder) -> _Hop:
        """Whoever keeps a connection from the last time is met again: it would lead around the next disturbance."""
        left = self._left.pop(order.name, None)
        if left is not None and not left[1].done():
            left[1].cancel()
            await left[0].resume()
            return left[0]
        hop = _Hop(order)
        await hop.place()
        return hop


async def _run() -> None:
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    gc.freeze()
    await serve(reader)


def main() -> int:
    """Stand in hops until stdin ends; the exit code."""
    asyncio.run(_run())
    return 0


if __name__ == "__main__":
    sys.exit(main())

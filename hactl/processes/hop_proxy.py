"""The process of the fault proxy: `python -m hactl.processes.hop_proxy`. Wiring only; what it does is `engines.hop`.

stdin has a line of JSON for each change (`HopOrders`: all hops there are to be), stdout one answer each (`HopReadings`,
read back from what really stands). It ends on end-of-file of stdin, at once, and so never outlives the daemon.
"""

import asyncio
import gc
import sys

from hactl.core import codec
from hactl.core.hop import HopOrder, HopOrders, HopReading, HopReadings
from hactl.core.value import replace
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
    hops: dict[str, _Hop] = {}
    async with asyncio.TaskGroup() as group:
        leaving: set[asyncio.Task[None]] = set()
        while line := await reader.readline():
            orders = codec.decode(line, HopOrders).hops
            for name in hops.keys() - {order.name for order in orders}:
                hop = hops.pop(name)
                hop.retire()
                task = group.create_task(hop.leave(LINGER), name=f"leave {name}")
                leaving.add(task)
                task.add_done_callback(leaving.discard)
            answer = replace(await _obeyed(hops, orders), leaving=len(leaving))
            sys.stdout.buffer.write(codec.encode(answer) + b"\n")
            sys.stdout.buffer.flush()
        for task in tuple(leaving):
            task.cancel()
        for hop in hops.values():
            await hop.leave(0.0)


async def _obeyed(hops: dict[str, _Hop], orders: tuple[HopOrder, ...]) -> HopReadings:
    readings, wrong = [], ""
    for order in orders:
        try:
            if order.name not in hops:
                hop = _Hop(order)
                await hop.place()
                hops[order.name] = hop
            readings.append(await hops[order.name].obey(order))
        except OSError as error:
            wrong = f"{order.name}: {error}"
    return HopReadings(hops=tuple(readings), wrong=wrong)


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

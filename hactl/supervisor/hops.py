"""Works the proxy in disturbed hops: tells it what stands in the fleet, reads it back, notices when it ends or hangs.

One task, as long as there is a daemon. It decides nothing: what follows from a proxy that has ended, the core says.
"""

import asyncio
from collections.abc import Callable

from hactl.core.errors import HactlError
from hactl.core.hop import HopReadings, Proxy
from hactl.core.hop_observations import HopsLost, HopsRead
from hactl.core.hops import orders
from hactl.core.model import Fleet
from hactl.core.observations import Observation
from hactl.supervisor import procfs
from hactl.supervisor.ports import HopDisturber

HEARTBEAT = 1.0
"""Seconds between two looks at whether the proxy answers: one that hangs is killed, or it would be a hole for good."""


class HopKeeper:
    """The one who holds the proxy."""

    def __init__(
        self,
        proxy: HopDisturber,
        *,
        look: Callable[[], Fleet],
        deliver: Callable[[Observation], None],
        places: Callable[[str, int], tuple[str, ...]],
        heartbeat: float = HEARTBEAT,
    ) -> None:
        """`places` says where nodes look for the endpoints of a service when they are led."""
        self._proxy = proxy
        self._look = look
        self._deliver = deliver
        self._places = places
        self._heartbeat = heartbeat
        self._news = asyncio.Event()
        self._known: Proxy | None = None
        """The process that stands in the hops; None for none."""

    def tell(self) -> None:
        """What stands in the fleet has changed."""
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled; the proxy has then ended."""
        try:
            while True:
                told = await self._wait()
                await self._bring_up_to_date(told=told)
        finally:
            await self._proxy.close()

    async def _wait(self) -> bool:
        """Until there is news, or the time for a look, or the proxy has ended; True for news."""
        if self._known is None:
            await self._news.wait()
        else:
            async with asyncio.TaskGroup() as group:
                waiting = [
                    group.create_task(self._proxy.ended(), name="end of the proxy"),
                    group.create_task(self._news.wait(), name="news for the proxy"),
                ]
                done, _ = await asyncio.wait(waiting, timeout=self._heartbeat, return_when=asyncio.FIRST_COMPLETED)
                for task in waiting:
                    task.cancel()
            if waiting[0] in done:
                self._lost(f"its proxy has ended (pid {self._known.pid})")
        told = self._news.is_set()
        self._news.clear()
        return told

    async def _bring_up_to_date(self, *, told: bool) -> None:
        fleet = self._look()
        if not fleet.hops and self._known is None:
            return
        services = fleet.spec.services if fleet.hops else ()
        try:
            wanted = orders(fleet, {each.name: self._places(each.name, len(each.endpoints)) for each in services})
            if not wanted and self._known is None:
                return
            pid, said = await self._proxy.tell(wanted)
        except (HactlError, OSError) as error:
            self._lost(str(error))
            return
        if not wanted and not said.leaving:
            await self._proxy.close()
            self._known = None
        else:
            # What it could not do when it was told, it may have done when it was told again.
            waits = any(hop.phase.waits for hop in fleet.hops.values())
            self._heard(pid, said, news=told or waits)

    def _heard(self, pid: int, said: HopReadings, *, news: bool) -> None:
        stat = procfs.read_stat(pid)
        if stat is None:
            self._lost(f"its proxy has ended (pid {pid})")
            return
        proxy = Proxy(pid=pid, ticks=stat.ticks)
        if news or proxy != self._known:
            self._known = proxy
            self._deliver(HopsRead(proxy=proxy, hops=said.hops, wrong=said.wrong))

    def _lost(self, why: str) -> None:
        known, self._known = self._known, None
        self._deliver(HopsLost(proxy=known, why=why))

"""A fleet borrowed for a drill: requested, kept, returned; as any client could, on the terms of the daemon.

To keep it and to write canaries is one thing: each sign of life leaves a number in the journal, and the ledger
remembers which of them were acknowledged, and what else the fleet acknowledges meanwhile (`stores`). Whoever gives none
any more loses the fleet, and everything is put back.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from hactl.control.controller import Controller
from hactl.core.commands import BoundCommand, EndDrill, KeepDrill
from hactl.core.errors import CommandRejected, HactlError, Unreachable
from hactl.core.events import OperationBegan, OperationEnded
from hactl.core.model import Fleet
from hactl.core.operation import Operation, began_at
from hactl.core.talk import Query, Receipt
from hactl.core.value import replace
from hactl.drill.canary import Found, Ledger, Losses, Written
from hactl.drill.definition import CanarySpec, CanaryStore
from hactl.drill.faults import borrowing
from hactl.drill.following import Follower
from hactl.drill.plan import DrillPlan
from hactl.drill.stores import STORES, first, further, judged

_PAGE = 500
_RETRY = 0.25
"""Seconds between two attempts to reach a daemon that is away."""


def by_drill(name: str) -> str:
    """What the runner of a drill calls itself, as the daemon records it after the user's name."""
    return f"drill {name}"


class Loan:
    """One fleet, borrowed once."""

    def __init__(self, controller: Controller, plan: DrillPlan, *, by: str) -> None:
        self.operation = ""
        """Of the drill; "" before it was borrowed."""
        self._controller = controller
        self._plan = plan
        self._by = by
        self._ledger = Ledger()
        self._remembered: set[tuple[CanaryStore, Found]] = set()
        self._keeper: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Borrow it. What is to be restored is on the daemon's disk when this returns. Raises CommandRejected."""
        receipt = await self._controller.submit(borrowing(self._plan), by=self._by, reason=self._plan.title)
        self.operation = receipt.operation

    async def fleet(self) -> Fleet:
        """As it is now. Raises Unreachable."""
        return (await self._controller.fleet()).fleet

    async def recorded(self) -> Operation | None:
        """The record of what is to be restored, read back from the journal; None when it is not there."""
        for record in await self._controller.history(self._since("OperationBegan")):
            if isinstance(record.event, OperationBegan) and record.event.operation.id == self.operation:
                return record.event.operation
        return None

    async def undo(self, fleet: Fleet) -> tuple[str, ...]:
        """Everybody who will be restored, by name. Raises HactlError when that is not in the journal, or when what is
        there is not true of `fleet` any more."""
        recorded = await self.recorded()
        if recorded is None or recorded.drill is None:
            raise HactlError("the state to restore is not in the journal", "hactl events")
        for name, before in recorded.drill.baseline.nodes.items():
            node = fleet.nodes.get(name)
            if node is None or (node.goal, node.weight, node.drained) != (before.goal, before.weight, before.drained):
                raise HactlError(f"'{name}' has changed since the fleet was borrowed", "hactl events")
        return (*recorded.drill.baseline.nodes, *recorded.drill.baseline.services)

    async def submit(self, command: BoundCommand, reason: str = "") -> Receipt:
        """Have something done to it, for `reason` or for the drill's sake: bound to the loan, so that the daemon
        refuses it once the fleet is lent no more. Raises CommandRejected, which then says why that is so."""
        reason = reason or f"drill {self._plan.drill}"
        try:
            return await self._controller.submit(replace(command, drill=self.operation), by=self._by, reason=reason)
        except CommandRejected as rejected:
            if over := await self._over(rejected.message):
                raise CommandRejected(over, guard=True) from rejected
            raise

    async def stands(self) -> None:
        """Raises CommandRejected when it was taken back: to be asked before what is no command, which nobody refuses. A
        daemon that is away has taken nothing."""
        if over := await self._over("it is lent to this drill no more"):
            raise CommandRejected(over, guard=True)

    @asynccontextmanager
    async def kept(self, ledger: Path, rate: float, lost: Callable[[str], None]) -> AsyncIterator[None]:
        """Give signs of life, each with a canary, for as long as the context is entered or until it is given back.

        `lost` hears why when there are no more: the fleet was taken back, or the ledger cannot be written. Raises
        HactlError when there is no ledger from the beginning.
        """
        with self._ledger.kept_in(ledger):
            async with asyncio.TaskGroup() as tasks:
                self._keeper = tasks.create_task(self._keep(rate, lost), name="keep the fleet")
                try:
                    yield
                finally:
                    self._keeper.cancel()

    async def _keep(self, rate: float, lost: Callable[[str], None]) -> None:
        number, began = 0, time.monotonic()
        while True:
            number += 1
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            canary = Written(number=number, sent=time.monotonic())
            over = ""
            try:
                await self._controller.submit(KeepDrill(id=self.operation, canary=number), by=self._by)
            except CommandRejected as rejected:
                over = await self._over(rejected.message)
            except HactlError:
                pass  # it may be there or not
            else:
                canary = replace(canary, acknowledged=time.monotonic())
            try:
                self._ledger.note(canary)
            except HactlError as error:
                over = over or error.message
            if over:
                lost(over)
                return

    async def end(self, patience: float) -> None:
        """Give it back; what it was lent for is put back by the daemon. Raises Unreachable when none answers."""
        if self._keeper is not None:
            self._keeper.cancel()
        until = time.monotonic() + patience
        while True:
            try:
                await self._controller.submit(EndDrill(id=self.operation), by=self._by)
            except CommandRejected:
                return  # it was taken back already
            except Unreachable:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_RETRY)
            else:
                return

    @asynccontextmanager
    async def remembering(
        self, stores: Iterable[CanaryStore], follower: Follower, lost: Callable[[str], None]
    ) -> AsyncIterator[None]:
        """Have the ledger remember what is acknowledged in those of `stores` that the drill does not write to, for as
        long as the context is entered, as `follower` hears of it. To be entered while the fleet is kept; `lost` hears
        why when the ledger cannot be written."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._remember(tuple(stores), follower, lost), name="remember what comes")
            try:
                yield
            finally:
                task.cancel()

    async def _remember(self, stores: tuple[CanaryStore, ...], follower: Follower, lost: Callable[[str], None]) -> None:
        read = 0
        while records := await follower.beyond(read):
            read += len(records)
            try:
                for store in stores:
                    if not STORES[store].rated:
                        self._acknowledge(store, STORES[store].seen(records, self.operation))
            except HactlError as error:
                lost(error.message)
                return

    async def remember(self, stores: Iterable[CanaryStore]) -> None:
        """Have the ledger remember what is there now in those of `stores` that the drill does not write to. Raises
        HactlError when it cannot be written, and Unreachable."""
        for store in stores:
            if not STORES[store].rated:
                self._acknowledge(store, await self._found(store))

    def _acknowledge(self, store: CanaryStore, found: Iterable[Found]) -> None:
        """Each once: what is there was heard of as well when it came. All at a time: the disk is waited for once, and
        meanwhile nobody gives signs of life."""
        now = time.monotonic()
        fresh = [one for one in dict.fromkeys(found) if (store, one) not in self._remembered]
        self._remembered.update((store, one) for one in fresh)
        self._ledger.note(
            *(Written(number=one.number, sent=now, acknowledged=now, store=store, digest=one.digest) for one in fresh)
        )

    async def losses(self, spec: CanarySpec, fault: float) -> tuple[Losses, ...]:
        """What became of all that was acknowledged, read back one by one, of each store that is looked after."""
        return judged(spec, self._ledger.written, {store: await self._found(store) for store in spec.stores}, fault)

    async def _found(self, store: CanaryStore) -> list[Found]:
        found: list[Found] = []
        query = first(store, self.operation)
        while page := await self._controller.history(query):
            found += STORES[store].seen(page, self.operation)
            query = further(query, page)
        return found

    async def numbers(self, after: int) -> list[int]:
        """The number of every record in the journal that comes after `after`."""
        found = [after]
        while records := await self._controller.history(Query(after=found[-1], limit=_PAGE)):
            found += [record.seq for record in records]
        return found

    async def _over(self, otherwise: str) -> str:
        """Why the fleet was taken back, or `otherwise` where nobody says why; "" while it is lent: a daemon that only
        leaves, or is away, has taken nothing."""
        try:
            operation = (await self.fleet()).operations.get(self.operation)
        except HactlError:
            return ""
        if operation is not None and not operation.back:
            return ""
        why = await self._ending() if operation is None else operation.back
        return f"the fleet was taken back: {why or otherwise}"

    async def _ending(self) -> str:
        """Who ended the drill, or why it is over; "" where that is not known."""
        with suppress(HactlError):
            for record in await self._controller.history(self._since("OperationEnded")):
                if isinstance(record.event, OperationEnded) and record.event.id == self.operation:
                    return record.event.sentence.partition(";")[0]
        return ""

    def _since(self, kind: str) -> Query:
        """Records of one kind from the moment it was borrowed."""
        return Query(after=began_at(self.operation) - 1, kinds=(kind,), limit=_PAGE)

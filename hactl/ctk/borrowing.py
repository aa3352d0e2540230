"""A fleet borrowed from one call of the Chaos Toolkit to another: the calls are synchronous, the lease is kept between.

An event loop in a thread of its own keeps the lease. The thread ends with its process, and then the daemon puts
everything back.
"""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from hactl.control.aclient import AsyncClient
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.value import Value
from hactl.drill.definition import Definition
from hactl.drill.faults import Proof
from hactl.drill.following import Follower
from hactl.drill.gate import gate
from hactl.drill.injecting import rehearse
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.strikes import Strikes
from hactl.drill.way_back import WayBack

T = TypeVar("T")
BY = "chaostoolkit"
"""Who does it, in the journal."""


class Struck(Value):
    """What was done."""

    operation: str
    plan: DrillPlan
    proofs: tuple[Proof, ...]


class Borrowed:
    """One fleet, from `inject` to `undo`; each blocks until it is done."""

    def __init__(self, socket: Path, drill: Definition, seed: int) -> None:
        self._socket = socket
        self._drill = drill
        self._seed = seed
        self._stack = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._lost = ""
        self._said: list[str] = []
        self._way_back: WayBack | None = None
        threading.Thread(target=self._loop.run_forever, name="keep the fleet", daemon=True).start()

    def inject(self) -> Struck:
        """Borrow it and do every fault at its moment. Raises HactlError when it may not be, or a fault is not in
        effect; then nothing stays behind."""
        try:
            return self._wait(self._inject())
        except BaseException:
            self.undo(in_haste=True)
            raise

    def undo(self, *, in_haste: bool = False) -> tuple[str, ...]:
        """Give it back in good order, and look at everything; what is left behind. In haste the daemon is told, which
        puts everything back, and nobody waits for it. Raises HactlError when nobody answers."""
        try:
            return self._wait(self._undo(in_haste))
        finally:
            self._wait(self._stack.aclose())
            self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def lost(self) -> str:
        """Why the fleet was taken back before its time; "" while it was not."""
        return self._lost

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result()

    async def _inject(self) -> Struck:
        client = await self._stack.enter_async_context(AsyncClient(self._socket))
        fleet = (await client.fleet()).fleet
        planned = plan(self._drill, fleet, self._seed)
        unmet = [f"{check.name}: {check.value} (wanted {check.limit})" for check in gate(self._drill, planned, fleet)
                 if not check.ok]  # fmt: skip
        if unmet:
            raise CommandRejected("; ".join(unmet), "hactl status")
        follower = Follower(client, fleet)
        await self._stack.enter_async_context(follower.following())
        await rehearse(client, planned, by=BY)
        loan = Loan(client, planned, by=BY)
        await loan.begin()
        self._way_back = WayBack(client, loan, follower, planned, by=BY, say=self._said.append)
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hactl-ctk-")))
        await self._stack.enter_async_context(loan.kept(directory / "canaries", self._drill.canary.rate, self._taken))
        await loan.undo(fleet)
        strikes = Strikes(client, follower, planned, by=BY, wait=_pass, say=self._said.append)
        await strikes.inject()
        missing = [f"{proof.node} {proof.found}" for proof in strikes.proofs if not proof.done]
        if missing:
            raise HactlError(f"a fault is not in effect: {'; '.join(missing)}", "hactl events")
        return Struck(operation=loan.operation, plan=planned, proofs=strikes.proofs)

    async def _undo(self, in_haste: bool) -> tuple[str, ...]:
        way_back = self._way_back
        if way_back is None:
            return ()
        if self._drill.phases.failback and not in_haste:
            await way_back.start()
        await way_back.give_back()
        if in_haste:
            return ()
        _, left = await way_back.verify(self._drill.phases.settle, afterwards=0.0)
        return left

    def _taken(self, why: str) -> None:
        self._lost = why


async def _pass(seconds: float) -> None:
    await asyncio.sleep(max(0.0, seconds))

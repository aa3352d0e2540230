"""A fleet borrowed from one call of the Chaos Toolkit to another: the calls are synchronous, the lease is kept between.

An event loop in a thread of its own does it all. The thread ends with its process, and then the daemon puts everything
back; what is no command to the daemon (a burden, a daemon that is struck) is done by processes that end with ours.
"""

import asyncio
import tempfile
import threading
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from hactl.control.aclient import AsyncClient
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.value import Value
from hactl.drill.admission import admission, unmet
from hactl.drill.burdening import Burdens
from hactl.drill.daemon_faults import Guardians
from hactl.drill.definition import Definition
from hactl.drill.faults import Proof
from hactl.drill.following import Follower
from hactl.drill.injecting import rehearse
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.strikes import Strikes
from hactl.drill.watching import Clients
from hactl.drill.way_back import WayBack
from hactl.paths import FleetPaths

BY = "chaostoolkit"
"""Who does it, in the journal."""


class Struck(Value):
    """What was done."""

    operation: str
    plan: DrillPlan
    proofs: tuple[Proof, ...]


class Borrowed:
    """One fleet, from `inject` to `undo`; each blocks until it is done."""

    def __init__(self, paths: FleetPaths, drill: Definition, seed: int, guardians: Guardians | None = None) -> None:
        """`paths` is where the fleet keeps its things; `guardians` stand by when the daemon is struck."""
        self.lost = ""
        """Why the fleet was taken back before its time, or what did not go on as it should; "" for nothing."""
        self.planned: DrillPlan | None = None
        """What is done to it, once that is known."""
        self.paths = paths
        self._drill = drill
        self._seed = seed
        self._in_haste = False
        self._asked = asyncio.Event()
        self._struck: Future[Struck] = Future()
        self._left: Future[tuple[str, ...]] = Future()
        self._way_back: WayBack | None = None
        self._clients: Clients | None = None
        self._directory = Path()
        """For what is only needed meanwhile."""
        self._guardians = guardians or Guardians(paths, _unsaid)
        self._burdens = Burdens(self._load_of, paths.state)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="keep the fleet", daemon=True)

    def inject(self) -> Struck:
        """Borrow it and do every fault at its moment. Raises HactlError when it may not be, or a fault is not in
        effect; then it has been given back."""
        self._thread.start()
        try:
            return self._struck.result()
        except BaseException:
            with suppress(HactlError):
                self.undo(in_haste=True)
            raise

    def undo(self, *, in_haste: bool = False) -> tuple[str, ...]:
        """Give it back in good order, and look at everything; what is left behind. In haste the daemon is told, which
        puts everything back, and nobody waits for it. Raises HactlError when nobody answers."""
        self._in_haste = in_haste
        with suppress(RuntimeError):  # the loop is closed: it was given back already
            self._loop.call_soon_threadsafe(self._asked.set)
        return self._left.result()

    def _run(self) -> None:
        try:
            left = self._loop.run_until_complete(self._borrow())
        except BaseException as error:  # whoever waits has to hear of it: no thread dies in silence
            for waited in (self._struck, self._left):
                if not waited.done():
                    waited.set_exception(error)
        else:
            self._left.set_result(left)
        finally:
            self._loop.close()

    async def _borrow(self) -> tuple[str, ...]:
        failed: Exception | None = None
        left: tuple[str, ...] = ()
        async with AsyncExitStack() as stack:
            try:
                strikes = await self._inject(stack)
                await self._keep(strikes)
                left = await self._undo(strikes)
            except Exception as error:
                failed = error
                try:
                    await self._end_ours()
                except Exception as more:  # the fleet is given back all the same, and what came first is told first
                    error.add_note(f"processes of this run have not exited: {more}")
                if self._way_back is not None:
                    with suppress(HactlError):
                        await self._way_back.give_back()
        if failed is not None:
            raise failed
        return left

    async def _inject(self, stack: AsyncExitStack) -> Strikes:
        client = await stack.enter_async_context(AsyncClient(self.paths.control, owner=self.paths.owner))
        fleet = (await client.fleet()).fleet
        planned = self.planned = plan(self._drill, fleet, self._seed)
        if found := unmet(admission(self._drill, planned, fleet, self.paths.state)):
            raise CommandRejected("; ".join(found), "hactl status")
        follower = Follower(client, fleet)
        await stack.enter_async_context(follower.following())
        await rehearse(client, planned, by=BY)
        loan = Loan(client, planned, by=BY)
        await loan.begin()
        self._way_back = WayBack(loan, follower, planned, say=_unsaid)
        self._directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hactl-ctk-")))
        await stack.enter_async_context(self._burdens.borne())
        await stack.enter_async_context(loan.kept(self._directory / "canaries", self._drill.canary.rate, self._give_up))
        await loan.undo(fleet)
        self._clients = Clients(self._load_of(planned.load), self._drill.limits.abort_when, self._give_up)
        await stack.enter_async_context(self._clients.asking())
        strikes = Strikes(
            client,
            follower,
            planned,
            wait=self._pass,
            stop=self._asked,
            guardians=self._guardians,
            burdens=self._burdens,
            say=_unsaid,
        )
        await stack.enter_async_context(strikes.lifting())
        await strikes.inject(loan)
        missing = [f"{proof.node} {proof.found}" for proof in strikes.proofs if not proof.done]
        if missing:
            raise HactlError(f"a fault is not in effect: {'; '.join(missing)}", "hactl events")
        self._struck.set_result(Struck(operation=loan.operation, plan=planned, proofs=strikes.proofs))
        return strikes

    async def _keep(self, strikes: Strikes) -> None:
        """Until it is asked for. What is not to last so long is taken back meanwhile, and clients ask to the end of the
        hold: what a fleet does about bad answers, it does when there are some."""
        try:
            await strikes.until(strikes.began + self._drill.phases.hold)
            if self._clients is not None:
                await self._clients.records()
        except HactlError as error:
            if not self._asked.is_set():
                self._lose(str(error))
        await self._asked.wait()

    async def _undo(self, strikes: Strikes) -> tuple[str, ...]:
        way_back = self._way_back
        if way_back is None:
            return ()
        await strikes.enough()
        await self._end_ours()
        if self._drill.phases.failback and not self._in_haste:
            await way_back.start()
        await way_back.give_back()
        if self._in_haste:
            return ()
        _, left = await way_back.verify(self._drill.phases.settle, afterwards=0.0)
        return (*left, *self._burdens.left)

    async def _end_ours(self) -> None:
        """Whoever struck the daemon sees to one that is in charge, and nothing of ours weighs on the machine; the one
        whatever becomes of the other."""
        try:
            async with AsyncExitStack() as ends:
                ends.push_async_callback(self._burdens.lift_all)
                ends.push_async_callback(self._guardians.leave)
        except RuntimeError:
            # The interpreter ends, and starts no thread any more. They are let go all the same, and end by themselves:
            # each when nobody holds its pipe.
            if not self._in_haste:
                raise

    async def _pass(self, seconds: float) -> None:
        """Let time pass. Raises HactlError when it is to be undone meanwhile."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._asked.wait()
        except TimeoutError:
            return
        raise HactlError(self.lost or "it was undone too early")

    def _load_of(self, load: LoadPlan) -> LoadProcess:
        return LoadProcess(load, within=self._directory, lease=self._drill.limits.lease)

    def _lose(self, why: str) -> None:
        """The first reason counts: what comes after it may only follow from it."""
        self.lost = self.lost or why

    def _give_up(self, why: str) -> None:
        """Clients suffer more than it is worth, or nobody knows what they suffer; or the fleet is lent no more."""
        self._lose(why)
        self._asked.set()


def _unsaid(_: str) -> None:
    """What an engine of drills says on its way stands in the journal as well."""

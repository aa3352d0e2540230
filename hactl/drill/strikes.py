"""The faults of one run over time: each injected on time, and lifted when its duration is over.

How one is done and read back is `injecting`. What is taken back in time is so beside all else that is waited for: other
faults, or a person. What lasts to the failback is taken back there, or by the daemon.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import reduce

from hactl.control.controller import Controller
from hactl.core.errors import HactlError
from hactl.core.events import NodeChanged, Record
from hactl.core.hop import HopPhase, to_service
from hactl.core.hop_events import HopChanged
from hactl.core.value import replace
from hactl.drill.burdening import Burdens
from hactl.drill.counting import Arrivals
from hactl.drill.daemon_faults import Guardians
from hactl.drill.definition import OF_THE_DAEMON
from hactl.drill.evidence import Evidence, Times
from hactl.drill.faults import Injected, Proof
from hactl.drill.following import Follower
from hactl.drill.injecting import heal, inject, launches
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan, Strike
from hactl.drill.progress import HEAL
from hactl.drill.stopping import unless
from hactl.drill.witness import arrived, hear, meanwhile
from hactl.engines.envoy.account import Account

_BRIEF = 0.2
"""Seconds that a service may be struck longer for the sake of counting what comes to it then."""


class Strikes:
    """What is struck, and what was."""

    def __init__(
        self,
        controller: Controller,
        follower: Follower,
        plan: DrillPlan,
        *,
        wait: Callable[[float], Awaitable[None]],
        stop: asyncio.Event,
        guardians: Guardians | None = None,
        burdens: Burdens | None = None,
        say: Callable[[str], None],
    ) -> None:
        """`wait` lets seconds pass, and raises when there is a reason to end the drill; then `stop` is set. `say` gets
        a line for all that happens. Without `guardians` nobody strikes the daemon, without `burdens` nothing is
        put on the machine."""
        self.done: list[Injected] = []
        self._controller = controller
        self._follower = follower
        self._plan = plan
        self._burdens = burdens
        self._guardians = guardians
        self._loan: Loan | None = None
        self._wait = wait
        self._stop = stop
        self._say = say
        self._begun = 0
        """How many were asked for, the one that is not in effect yet included."""
        self._heard: dict[str, Account] = {}
        self.arrivals = Arrivals(self._count)
        """At the services that are struck."""
        self._passing: list[tuple[float, Strike]] = []
        """Monotonic seconds at which to take back what was not to last to the failback, and what that is."""
        self._lifting = False
        """One is being taken back right now."""
        self._lifted: dict[Strike, float] = {}
        """Monotonic seconds at which each of them was over. One that made place for another is not in here: nobody was
        better off."""
        self._failed: HactlError | None = None
        """Why one could not be taken back."""
        self._enough = False
        self._lifter: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """What was read back of each."""
        return tuple(proof for done in self.done for proof in done.proofs)

    def timed(self, times: Times) -> Times:
        """`times` with when these were asked for and in effect."""
        first = self.done[0]
        return replace(
            times,
            asked=first.asked,
            fault=first.fault,
            ordered=tuple(done.asked for done in self.done),
            struck=tuple(map(_moment, self.done)),
            lifted=tuple(self._lifted.get(strike) for strike in self._plan.strikes[: len(self.done)]),
            over=max(self._lifted.values(), default=None),
        )

    @property
    def began(self) -> float:
        """Monotonic seconds at which the first was in effect, or was asked for when it never was."""
        return _moment(self.done[0])

    async def inject(self, loan: Loan) -> None:
        """Do each at its moment, to the fleet on loan. Raises what `wait` and `injecting.inject` raise."""
        self._loan = loan
        self._heard = await self._hear()
        began = time.monotonic()
        for strike in self._plan.strikes:
            await self.until(began + strike.at)
            while self._lifting:  # since then: what this takes the place of has to be gone, or to be left alone
                await self.until(began + strike.at)
            self._begun += 1
            done = await unless(self._stop, self._do(strike, loan))
            if done is None:
                await self._wait(0.0)
                raise AssertionError("it has been stopped")
            self.done.append(done)
            if strike.lasting is not None and strike.kind not in OF_THE_DAEMON:
                end = _moment(done) + strike.lasting
                self._passing = sorted((*self._passing, (end, strike)), key=lambda one: one[0])
                await self._tell()
            self._say(f"inject: {strike}")

    async def testify(self, found: Evidence) -> Evidence:
        """`found` with what edges have counted since just before the first fault, and nodes second by second."""
        return replace(found, edges=meanwhile(self._heard, await self._hear()), arrivals=tuple(self.arrivals.readings))

    async def _count(self) -> dict[str, int]:
        if self._guardians is None:
            return {}
        return await arrived(self._guardians.paths, self._follower.fleet, self._plan.services)

    async def _hear(self) -> dict[str, Account]:
        return {} if self._guardians is None else await hear(self._guardians.paths, self._follower.fleet)

    async def _do(self, strike: Strike, loan: Loan) -> Injected:
        if strike.kind in OF_THE_DAEMON or strike.burden is not None:
            await loan.stands()
        if strike.kind in OF_THE_DAEMON:
            if self._guardians is None:
                raise HactlError(f"{strike.kind} needs a guardian process", "hactl drill run")
            return await self._guardians.strike(self._controller, strike)
        if strike.burden is not None:
            if self._burdens is None:
                raise HactlError(f"{strike.kind} needs a load process", "hactl drill run")
            return await self._burdens.lay(strike, launches(self._follower.fleet, strike), self._plan)
        return await inject(loan, strike, self._follower, self._plan)

    @asynccontextmanager
    async def lifting(self) -> AsyncIterator[None]:
        """Take back what is not to last to the failback, each at its moment, for as long as the context is entered, or
        until it is `enough`. What that comes to, `until` tells."""
        async with asyncio.TaskGroup() as tasks:
            self._lifter = tasks.create_task(self._lift_in_time(), name="lift faults in time")
            try:
                yield
            finally:
                await self.enough()

    async def enough(self) -> None:
        """Take nothing back any more; what is being taken back is waited for."""
        self._enough = True
        await self._tell()
        if self._lifter is not None:
            await asyncio.wait((self._lifter,))

    async def until(self, moment: float) -> None:
        """Let time pass until a moment (monotonic seconds), and until what was not to last so long is taken back.
        Raises HactlError when it could not be, and what `wait` raises."""
        await unless(self._stop, self._reach(moment))
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        await self._wait(0.0)

    async def _reach(self, moment: float) -> None:
        await self._heard_of(lambda: self._failed is not None, moment)
        await self._heard_of(lambda: self._failed is not None or not (self._lifting or self._due(moment)))

    def _due(self, moment: float) -> bool:
        return self._lifter is not None and any(end <= moment for end, _ in self._passing)

    async def _lift_in_time(self) -> None:
        while (strike := await unless(self._stop, self._next())) is not None:
            try:
                healed = await self._take_back(strike)
                if healed is not None:
                    self._say(f"{HEAL}: {healed}")
            except (HactlError, OSError) as error:
                wrong = error if isinstance(error, HactlError) else HactlError(f"{strike}: {error}")
                self._failed = self._failed or wrong
            self._lifting = False
            await self._tell()

    async def _next(self) -> Strike | None:
        """The next that is to be taken back, at its moment; None when nothing is any more."""
        while not self._enough:
            if self._passing and self._passing[0][0] <= time.monotonic():
                self._lifting = True
                return self._passing.pop(0)[1]
            known, due = list(self._passing), self._passing[0][0] if self._passing else None
            await self._heard_of(lambda known=known: self._enough or self._passing != known, due)  # type: ignore[misc]
        return None

    async def _take_back(self, strike: Strike) -> str | None:
        """What was done, for people; None when the drill was stopped before it was."""
        if self._burdens is not None and strike.burden is not None:
            healed: str | None = await self._burdens.lift(strike)
            self._lifted[strike] = self._burdens.lifted or time.monotonic()
            return healed
        left = self._left(strike)
        if not (left.nodes or left.services):
            return f"{strike}: over, another fault has taken its place"
        since = len(self._follower.records)
        healed = await unless(self._stop, self._heal(left))
        if healed is not None:
            self._lifted[strike] = lifted(left, self._follower.records[since:]) or time.monotonic()
        return healed

    def _left(self, strike: Strike) -> Strike:
        """What others, asked for since, have not taken the place of: its time counts from when it was in effect, theirs
        from the beginning."""
        every = self._plan.strikes
        return reduce(Strike.beside, every[every.index(strike) + 1 : self._begun], strike)

    async def _heal(self, strike: Strike) -> str:
        if strike.services:
            await self.arrivals.note(_BRIEF)  # just before they may come again
        if self._loan is None:
            raise AssertionError("nothing is taken back that was not done")
        return await heal(self._loan, strike, self._follower)

    async def _heard_of(self, wanted: Callable[[], bool], moment: float | None = None) -> None:
        """Until `wanted` holds, not longer than to a moment."""
        left = None if moment is None else max(0.0, moment - time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(left), self._news:
                await self._news.wait_for(wanted)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


def lifted(strike: Strike, records: Iterable[Record]) -> float | None:
    """Monotonic seconds at which the last process was read back to suffer `strike` no longer; None when `records`, from
    when that was asked for, say nothing of it."""
    moments: dict[str, float] = {}
    for record in records:
        match record.event:
            case NodeChanged(node=node) if node.name in strike.nodes and strike.hop is None and node.impaired is None:
                moments.setdefault(node.name, record.mono)
            case HopChanged(hop=hop) if hop.phase is HopPhase.LEAVING:
                moments.setdefault(hop.name, record.mono)
            case _:
                pass
    struck = (*strike.nodes, *map(to_service, strike.services))
    return max((moment for name, moment in moments.items() if name in struck), default=None)


def _moment(done: Injected) -> float:
    return done.asked if done.fault is None else done.fault

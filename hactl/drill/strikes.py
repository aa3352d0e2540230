"""The faults of one run in the course of time: each done at its moment, and taken back when it is not to last longer.

How one is done and read back is `injecting`. What lasts to the failback is taken back there, or by the daemon.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from hactl.control.controller import Controller
from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.drill.burdening import Burdens
from hactl.drill.daemon_faults import Guardians
from hactl.drill.definition import OF_THE_DAEMON
from hactl.drill.evidence import Times
from hactl.drill.faults import Injected, Proof
from hactl.drill.following import Follower
from hactl.drill.injecting import heal, inject, launches
from hactl.drill.plan import DrillPlan, Strike
from hactl.drill.stopping import unless
from hactl.drill.witness import hear, meanwhile
from hactl.engines.envoy.account import Account


class Strikes:
    """What is struck, and what was."""

    def __init__(
        self,
        controller: Controller,
        follower: Follower,
        plan: DrillPlan,
        *,
        by: str,
        wait: Callable[[float], Awaitable[None]],
        stop: asyncio.Event | None = None,
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
        self._by = by
        self._wait = wait
        self._stop = stop or asyncio.Event()
        self._say = say
        self._heard: dict[str, Account] = {}
        self._passing: list[tuple[float, Strike]] = []
        """Monotonic seconds at which to take back what was not to last to the failback, and what that is."""

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """What was read back of each."""
        return tuple(proof for done in self.done for proof in done.proofs)

    def timed(self, times: Times) -> Times:
        """`times` with when these were asked for and in effect."""
        first = self.done[0]
        return replace(times, asked=first.asked, fault=first.fault, struck=tuple(map(_moment, self.done)))

    @property
    def began(self) -> float:
        """Monotonic seconds at which the first was in effect, or was asked for when it never was."""
        return _moment(self.done[0])

    async def inject(self) -> None:
        """Do each at its moment. Raises what `wait` and `injecting.inject` raise."""
        self._heard = await self._hear()
        began = time.monotonic()
        for strike in self._plan.strikes:
            await self.until(began + strike.at)
            done = await unless(self._stop, self._do(strike))
            if done is None:
                await self._wait(0.0)
                raise AssertionError("it has been stopped")
            self.done.append(done)
            if strike.lasting is not None and strike.kind not in OF_THE_DAEMON:
                self._passing = sorted(
                    (*self._passing, (_moment(done) + strike.lasting, strike)), key=lambda one: one[0]
                )
            self._say(f"inject: {strike}")

    async def testimony(self) -> tuple[Account, ...]:
        """What edges have counted themselves since just before the first fault."""
        return meanwhile(self._heard, await self._hear())

    async def _hear(self) -> dict[str, Account]:
        return {} if self._guardians is None else await hear(self._guardians.paths, self._follower.fleet)

    async def _do(self, strike: Strike) -> Injected:
        if strike.kind in OF_THE_DAEMON:
            if self._guardians is None:
                raise HactlError(f"{strike.kind} wants somebody to stand by", "hactl drill run")
            return await self._guardians.strike(self._controller, strike)
        if strike.burden is not None:
            if self._burdens is None:
                raise HactlError(f"{strike.kind} wants somebody to bear it", "hactl drill run")
            return await self._burdens.lay(strike, launches(self._follower.fleet, strike), self._plan)
        return await inject(self._controller, strike, self._follower, self._plan, by=self._by)

    async def until(self, moment: float) -> None:
        """Let time pass until a moment (monotonic seconds), and take back meanwhile what was not to last so long."""
        while self._passing and self._passing[0][0] <= moment:
            end, strike = self._passing.pop(0)
            await self._wait(end - time.monotonic())
            if self._burdens is not None and strike.burden is not None:
                healed = await self._burdens.lift(strike)
            else:
                healed = await heal(self._controller, strike, self._follower, self._plan, by=self._by)
            self._say(f"heal: {healed}")
        await self._wait(moment - time.monotonic())


def _moment(done: Injected) -> float:
    return done.asked if done.fault is None else done.fault

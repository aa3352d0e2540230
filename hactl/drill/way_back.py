"""The way back of a drill: what is down is started in good order, the fleet is given back, and everything is looked at.

When the runner of the drill dies, or good order does not work, the daemon puts everything back; this only asks for it.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from hactl.core.commands import Failback, Start
from hactl.core.drills import in_progress
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationEnded
from hactl.core.node import Launch
from hactl.core.operation import Outcome
from hactl.core.reading import is_serving, read
from hactl.drill.faults import lives
from hactl.drill.following import Follower
from hactl.drill.leftovers import leftovers, returning
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan

PATIENCE = 120.0
"""Seconds that the daemon has to put everything back before that counts as not clean; longer where it takes longer for
that itself."""
LATE = 5.0
"""Seconds within which it says so when its own time for that is over."""
AGAIN = 10.0
"""Seconds that a daemon which could not be reached for the failback has to come back."""
SERVES = 10.0
"""Seconds that a fleet has at least to serve again when everything is put back; it did before the drill."""
_LOOK = 0.02
"""Seconds between two looks at processes that are to end."""
_STEPS, _STEP_TIME = 4, 0.5
"""In how many steps a region gets its traffic back, and for how long each is watched."""


class WayBack:
    """Of one borrowed fleet."""

    def __init__(
        self,
        loan: Loan,
        follower: Follower,
        plan: DrillPlan,
        *,
        say: Callable[[str], None],
    ) -> None:
        """`say` gets a line for everything that happens."""
        self._loan = loan
        self._follower = follower
        self._plan = plan
        self._say = say

    @property
    def moot(self) -> bool:
        """Somebody takes the fleet down: nobody is asked to put anything back, and the journal cannot be read soon."""
        return self._follower.fleet.closing

    async def start(self) -> None:
        """Start whom the drill keeps down, and give regions their traffic back step by step."""
        kept = self._plan.keeps_down
        if not kept or self.moot:
            return
        self._say(f"failback: starting {', '.join(kept)}")
        await self._order(Start(nodes=kept))
        for region in self._plan.regions:
            if region in self._follower.fleet.evacuations:
                self._say(f"failback: {region} gets its traffic back in {_STEPS} steps")
                await self._order(Failback(region=region, steps=_STEPS, pause=_STEP_TIME))

    async def give_back(self) -> None:
        """The daemon puts back what is not as it was. Raises Unreachable when none answers."""
        if self.moot:
            return
        self._say("failback: returning the fleet")
        await self._loan.end(PATIENCE)

    async def verify(
        self, settle: float, afterwards: float, patience: float = PATIENCE, *, serves: float = SERVES
    ) -> tuple[float, tuple[str, ...]]:
        """When everything was put back (monotonic seconds), and what is not as it was; looked at when the fleet serves,
        or does not after `settle` seconds and `serves`, and has gone on for `afterwards` seconds; `patience` is how
        long that may take, if the daemon does not take longer. Raises Unreachable."""
        loan, follower = self._loan, self._follower
        if self.moot:
            return await self._gone(patience)
        await loan.end(AGAIN)  # once more, in case the failback could not reach anybody
        ended = await self._ended(patience)
        restored = time.monotonic()
        served = await follower.until(lambda: is_serving(follower.fleet), max(settle, serves))
        await asyncio.sleep(afterwards)
        left: tuple[str, ...] = ()
        drill = in_progress(follower.fleet)
        ours = drill is None or drill.id == loan.operation
        if ours:  # what another drill does to it meanwhile is not left of this one
            left = leftovers(follower.began, follower.fleet, self._plan, loan.operation)
            if not (left or served or is_serving(follower.fleet)):  # who is aimed at nobody may have struck anybody
                left = (read(follower.fleet).sentence,)
        if ended is None or ended.outcome is Outcome.FAILED:
            left = (*left, "the daemon has not restored everything" if ended is None else ended.sentence)
        for region in returning(follower.began, follower.fleet, self._plan):
            self._say(f"verify: {region}")
        well = "everything is as it was before" if ours else "everything was restored, and another drill has the fleet"
        self._say(f"verify: NOT CLEAN: {'; '.join(left)}" if left else f"verify: {well}")
        return restored, left

    async def _ended(self, patience: float) -> OperationEnded | None:
        """How the drill ended for the daemon; None when it does not say so in `patience` seconds, nor when its time for
        that is over, which it counts from when the fleet was taken back."""
        operation, until = self._loan.operation, time.monotonic() + patience
        while (ended := await self._follower.ended(operation, until - time.monotonic())) is None:
            running = self._follower.fleet.operations.get(operation)
            if running is None or not running.back or running.deadline + LATE <= until:
                return None
            until = running.deadline + LATE
        return ended

    async def _gone(self, patience: float) -> tuple[float, tuple[str, ...]]:
        """When none of the processes that were struck runs any more, and which of them still do: they go with the
        fleet, and with them what was done to them. What is wanted of them the daemon has put back first of all."""
        fleets, until = (self._follower.began, self._follower.fleet), time.monotonic() + patience
        nodes = [fleet.nodes[name] for fleet in fleets for name in self._plan.nodes if name in fleet.nodes]
        launches = {(node.name, node.launch) for node in nodes if node.launch is not None}
        while (left := _running(launches)) and time.monotonic() < until:  # noqa: ASYNC110 - they tell only the daemon
            await asyncio.sleep(_LOOK)
        ended = self._follower.ending(self._loan.operation)
        if ended is not None and ended.outcome is Outcome.FAILED:
            left = (*left, ended.sentence)
        self._say(f"verify: the fleet was taken down, and {'; '.join(left) or 'nothing of the drill is left'}")
        return time.monotonic(), left

    async def _order(self, command: Start | Failback) -> None:
        """A step in good order; what does not succeed is left to the daemon, which puts all back. Where it has taken
        the fleet back already, it refuses: that may be somebody else's by now."""
        try:
            receipt = await self._loan.submit(command)
        except CommandRejected as rejected:
            self._say(f"failback: {rejected}")
            return
        ended = await self._follower.ended(receipt.operation, PATIENCE)
        if ended is None or ended.outcome is not Outcome.DONE:
            self._say(f"failback: {receipt.sentence}: {'timed out' if ended is None else ended.sentence}")


def _running(launches: Iterable[tuple[str, Launch]]) -> tuple[str, ...]:
    return tuple(sorted({f"{name} (pid {launch.pid}) is still running" for name, launch in launches if lives(launch)}))

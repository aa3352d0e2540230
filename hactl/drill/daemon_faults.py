"""Faults of the daemon itself: it is killed or frozen by a guardian, which ensures that one is in charge afterwards.

No command does this: nobody would be left to say how it went. A client may do it because it is the same user's
process on the same machine; it is found by what it says of itself, and struck only when the kernel says the same.
"""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from hactl.control.client import listener
from hactl.control.controller import Controller
from hactl.core.errors import HactlError, Unreachable
from hactl.core.model import Fleet
from hactl.drill.definition import OF_THE_DAEMON, FaultKind
from hactl.drill.faults import Injected, Proof, lives
from hactl.drill.gate import Check
from hactl.drill.guardian import Guardian
from hactl.drill.plan import DrillPlan, Strike
from hactl.paths import FleetPaths
from hactl.supervisor import procfs
from hactl.supervisor.origin import started_with

WHO = "daemon"
"""What the daemon is called in a proof, as in `hactl logs`."""


class Guardians:
    """Those who stand by while the daemon is struck; leaving them ends what they did."""

    def __init__(self, paths: FleetPaths, say: Callable[[str], None]) -> None:
        """`say` hears when a daemon was in charge again."""
        self.paths = paths
        self._say = say
        self._stack = AsyncExitStack()

    async def strike(self, controller: Controller, strike: Strike) -> Injected:
        """Do it, and read back that it is done. Raises HactlError when nobody would start the daemon again, or it
        cannot be found."""
        pid = (await controller.fleet()).pulse.pid
        ticks = procfs.start_ticks(pid)
        if ticks is None:
            raise HactlError(f"the daemon (pid {pid}) is not on this machine", "run the drill where the fleet runs")
        guardian = Guardian(self.paths, strike.kind, pid=pid, ticks=ticks, seconds=strike.lasting or 0.0)
        self._stack.callback(self._tell, guardian)
        await self._stack.enter_async_context(guardian)
        asked = time.monotonic()
        fault = await guardian.strike()
        frozen = strike.kind is FaultKind.DAEMON_FREEZE
        what = "stopped (state T)" if frozen else f"gone; restarted by {guardian.again}"
        proof = Proof(node=WHO, pid=pid, ticks=ticks, done=fault is not None, found=what if fault else "runs")
        return Injected(asked=asked, fault=fault, proofs=(proof,))

    async def leave(self) -> None:
        """End every fault of the daemon, and return when one is in charge, or will not be."""
        await self._stack.aclose()

    def _tell(self, guardian: Guardian) -> None:
        if guardian.struck is not None:
            self._say(f"failback: {told(guardian)}")


def may_be_struck(plan: DrillPlan, state: Path) -> tuple[Check, ...]:
    """Whether the daemon of the fleet that keeps its state in `state` would be started again; nothing when the drill
    does not mean to strike it, or none is there: who asks that one for anything hears it."""
    if not any(strike.kind in OF_THE_DAEMON for strike in plan.strikes):
        return ()
    try:
        pid, _ = listener(FleetPaths(state).control)
    except Unreachable:
        return ()
    found, why, mend = "", "", ""
    try:
        found = "by a service manager" if started_with(pid).kept else "as hactl up does"
    except HactlError as error:
        why, mend = error.message, error.hint
    limit = "somebody who starts it again"
    return (Check(name="daemon that may be struck", value=why or found, limit=limit, ok=not why, hint=mend),)


def told(guardian: Guardian) -> str:
    """What came of it when it was left, for people."""
    if guardian.back is None or guardian.back.back is None or guardian.struck is None:
        return "whether a daemon is in charge is not known"
    return f"a daemon (pid {guardian.back.pid}) was in charge after {guardian.back.back - guardian.struck:.1f} s"


def ended(fleet: Fleet, plan: DrillPlan) -> tuple[str, ...]:
    """Who of those that ran in `fleet`, and that the drill was not to end, has ended since, by the kernel's word."""
    meant = set(plan.ends)
    launches = {node.name: node.launch for node in fleet.nodes.values() if node.launch and node.name not in meant}
    return tuple(name for name, launch in launches.items() if not lives(launch))

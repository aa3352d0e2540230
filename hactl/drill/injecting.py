"""Injecting one fault into a borrowed fleet and verifying that it is in effect: as a client, by command.

The kernel is the witness for what becomes of a process; for how one treats requests, the journal: the daemon says there
that it has read that back. What does not last to the failback is taken back here as well.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from hactl.control.controller import Controller
from hactl.core.errors import HactlError
from hactl.core.events import Record
from hactl.core.hop_commands import MendHop
from hactl.core.hops import PATIENCE as DISTURBED
from hactl.core.impairing import PATIENCE as TOLD
from hactl.core.model import Fleet
from hactl.core.node import Launch
from hactl.core.operation import Outcome
from hactl.core.value import replace
from hactl.drill.config_faults import apply
from hactl.drill.definition import FaultKind
from hactl.drill.faults import Injected, Proof, command, healing, impaired, read_back, rehearsal
from hactl.drill.following import Follower
from hactl.drill.hop_faults import disturbed, mending
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan, Strike
from hactl.drill.restarting import restart

PATIENCE = 2.0
"""Seconds within which a fault has to be in effect."""
_ENDED = max(TOLD, DISTURBED) + 2.0
"""Seconds within which the daemon has said of an impairment that it is in effect, or why not."""
_LOOK = 0.001
"""Seconds between two looks."""
ReadBack = Callable[[Iterable[Record]], tuple[float | None, tuple[Proof, ...]]]
"""When a fault was in effect on all that it was meant for, by the journal, and what was found of each."""


async def rehearse(controller: Controller, plan: DrillPlan, *, by: str) -> None:
    """Ask whether the fleet would be lent and each fault allowed; nothing is done. Raises CommandRejected."""
    for order in rehearsal(plan):
        await controller.submit(order, by=by, dry_run=True)


async def inject(
    loan: Loan, strike: Strike, follower: Follower, plan: DrillPlan, *, patience: float = PATIENCE
) -> Injected:
    """Do it, and look until it is in effect. Raises CommandRejected, and HactlError when there is nobody to strike."""
    if strike.kind is FaultKind.CONFIG:
        return await apply(loan, strike, follower, plan)
    if strike.hop is not None:
        return await _told(loan, strike, partial(disturbed, strike), follower)
    aimed = launches(follower.fleet, strike)
    if strike.kind is FaultKind.IMPAIR:
        return await _told(loan, strike, partial(impaired, strike, aimed), follower)
    asked = time.monotonic()
    if strike.kind is FaultKind.RESTART:
        return await restart(loan, strike, aimed, follower, plan, asked=asked)
    refused: HactlError | None = None
    over = threading.Event()
    async with asyncio.TaskGroup() as tasks:
        # In a thread: the moment at which it is in effect is not to wait for canaries that this loop puts on the disk.
        seen = tasks.create_task(asyncio.to_thread(_in_effect, strike, aimed, asked + patience, over))
        try:
            await loan.submit(command(strike))
        except BaseException as error:
            over.set()
            if not isinstance(error, HactlError):
                raise
            refused = error
    if refused is not None:
        raise refused
    fault, proofs = seen.result()
    return Injected(asked=asked, fault=fault, proofs=proofs)


def launches(fleet: Fleet, strike: Strike) -> dict[str, Launch]:
    """The processes that a strike is meant for, by node. Raises HactlError when one has none."""
    return {name: _launch(fleet, name) for name in strike.nodes}


async def heal(loan: Loan, strike: Strike, follower: Follower) -> str:
    """Take an impairment back from those who have it still; what was done, for people. Raises HactlError when that has
    not come true."""
    struck = ", ".join((*strike.nodes, *strike.services))
    impaired = (node.name for node in follower.fleet.gateways if node.impaired is not None)
    order = healing(strike, impaired) if strike.hop is None else mending(strike, follower.fleet)
    if order is None:
        return f"{struck}: not {'impaired' if strike.hop is None else 'disturbed'} any more"
    receipt = await loan.submit(order)
    ended = await follower.ended(receipt.operation, _ENDED)
    if ended is None or ended.outcome is not Outcome.DONE:
        raise HactlError(f"{receipt.sentence}: {'timed out' if ended is None else ended.sentence}", "hactl events")
    healed = ", ".join((*order.nodes, *(order.services if isinstance(order, MendHop) else ())))
    return f"{healed}: no longer {'impaired' if strike.hop is None else 'disturbed'}"


async def _told(loan: Loan, strike: Strike, found: ReadBack, follower: Follower) -> Injected:
    """What only the daemon can see: it is `found` in the records since it was asked for."""
    asked = time.monotonic()
    receipt = await loan.submit(command(strike))
    ended = await follower.ended(receipt.operation, _ENDED)
    fault, proofs = found(record for record in follower.records if record.seq > receipt.seq)
    if ended is None or ended.outcome is not Outcome.DONE:
        why = "not confirmed" if ended is None else ended.sentence
        proofs = tuple(replace(proof, done=False, found=why) for proof in proofs)
        return Injected(asked=asked, fault=None, proofs=proofs)
    return Injected(asked=asked, fault=fault, proofs=proofs)


def _launch(fleet: Fleet, name: str) -> Launch:
    node = fleet.nodes.get(name)
    if node is None or node.launch is None:
        raise HactlError(f"'{name}' has no process to strike", "hactl status")
    return node.launch


def _in_effect(
    strike: Strike, launches: dict[str, Launch], until: float, over: threading.Event
) -> tuple[float | None, tuple[Proof, ...]]:
    while True:
        proofs = tuple(read_back(strike, name, launch) for name, launch in launches.items())
        now = time.monotonic()
        if all(proof.done for proof in proofs):
            return now, proofs
        if now > until or over.wait(_LOOK):
            return None, proofs

"""Doing one fault, and reading back that it is done: as a client, by command, with the kernel as the witness."""

import asyncio
import time

from hactl.control.controller import Controller
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import Launch
from hactl.core.value import Value
from hactl.drill.faults import Proof, borrowing, command, read_back
from hactl.drill.plan import DrillPlan, Strike

PATIENCE = 2.0
"""Seconds within which a fault has to be in effect."""
_LOOK = 0.001
"""Seconds between two looks."""


class Injected(Value):
    """One fault that was asked for; monotonic seconds."""

    asked: float
    fault: float | None
    """When it was in effect on everybody it was meant for; None when it never was."""
    proofs: tuple[Proof, ...]


async def rehearse(controller: Controller, plan: DrillPlan, *, by: str) -> None:
    """Ask whether the fleet would be lent and each fault allowed; nothing is done. Raises CommandRejected."""
    await controller.submit(borrowing(plan), by=by, dry_run=True)
    for strike in plan.strikes:
        await controller.submit(command(strike), by=by, dry_run=True)


async def inject(
    controller: Controller, strike: Strike, fleet: Fleet, plan: DrillPlan, *, by: str, patience: float = PATIENCE
) -> Injected:
    """Do it, and look until it is in effect. Raises CommandRejected, and HactlError when there is nobody to strike."""
    launches = {name: _launch(fleet, name) for name in strike.nodes}
    asked = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        seen = tasks.create_task(_in_effect(strike, launches, asked + patience))
        try:
            await controller.submit(command(strike), by=by, reason=f"drill {plan.drill}")
        except HactlError as error:
            seen.cancel()
            refused: HactlError | None = error
        else:
            refused = None
    if refused is not None:
        raise refused
    fault, proofs = seen.result()
    return Injected(asked=asked, fault=fault, proofs=proofs)


def _launch(fleet: Fleet, name: str) -> Launch:
    node = fleet.nodes.get(name)
    if node is None or node.launch is None:
        raise HactlError(f"'{name}' has no process to strike", "hactl status")
    return node.launch


async def _in_effect(
    strike: Strike, launches: dict[str, Launch], until: float
) -> tuple[float | None, tuple[Proof, ...]]:
    while True:
        proofs = tuple(read_back(strike, name, launch) for name, launch in launches.items())
        now = time.monotonic()
        if all(proof.done for proof in proofs):
            return now, proofs
        if now > until:
            return None, proofs
        await asyncio.sleep(_LOOK)

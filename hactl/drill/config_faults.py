"""A configuration as a fault: one that must be rejected, or one that the first node accepts and that does harm.

It is what is in force, with one thing wrong. It comes as any other does, on one node and one edge first, and what takes
it back is the product's own guard. Where that does not, the daemon goes back when the drill is over: it was lent.
"""

import time

from hactl import config
from hactl.core.commands import Apply
from hactl.core.errors import ConfigError, HactlError
from hactl.core.model import Fleet
from hactl.core.secrets import MASK
from hactl.core.spec import FleetSpec
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.drill.continuity import Reasons
from hactl.drill.definition import ConfigChange, FaultKind
from hactl.drill.faults import Injected, Proof
from hactl.drill.following import Follower
from hactl.drill.gate import Check
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan, Strike

NOBODY = ("127.0.0.1", 1)
"""Where no service listens: the port is one of those that only root may take, and nobody does."""
PATIENCE = 60.0
"""Seconds until the first node serves with what it was given, or never will."""
WHO = "configuration"
"""What a configuration is called in a proof."""


async def apply(loan: Loan, strike: Strike, follower: Follower, plan: DrillPlan) -> Injected:
    """Have it applied. In effect is an invalid one when it has been answered, and a wrong one when the first node
    serves with it. Raises HactlError when nobody answers, or a wrong one is refused."""
    fleet = await loan.fleet()
    change = strike.change or ConfigChange.INVALID
    command = Apply(text=changed(fleet.spec, change), base=fleet.revision)
    reason = reason_of(plan, change)
    asked = time.monotonic()
    try:
        receipt = await loan.submit(command, reason)
    except ConfigError as refused:  # any other error says nothing about what was to be read
        if change is not ConfigChange.INVALID:
            raise
        found = f"refused: {refused.message}"
        return Injected(asked=asked, fault=time.monotonic(), proofs=(_proof(found, done=True),))
    if change is ConfigChange.INVALID:
        return Injected(asked=asked, fault=time.monotonic(), proofs=(_proof("was not refused", done=True),))
    return await _served(asked, receipt, follower)


def changed(spec: FleetSpec, change: ConfigChange) -> str:
    """The text of `spec` with that wrong with it. Raises HactlError when it cannot be."""
    if MASK in spec.gateway.env.values():
        raise HactlError(
            "gateway.env has literal values, which the daemon masks: the configuration cannot be reproduced",
            'write them as "env:NAME" or "file:PATH"',
        )
    match change:
        case ConfigChange.INVALID:
            return f'{config.dump(spec)}\n[no_such_table]\nkey = "value"\n'
        case ConfigChange.WRONG_PORT:
            if not spec.services:
                raise HactlError("no service whose port could be changed", "add a [[service]] and a [[route]] to it")
            services = tuple(replace(service, endpoints=(NOBODY,)) for service in spec.services)
            return config.dump(replace(spec, services=services))


def may_be_changed(plan: DrillPlan, fleet: Fleet) -> tuple[Check, ...]:
    """Whether the configuration in force can be had with everything wrong that the drill means to apply; nothing when
    it applies none."""
    changes = _changes(plan)
    if not changes:
        return ()
    why, mend = "", ""
    for change in sorted(changes):
        try:
            changed(fleet.spec, change)
        except HactlError as error:
            why, mend = error.message, error.hint
    service = "a [[service]], and " if ConfigChange.WRONG_PORT in changes else ""
    return (
        Check(
            name="configuration that can be made wrong",
            value=why or f"revision {fleet.revision}",
            limit=f"{service}no literal values in gateway.env",
            ok=not why,
            hint=mend,
        ),
    )


def reason_of(plan: DrillPlan, change: ConfigChange) -> str:
    """Why it is applied, as the journal has it."""
    return f"drill {plan.drill}: {change}"


def reasons(plan: DrillPlan) -> Reasons:
    """The same for each kind that is among the strikes."""
    why = {change: reason_of(plan, change) for change in _changes(plan)}
    return Reasons(invalid=why.get(ConfigChange.INVALID), wrong=why.get(ConfigChange.WRONG_PORT))


def _changes(plan: DrillPlan) -> set[ConfigChange]:
    return {strike.change or ConfigChange.INVALID for strike in plan.strikes if strike.kind is FaultKind.CONFIG}


async def _served(asked: float, receipt: Receipt, follower: Follower) -> Injected:
    def first() -> str:
        return next(
            (node.name for node in follower.fleet.gateways if node.serviceable and _has(follower.fleet, node.revision)),
            "",
        )

    await follower.until(lambda: bool(first()) or follower.ending(receipt.operation) is not None, PATIENCE)
    now = time.monotonic()
    name = first()
    if not name:
        ended = follower.ending(receipt.operation)
        found = "no node serves with it" if ended is None else ended.sentence
        return Injected(asked=asked, fault=None, proofs=(_proof(found, done=False),))
    node = follower.fleet.nodes[name]
    pid, ticks = (node.launch.pid, node.launch.ticks) if node.launch else (0, 0)
    found = f"{name} serves with revision {node.revision}"
    return Injected(asked=asked, fault=now, proofs=(Proof(node=WHO, pid=pid, ticks=ticks, done=True, found=found),))


def _has(fleet: Fleet, revision: int) -> bool:
    """It is the configuration that is coming."""
    return fleet.proposal is not None and fleet.proposal.revision == revision


def _proof(found: str, *, done: bool) -> Proof:
    return Proof(node=WHO, pid=0, ticks=0, done=done, found=found)

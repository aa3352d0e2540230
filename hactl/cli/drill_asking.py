"""What would happen if a drill began now: what it strikes, what its own gate says, what the daemon says."""

from pathlib import Path
from typing import NamedTuple

from hactl.control.client import Client
from hactl.core.errors import CommandRejected
from hactl.core.model import Fleet
from hactl.drill.admission import admission, unmet
from hactl.drill.definition import Definition
from hactl.drill.faults import rehearsal
from hactl.drill.gate import Check
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.stopping import not_begun


class Asked(NamedTuple):
    """The answer; nothing was changed to get it."""

    plan: DrillPlan
    gate: tuple[Check, ...]
    refusal: CommandRejected | None
    """Why the daemon would not lend the fleet, or allow a fault; None when it would."""

    @property
    def may(self) -> bool:
        """It would be begun."""
        return self.refusal is None and all(check.ok for check in self.gate)

    @property
    def why_not(self) -> str:
        """Everything that stands in the way, in one line."""
        return "; ".join((*unmet(self.gate), *((str(self.refusal),) if self.refusal is not None else ())))


def ask(client: Client, definition: Definition, fleet: Fleet, seed: int, state: Path) -> Asked:
    """Ask about one drill; `state` is where the fleet keeps its state. Raises CommandRejected when nobody in the
    fleet fits what it asks for, Unreachable when nobody answers."""
    try:
        drawn = plan(definition, fleet, seed)
    except CommandRejected as rejected:
        raise CommandRejected(rejected.message, rejected.hint, guard=True) from rejected
    checks = admission(definition, drawn, fleet, state)
    try:
        for order in rehearsal(drawn):
            client.submit(order, dry_run=True)
    except CommandRejected as rejected:
        return Asked(drawn, checks, rejected)
    return Asked(drawn, checks, None)


def admit(client: Client, definition: Definition, seed: int, state: Path) -> None:
    """Raises CommandRejected when a drill may not be begun now: what never began is no run of it."""
    asked = ask(client, definition, client.fleet().fleet, seed, state)
    if not asked.may:
        raise not_begun(definition.name, asked.why_not)

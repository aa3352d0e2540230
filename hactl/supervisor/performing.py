"""Who does what the core has decided: one line for each effect. Nothing is done here; the last branch is an error."""

from collections.abc import Callable
from typing import assert_never

from hactl.core.effects import (
    ApplyHops,
    ApplyImpairment,
    ApplyTraffic,
    BeginDrain,
    DeliverAlerts,
    Effect,
    EndDrain,
    EndOrphan,
    Halt,
    LeadNode,
    SendSignal,
    Spawn,
)
from hactl.supervisor.crew import Crew
from hactl.supervisor.process_table import ProcessTable


def perform(effect: Effect, crew: Crew, table: ProcessTable, leave: Callable[[], None]) -> None:
    """Have it done; nobody waits for it here."""
    match effect:
        case ApplyTraffic():
            crew.tell_edges()
        case Spawn(node=node, instance=instance):
            crew.spawn(node, instance)
        case SendSignal(launch=launch, signal=signal, group=group):
            table.signal(launch, signal, group=group)
        case BeginDrain(node=node):
            crew.drain(node)
        case EndDrain(node=node):
            crew.undrain(node)
        case ApplyImpairment(node=name):
            crew.impair(name)
        case ApplyHops():
            crew.disturb()
        case LeadNode(node=name):
            crew.lead(name)
        case EndOrphan(launch=launch):
            table.end_orphan(launch)
        case DeliverAlerts():
            crew.tell_couriers()
        case Halt():
            leave()
        case _:
            assert_never(effect)

"""The keys of faults that a drill performs itself, and what they become. Those of all others are in `keys`."""

from typing import Any

from hactl.config import kinds
from hactl.drill.burden import Burden, BusyProcessors, FullDisk, MemoryInUse, Surge
from hactl.drill.definition import FaultKind
from hactl.drill.keys import Key, number

TABLES: dict[FaultKind, dict[str, Key]] = {
    FaultKind.SURGE: {"factor": Key(kind=number(1, 50)), "reconnects": Key(kind=kinds.whole(1, 2000))},
    FaultKind.CPU: {"per_cpu": Key(kind=kinds.whole(1, 16))},
    FaultKind.MEMORY: {"share": Key(kind=number(0.05, 0.9), required=True)},
    FaultKind.DISK: {},
}
"""By kind of fault: the keys that it has besides those of every fault."""


def burden(kind: FaultKind, fields: dict[str, Any]) -> Burden | None:
    """What a fault of that kind puts on the machine; None for one that puts nothing."""
    match kind:
        case FaultKind.SURGE:
            return Surge(**fields)
        case FaultKind.CPU:
            return BusyProcessors(**fields)
        case FaultKind.MEMORY:
            return MemoryInUse(**fields) if fields else None
        case FaultKind.DISK:
            return FullDisk()
        case _:
            return None

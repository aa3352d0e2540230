"""What must not be seen: references to secrets, and the literal values that may be some. Not the secrets themselves.

A value of `gateway.env` is a reference (`env:NAME`, `file:PATH`) or literal text. A reference travels as it is
written; what it stands for is read when a process is started, by the engine, and goes nowhere else. Literal text is
kept in the journal, which only its owner can read, and leaves the daemon masked.
"""

from enum import StrEnum
from typing import TypeVar

from hactl.core.config_events import ConfigTaken, FleetFounded, RevisionProposed, RulesTaken
from hactl.core.events import OperationBegan, OperationMoved, Record
from hactl.core.model import Fleet, Proposal
from hactl.core.operation import Operation
from hactl.core.spec import FleetSpec
from hactl.core.talk import News, Snapshot
from hactl.core.value import Value, replace

MASK = "***"
"""Stands for a literal value wherever it might be seen; no value of its own."""

T = TypeVar("T", bound=Value)


class Secret(str):
    """Text that goes into an environment and is shown nowhere: its `repr` is the mask."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)


class Source(StrEnum):
    """Where a secret is kept."""

    ENV = "env"
    """A variable in the environment of the daemon, which is that of whoever started it."""
    FILE = "file"


class Reference(Value):
    """Where to find a secret."""

    source: Source
    name: str
    """Of the variable, or the path of the file; not yet filled in, and a path may be relative."""


def reference(text: str) -> Reference | None:
    """What `text` refers to; None when it is literal."""
    kind, colon, name = text.partition(":")
    return Reference(source=Source(kind), name=name) if colon and kind in tuple(Source) else None


def masked_spec(spec: FleetSpec) -> FleetSpec:
    """`spec` as it may be shown: variables keep their names and their references, literal values are masked."""
    env = {name: value if reference(value) else MASK for name, value in spec.gateway.env.items()}
    return replace(spec, gateway=replace(spec.gateway, env=env)) if env else spec


def _masked_proposal(proposal: Proposal) -> Proposal:
    return replace(proposal, spec=masked_spec(proposal.spec))


def _masked_operation(operation: Operation) -> Operation:
    """What a drill is to restore may be a configuration."""
    lease = operation.drill
    if lease is None or lease.baseline.spec is None:
        return operation
    baseline = replace(lease.baseline, spec=masked_spec(lease.baseline.spec))
    return replace(operation, drill=replace(lease, baseline=baseline))


def masked(value: T) -> T:
    """Anything that is about to leave the daemon, with every configuration in it masked."""
    match value:
        case FleetFounded(spec=spec) | ConfigTaken(spec=spec) | RulesTaken(spec=spec):
            return replace(value, spec=masked_spec(spec))
        case RevisionProposed(proposal=proposal):
            return replace(value, proposal=_masked_proposal(proposal))
        case Fleet(spec=spec, proposal=coming, operations=operations):
            hidden = {name: _masked_operation(operation) for name, operation in operations.items()}
            shown = replace(value, spec=masked_spec(spec), operations=hidden)
            return shown if coming is None else replace(shown, proposal=_masked_proposal(coming))
        case OperationBegan(operation=operation) | OperationMoved(operation=operation):
            return replace(value, operation=_masked_operation(operation))
        case Snapshot(fleet=fleet):
            return replace(value, fleet=masked(fleet))
        case Record(event=event):
            hidden_event = masked(event)
            return value if hidden_event is event else replace(value, event=hidden_event)
        case News(records=records):
            return replace(value, records=tuple(masked(record) for record in records))
        case _:
            return value

"""The outcome of a change: reported once, when its operation has ended, with measured times.

The times are the journal's, as everything else: they are asked for when the picture shows that the operation is over,
so that nothing is missed while the daemon or the picture was away.
"""

import re
from collections.abc import Collection, Iterable

from hactl.control.controller import Controller
from hactl.core.errors import HactlError
from hactl.core.events import EdgeBack, Event, FailoverEnded, FailoverMoved, OperationBegan, OperationEnded, Record
from hactl.core.operation import Operation, Outcome, Verb, named
from hactl.core.talk import Query, Snapshot
from hactl.core.value import Value
from hactl.tui.actions import Action, kind, listed
from hactl.tui.changing import Sent

KINDS = tuple(kind.__name__ for kind in (OperationBegan, OperationEnded, FailoverMoved, FailoverEnded, EdgeBack))
"""Events that say what a change was, and how it ended."""
_BEGAN = re.compile(r"^op-(?P<seq>\d+): ", re.MULTILINE)
"""How a command names the operation it began; it is called after its position in the journal."""
MOST = 500
"""Of them looked at for one change."""
SECOND = 1000.0
"""Milliseconds from which people read seconds."""


class Told(Value):
    """The end of a change, for people."""

    text: str
    well: bool
    """It did what it was meant to."""


class Expected(Value):
    """A change whose end is waited for."""

    operation: str
    seq: int
    """The position of the journal from which on the operation is known."""
    after: int
    """Everything that it did stands behind this one."""
    action: Action | None = None
    """None for a typed command."""
    said: str = ""
    """The notice that its end takes the place of."""


def sent(change: Sent, said: str = "") -> Expected:
    """The end of a change that was sent by a key."""
    receipt = change.receipt
    return Expected(operation=receipt.operation, seq=receipt.seq, after=change.after, action=change.action, said=said)


def typed(text: str, said: str = "") -> Expected | None:
    """The end of the operation that a command began and did not wait for, by what it said; None for none."""
    began = _BEGAN.search(text)
    if began is None:
        return None
    seq = int(began["seq"])
    return Expected(operation=named(seq), seq=seq, after=seq - 1, said=said)


class Outcomes:
    """The changes whose ends are waited for."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._waiting: list[Expected] = []

    def expect(self, change: Expected) -> None:
        """Wait for the end of this one."""
        if change.operation:
            self._waiting.append(change)

    def over(self, snapshot: Snapshot | None) -> tuple[Expected, ...]:
        """Those that have ended, as the picture shows; each is given once."""
        if snapshot is None:
            return ()
        fleet = snapshot.fleet
        ended = tuple(
            change for change in self._waiting if fleet.seq >= change.seq and change.operation not in fleet.operations
        )
        self._waiting = [change for change in self._waiting if change not in ended]
        return ended

    async def told(self, change: Expected) -> Told | None:
        """How it ended; None when that could not be learned now, and it is waited for again."""
        query = Query(after=change.after, kinds=KINDS, limit=MOST)
        try:
            records = await self._controller.history(query)
        except HactlError:
            self._waiting.append(change)
            return None
        return tell_end(change.action, change.operation, records)


def tell_end(action: Action | None, operation: str, records: Iterable[Record]) -> Told:
    """How `operation` ended that `action` became; None for one that is known by its records only."""
    events = [record.event for record in records]
    began = next(
        (each.operation for each in events if isinstance(each, OperationBegan) and each.operation.id == operation), None
    )
    title = action.title if action is not None else began.sentence if began is not None else "typed command"
    ended = next((each for each in events if isinstance(each, OperationEnded) and each.id == operation), None)
    if ended is None:
        return Told(text=f"{title}: {operation} has ended, but the journal does not say how", well=False)
    if ended.outcome is not Outcome.DONE:
        hint = f"\ntry: {ended.hint}" if ended.hint else ""
        return Told(text=f"{title} {ended.outcome}: {ended.sentence}{hint}", well=False)
    if measured := _loss_and_return(*_hit(action, began), events[: events.index(ended)]):
        return Told(text=measured, well=True)
    took = f" after {_duration([ended.ms])}" if round(ended.ms) else ""
    return Told(text=f"{ended.sentence}; done{took}", well=True)


def _hit(action: Action | None, began: Operation | None) -> tuple[Verb | None, list[str], str]:
    """What was done to whom, and what these are; of a command that was typed only their names are known."""
    if action is not None:
        return action.verb, [target.node for target in action.targets], kind(action.targets)
    return (began.verb, [target.node for target in began.targets], "processes") if began is not None else (None, [], "")


def _loss_and_return(verb: Verb | None, names: list[str], what: str, events: list[Event]) -> str:
    """When the edges did without what a fault hit, and when it was back; "" where nothing was hit, or measured."""
    if verb not in (Verb.KILL, Verb.FREEZE):
        return ""
    done = "killed" if verb is Verb.KILL else "froze"
    moved: dict[str, float] = {}
    back: dict[str, float] = {}
    for event in events:
        match event:
            case FailoverMoved(failover=failover, ms=ms) if failover.node in names:
                moved[failover.node] = ms
            case FailoverEnded(node=node, back_ms=float(ms)) | EdgeBack(edge=node, ms=ms) if node in names:
                back[node] = ms
            case _:
                pass
    said = [f"routed around after {_duration(moved.values())}"] if moved else []
    said += [f"back after {_duration(back.values())}"] if back else []
    return f"{done} {listed(names, what)}: {', '.join(said)}" if said else ""


def _duration(each: Collection[float]) -> str:
    """Milliseconds for people, from the shortest to the longest."""
    low, high = min(each), max(each)
    if high >= SECOND:
        return f"{high / 1000:.1f} s" if len(each) == 1 else f"{low / 1000:.1f} to {high / 1000:.1f} s"
    return f"{high:.0f} ms" if round(low) == round(high) else f"{low:.0f} to {high:.0f} ms"

"""What came of a change that was sent: said once, when its operation has ended, in measured times.

The times are the journal's, as everything else: they are asked for when the picture shows that the operation is over,
so that nothing is missed while the daemon or the picture was away.
"""

from collections.abc import Collection, Iterable

from hactl.control.controller import Controller
from hactl.core.commands import Freeze, Kill
from hactl.core.errors import HactlError
from hactl.core.events import EdgeBack, Event, FailoverEnded, FailoverMoved, OperationEnded, Record
from hactl.core.operation import Outcome
from hactl.core.talk import Query, Snapshot
from hactl.core.value import Value
from hactl.tui.actions import Action
from hactl.tui.changing import Sent

KINDS = tuple(kind.__name__ for kind in (OperationEnded, FailoverMoved, FailoverEnded, EdgeBack))
"""Events that say how a change ended."""
MOST = 500
"""Of them looked at for one change."""
SECOND = 1000.0
"""Milliseconds from which people read seconds."""


class Told(Value):
    """The end of a change, for people."""

    text: str
    well: bool
    """It did what it was meant to."""


class Outcomes:
    """The changes whose ends are waited for."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._waiting: list[Sent] = []

    def expect(self, sent: Sent) -> None:
        """Wait for the end of this one."""
        if sent.receipt.operation:
            self._waiting.append(sent)

    def over(self, snapshot: Snapshot | None) -> tuple[Sent, ...]:
        """Those that have ended, as the picture shows; each is given once."""
        if snapshot is None:
            return ()
        fleet = snapshot.fleet
        ended = tuple(
            sent
            for sent in self._waiting
            if fleet.seq >= sent.receipt.seq and sent.receipt.operation not in fleet.operations
        )
        self._waiting = [sent for sent in self._waiting if sent not in ended]
        return ended

    async def told(self, sent: Sent) -> Told | None:
        """How it ended; None when that could not be learned now, and it is waited for again."""
        query = Query(after=sent.after, kinds=KINDS, limit=MOST)
        try:
            records = await self._controller.history(query)
        except HactlError:
            self._waiting.append(sent)
            return None
        return tell_end(sent.action, sent.receipt.operation, records)


def tell_end(action: Action, operation: str, records: Iterable[Record]) -> Told:
    """How `operation` ended that `action` became."""
    events = [record.event for record in records]
    ended = next((each for each in events if isinstance(each, OperationEnded) and each.id == operation), None)
    if ended is None:
        return Told(text=f"{action.title}: {operation} has ended, and the journal does not say how", well=False)
    if ended.outcome is not Outcome.DONE:
        hint = f"\ntry: {ended.hint}" if ended.hint else ""
        return Told(text=f"{action.title} {ended.outcome}: {ended.sentence}{hint}", well=False)
    if measured := _loss_and_return(action, events[: events.index(ended)]):
        return Told(text=measured, well=True)
    took = f" after {_duration([ended.ms])}" if round(ended.ms) else ""
    return Told(text=f"{ended.sentence}; done{took}", well=True)


def _loss_and_return(action: Action, events: list[Event]) -> str:
    """When the edges did without what a fault hit, and when it was back; "" where nothing was hit, or measured."""
    done = {Kill: "killed", Freeze: "froze"}.get(type(action.command))
    if done is None:
        return ""
    names = {target.node for target in action.targets}
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
    return f"{done} {action.whom}: {', '.join(said)}" if said else ""


def _duration(each: Collection[float]) -> str:
    """Milliseconds for people, from the shortest to the longest."""
    low, high = min(each), max(each)
    if high >= SECOND:
        return f"{high / 1000:.1f} s" if len(each) == 1 else f"{low / 1000:.1f} to {high / 1000:.1f} s"
    return f"{high:.0f} ms" if round(low) == round(high) else f"{low:.0f} to {high:.0f} ms"

"""The journal as a store: signs of life of a drill, numbered, each of which was acknowledged as any command is."""

from collections.abc import Iterable, Iterator

from hactl.core.drill_events import DrillKept
from hactl.core.events import Record
from hactl.drill.canary import Found


class JournalStore:
    """Written by the drill itself, for as long as it has the fleet."""

    kinds = (DrillKept.__name__,)
    rated = True

    def seen(self, records: Iterable[Record], operation: str) -> Iterator[Found]:
        """Its canaries that are there."""
        for record in records:
            if isinstance(record.event, DrillKept) and record.event.id == operation and record.event.canary:
                yield Found(number=record.event.canary)

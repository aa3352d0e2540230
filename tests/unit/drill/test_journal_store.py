"""The signs of life of one drill are found again, and no other's."""

from hactl.core.drill_events import DrillKept
from hactl.core.events import FleetClosing, Record
from hactl.drill.canary import Found
from hactl.drill.journal_store import JournalStore


def test_only_canaries_of_this_drill_are_found() -> None:
    """Each as often as it is there."""
    events = (
        DrillKept(id="op-1", expires=9.0, canary=1),
        DrillKept(id="op-2", expires=9.0, canary=2),
        DrillKept(id="op-1", expires=9.0),
        FleetClosing(),
        DrillKept(id="op-1", expires=9.0, canary=3),
        DrillKept(id="op-1", expires=9.0, canary=3),
    )
    records = [Record(seq=seq, wall=0.0, mono=0.0, event=event) for seq, event in enumerate(events, start=1)]
    assert list(JournalStore().seen(records, "op-1")) == [Found(number=number) for number in (1, 3, 3)]

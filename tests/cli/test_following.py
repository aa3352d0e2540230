"""Following a fleet: what was missed is told whole, however much it was. The rest is in the tests of the verbs."""

from hactl.cli.following import Away, pages, through_restarts
from hactl.core.events import FleetUnpaused, Record
from hactl.core.model import Fleet
from hactl.core.talk import News, Query, Snapshot

NEWEST = 7


def a_record(seq: int) -> Record:
    return Record(seq=seq, wall=float(seq), mono=float(seq), event=FleetUnpaused(why="x"))


class Journal:
    """Seven records, and three of them at a time, whatever is asked for."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def history(self, query: Query) -> list[Record]:
        self.asked.append(query)
        until = query.before or NEWEST + 1
        return [a_record(seq) for seq in range(query.after + 1, until)][:3]


class Forgetful:
    """A daemon that has just come and remembers nothing: it says how the fleet is, and no more."""

    def watch(self, after: int) -> list[Snapshot]:
        return [Snapshot(fleet=Fleet(id="f1", name="t", seq=NEWEST), at=1.0, mono=1.0)]


def test_pages_are_asked_for_until_there_is_none() -> None:
    journal = Journal()
    found = [[record.seq for record in page] for page in pages(journal.history, Query(after=1, before=7))]
    assert found == [[2, 3, 4], [5, 6]]
    assert [query.after for query in journal.asked] == [1, 4, 6]


def test_more_than_a_page_that_was_missed_is_told_before_anything_else() -> None:
    updates = through_restarts(Forgetful(), 1, Journal().history)
    told: list[int] = []
    for update in updates:
        assert not isinstance(update, Away)
        if isinstance(update, Snapshot):
            break
        assert isinstance(update, News)
        told += [record.seq for record in update.records]
    assert told == [2, 3, 4, 5, 6, 7]

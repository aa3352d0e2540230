"""Stores: each that can be named is there, the journal is read to its end, and each is judged by what it has."""

from collections.abc import Iterable

import pytest

from hactl.core.drill_events import DrillKept
from hactl.core.events import Record
from hactl.core.talk import Query
from hactl.drill.canary import LEAST, Found, Written
from hactl.drill.definition import CanarySpec, CanaryStore
from hactl.drill.stores import STORES, first, further, judged, rated


def records(numbers: Iterable[int]) -> list[Record]:
    return [Record(seq=seq, wall=0.0, mono=0.0, event=DrillKept(id="op-7", expires=1.0)) for seq in numbers]


def test_every_store_that_can_be_named_is_one() -> None:
    assert STORES.keys() == set(CanaryStore)
    assert CanarySpec().stores == tuple(CanaryStore)


def test_what_a_drill_writes_is_read_from_its_beginning_and_all_else_back_to_the_first() -> None:
    """Page by page, and none twice."""
    begun = first(CanaryStore.JOURNAL, "op-7")
    assert (begun.after, begun.before, begun.kinds) == (6, 0, ("DrillKept",))
    assert further(begun, records((7, 9))).after == 9
    newest = first(CanaryStore.REVISIONS, "op-7")
    assert (newest.after, newest.before) == (0, 0)
    older: Query = further(newest, records((7, 9)))
    assert (older.after, older.before, older.kinds) == (0, 7, newest.kinds)


@pytest.mark.parametrize("store", CanaryStore)
def test_how_many_are_enough_depends_on_who_writes_them(store: CanaryStore) -> None:
    """A drill writes as many as it likes; configurations are as many as there are."""
    spec = CanarySpec(rate=10.0, stores=(store, store))
    assert rated(spec) is (store is CanaryStore.JOURNAL)
    (losses,) = judged(spec, [Written(number=1, sent=1.0, acknowledged=1.0, store=store)], {}, 2.0)
    assert (losses.store, losses.lost, losses.lost_count) == (store, (1,), 1)
    assert (losses.least, losses.resolution) == ((LEAST, 0.1) if store is CanaryStore.JOURNAL else (0, 0.0))


def test_each_store_is_judged_by_itself() -> None:
    """The same number is another record in another store."""
    written = [
        Written(number=1, sent=1.0, acknowledged=1.0),
        Written(number=1, sent=1.0, acknowledged=1.0, store=CanaryStore.REVISIONS, digest="a"),
    ]
    found = {CanaryStore.JOURNAL: [Found(number=1)], CanaryStore.REVISIONS: [Found(number=1, digest="b")]}
    journal, revisions = judged(CanarySpec(), written, found, 2.0)
    assert (journal.kept, journal.broken) == (1, 0)
    assert (revisions.kept, revisions.altered, revisions.broken) == (0, (1,), 1)

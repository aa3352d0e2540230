"""Stores that a drill looks after: what each has acknowledged, and what became of that. Pure; asks nobody.

A store is a module of its own that fits `Store`, and stands in `STORES`: to add one takes nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from hactl.core.events import Record
from hactl.core.operation import began_at
from hactl.core.talk import Query
from hactl.core.value import replace
from hactl.drill.canary import Found, Losses, Written, classify
from hactl.drill.definition import CanarySpec, CanaryStore
from hactl.drill.journal_store import JournalStore
from hactl.drill.revision_store import RevisionStore

_PAGE = 500


class Store(Protocol):
    """Something that must not forget what it has acknowledged."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The events by which the journal says what it has."""

    @property
    def rated(self) -> bool:
        """The drill writes to it, at the rate of its canaries. Where it does not, what is there before the fault counts
        as acknowledged, and what comes meanwhile, whoever writes it."""

    def seen(self, records: Iterable[Record], operation: str, /) -> Iterator[Found]:
        """What it has of the drill `operation`, or of everybody where no drill writes to it, by these records."""


STORES: Mapping[CanaryStore, Store] = {
    CanaryStore.JOURNAL: JournalStore(),
    CanaryStore.REVISIONS: RevisionStore(),
}


def rated(spec: CanarySpec) -> bool:
    """Whether the drill writes to any store that it looks after."""
    return any(STORES[store].rated for store in spec.stores)


def first(store: CanaryStore, operation: str) -> Query:
    """What to ask the journal for first, to learn what `store` has."""
    begin = began_at(operation) - 1 if STORES[store].rated else 0
    return Query(after=begin, kinds=STORES[store].kinds, limit=_PAGE)


def further(query: Query, page: Sequence[Record]) -> Query:
    """What to ask it for when that has given `page`, which is not empty: without a beginning the newest come first."""
    return replace(query, after=page[-1].seq) if query.after else replace(query, before=page[0].seq)


def judged(
    spec: CanarySpec, written: Sequence[Written], found: Mapping[CanaryStore, Iterable[Found]], fault: float
) -> tuple[Losses, ...]:
    """What became of what was acknowledged, of each store that was looked after. `found` is what they have afterwards;
    `fault` is monotonic seconds."""
    return tuple(
        classify(written, found.get(store, ()), fault, spec.rate if STORES[store].rated else None, store)
        for store in dict.fromkeys(spec.stores)
    )

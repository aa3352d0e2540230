"""What became of numbered records, and the ledger that remembers which were acknowledged."""

from collections.abc import Iterable
from pathlib import Path

from hactl.drill.canary import LEAST, Found, Ledger, Losses, Written, classify, read_ledger
from hactl.drill.definition import CanaryStore


def written(*numbers: int, lost_receipts: tuple[int, ...] = ()) -> list[Written]:
    """Canary `n` was sent at n seconds and acknowledged half a second later."""
    return [
        Written(number=number, sent=number, acknowledged=None if number in lost_receipts else number + 0.5)
        for number in numbers
    ]


def judged(canaries: list[Written], found: Iterable[int], fault: float) -> Losses:
    """What became of those in the journal, at one a second."""
    return classify(canaries, map(there, found), fault, 1.0, CanaryStore.JOURNAL)


def there(number: int) -> Found:
    return Found(number=number)


def test_everything_that_was_acknowledged_is_there() -> None:
    losses = judged(written(1, 2, 3), [1, 2, 3], fault=2.6)
    assert (losses.kept, losses.lost, losses.window, losses.before) == (3, (), 0.0, 2)


def test_what_was_acknowledged_and_is_missing_is_lost() -> None:
    """The window reaches back to the newest record before the first hole, not to the newest there is."""
    losses = judged(written(1, 2, 3, 4, 5), [1, 2, 5], fault=5.0)
    assert losses.lost == (3, 4)
    assert losses.lost_count == 2
    assert losses.window == 2.5


def test_everything_lost_reaches_back_to_the_first() -> None:
    losses = judged(written(1, 2), [], fault=5.0)
    assert (losses.lost, losses.window) == ((1, 2), 4.0)


def test_what_was_not_acknowledged_is_never_lost() -> None:
    """Absent it was rejected, present it is a ghost."""
    losses = judged(written(1, 2, 3, lost_receipts=(2, 3)), [1, 3], fault=3.0)
    assert (losses.lost, losses.ghosts, losses.rejected) == ((), 1, 1)


def test_a_record_that_is_there_twice_is_counted() -> None:
    assert judged(written(1), [1, 1, 1], fault=3.0).duplicates == 2


def test_too_few_canaries_say_nothing() -> None:
    """Nothing is said about loss below a hundred before the fault."""
    numbers = range(1, LEAST + 1)
    assert judged(written(*numbers), numbers, fault=1e6).enough
    assert not judged(written(*numbers), numbers, fault=LEAST).enough


def revision(number: int, digest: str) -> Written:
    return Written(number=number, sent=1.0, acknowledged=1.0, store=CanaryStore.REVISIONS, digest=digest)


def test_what_is_not_what_was_acknowledged_is_altered_and_of_what_no_drill_writes_one_is_enough() -> None:
    """What came later is no concern, and what is in another store is looked for there."""
    known = [revision(1, "a"), revision(2, "b"), revision(3, "c"), *written(4)]
    found = [Found(number=number, digest=digest) for number, digest in ((1, "a"), (2, "x"), (4, "d"))]
    losses = classify(known, found, 2.0, None, CanaryStore.REVISIONS)
    assert (losses.kept, losses.lost, losses.altered, losses.broken) == (1, (3,), (2,), 2)
    assert (losses.acknowledged, losses.before, losses.enough) == (3, 3, True)


def test_the_ledger_survives_its_writer(tmp_path: Path) -> None:
    """An acknowledgement is on the disk when `note` returns; a line that was cut short is none."""
    path, ledger = tmp_path / "canaries", Ledger()
    with ledger.kept_in(path):
        for canary in written(1, 2, 3, lost_receipts=(2,)):
            ledger.note(canary)
        ledger.note(revision(3, "abc"), revision(4, "def"))
        assert read_ledger(path) == ledger.written
    with path.open("a") as file:
        file.write("5 5.000000 4.5")
    assert [canary.number for canary in read_ledger(path)] == [1, 2, 3, 3, 4]


def test_a_line_that_was_damaged_is_none_and_the_others_are_read(tmp_path: Path) -> None:
    """After a crash a file may have anything in it; one ledger like that is no reason to begin no drill any more."""
    path = tmp_path / "canaries"
    path.write_text("1 10.0 10.1\n2 10.0 1.\0\n\0\0 1 -\nx 11.0 -\n3 y 12.0\n7 1.0 1.1 nowhere ab\n4 14.0 -\n")
    assert [canary.number for canary in read_ledger(path)] == [1, 4]

"""What is owed and what was said lately, as values."""

from typing import Any

from support.alerts import an_alert as made

from hactl.core.alert import FORGOTTEN, Alert, AlertBook, AlertKind, Window, held_back, raised, settled


def an_alert(number: int = 1, **changes: Any) -> Alert:
    return made(id=f"f1-{number}", subject="a-1", **({"at": 1000.0} | changes))


def test_an_alert_is_owed_until_it_is_settled() -> None:
    book = raised(AlertBook(), an_alert(), 1300.0)
    assert book.waiting("ops") == (an_alert(),)
    assert book.waiting("others") == ()
    assert settled(book, "f1-1").waiting("ops") == ()
    assert settled(book, "unknown") == book


def test_a_test_goes_before_everything_that_waits() -> None:
    """Somebody sits there and waits for it."""
    book = raised(raised(AlertBook(), an_alert(1), 0.0), an_alert(2, kind=AlertKind.TEST), 0.0)
    assert [alert.id for alert in book.waiting("ops")] == ["f1-2", "f1-1"]


def test_windows_that_say_nothing_any_more_are_let_go() -> None:
    """A fleet that runs for years does not collect them; a count that nobody was told of is kept for a day."""
    book = raised(AlertBook(), an_alert(), 1300.0)
    assert set(book.windows) == {"ops node-down a-1"}
    book = held_back(book, "ops node-down a-1", Window(until=1300.0, suppressed=2))
    other = raised(book, an_alert(2, kind=AlertKind.HUNG, at=2000.0), 2300.0)
    assert set(other.windows) == {"ops node-down a-1", "ops hung a-1"}
    later = raised(other, an_alert(3, to="x", at=2400.0 + FORGOTTEN), 0.0)
    assert later.windows == {}


def test_without_a_throttle_there_is_no_window() -> None:
    assert raised(AlertBook(), an_alert(), 1000.0).windows == {}

"""Durations and times as they are typed."""

import time

import click
import pytest

from hactl.cli.options import duration, label, moment
from hactl.core.signature import LABEL


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("0s", 0), ("5s", 5), ("1.5s", 1.5), ("2m", 120), ("1h", 3600), ("3d", 259200)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 s", "-5s", "1e3s", "5sec", "1.2.3s", "infs", "nans", "\u0665s", "\u00b2s"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """Also what Python would take for digits, and a bare number, whose unit would be a guess."""
    with pytest.raises(click.BadParameter, match="write 250ms, 5s"):
        duration(text)


def local(text: str) -> float:
    return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-25", "2026-11-25 00:00:00"),
        ("2026-11-25 14:05", "2026-11-25 14:05:00"),
        ("2026-11-25T14:05:30", "2026-11-25 14:05:30"),
    ],
)
def test_a_time_is_one_of_the_clock_on_the_wall(text: str, meant: str) -> None:
    assert moment(text) == local(meant)


def test_a_time_may_be_an_age() -> None:
    before = time.time()
    assert before - 7200 <= moment("2h") <= time.time() - 7200


@pytest.mark.parametrize("form", ["%H:%M", "%H:%M:%S"])
def test_a_time_of_day_is_the_last_one(form: str) -> None:
    """Never one that is still to come."""
    for ahead in (-3600, 3600):
        text = time.strftime(form, time.localtime(time.time() + ahead))
        found = moment(text)
        assert 0 <= time.time() - found <= 86400 + 60
        assert time.strftime(form, time.localtime(found)) == text


@pytest.mark.parametrize("text", ["", "yesterday", "25:00", "14:05:99", "2026-13-01", "1764079200"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 2h, 14:05"):
        moment(text)


def test_what_is_typed_in_a_console_is_journaled_as_of_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LABEL, "pts/3")
    assert label() == "pts/3"

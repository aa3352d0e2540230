"""What was missed is explained by what clients ran into, and names a knob."""

import pytest

from hactl.config.keys import TABLES
from hactl.drill.advice import _CLASSES, _OTHERS, explained
from hactl.drill.definition import Definition
from hactl.drill.evidence import Evidence, Times
from hactl.drill.judging import Windows
from hactl.drill.records import Row
from hactl.drill.verdict import Judged, Status

EVIDENCE = Evidence(times=Times(fault=10.0))


def missed(name: str) -> Judged:
    return Judged(name=name, limit="<= 1", value="2", margin=None, status=Status.MISSED)


def cause(name: str, *errors: str, status: int = 0) -> str:
    rows = [Row(10.0 + at, 10.0 + at, 10.1 + at, status, "", error) for at, error in enumerate(errors)]
    windows = Windows(Definition(name="d", title="t"), EVIDENCE, rows)
    (item,) = explained((missed(name),), windows)
    return item.cause


def test_the_commonest_failure_is_the_one_that_is_explained() -> None:
    """With its part of all of them: two causes may be at work."""
    said = cause("rto", "timeout", "timeout", "reset")
    assert said.startswith("2 of 3 failures are 'timeout'")
    assert "health.hang_grace" in said
    assert "panic threshold" in cause("failed", "", status=503)
    assert cause("failed", "something new") == "1 of 1 failures are 'something new'"


@pytest.mark.parametrize("name", _OTHERS)
def test_what_no_request_explains_has_its_own_advice(name: str) -> None:
    assert cause(name).startswith("likely ")


def test_what_was_met_needs_none() -> None:
    met = Judged(name="rto", limit="<= 1", value="0", margin=None, status=Status.MET)
    windows = Windows(Definition(name="d", title="t"), EVIDENCE, [])
    assert explained((met,), windows) == (met,)


def test_every_knob_that_is_named_exists() -> None:
    """Advice to turn what is not there is worse than none."""
    keys = {f"{table.name}.{key.name}" for table in TABLES.values() for key in table.keys}
    words = (
        " ".join((*_CLASSES.values(), *_OTHERS.values())).replace(",", " ").replace(":", " ").replace(";", " ").split()
    )
    named = {word for word in words if word.partition(".")[0] in TABLES and "." in word}
    assert named
    assert named - keys == set()

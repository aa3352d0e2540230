"""Behind its sentence a record says who did it and why, and nothing a second time."""

import pytest

from hactl.core.events import Record, WeightsChanged
from hactl.core.signature import signature, signed


def a_record(by: str = "", reason: str = "") -> Record:
    return Record(seq=1, wall=1.0, mono=1.0, by=by, reason=reason, event=WeightsChanged(nodes={"a-1": 50}))


@pytest.mark.parametrize(
    ("by", "reason", "told", "whole"),
    [
        ("", "", "weight: a-1 = 50", "weight: a-1 = 50"),
        ("ann", "", "weight: a-1 = 50", "weight: a-1 = 50  [by ann]"),
        ("ann", "rack 3", "weight: a-1 = 50", "weight: a-1 = 50  [by ann: rack 3]"),
        ("ann@h", "", "a-1: serving (killed by ann@h)", "a-1: serving (killed by ann@h)"),
        ("ann", "", "b keeps 75 % of its traffic, by ann (failover)", "b keeps 75 % of its traffic, by ann (failover)"),
        ("ann", "rack", "paused by ann until unpaused (rack)", "paused by ann until unpaused (rack)"),
        ("ann", "rack 3", "repairs resume: unpaused by ann", "repairs resume: unpaused by ann  [rack 3]"),
    ],
)
def test_nothing_is_said_twice(by: str, reason: str, told: str, whole: str) -> None:
    assert signed(a_record(by, reason), told) == whole


@pytest.mark.parametrize("other", ["ann@h", "anna", "ann-2", "joann"])
def test_somebody_else_of_a_similar_name_is_not_the_same(other: str) -> None:
    told = f"killed by {other}"
    assert signature(a_record("ann"), told) == ("ann", "")

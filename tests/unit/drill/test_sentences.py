"""A drill for those who listen: each phase once, and in the end what was measured."""

import pytest
from support.courses import course, filed

from hactl.core.value import replace
from hactl.drill.sentences import news
from hactl.drill.verdict import Verdict


def text(before, now) -> list[str]:
    return [each.text for each in news(before, now)]


def test_whoever_comes_late_hears_where_it_stands() -> None:
    assert text(None, course(110.0)) == ["drill node-kill is in progress: phase observe"]
    assert text(None, replace(course(130.0), report=filed())) == [], "what is over is no news"


def test_each_step_is_said_once_and_at_its_time() -> None:
    began, now = course(107.05), course(110.0)
    said = news(began, now)
    assert [each.text for each in said] == ["drill node-kill: confirm: begins", "drill node-kill: observe: 10 s"]
    assert said[-1].wall - now.began == pytest.approx(7.2)
    assert news(now, now) == ()


def test_the_end_is_said_with_what_was_measured() -> None:
    going = course(130.0)
    done = replace(going, report=filed(), alive=False)
    assert text(going, done) == ["drill node-kill ended: pass: all 6 objectives met; RTO 310 ms, RPO 0 of 500 lost"]
    left = replace(done, report=filed(Verdict.ABORTED, clean=False, why="ended by ann"))
    assert text(going, left)[0].endswith("; NOT CLEAN")
    assert "has lost its runner" in text(going, replace(going, alive=False))[0]

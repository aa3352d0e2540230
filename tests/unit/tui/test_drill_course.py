"""A drill drawn to time: phases and requests lie below each other at the moments at which they were."""

import pytest
from support.courses import BEGAN, RUN, course, filed
from support.pictures import AT

from hactl.core.value import replace
from hactl.drill.report import Ending
from hactl.drill.verdict import Verdict
from hactl.tui.drill_course import LABEL, axis, clocks, drawn, sayings, standing, title, waiting
from hactl.tui.lines import Line, length, plain
from hactl.tui.meaning import ASCII, Glyphs, Meaning

FAILING = {108: 20, 109: 20}


def text(lines: tuple[Line, ...]) -> str:
    return "\n".join(plain(each) for each in lines)


def named(lines: tuple[Line, ...]) -> dict[str, str]:
    """What is drawn behind each name."""
    return {plain(each)[:LABEL].strip(): plain(each)[LABEL:] for each in lines}


def test_what_happened_at_one_moment_stands_at_one_place() -> None:
    shown = named(drawn(course(112.4), 112.4, 120, Glyphs()))
    fault = shown["inject"].index("▼")
    assert shown["detect"].index("├") == fault
    assert shown[""].index("fault") == fault
    assert shown["detect"].strip() == "├ 31 ms seen by the daemon"
    assert "process.kill of" in shown["inject"]
    assert shown["baseline"].startswith("├─")
    assert "5.9 s" in shown["baseline"]
    assert shown["observe"].rstrip().endswith("…"), "it goes on"
    assert shown["failed"].strip() == "none"


def test_what_clients_saw_stands_below_it() -> None:
    lines = drawn(course(112.4, failed=FAILING), 112.4, 120, Glyphs())
    shown = named(lines)
    fault = shown["inject"].index("▼")
    bad = shown["failed"]
    assert bad[:fault].strip() == ""
    assert bad[fault + 1 :].strip("▁") == "", "a tenth of what was due"
    assert shown["good"][0] == "▇"
    assert next(each for each in lines if plain(each).startswith(" failed"))[1].meaning is Meaning.DOWN


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_nothing_is_wider_than_its_window(width: int) -> None:
    for until in (BEGAN, 101.5, 108.0, 118.0, 130.0):
        seen = course(until, failed=FAILING)
        lines = (*drawn(seen, until, width, Glyphs()), *standing(seen, width), *clocks(seen, until, width))
        assert max(map(length, (*lines, *title(seen, AT, width), *sayings(seen, 6, width)))) <= width


def test_terminals_that_have_no_more_get_letters() -> None:
    shown = text(drawn(course(112.4, failed=FAILING), 112.4, 80, ASCII))
    assert shown.replace("…", ".").isascii()
    assert "v " in shown


def test_the_axis_is_as_long_as_the_drill_and_grows_with_it() -> None:
    on_time, late = axis(course(108.0), 108.0, 60), axis(course(130.0), 140.0, 60)
    assert (on_time.begin, on_time.end, on_time.zero) == (101.0, 126.0, 107.0)
    assert late.end == 140.0
    assert axis(course(103.0), 103.0, 60).zero == 107.0, "where the fault is meant to come"


def test_a_clock_beyond_its_limit_says_so_before_it_stops() -> None:
    said = text(clocks(course(112.4, failed=FAILING), 112.4, 120))
    assert "RTO 1600 ms (<= 500 ms)  so far, over its limit  from the fault to" in said
    assert "RPO 228 acknowledged (<= 0 lost)  so far" in said
    assert "RTO - (<= 500 ms)  waiting for the fault" in text(clocks(course(103.0), 103.0, 120))


def test_in_the_end_stands_what_was_measured() -> None:
    done = replace(course(130.0), report=filed(), alive=False)
    assert "RTO 310 ms (<= 500 ms)  met" in text(clocks(done, 999.0, 120))
    assert "PASS  all 6 objectives met" in text(title(done, done.began + 90.0, 120))
    assert "1m ago" in text(title(done, done.began + 90.0, 120))
    left = replace(done, report=filed(Verdict.ABORTED, clean=False, why="seoul-1 is down"))
    assert "ABORTED  NOT CLEAN" in text(title(left, AT, 120))


def test_a_run_without_a_runner_says_what_to_do() -> None:
    assert "its runner is gone: the daemon restores everything; :drill recover" in text(
        title(replace(course(108.0), alive=False), AT, 120)
    )


def test_whom_it_strikes_is_frozen_before_and_proved_after() -> None:
    before, after = text(standing(course(103.0), 120)), text(standing(course(112.0), 120))
    assert "drawn from 4 serving nodes" in before
    assert "seoul-2 pid 4312 gone: confirmed" in after
    assert "availability >= 99.9 %: 100 % ok" in after
    assert "not drawn yet" in text(standing(replace(course(100.0), plan=None), 120))


def test_what_it_waits_for_is_asked_of_whoever_looks() -> None:
    assert text(waiting("pull the plug", 80)) == " WAITING FOR YOU: pull the plug   C once it is done"
    assert waiting("", 80) == ()
    asked = waiting("pull the plug of rack 3, and wait until its lamp is red", 80)
    assert text(asked).splitlines() == [
        " WAITING FOR YOU: pull the plug of rack 3, and wait until its lamp is red",
        "   C once it is done",
    ]


def test_a_run_that_does_not_go_on_says_why_until_its_report_does() -> None:
    """Also while everything is put back, which takes a while."""
    stopped = replace(course(110.0), ending=Ending(stopped="ended by ann"))
    assert text(title(stopped, AT, 80)).splitlines()[1] == " STOPPED  ended by ann   observe  10 s"
    broken = replace(course(110.0), ending=Ending(error="no daemon answers", stopped="ended by ann"))
    assert " BROKEN  no daemon answers " in text(title(broken, AT, 80))


def test_the_title_gives_way_last() -> None:
    """What a drill is about is read in a window of 80 cells; which seed it has stands in the report."""
    narrow, wide = text(title(course(110.0), AT, 80)), text(title(course(110.0), AT, 120))
    assert "Clients do not notice that a node dies  " in narrow
    assert f"{RUN} " in f"{narrow} "
    assert "seed" not in narrow
    assert "seed 1" in wide


def test_what_it_says_is_read_beside_it() -> None:
    said = text(sayings(course(112.0), 4, 80))
    assert said.splitlines()[0].startswith(" ── what it says, seconds from the fault")
    assert said.splitlines()[-1] == "    +0.20 s  observe: 10 s"
    assert len(said.splitlines()) == 4
    assert sayings(course(BEGAN - 1), 4, 80) == ()

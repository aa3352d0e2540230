"""The board and a comparison as lines: words beside every colour, columns below each other."""

from support.courses import NODE_KILL, filed
from support.pictures import AT

from hactl.core.value import replace
from hactl.drill import library
from hactl.drill.board import board
from hactl.drill.comparing import compare, side
from hactl.drill.verdict import GIVEN_UP, Verdict
from hactl.tui.drill_board import board_lines, comparison_lines
from hactl.tui.lines import Line, plain
from hactl.tui.meaning import Meaning


def text(lines: tuple[Line, ...]) -> list[str]:
    return [plain(line).rstrip() for line in lines]


def test_each_drill_stands_with_its_last_pass() -> None:
    reports = [filed(began=AT - 7200.0), filed(Verdict.FAIL, run="r2", began=AT - 60.0, why="rto 810 ms")]
    drills = [NODE_KILL, library.load("edge-kill")]
    title, head, kill, why, edge = text(board_lines(board(drills, reports, AT), AT))
    assert title == " readiness: 0 of 2 drills"
    assert kill.split()[:2] == ["node-kill", "failing"]
    assert "2h ago" in kill
    assert "38% rto" in kill
    assert why == "   rto 810 ms"
    assert edge.split("  ")[0].strip() == "edge-kill"
    assert "never run" in edge
    assert kill.index("failing") == head.index("stands")
    assert board_lines((), AT) == ()


def test_bad_news_stands_above_and_names_are_never_broken() -> None:
    """The board of a window of 80 cells has all its drills with why each stands so; those never run come last."""
    drills = [library.load(name) for name in library.names()]
    reports = [
        filed(began=AT - 60.0),
        filed(Verdict.INCONCLUSIVE, drill=library.load("node-hang"), run="r2", why="load generator on time: " * 4),
        filed(
            Verdict.ABORTED, drill=library.load("region-loss"), run="r3", why=f"{GIVEN_UP}: availability", clean=False
        ),
    ]
    _, _, *lines = text(board_lines(board(drills, reports, AT), AT, 78))
    assert max(map(len, lines)) <= 78
    assert [line.split()[0] for line in lines if not line.startswith("   ")] == [
        *("region-loss", "node-hang", "node-kill"),
        *(drill.name for drill in drills if drill.name not in ("region-loss", "node-hang", "node-kill")),
    ]
    assert lines[1].startswith("   left behind")
    assert lines[3].startswith("   its last run: inconclusive, load generator")
    assert lines[4].startswith("   "), "what does not fit goes on below"


def test_its_rto_is_a_median_with_its_range_and_a_trend_only_from_five_runs_on_each_side() -> None:
    one = filed(began=AT - 3600.0)
    assert one.outage is not None

    def last_line(*seconds: float) -> str:
        outages = [replace(one.outage, back=one.outage.fault + rto) for rto in seconds]
        reports = [replace(one, outage=outage) for outage in outages]
        return text(board_lines(board([NODE_KILL], reports, AT), AT))[-1]

    quick, slow = (0.3, 0.31, 0.33, 0.35, 0.4), (0.9, 0.91, 0.92, 0.93, 0.94)
    assert last_line(*quick).endswith("330 ms (300 ms .. 400 ms), 5 runs")
    assert last_line(*quick, *slow[:4]).endswith(", 9 runs")
    assert last_line(*quick, *slow).endswith(", 10 runs  worse")


def test_runs_stand_side_by_side() -> None:
    a = filed(run="r1")
    b = replace(filed(run="r2"), outage=replace(a.outage, back=107.81))
    lines = text(comparison_lines(compare(side("r1", [a, b]), side("r2", [a, b]))))
    rto = next(line for line in lines if line.split()[0:1] == ["rto"])
    assert rto.split() == ["rto", "310", "ms", "810", "ms", "+500", "ms"]
    assert lines[-1].endswith("a single run proves no trend")


def test_what_came_of_each_run_stands_above_its_figures() -> None:
    """One that has shown nothing, or has left something behind, never looks like one that has passed."""
    a, b = filed(Verdict.ABORTED, run="r1", why="ended by ann", clean=False), filed(run="r2")
    _, verdict, *_ = comparison_lines(compare(side("r1", [a, b]), side("r2", [a, b])))
    assert plain(verdict).split("  ")[0].strip() == "verdict"
    found = {span.text.strip(): span.meaning for span in verdict}
    assert (found["aborted, NOT CLEAN"], found["pass"]) == (Meaning.DOWN, Meaning.SERVING)
    c = filed(Verdict.INCONCLUSIVE, run="r3", why="late")
    _, verdict, first, *_ = comparison_lines(compare(side("r3", [c, b]), side("r2", [c, b])))
    assert [span.meaning for span in first[1:5]] == [Meaning.MUTED, Meaning.MUTED, Meaning.TEXT, Meaning.MUTED]
    assert {span.text.strip(): span.meaning for span in verdict}["inconclusive"] is Meaning.DEGRADED


def test_in_a_narrow_window_what_differs_is_still_seen() -> None:
    names = ("20261126-010101-node-kill", "20261126-020202-node-kill")
    one, other = (side(name, [filed(run=name)]) for name in names)
    lines = text(comparison_lines(compare(one, other), 60))
    table = lines[: lines.index("")]
    assert max(map(len, table)) <= 60
    assert any(line.endswith("+0 ms") for line in table)
    assert max(map(len, lines)) <= 60
    assert lines[-1].endswith("proves no trend"), "what does not fit goes on below"

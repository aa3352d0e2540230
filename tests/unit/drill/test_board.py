"""The readiness board says of every drill whether its last pass still says anything, and by how much it passed."""

import pytest
from support.filed import DRILL, filed

from hactl.core.value import replace
from hactl.drill.board import Entry, Standing, board, worst
from hactl.drill.comparing import Trend
from hactl.drill.definition import Definition, Hypothesis, Objectives, Probe
from hactl.drill.report import DrillReport, Ending
from hactl.drill.verdict import GIVEN_UP

NOW = 1.7e9 + 3600
DAY = 86400.0
GAVE_UP = f"{GIVEN_UP}: availability below 50 % for 3 s"


def entry(*reports: DrillReport, oldest: float | None = None, now: float = NOW) -> Entry:
    (found,) = board([DRILL], reports, now, oldest)
    return found


def left(report: DrillReport) -> DrillReport:
    evidence = replace(report.evidence, leftovers=("seoul-1 is stopped",))
    return replace(report, clean=False, evidence=evidence)


NOTHING = filed(ending=Ending(pointless="no load"))


@pytest.mark.parametrize(
    ("reports", "standing", "words"),
    [
        ((), Standing.NEVER, "never run"),
        ((filed(),), Standing.READY, ""),
        ((filed(), filed(bad=3.0)), Standing.FAILING, "wanted <= 1000 ms"),
        ((filed(bad=3.0), filed()), Standing.READY, ""),
        ((filed(), filed(ending=Ending(stopped=GAVE_UP))), Standing.FAILING, f"its last run: aborted, {GAVE_UP}"),
        ((filed(ending=Ending(stopped=GAVE_UP)), filed()), Standing.READY, ""),
        ((left(filed()),), Standing.FAILING, "left behind: seoul-1 is stopped"),
        ((filed(ending=Ending(pointless="no load")),), Standing.UNPROVEN, "its last run: inconclusive, no load"),
        ((filed(), filed(ending=Ending(stopped="by bob"))), Standing.READY, "its last run: aborted, by bob"),
        ((left(filed()), NOTHING), Standing.FAILING, "left behind: seoul-1 is stopped"),
        ((filed(), left(filed(ending=Ending(stopped="by bob"))), NOTHING), Standing.FAILING, "left behind: seoul-1"),
        (
            (filed(), filed("r2", ending=Ending(stopped=GAVE_UP)), NOTHING),
            Standing.FAILING,
            "no pass since r2: aborted",
        ),
        ((left(filed()), filed(), NOTHING), Standing.READY, "its last run: inconclusive, no load"),
    ],
    ids=[
        *("never", "passed", "failed", "mended", "given up", "given up before", "unclean", "nothing shown", "stopped"),
        *("unclean before", "unclean and stopped before", "given up, nothing shown since", "cleaned since"),
    ],
)
def test_a_drill_stands_by_its_newest_run_that_has_shown_something(
    reports: tuple[DrillReport, ...], standing: Standing, words: str
) -> None:
    found = entry(*reports)
    assert found.standing is standing
    assert words in found.words
    assert bool(found.words) is bool(words)


def test_a_pass_has_an_age_and_a_least_margin() -> None:
    """The objective with the least room left is the one to look at."""
    found = entry(filed("first", bad=0.1))
    assert (found.last_pass, found.age) == ("first", 3600.0)
    assert found.tightest == "availability"
    assert found.margin == pytest.approx(0.5)
    assert found.rto is not None
    assert (found.rto.count, found.trend) == (1, Trend.UNKNOWN)


def test_a_pass_grows_old() -> None:
    assert entry(filed(), oldest=DAY).standing is Standing.READY
    stale = entry(filed(), oldest=DAY, now=NOW + 2 * DAY)
    assert stale.standing is Standing.OLD
    assert stale.words == "its last pass is older than 1d"


def test_what_was_left_behind_is_no_pass_that_a_drill_stands_by() -> None:
    """It grows old by its last clean one, and is not ready without."""
    assert DRILL.objectives.rto is not None
    easier = replace(DRILL, objectives=replace(DRILL.objectives, rto=60.0))
    dirty, after = left(filed(began=NOW - DAY)), filed("easy", drill=easier)
    assert entry(filed(began=NOW - 3 * DAY), dirty, after, oldest=2 * DAY).standing is Standing.OLD
    alone = entry(dirty, after)
    assert (alone.standing, alone.last_pass) == (Standing.UNPROVEN, "")
    assert alone.words == "no pass of it that left nothing behind"


def test_a_pass_of_an_easier_drill_proves_nothing_about_this_one() -> None:
    """Other objectives are another drill; a shorter window of it is not."""
    easier = replace(DRILL, objectives=replace(DRILL.objectives, rto=60.0))
    assert entry(filed(drill=easier)).standing is Standing.UNPROVEN
    assert DRILL.objectives.availability is not None
    window = replace(DRILL.objectives.availability, window=5.0)
    shorter = replace(DRILL, objectives=replace(DRILL.objectives, availability=window))
    assert entry(filed(drill=shorter)).standing is Standing.READY
    assert entry(filed(drill=replace(DRILL, objectives=Objectives()))).words.startswith("run only with other")


@pytest.mark.parametrize(
    "easier",
    [
        replace(DRILL, load=replace(DRILL.load, rate=1.0)),
        replace(DRILL, load=replace(DRILL.load, timeout=60.0)),
        replace(DRILL, hypotheses=(Hypothesis(probe=Probe.AVAILABILITY, least=0.5),)),
        replace(DRILL, phases=replace(DRILL.phases, settle=1.0)),
    ],
    ids=["rate", "timeout", "hypothesis", "settle"],
)
def test_clients_that_ask_less_or_shorter_prove_nothing_either(easier: Definition) -> None:
    """A service that is back for a second is not back; a longer time of its own proves more."""
    assert entry(filed(drill=easier)).standing is Standing.UNPROVEN
    longer = replace(DRILL, phases=replace(DRILL.phases, settle=60.0, hold=60.0))
    assert entry(filed(drill=longer)).standing is Standing.READY


def test_a_drill_of_ones_own_is_on_the_board_once_it_was_run() -> None:
    """Measured by what it asked for last."""
    mine = replace(DRILL, name="mine")
    found = board([DRILL], [filed("m", drill=mine)], NOW)
    assert [(one.drill, one.standing) for one in found] == [
        ("node-kill", Standing.NEVER),
        ("mine", Standing.READY),
    ]


def test_a_trend_is_that_of_the_newest_five_against_the_five_before() -> None:
    slow, quick = [[filed(f"{bad}-{n}", bad=bad) for n in range(5)] for bad in (0.15, 0.05)]
    assert entry(*slow, *quick[:4]).trend is Trend.UNKNOWN
    assert entry(*slow, *quick).trend is Trend.BETTER
    assert entry(*quick, *slow).trend is Trend.WORSE


def test_the_worst_drill_decides() -> None:
    assert worst(board([DRILL, replace(DRILL, name="other")], [filed()], NOW)) is Standing.NEVER
    assert worst(()) is Standing.READY


def test_a_file_of_ones_own_that_has_the_name_of_a_drill_stands_by_itself() -> None:
    """Whatever it has shown says nothing of the drill that comes with hactl."""
    mine = replace(DRILL, source="/x/node-kill.toml")
    theirs, own = board([DRILL], (filed(), filed(bad=3.0, drill=mine)), NOW)
    assert (theirs.drill, theirs.standing, theirs.runs) == ("node-kill", Standing.READY, 1)
    assert (own.drill, own.standing, own.runs) == ("node-kill (your own)", Standing.FAILING, 1)
    (alone,) = board([], (filed(drill=mine),), NOW)
    assert alone.drill == "node-kill"

"""`hactl drill compare|board`: what was shown, side by side and drill by drill; without any daemon."""

import os
import time
from collections.abc import Iterator

import pytest
from support.command import Home
from support.filed import DRILL, filed

from hactl.core.value import replace
from hactl.drill.library import load, names
from hactl.drill.phases import Phase
from hactl.drill.report import DrillReport
from hactl.drill.runs import OpenRun, Run


@pytest.fixture
def home() -> Iterator[Home]:
    """A fleet that is only described."""
    with Home() as home:
        home.configure(regions={"a": 1})
        yield home


def file(home: Home, report: DrillReport) -> str:
    """Have that report among those of the fleet; the name of its run."""
    run = Run.create(home.paths.drills, report.definition.name, report.identity.began)
    identity = report.identity
    run.mark(OpenRun(identity=identity, definition=report.definition, phase=Phase.REPORT, pid=os.getpid(), ticks=0))
    run.finish(report)
    return identity.run


def test_two_runs_are_compared_and_no_trend_is_made_of_them(home: Home) -> None:
    """Figures on stdout; what else has to be known on stderr."""
    for name, bad in (("before", 0.0), ("after", 2.0)):
        file(home, filed(name, bad=bad))
    done = home.run("drill", "compare", "before", "after")
    assert done.returncode == 0
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "before (1 run)" in lines["FIGURE"]
    assert lines["rto"].split()[1:] == ["0", "ms", "2000", "ms", "+2000", "ms"]
    assert "a single run proves no trend" in done.stderr
    compared = home.json("drill", "compare", "before", "after")["comparison"]
    assert compared["runs_a"] == ["before"]
    against = home.json("drill", "compare", "node-kill", "after")["comparison"]
    assert against["runs_a"] == ["before"], "a run is no part of what it is compared with"


def test_what_was_never_run_cannot_be_compared(home: Home) -> None:
    done = home.run("drill", "compare", "node-kill", "node-hang")
    assert done.returncode == 1
    assert "no run 'node-kill', and no run of a drill with that name" in done.stderr


def test_the_board_says_in_words_how_every_drill_stands(home: Home) -> None:
    """Those that come with hactl in any case, and those of one's own that were run."""
    file(home, filed("one", began=time.time() - 7200))
    file(home, filed("bad", bad=3.0, began=time.time(), drill=replace(DRILL, name="mine")))
    done = home.run("drill", "board")
    assert done.returncode == 1, "one of them fails"
    rows = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    assert set(rows) == {*names(), "mine"}
    assert "never run" in rows["node-hang"]
    assert "failing" in rows["mine"]
    assert "mine: rto 3" in done.stderr


def test_a_pipeline_can_ask_for_passes_that_are_young_enough(home: Home) -> None:
    """By the exit code; without an age only what fails is wrong."""
    file(home, filed("one", began=time.time() - 7200, drill=load("node-kill")))
    assert home.run("drill", "board", "node-kill").returncode == 0
    assert home.run("drill", "board", "node-kill", "--max-age", "3h").returncode == 0
    assert home.run("drill", "board", "node-kill", "--max-age", "1h").returncode == 1
    assert home.run("drill", "board", "node-hang").returncode == 0
    assert home.run("drill", "board", "node-hang", "--max-age", "1h").returncode == 1
    (entry,) = home.json("drill", "board", "node-kill", "--max-age", "1h")["board"]
    assert (entry["standing"], entry["last_pass"]) == ("old", "one")
    wrong = home.run("drill", "board", "node-kil")
    assert (wrong.returncode, "no drill 'node-kil'" in wrong.stderr) == (2, True)


def test_a_report_that_cannot_be_read_is_not_passed_over_in_silence(home: Home) -> None:
    run = Run.create(home.paths.drills, "node-kill", time.time())
    for name in ("run.json", "report.json"):
        (run.directory / name).write_text("{")
    done = home.run("drill", "board")
    assert done.returncode == 0
    assert f"not counted: cannot read {run.directory}" in done.stderr

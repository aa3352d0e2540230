"""A suite: what its file says, which drills that comes to, and when it does not go on."""

from pathlib import Path

import pytest

from hactl.core.errors import ConfigError
from hactl.core.value import replace
from hactl.drill import library, suite
from hactl.drill.definition import Definition
from hactl.drill.report import DrillReport, Identity
from hactl.drill.verdict import Verdict

OVERHEAD = 5.5
"""Seconds that a drill takes besides its phases, of several: to plan, to give the fleet back, to see that all is as it
was. Measured: 4 to 7, on average 5.1."""


@pytest.mark.parametrize("name", suite.names())
def test_a_suite_that_comes_with_hactl_can_be_run(name: str) -> None:
    """Its file bears its name, and each of its drills is one."""
    found = suite.load(name)
    assert found.name == name
    assert len(found.load()) == len(found.drills) > 1


def test_the_suite_for_pipelines_takes_less_than_four_minutes() -> None:
    drills = suite.load("ci").load()
    assert sum(drill.length + OVERHEAD for drill in drills) < 240
    assert {drill.phases.baseline for drill in drills} == {5.0}
    assert {drill.phases.hold + drill.phases.settle for drill in drills if drill.name != "upstream-down"} == {15.0}


COUNTS = ("failed", "failed_with_retries", "rpo_records", "failback_failed", "nodes_out", "restarts", "journal_gaps")


def test_the_suite_for_pipelines_gives_more_time_and_no_request() -> None:
    """A build machine is shared; what it may lose is what anybody may."""
    for drill in suite.load("ci").load():
        alone = library.load(drill.name).objectives
        assert [getattr(drill.objectives, name) for name in COUNTS] == [getattr(alone, name) for name in COUNTS]


def test_what_is_left_out_does_not_have_to_fit_what_is_set_for_all() -> None:
    """In four seconds a service cannot be down for longer; that drill is not run."""
    short = ("phases.baseline=3s", "phases.hold=4s", "phases.settle=3s")
    with pytest.raises(ConfigError, match="ends after the end of the hold"):
        suite.load("ci").load(short)
    assert {one.length for one in suite.load("ci").load(short, ("upstream-down",))} == {10.0}


def test_what_is_set_for_all_is_set_for_one_and_in_the_command_wins_in_this_order(tmp_path: Path) -> None:
    """And a drill of one's own is looked for beside the file."""
    (tmp_path / "mine.toml").write_text(library.text("node-kill")[0].replace("node-kill", "mine"))
    path = tmp_path / "suite.toml"
    path.write_text(
        """
        schema = 1
        name = "nightly"
        title = "Every night"
        set = ["phases.baseline=4s", "phases.hold=4s", "phases.settle=4s"]
        [[drill]]
        name = "mine.toml"
        set = ["phases.hold=6s", "phases.settle=6s"]
        [[drill]]
        name = "edge-kill"
        """
    )
    mine, other = suite.load(str(path)).load(("phases.settle=8s",))
    assert (mine.name, other.name) == ("mine", "edge-kill")
    assert [(one.phases.baseline, one.phases.hold, one.phases.settle) for one in (mine, other)] == [
        (4.0, 6.0, 8.0),
        (4.0, 4.0, 8.0),
    ]
    assert [one.name for one in suite.load(str(path)).load(without=("mine",))] == ["edge-kill"]
    with pytest.raises(ConfigError, match="no drill 'node-kill' in suite 'nightly'"):
        suite.load(str(path)).load(without=("node-kill",))


def test_everything_that_is_wrong_with_a_suite_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        suite.parse('schema = 2\nname = "a"\ntile = "A"\n[[drill]]\nset = "x"\n', "s.toml")
    assert error.value.message.startswith("s.toml: ")
    told = "\n".join((str(error.value), *error.value.also))
    for path in ("schema", "title is missing", "tile: unknown key", "drill[1].name is missing", "drill[1].set"):
        assert path in told
    with pytest.raises(ConfigError, match=r"a suite needs at least one drill \(write"):
        suite.parse('schema = 1\nname = "a"\ntitle = "A"\n', "s.toml")
    with pytest.raises(ConfigError, match="no suite 'cj'"):
        suite.load("cj")


@pytest.mark.parametrize("verdict", Verdict)
def test_a_suite_goes_on_after_what_was_measured_and_not_after_what_was_ended(verdict: Verdict) -> None:
    """Nor when anything was left behind, or somebody pressed Ctrl-C."""
    identity = Identity(run="r", fleet="t", by="a", host="h", version="0", began=0.0, revision=1)
    definition = Definition(name="d", title="t")
    report = DrillReport(verdict=verdict, why="", clean=True, identity=identity, definition=definition)
    assert suite.goes_on(report) is (verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE))
    assert not suite.goes_on(replace(report, clean=False))
    assert not suite.goes_on(replace(report, interrupted=True))

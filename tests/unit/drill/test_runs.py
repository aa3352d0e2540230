"""The files of drills: each whole or not there, and a run that was left is found."""

import os
from pathlib import Path

import pytest
from support.processes import waiting

from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.drill import runs as files
from hactl.drill.comparing import LAST
from hactl.drill.definition import Definition
from hactl.drill.load_plan import PREFIX
from hactl.drill.phases import Phase
from hactl.drill.records import Records, Row
from hactl.drill.report import DrillReport, Identity
from hactl.drill.runs import OpenRun, Run, abandoned, named, runs
from hactl.drill.verdict import Verdict
from hactl.supervisor import procfs

WALL = 1_700_000_000.0
DRILL = Definition(name="node-kill", title="t")


def opened(run: Run, *, pid: int = 0, ticks: int = 0) -> OpenRun:
    identity = Identity(run=run.name, fleet="f", by="a", host="h", version="0", began=WALL, revision=1)
    return OpenRun(identity=identity, definition=DRILL, phase=Phase.OBSERVE, pid=pid or os.getpid(), ticks=ticks)


def a_run(root: Path, *, alive: bool = True, wall: float = WALL) -> Run:
    run = Run.create(root, "node-kill", wall)
    run.mark(opened(run, ticks=(procfs.start_ticks(os.getpid()) or 0) if alive else 1))
    return run


def filed(run: Run) -> DrillReport:
    report = DrillReport(
        verdict=Verdict.PASS, why="all well", clean=True, identity=opened(run).identity, definition=DRILL
    )
    return run.finish(report, Records([Row(1.0, 1.0, 1.1, 200, "a-1", "")]))


def test_runs_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    """Sorted by time, whatever the drill."""
    names = [a_run(tmp_path / "d").name for _ in range(3)]
    assert names == ["20231114-221320-node-kill", "20231114-221320-node-kill_2", "20231114-221320-node-kill_3"]
    assert [run.name for run in runs(tmp_path / "d")] == names


def test_a_report_is_found_again(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    assert run.report() is None
    report = filed(run)
    assert named(tmp_path, "").report() == report
    assert named(tmp_path, run.name).name == run.name
    assert (run.directory / "report.md").read_text().startswith("# Drill node-kill: PASS")
    assert len(Records.decode((run.directory / "requests.json").read_bytes())) == 1
    assert not list(run.directory.glob("*.part"))


def test_only_a_run_without_report_and_without_runner_is_abandoned(tmp_path: Path) -> None:
    """Somebody else with the pid of its runner is not its runner."""
    a_run(tmp_path)
    left = a_run(tmp_path, alive=False)
    filed(a_run(tmp_path, alive=False))
    assert [run.name for run in abandoned(tmp_path)] == [left.name]
    assert left.read().phase is Phase.OBSERVE


def test_a_runner_that_nobody_buries_is_gone_all_the_same(tmp_path: Path) -> None:
    """As in a container whose first process does not: its run is to be recovered there too."""
    run = Run.create(tmp_path, "node-kill", WALL)
    with waiting() as runner:
        run.mark(opened(run, pid=runner.pid, ticks=procfs.start_ticks(runner.pid) or 0))
        assert abandoned(tmp_path) == []
        runner.kill()
        os.waitid(os.P_PID, runner.pid, os.WEXITED | os.WNOWAIT)
        assert procfs.start_ticks(runner.pid) is not None
        assert [left.name for left in abandoned(tmp_path)] == [run.name]


def test_one_that_cannot_be_read_keeps_no_other_from_being_recovered(tmp_path: Path) -> None:
    """Nobody can say whose it was; what is wrong with it says which file that is."""
    spoilt, left = a_run(tmp_path, alive=False), a_run(tmp_path, alive=False)
    (spoilt.directory / "run.json").write_text("{")
    assert [run.name for run in abandoned(tmp_path)] == [left.name]
    with pytest.raises(HactlError, match=str(spoilt.directory / "run.json")):
        spoilt.read()


def test_reports_are_read_together_and_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Runs without one are passed over: they have not ended."""
    a_run(tmp_path)
    report = filed(a_run(tmp_path))
    spoilt = a_run(tmp_path)
    (spoilt.directory / "report.json").write_text("{")
    reports, unreadable = files.filed(tmp_path)
    assert reports == [report]
    assert [str(spoilt.directory) in told for told in unreadable] == [True]


def test_a_run_says_by_its_name_which_drill_it_is_of(tmp_path: Path) -> None:
    """The second one of a second as well, and one whose drill ends in a number, as every one of a monkey does."""
    for drill in ("node-kill", "chaos-42"):
        assert [Run.create(tmp_path, drill, WALL).drill for _ in range(2)] == [drill, drill]


def test_a_run_is_compared_with_the_last_ones_of_its_drill_that_have_shown_something(tmp_path: Path) -> None:
    """Oldest first; not with later ones, nor with those of other drills, be it one of a file with
    the same name, nor with one that cannot be read."""
    before = [filed(a_run(tmp_path)) for _ in range(3)]
    shown_nothing = a_run(tmp_path)
    shown_nothing.finish(replace(before[0], verdict=Verdict.ABORTED))
    spoilt = a_run(tmp_path)
    (spoilt.directory / "report.json").write_text("{")
    filed(Run.create(tmp_path, "edge-kill", WALL))
    own = replace(before[0].definition, source="/x/node-kill.toml")
    own_run = a_run(tmp_path)
    owned = own_run.finish(replace(before[0], definition=own))
    this = a_run(tmp_path)
    filed(a_run(tmp_path))
    drill = before[0].definition
    assert this.earlier(drill) == before
    assert this.earlier(own) == [owned]
    reports = [filed(a_run(tmp_path, wall=WALL + number)) for number in range(1, LAST + 2)]
    assert a_run(tmp_path, wall=WALL + 60).earlier(drill) == reports[1:]


def test_what_a_dead_runner_left_of_its_load_goes(tmp_path: Path) -> None:
    run = a_run(tmp_path, alive=False)
    (run.directory / f"{PREFIX}x").mkdir()
    (run.directory / f"{PREFIX}x" / "records").write_text("")
    run.tidy()
    assert [path.name for path in run.directory.iterdir()] == ["run.json"]


def test_there_is_nothing_before_the_first_run(tmp_path: Path) -> None:
    assert runs(tmp_path / "none") == []
    with pytest.raises(HactlError) as error:
        named(tmp_path / "none", "")
    assert error.value.hint == "hactl drill run node-kill"
    a_run(tmp_path)
    with pytest.raises(HactlError, match="no run 'x'"):
        named(tmp_path, "x")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HactlError, match="cannot write to"):
        Run.create(tmp_path / "file" / "d", "node-kill", WALL)


def test_a_damaged_file_is_an_error_and_no_surprise(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    (run.directory / "report.json").write_text("{")
    with pytest.raises(HactlError, match="not a valid DrillReport"):
        run.report()
    assert replace(run.read(), pid=1).pid == 1


def test_a_report_is_kept_though_nothing_else_can_be(tmp_path: Path) -> None:
    """What is made from it can be made again; what is missing is said, each by name."""
    run = a_run(tmp_path)
    report = filed(run)
    names = ("requests.json", "report.md", "report.html", "junit.xml", "SHA256SUMS")
    for name in names:
        (run.directory / name).unlink()
        (run.directory / f"{name}.part").mkdir()
    said: list[str] = []
    kept = run.finish(replace(report, why="again"), Records([Row(1.0, 1.0, 1.1, 200, "a-1", "")]), say=said.append)
    assert run.report() == kept
    assert kept.why == "again"
    assert sorted(line.split()[2].rpartition("/")[2].rstrip(":") for line in said) == sorted(names)

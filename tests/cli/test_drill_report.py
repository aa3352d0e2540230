"""`hactl drill report`: what was found, in the format that is asked for; without any daemon."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.command import Home
from support.filed import filed, stream

from hactl.drill import library
from hactl.drill.phases import Phase
from hactl.drill.records import Records
from hactl.drill.runs import OpenRun, Run


@pytest.fixture
def run(home: Home) -> Run:
    """A run of a fleet that is only described."""
    home.configure(regions={"a": 1})
    made = Run.create(home.paths.drills, "node-kill", 1.7e9)
    report = filed(made.name, bad=3.0)
    made.mark(OpenRun(identity=report.identity, definition=report.definition, phase=Phase.REPORT, pid=1, ticks=1))
    made.finish(report, Records(stream(3.0)))
    return made


def test_a_report_comes_in_every_format(home: Home, run: Run) -> None:
    """On stdout, whole; or into a file of one's own."""
    assert home.ok("drill", "report").startswith("# Drill node-kill: FAIL")
    assert home.ok("drill", "report", "--format", "json") == home.ok("drill", "report", "--json")
    assert home.json("drill", "report")["version"] == 1
    suites = ElementTree.fromstring(home.ok("drill", "report", "--format", "junit"))
    assert suites.get("failures") == "2"
    target = home.directory / "page.html"
    done = home.run("drill", "report", run.name, "--format", "html", "-o", str(target))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"{target}\n")
    assert target.read_bytes() == (run.directory / "report.html").read_bytes()


def test_what_cannot_be_written_is_said(home: Home, run: Run) -> None:
    done = home.run("drill", "report", "--format", "html", "-o", "/proc/none/page.html")
    assert done.returncode == 1
    assert "cannot write /proc/none/page.html: no such file" in done.stderr


def test_a_report_can_be_verified_by_those_who_were_not_there(home: Home, run: Run) -> None:
    fine = home.run("drill", "report", "--verify")
    assert fine.returncode == 0
    assert "objectives judged again" in fine.stdout
    path: Path = run.directory / "requests.json"
    path.write_bytes(Records(stream(0.0)).encode())
    changed = home.run("drill", "report", "--verify")
    assert changed.returncode == 1
    assert next(line for line in changed.stdout.splitlines() if line.startswith("requests.json")).endswith("NO")
    assert home.json("drill", "report", "--verify")["unchanged"] is False


def test_a_list_of_runs_says_of_each_whether_it_left_nothing_behind(home: Home, run: Run) -> None:
    """True or false, or nothing where nobody knows: a script does not have to guess."""
    left = Run.create(home.paths.drills, "edge-kill", 1.8e9)
    report = filed(left.name)
    left.mark(OpenRun(identity=report.identity, definition=report.definition, phase=Phase.OBSERVE, pid=1, ticks=1))
    found = home.json("drill", "report", "--all")["runs"]
    assert [(one["run"], one["clean"]) for one in found] == [(run.name, True), (left.name, None)]


def test_a_file_of_ones_own_is_not_the_drill_whose_name_it_has(home: Home, run: Run) -> None:
    """Whoever changes one that comes with hactl mostly keeps its name: its runs say nothing about that."""
    mine = home.directory / "node-kill.toml"
    mine.write_text(library.text("node-kill")[0])
    drill = library.load(str(mine))
    own = Run.create(home.paths.drills, "node-kill", 1.8e9)
    passed = filed(own.name, drill=drill)
    own.mark(OpenRun(identity=passed.identity, definition=drill, phase=Phase.REPORT, pid=1, ticks=1))
    own.finish(passed, Records(stream()))
    listed = home.run("drill", "list")
    theirs, ours = (line for line in listed.stdout.splitlines() if line.startswith("node-kill "))
    assert theirs.split()[3] == "fail"
    assert ours.split() == ["node-kill", "pass", "your", "own:", str(mine)]
    assert listed.stderr == ""
    assert home.json("drill", "list")["own"] == [{"name": "node-kill", "file": str(mine), "last": "pass"}]
    assert f"({mine})" in home.ok("drill", "report", own.name)

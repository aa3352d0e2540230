"""`hactl drill`: what an operator sees before, during and after one; what happens in the fleet is in the scenarios."""

import json
import os
import signal
import time

import pytest
from support.command import Home, finish
from support.drills import UNHURRIED, options

from hactl.cli.exits import Exit
from hactl.control.client import Client
from hactl.core.commands import BeginDrill
from hactl.core.drills import in_progress
from hactl.core.value import replace
from hactl.drill.library import load, names
from hactl.drill.phases import Phase
from hactl.drill.report import Identity
from hactl.drill.runs import OpenRun, Run
from hactl.supervisor import procfs


def test_the_drills_are_listed_also_without_a_fleet(home: Home) -> None:
    """What each shows, and how long that takes."""
    lines = home.ok("drill", "list").splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(names())
    assert all("never" in line for line in lines[1:])
    assert [one["name"] for one in home.json("drill", "list")["drills"]] == list(names())


def test_a_drill_is_shown_as_it_stands_in_its_file_and_as_it_is_read(home: Home) -> None:
    """What is printed is a drill file: the beginning of one's own."""
    shown = home.ok("drill", "show", "node-kill")
    (home.directory / "mine.toml").write_text(shown)
    mine = home.json("drill", "show", "./mine.toml", "--set", "objectives.rto=2s")
    assert (mine["version"], mine["name"], mine["objectives"]["rto"]) == (1, "node-kill", 2.0)
    assert home.json("drill", "show", "--schema")["title"] == "hactl drill"
    assert home.run("drill", "show", "node-kill", "--schema").returncode == home.run("drill", "show").returncode == 2


def test_a_plan_says_who_is_struck_and_changes_nothing(fleet: Home) -> None:
    """The same seed, the same victim; and the gate is asked."""
    before = fleet.untouched()
    said = fleet.ok("drill", "plan", "node-kill", "--seed", "7")
    assert "seed 7; nothing was changed" in said
    assert "process.kill of " in said
    assert said == fleet.ok("drill", "plan", "node-kill", "--seed", "7")
    plan = fleet.json("drill", "plan", "region-loss", "--seed", "1")
    assert plan["may"]
    assert plan["plan"]["regions"] in (["a"], ["b"])
    assert fleet.untouched() == before


def test_a_plan_that_may_not_be_is_refused(fleet: Home) -> None:
    """By the drill's own limits, and by those of the fleet."""
    narrow = fleet.run("drill", "plan", "node-kill", "--set", "limits.min_healthy_nodes=4")
    assert narrow.returncode == Exit.REFUSED
    assert "nodes left to serve" in narrow.stdout
    assert "try: limits.min_healthy_nodes in the drill file" in narrow.stderr
    (fleet.directory / "all.toml").write_text(
        'schema = 1\nname = "all"\ntitle = "All"\n[limits]\nmax_faulted_share = 1\nmin_healthy_nodes = 0\n'
        'min_healthy_regions = 0\n[[fault]]\ntype = "process.kill"\ntarget = { nodes = "all" }\n'
    )
    forbidden = fleet.run("drill", "plan", "./all.toml")
    assert forbidden.returncode == Exit.REFUSED
    assert "safety.max_faulted_share" in forbidden.stderr
    few = fleet.directory / "few.toml"
    few.write_text((fleet.directory / "all.toml").read_text().replace('"all" }', '2, region = "a" }'))
    assert fleet.run("drill", "plan", "./few.toml", "--seed", "1").returncode == 0


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ('names = ["nobody-1"]', "no node 'nobody-1' in fleet 't'"),
        ('nodes = 1, region = "nowhere"', "no region 'nowhere' in fleet 't'"),
    ],
)
def test_a_drill_that_fits_nobody_here_is_refused_and_no_run(fleet: Home, target: str, said: str) -> None:
    """By its plan as by its run, with what there is; nothing is filed about it."""
    file = fleet.directory / "strange.toml"
    file.write_text(
        f'schema = 1\nname = "strange"\ntitle = "Strange"\n[[fault]]\ntype = "process.kill"\ntarget = {{ {target} }}\n'
    )
    before = fleet.json("drill", "report", "--all")
    for verb in ("plan", "run"):
        done = fleet.run("drill", verb, str(file))
        assert (done.returncode, done.stdout) == (Exit.REFUSED, ""), verb
        assert said in done.stderr
    assert fleet.json("drill", "report", "--all") == before


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("run", "node-kil"), Exit.USAGE, 'did you mean "node-kill"?'),
        (("run", "node-kill", "--set", "objectives.rtoo=1s"), Exit.USAGE, "objectives.rtoo: unknown key"),
        (("run", "./none.toml"), Exit.USAGE, "cannot be read"),
        (("stop",), Exit.FAILED, "no drill is in progress"),
        (("report", "nothing"), Exit.FAILED, "no run 'nothing'"),
    ],
)
def test_what_makes_no_sense_is_said_with_a_hint(fresh: Home, args: tuple[str, ...], code: Exit, said: str) -> None:
    done = fresh.run("drill", *args)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_run_reports_and_its_report_is_found_again(fresh: Home) -> None:
    """Progress on stderr, the outcome on stdout, files beside the fleet's state; and a drill is no secret."""
    done = fresh.run("drill", "run", "node-kill", "--seed", "3", *options(*UNHURRIED))
    for phase in ("plan", "gate", "baseline", "undo", "inject", "confirm", "observe", "settle", "failback", "verify"):
        assert f"{phase}: " in done.stderr
    assert "rollback_clean" in done.stdout
    (run,) = [entry.name for entry in fresh.paths.drills.iterdir()]
    assert f"hactl drill report {run}" in done.stderr
    shown = fresh.ok("drill", "report", run)
    assert shown.startswith("# Drill node-kill: ")
    assert shown == fresh.ok("drill", "report")
    report = fresh.json("drill", "report")
    # A second of canaries says nothing about loss, and a busy machine nothing about clients.
    code = {"pass": 0, "inconclusive": 10}.get(report["verdict"])
    assert (done.returncode, report["clean"]) == (code, True), (report["why"], done.stdout, done.stderr)
    assert report["identity"]["run"] == run
    assert fresh.ok("drill", "report", "--all").splitlines()[1].startswith(run)
    spoilt = fresh.paths.drills / "20000101-000000-node-kill"
    spoilt.mkdir()
    for name in ("run.json", "report.json"):
        (spoilt / name).write_text("{")
    assert "unreadable" in fresh.ok("drill", "report", "--all"), "one that is damaged hides no other"
    listed = {one["name"]: one["last"] for one in fresh.json("drill", "list")["drills"]}
    assert listed["node-kill"] == report["verdict"]
    events = fresh.ok("events", "--limit", "100")
    assert "drill node-kill on " in events
    assert "its runner reported in" not in events
    assert "its runner reported in" in fresh.ok("events", "--kind", "DrillKept")


def test_a_run_that_was_left_is_filed_by_the_next_one_or_by_recover(fresh: Home) -> None:
    """kill -9 of the runner: until then its report says what to do."""
    runner = fresh.start("drill", "run", "node-kill", *options("phases.hold=60s"))
    assert runner.stderr is not None
    while not runner.stderr.readline().startswith("observe"):
        assert runner.poll() is None
    os.kill(runner.pid, signal.SIGKILL)
    runner.communicate()
    unfinished = fresh.run("drill", "report")
    assert unfinished.returncode == Exit.FAILED
    assert "it was abandoned by its runner (phase observe)" in unfinished.stderr
    assert "hactl drill recover" in unfinished.stderr
    done = fresh.run("drill", "recover")
    assert (done.returncode, done.stdout) == (Exit.OK, "")
    assert "aborted: its runner" in done.stderr
    report = json.loads(fresh.ok("drill", "report", "--json"))
    assert (report["verdict"], report["clean"]) == ("aborted", True)
    assert all(check["ok"] for check in report["gate"])
    losses = report["evidence"]["losses"]
    assert [(loss["store"], loss["lost_count"]) for loss in losses] == [("journal", 0), ("revisions", 0)]
    assert losses[1]["kept"] == 1, "the founding one"
    assert any("killed" in line["text"] for line in report["timeline"]), report["timeline"]
    assert "nothing to recover" in fresh.run("drill", "recover").stderr


def test_a_run_that_was_killed_while_it_borrowed_the_fleet_gives_it_back(fresh: Home) -> None:
    """kill -9 before it had noted that the fleet was lent to it: nobody waits until that lapses by itself."""
    run, began = Run.create(fresh.paths.drills, "node-kill", time.time()), time.time()
    identity = Identity(run=run.name, fleet="t", by="a", host="h", version="0", began=began, revision=1)
    left = OpenRun(identity=identity, definition=load("node-kill"), phase=Phase.GATE, pid=os.getpid(), ticks=1)
    run.mark(left)
    lent = BeginDrill(name="node-kill", nodes=("a-1",), lease=120.0, longest=120.0)
    receipt = Client(fresh.paths.control).submit(lent, by="drill node-kill")
    beginning = Run.create(fresh.paths.drills, "node-kill", time.time())
    ticks = procfs.start_ticks(os.getpid()) or 0
    beginning.mark(replace(left, identity=replace(identity, run=beginning.name), ticks=ticks))
    refused = fresh.run("drill", "recover")
    assert (refused.returncode, f"{beginning.name} is just beginning" in refused.stderr) == (Exit.FAILED, True)
    beginning.discard()
    fresh.ok("drill", "recover")
    assert in_progress(fresh.snapshot().fleet) is None
    report = run.report()
    assert report is not None
    assert (report.identity.operation, report.clean) == (receipt.operation, True)


def test_what_is_scheduled_is_shown_with_its_next_times_and_what_stands_in_the_way(home: Home) -> None:
    """Off unless somebody has said that drills may begin by themselves; nothing is made of an empty list."""
    nightly = '[[schedule]]\nname = "nightly"\nsuite = "ci"\nat = "Mon..Fri 02:00"\nzone = "Europe/Berlin"\n'
    home.configure(nightly, edges=1, regions={"a": 1})
    home.ok("up")
    off = home.run("drill", "schedule")
    assert off.returncode == 0
    row = off.stdout.splitlines()[1].split("  ")
    assert [part.strip() for part in row if part][:2] == ["nightly", "suite ci"]
    assert " 02:00 Europe/Berlin" in off.stdout
    assert off.stdout.rstrip().endswith("never")
    assert "safety.scheduled_drills = false" in off.stderr
    told = home.json("drill", "schedule")
    assert (told["allowed"], [one["name"] for one in told["schedules"]]) == (False, ["nightly"])
    assert len(told["schedules"][0]["next"]) == 3
    home.configure(edges=1, regions={"a": 1})
    home.ok("daemon", "restart")
    nothing = home.run("drill", "schedule")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "nothing is scheduled: see [[schedule]]" in nothing.stderr
    home.configure(nightly, edges=1, regions={"a": 1})
    assert "not in force yet: nightly from " in home.run("drill", "schedule").stderr


def test_of_two_drills_at_once_one_is_run_and_the_other_is_none(fleet: Home) -> None:
    """Whichever comes too late, and however late it learns that: it may not be begun, and there is nothing of it."""
    before = set(fleet.paths.drills.glob("*-node-kill*"))
    both = [fleet.start("drill", "run", "node-kill", "--json", *options()) for _ in range(2)]
    ended = [finish(process) for process in both]
    (refused,) = (err for code, _, err in ended if code == Exit.REFUSED)
    assert "drill node-kill was not started: " in refused
    (report,) = (json.loads(out) for code, out, _ in ended if code != Exit.REFUSED)
    assert {run.name for run in set(fleet.paths.drills.glob("*-node-kill*")) - before} == {report["identity"]["run"]}
    fleet.ok("wait")

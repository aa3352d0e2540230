"""`hactl drill run --suite`: what a pipeline sees. Drills are as short as they can be; what they show is elsewhere."""

import json
import os
import pwd
import signal
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.build import a_spec
from support.command import Home, finish, read_until
from support.drills import options
from support.filed import WELL, a_report, stream
from support.script import serving

from hactl.cli.choice import Chosen
from hactl.cli.drill_sheets import Sheets, one_drill
from hactl.cli.drill_suite import run_suite
from hactl.cli.exits import Exit
from hactl.core.commands import Command
from hactl.core.errors import CommandRejected, Unreachable
from hactl.core.talk import Receipt, Snapshot
from hactl.core.value import replace
from hactl.drill import library
from hactl.drill.definition import Definition
from hactl.drill.report import DrillReport
from hactl.drill.suite import Entry, Suite

SUITE = """
schema = 1
name = "two"
title = "Two drills"
[[drill]]
name = "node-kill"
[[drill]]
name = "edge-kill"
"""


@pytest.fixture
def suite(fleet: Home) -> str:
    """The path of a suite of two drills."""
    path = fleet.directory / "two.toml"
    path.write_text(SUITE)
    return str(path)


def test_a_suite_says_how_each_drill_ended_and_ends_as_the_worst_of_them(fleet: Home, suite: str) -> None:
    done = fleet.json("drill", "run", "--suite", suite, "--seed", "5", *options())
    assert [one["name"] for one in done["drills"]] == ["node-kill", "edge-kill"]
    assert (done["suite"], done["fleet"], done["seed"]) == ("two", "t", 5)
    # A second of canaries says nothing about loss, and a busy machine nothing about clients.
    assert {one["verdict"] for one in done["drills"]} <= {"pass", "inconclusive"}
    assert done["exit"] == max(one["exit"] for one in done["drills"])
    for one in done["drills"]:
        assert fleet.json("drill", "report", one["run"])["verdict"] == one["verdict"]


def test_what_shows_nothing_is_run_once_more_when_that_is_wanted(fleet: Home, suite: str) -> None:
    """Here two seconds of canaries are too few, every time; the last attempt counts, and each has its report."""
    before = set(fleet.paths.drills.glob("*-node-kill*"))
    done = fleet.run("drill", "run", "--suite", suite, "--skip", "edge-kill", "--again", "1", *options())
    assert done.returncode == 10
    assert "node-kill: drill 1 of 1, again" in done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[:-1]] == [["node-kill", "INCONCLUSIVE"]]
    assert len(set(fleet.paths.drills.glob("*-node-kill*")) - before) == 2


def errors(junit: Path) -> dict[str, list[str]]:
    """What a build server shows of each drill: the messages of its errors."""
    return {
        suite.get("name", "").removeprefix("drill."): [error.get("message", "") for error in suite.iter("error")]
        for suite in ElementTree.parse(junit).getroot()
    }


def test_a_build_server_gets_one_file_about_all_drills(fleet: Home, suite: str) -> None:
    """And a page of Markdown; both also from a suite of which one drill may not be, and of a single drill."""
    junit, summary = fleet.directory / "all.xml", fleet.directory / "all.md"
    files = ("--junit", str(junit), "--summary", str(summary))
    refused = fleet.run("drill", "run", "--suite", suite, "--set", "limits.max_faulted_share=0.3", *files)
    assert refused.returncode == 5
    assert list(errors(junit)) == ["node-kill", "edge-kill"]
    assert all("not run: suite 'two' was not started" in told for (told,) in errors(junit).values())
    assert summary.read_text().count("NOT RUN") == 2

    done = fleet.json("drill", "run", "--suite", suite, "--seed", "5", *options(), *files)
    assert list(errors(junit)) == ["node-kill", "edge-kill"]
    for one in done["drills"]:
        assert bool(errors(junit)[one["name"]]) is (one["verdict"] == "inconclusive")
        assert f"| {one['name']} | {one['verdict'].upper()} |" in summary.read_text()
    told = {one.get("name"): one.get("value") for one in ElementTree.parse(junit).getroot().iter("property")}
    user = pwd.getpwuid(os.getuid()).pw_name
    by = f"{user}@{socket.gethostname()} (pid-{os.getpid()})"
    assert told["by"] == by
    assert f", by {by}; hactl " in fleet.ok("drill", "report")
    assert summary.read_text().startswith("## Drills of suite two on fleet t, seed 5\n")

    alone = fleet.run("drill", "run", "node-kill", "--set", "limits.max_faulted_share=0.1", *files)
    assert alone.returncode == 5
    assert [told.startswith("not run: drill node-kill was not started") for told in errors(junit)["node-kill"]] == [
        True
    ]


def test_a_suite_that_is_killed_leaves_files_in_which_nothing_is_missing(fleet: Home, suite: str) -> None:
    """A pipeline that runs out of time kills; nobody is to read that as a pass."""
    junit = fleet.directory / "killed.xml"
    process = fleet.start("drill", "run", "--suite", suite, "--junit", str(junit), *options("phases.hold=60s"))
    read_until(process, "observe:")
    process.kill()
    finish(process)
    assert errors(junit) == {
        "node-kill": ["error: it has not finished"],
        "edge-kill": ["not run: the suite had already ended"],
    }
    fleet.run("drill", "recover")
    fleet.ok("wait")


def test_files_that_cannot_be_written_are_told_before_anything_is_done(fleet: Home, suite: str) -> None:
    seq, pids = fleet.untouched()
    done = fleet.run("drill", "run", "--suite", suite, "--junit", str(fleet.directory / "none" / "all.xml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "all.xml: no such file or directory" in done.stderr
    assert fleet.untouched() == (seq, pids)


def test_no_drill_of_a_suite_is_run_when_one_may_not_be(fleet: Home, suite: str) -> None:
    """The fleet is not touched for half an answer; what stands in the way is said, and how to do without it."""
    seq, pids = fleet.untouched()
    done = fleet.run("drill", "run", "--suite", suite, "--set", "limits.max_faulted_share=0.3")
    assert (done.returncode, done.stdout) == (5, "")
    assert "suite 'two' was not started on fleet 't': edge-kill: share affected: 0.50" in done.stderr
    assert "--skip edge-kill" in done.stderr
    assert fleet.untouched() == (seq, pids)


def test_all_drills_of_a_suite_that_may_not_be_run_are_named_at_once(fleet: Home, suite: str) -> None:
    """Whoever leaves out the one is not told of the next one then; nothing is found out in the middle of it."""
    Path(suite).write_text(SUITE + '[[drill]]\nname = "upstream-down"\n[[drill]]\nname = "bad-config"\n')
    seq, pids = fleet.untouched()
    done = fleet.run("drill", "run", "--suite", suite)
    assert (done.returncode, done.stdout) == (5, "")
    assert "bad-config: configuration that can be made wrong: no service whose port could be changed" in done.stderr
    assert "to run the others: --skip upstream-down --skip bad-config" in done.stderr
    assert fleet.untouched() == (seq, pids)


def test_ctrl_c_ends_the_drill_and_the_suite(fleet: Home, suite: str) -> None:
    """What was begun is put back; what was not is said to be so."""
    process = fleet.start("drill", "run", "--suite", suite, *options("phases.hold=60s"))
    read_until(process, "observe:")
    process.send_signal(signal.SIGINT)
    code, out, _ = finish(process)
    assert code == 130
    first, second, last = out.splitlines()
    assert first.startswith("node-kill  ABORTED")
    assert second.startswith("edge-kill  NOT RUN")
    assert last.startswith("suite two: 1 aborted, 1 not run")
    fleet.ok("wait")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "Give either the name of a drill or --suite"),
        (("node-kill", "--suite", "ci"), "Give either the name of a drill or --suite"),
        (("node-kill", "--skip", "edge-kill"), "--skip and --again require --suite"),
        (("node-kill", "--again", "1"), "--skip and --again require --suite"),
        (("--suite", "cj"), "no suite 'cj'"),
    ],
    ids=str,
)
def test_what_is_not_meant_is_refused(home: Home, args: tuple[str, ...], said: str) -> None:
    done = home.run("drill", "run", *args)
    assert done.returncode == 2
    assert said in done.stderr


class Willing:
    """The door to a daemon that would lend its fleet for anything."""

    def fleet(self) -> Snapshot:
        return Snapshot(fleet=serving(a_spec(regions=2, nodes=3, edges=2)), at=1.0, mono=1.0)

    def watch(self) -> Iterator[Snapshot]:
        yield self.fleet()

    def submit(self, _command: Command, **_how: Any) -> Receipt:
        return Receipt(seq=0)


class Dying(Willing):
    """One that has died since it was asked how the fleet is."""

    def submit(self, _command: Command, **_how: Any) -> Receipt:
        raise Unreachable("no daemon answers")


class WithoutSocket(Chosen):
    """A fleet that is talked to without one."""

    @property
    def client(self) -> Any:
        return Willing()


class Dead(WithoutSocket):
    """The same, and nobody answers any more."""

    @property
    def client(self) -> Any:
        return Dying()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_drill_that_cannot_even_report_is_told_with_the_exit_code_it_ends_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """In the document as well as by the process: nobody may read a suite that broke off as one that passed."""

    def lost(_chosen: Chosen, _drill: Definition, _seed: int) -> DrillReport:
        raise Unreachable("no daemon answers")

    names = ("node-kill", "edge-kill")
    suite = Suite(name="two", title="Two", drills=tuple(Entry(name=name) for name in names))
    drills = tuple(library.load(name) for name in names)
    chosen = WithoutSocket(name="t", state=tmp_path)
    with pytest.raises(Unreachable):
        run_suite(chosen, suite, drills, 1, lost, again=0, as_json=as_json)
    told = capsys.readouterr().out
    if not as_json:
        assert [line.split()[1] for line in told.splitlines()[:2]] == ["ERROR", "NOT"]
        assert "1 broken, 1 not run" in told
        return
    document = json.loads(told)
    assert document["exit"] == Exit.UNREACHABLE
    assert [(one["verdict"], one["exit"], one["why"], one["clean"]) for one in document["drills"]] == [
        ("error", Exit.UNREACHABLE, "no daemon answers", False),
        ("not run", None, "the suite had already ended", True),
    ]


INCONCLUSIVE = a_report(stream(), replace(WELL, warm=False))


class Attempts:
    """What comes of one attempt after the other: a report, or what is raised instead."""

    def __init__(self, *outcomes: DrillReport | BaseException) -> None:
        self._outcomes = list(outcomes)

    def __call__(self, _chosen: Chosen, _drill: Definition, _seed: int) -> DrillReport:
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


INTERRUPTED = "interrupted; the daemon restores everything"
BEFORE = f"(inconclusive before that: {INCONCLUSIVE.identity.run})"


@pytest.mark.parametrize(
    ("attempts", "ends", "told"),
    [
        ([KeyboardInterrupt()], Exit.INTERRUPTED, ("error", Exit.INTERRUPTED, INTERRUPTED)),
        ([RuntimeError("nobody has thought of it")], RuntimeError, ("error", Exit.FAILED, "RuntimeError: nobody has")),
        (
            [INCONCLUSIVE, CommandRejected("locked", guard=True)],
            CommandRejected,
            ("inconclusive", 10, INCONCLUSIVE.why),
        ),
        ([INCONCLUSIVE, Unreachable("gone")], Unreachable, ("error", Exit.UNREACHABLE, f"gone {BEFORE}")),
        ([INCONCLUSIVE, KeyboardInterrupt()], 130, ("error", Exit.INTERRUPTED, f"{INTERRUPTED} {BEFORE}")),
    ],
    ids=["interrupted", "unforeseen", "refused-again", "broken-again", "interrupted-again"],
)
def test_a_drill_that_was_under_way_is_never_told_as_not_run(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    attempts: list[DrillReport | BaseException],
    ends: int | type[Exception],
    told: tuple[str, int, str],
) -> None:
    """What it has done may still be in effect. One that has a report keeps it where another attempt was refused."""
    suite = Suite(name="two", title="Two", drills=(Entry(name="node-kill"), Entry(name="edge-kill")))
    junit, chosen = tmp_path / "all.xml", WithoutSocket(name="t", state=tmp_path)
    raised = pytest.raises(ends) if isinstance(ends, type) else nullcontext()
    with raised:
        ended = run_suite(
            chosen, suite, suite.load(), 1, Attempts(*attempts), again=1, as_json=True, sheets=Sheets("t", junit)
        )
        assert ended == ends
    one, other = json.loads(capsys.readouterr().out)["drills"]
    assert (one["verdict"], one["exit"]) == told[:2]
    assert one["why"].startswith(told[2])
    assert (other["verdict"], other["exit"]) == ("not run", None)
    found = errors(junit)
    assert found["edge-kill"] == ["not run: the suite had already ended"]
    assert (found["node-kill"] == [f"error: {one['why']}"]) is (one["verdict"] == "error")


def test_a_single_drill_that_is_interrupted_is_told_so_as_well(tmp_path: Path) -> None:
    """By `--junit` of a drill without a suite."""

    def leave() -> DrillReport:
        raise KeyboardInterrupt

    junit = tmp_path / "one.xml"
    with pytest.raises(KeyboardInterrupt):
        one_drill(Sheets("t", junit), "node-kill", leave)
    assert errors(junit) == {"node-kill": [f"error: {INTERRUPTED}"]}


def test_a_drill_that_is_refused_in_the_middle_was_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody has locked drills since all of them were asked about: nothing broke, and why is said."""

    def locked(_chosen: Chosen, _drill: Definition, _seed: int) -> DrillReport:
        raise CommandRejected("drills are locked", guard=True)

    suite = Suite(name="one", title="One", drills=(Entry(name="node-kill"),))
    with pytest.raises(CommandRejected):
        run_suite(WithoutSocket(name="t", state=tmp_path), suite, suite.load(), 1, locked, again=0, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["exit"] == Exit.REFUSED
    assert [(one["verdict"], one["why"]) for one in document["drills"]] == [("not run", "drills are locked")]


def test_a_daemon_that_is_gone_refuses_no_drill(tmp_path: Path) -> None:
    """Whether a drill may be is not known then: the exit code is that of a daemon that cannot be reached."""
    suite = Suite(name="one", title="One", drills=(Entry(name="node-kill"),))

    def never(_chosen: Chosen, _drill: Definition, _seed: int) -> DrillReport:
        raise AssertionError("it is not begun")

    with pytest.raises(Unreachable):
        run_suite(Dead(name="t", state=tmp_path), suite, suite.load(), 1, never, again=0, as_json=False)

"""`hactl drill run --suite`: what a pipeline sees. Drills are as short as they can be; what they show is elsewhere."""

import signal

import pytest
from support.command import Home, finish, read_until
from support.drills import options

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
    assert "node-kill: drill 1 of 1, once more" in done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[:-1]] == [["node-kill", "INCONCLUSIVE"]]
    assert len(set(fleet.paths.drills.glob("*-node-kill*")) - before) == 2


def test_no_drill_of_a_suite_is_run_when_one_may_not_be(fleet: Home, suite: str) -> None:
    """The fleet is not touched for half an answer; what stands in the way is said, and how to do without it."""
    seq, pids = fleet.untouched()
    done = fleet.run("drill", "run", "--suite", suite, "--set", "limits.max_faulted_share=0.3")
    assert (done.returncode, done.stdout) == (5, "")
    assert "suite 'two' is not begun on fleet 't': edge-kill: share that is struck: 0.50" in done.stderr
    assert "--skip edge-kill" in done.stderr
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
        ((), "Name a drill, or give --suite"),
        (("node-kill", "--suite", "ci"), "Name a drill, or give --suite"),
        (("node-kill", "--skip", "edge-kill"), "--skip and --again are about the drills of a --suite"),
        (("node-kill", "--again", "1"), "--skip and --again are about the drills of a --suite"),
        (("--suite", "cj"), "no suite 'cj'"),
    ],
    ids=str,
)
def test_what_is_not_meant_is_refused(home: Home, args: tuple[str, ...], said: str) -> None:
    done = home.run("drill", "run", *args)
    assert done.returncode == 2
    assert said in done.stderr

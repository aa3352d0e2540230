"""`hactl demo`: proves what it claims, and whatever ends it, nothing is left."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.command import HACTL, Home, finish, read_until
from support.terminal import Terminal

QUICK = ("demo", "--headless", "--rate", "100", "--duration", "2")


def nothing_is_left(home: Home) -> None:
    """No process, no file, no state."""
    assert home.strays() == []
    assert list(home.temporary.iterdir()) == []
    assert not home.state.exists()


def proved(report: dict[str, Any]) -> None:
    """No request failed, and the journal tells the whole story."""
    assert report["whole"]["failed"] == 0, report["whole"]
    assert report["whole"]["requests"] > 0
    story = report["timeline"]
    assert 0 < story["seen_ms"] <= story["moved_ms"] <= story["back_ms"]
    # A machine too busy to measure on is a verdict of its own; a failure is not.
    assert report["verdict"] in ("passed", "inconclusive"), report["why"]


def test_a_node_is_killed_under_load_and_no_request_fails(home: Home) -> None:
    done = home.run(*QUICK, "--json", "--node", "tokyo-1")
    report = json.loads(done.stdout)
    proved(report)
    assert report["timeline"]["node"] == "tokyo-1"
    assert (report["nodes"], report["edges"]) == (5, 2)
    assert done.returncode == (0 if report["verdict"] == "passed" else 1)
    nothing_is_left(home)


def test_the_text_says_the_same_to_people(home: Home) -> None:
    """The report is data and goes to stdout; how it goes is talk and goes to stderr."""
    done = home.run(*QUICK)
    assert "was killed (kill -9) under load" in done.stdout
    assert re.search(r"^  failed +0 +0 +0 +0$", done.stdout, re.MULTILINE)
    assert re.search(r"^(PASSED|INCONCLUSIVE): ", done.stdout, re.MULTILINE)
    assert done.stderr.splitlines()[0].startswith("starting 2 edges, 5 nodes")
    assert done.stderr.splitlines()[-1] == "stopping everything"
    nothing_is_left(home)


def test_two_demos_do_not_get_in_each_others_way() -> None:
    with Home() as one, Home() as other, ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda home: home.run(*QUICK, "--json"), (one, other)))
        for done in both:
            proved(json.loads(done.stdout))
        nothing_is_left(one)
        nothing_is_left(other)


def interrupt(home: Home, process: "subprocess.Popen[str]", number: signal.Signals = signal.SIGINT) -> str:
    """Send it to the demo alone; its own processes must hear of the end from the demo. What it says afterwards."""
    process.send_signal(number)
    code, out, said = finish(process)
    assert code == 130, said
    assert out == ""
    assert "Traceback" not in said
    nothing_is_left(home)
    return said


@pytest.mark.parametrize(
    "moment",
    ["starting 2 edges", "nodes and 2 edges serve", "load: ", "waiting for the load to end", "stopping everything"],
)
def test_ctrl_c_at_any_moment_leaves_nothing(home: Home, moment: str) -> None:
    """While it starts, before the load, during it, after the kill, and while it clears up."""
    process = home.start(*QUICK)
    read_until(process, moment)
    assert interrupt(home, process).splitlines()[-1] == "interrupted; everything was stopped and removed"


@pytest.mark.parametrize("delay", [0.25, 0.5, 0.75, 1.0])
def test_ctrl_c_while_processes_are_being_started_leaves_nothing(home: Home, delay: float) -> None:
    """Moments nobody announces: between the first process and the first request."""
    process = home.start(*QUICK)
    read_until(process, "starting 2 edges")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(delay)
    interrupt(home, process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_be_ended_are_no_different(home: Home, number: signal.Signals) -> None:
    process = home.start(*QUICK)
    read_until(process, "load: ")
    interrupt(home, process, number)


def test_an_impatient_second_ctrl_c_leaves_nothing_either(home: Home) -> None:
    process = home.start(*QUICK)
    read_until(process, "load: ")
    for _ in range(5):
        process.send_signal(signal.SIGINT)
    interrupt(home, process)


def test_on_a_terminal_that_only_prints_it_stays_until_ctrl_c(home: Home) -> None:
    """With a live picture, after the report; then everything goes."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [*HACTL, "demo", "--rate", "100", "--duration", "2"],
            cwd=home.directory,
            env=home.environment(TERM="dumb"),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        seen = b""
        while b"Ctrl-C ends the demo" not in seen:
            seen += screen.read(4096)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # how a terminal says that the last writer has gone
            while part := screen.read(4096):
                seen += part
        assert process.wait() == 130
    assert b"was killed (kill -9)" in seen
    assert b"everything was stopped and removed" in seen
    nothing_is_left(home)


def in_console(home: Home, *options: str) -> Terminal:
    return home.terminal("demo", "--rate", "100", "--duration", "4", *options)


class TestConsole:
    """On a terminal the failover is seen in the console, while it happens."""

    def test_a_failover_is_seen_and_then_told_and_leaving_asks(self, home: Home) -> None:
        with in_console(home) as seen:
            seen.until("OK 5 nodes and 2 edges serve")
            seen.until("capacity back after")
            seen.until("failover: ", "was killed (kill -9)", "esc closes")
            seen.type("\x1b")
            seen.until_gone("esc closes")
            seen.type("q")
            seen.until("Leave fleet demo-", "stop everything")
            seen.type("\x1b")
            seen.until_gone("Leave fleet demo-")
            seen.type("q")
            seen.until("Leave fleet demo-")
            seen.type("y")
            code = seen.until_it_ends()
            assert re.search(r"^(PASSED|INCONCLUSIVE): ", seen.text, re.MULTILINE)
            assert code == (0 if "PASSED: " in seen.text else 1)
        nothing_is_left(home)

    def test_leaving_before_it_was_measured_leaves_nothing_either(self, home: Home) -> None:
        with in_console(home) as seen:
            seen.until("nodes and 2 edges serve")
            seen.type("q")
            seen.until("Leave fleet demo-")
            seen.type("y")
            assert seen.until_it_ends() == 130
            assert "left before the failover was measured" in seen.text
        nothing_is_left(home)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_whatever_ends_it_gives_the_terminal_back_and_leaves_nothing(
        self, home: Home, number: signal.Signals
    ) -> None:
        with in_console(home) as seen:
            seen.until("nodes and 2 edges serve")
            seen.send(number)
            assert seen.until_it_ends() == 130
            assert "interrupted; everything was stopped and removed" in seen.text
            assert "Traceback" not in seen.text
        nothing_is_left(home)

    def test_what_goes_wrong_in_the_story_is_said_there_and_in_the_end(self, home: Home) -> None:
        with in_console(home, "--node", "busan-1") as seen:
            seen.until("no node 'busan-1'")
            seen.type("q")
            seen.until("Leave fleet demo-")
            seen.type("y")
            assert seen.until_it_ends() == 1
            assert "hactl: no node 'busan-1'" in seen.text
        nothing_is_left(home)


def test_a_node_that_does_not_exist(home: Home) -> None:
    """What goes wrong in the middle ends in one line, and in nothing left."""
    done = home.run(*QUICK, "--node", "busan-1")
    assert done.returncode == 1
    assert "hactl: no node 'busan-1'" in done.stderr
    nothing_is_left(home)


@pytest.mark.parametrize("args", [("--rate", "0"), ("--duration", "-1"), ("--rate", "1e9")])
def test_loads_are_bounded(home: Home, args: tuple[str, ...]) -> None:
    assert home.run("demo", *args).returncode == 2
    assert not home.state.exists()


def test_a_demo_can_be_watched_from_another_terminal(home: Home) -> None:
    """By its name, as its own hint says, while it runs."""
    process = home.start(*QUICK)
    said = read_until(process, "load: ")
    name = re.search(r"demo-[0-9a-f]{4}", said)
    assert name is not None
    assert f"fleet {name[0]}: " in home.run("--fleet", name[0], "status").stdout
    assert home.json("fleets")["fleets"][0]["name"] == name[0]
    interrupt(home, process)

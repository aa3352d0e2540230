"""`hactl alert`: who is told, how it went, and a test that comes back with a reason and an exit code."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.command import Home
from support.ports import free_port

ALERTS = """
[[alert]]
name = "ops"
webhook = "http://127.0.0.1:{port}/services/T0KENT0KENT0KEN"
throttle = "0s"
retries = 0

[[alert]]
name = "pager"
on = ["region-lost"]
exec = ["./page.sh", "--team", "web"]

[[alert]]
name = "chat"
on = ["region-lost"]
webhook = "env:CHAT_URL"
format = "slack"
"""


class Office:
    """A receiver in a thread of its own, and the home of a fleet that tells it things."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.status = 200
        self.got: list[Any] = []
        self.open = threading.Event()
        """Set while answers are given; without it every request waits for its answer."""
        office = self

        class Desk(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                office.got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                office.open.wait()
                self.send_response(office.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.port = free_port()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Desk)


@contextmanager
def at_work(office: Office) -> Iterator[Office]:
    thread = threading.Thread(target=office.server.serve_forever)
    thread.start()
    try:
        yield office
    finally:
        office.open.set()
        office.server.shutdown()
        office.server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """One node, three receivers; the daemon's environment has no CHAT_URL."""
    with Home() as home, at_work(Office(home)) as office:
        home.configure(ALERTS.format(port=office.port), edges=1, regions={"a": 1})
        page = home.directory / "page.sh"
        page.write_text(f'#!/bin/sh\ncat > {home.directory}/paged\necho "$@" > {home.directory}/args\n')
        page.chmod(0o755)
        home.ok("up")
        yield office


@pytest.fixture(autouse=True)
def well(office: Office) -> None:
    office.status = 200
    office.open.set()
    office.got.clear()


def test_a_test_arrives_marked_as_one_and_says_so(office: Office) -> None:
    done = office.home.run("alert", "test", "ops", "--reason", "new pager")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "done: 'ops' accepted the test alert\n"
    (told,) = office.got
    assert (told["version"], told["kind"], told["test"], told["fleet"]) == (1, "test", True, "t")


def test_a_program_is_tested_the_way_it_will_be_run(office: Office) -> None:
    """Relative to hactl.toml, wherever the command was given."""
    office.home.ok("--fleet", "t", "alert", "test", "pager", cwd=office.home.state)
    assert json.loads((office.home.directory / "paged").read_text())["test"] is True
    assert (office.home.directory / "args").read_text() == "--team web\n"


def test_one_that_is_not_delivered_says_why_and_what_to_try(office: Office) -> None:
    office.status = 500
    done = office.home.run("alert", "test", "ops")
    assert done.returncode == 1
    assert done.stderr == f"failed: 'ops': 127.0.0.1:{office.port} answered 500\n"
    done = office.home.run("alert", "test", "chat")
    assert done.returncode == 1
    assert done.stderr.startswith("failed: 'chat': the daemon's environment has no CHAT_URL\n  try: set it where")


def test_one_that_takes_its_time_is_waited_for_only_as_long_as_asked(office: Office) -> None:
    """Exit code 4, and how to go on waiting; the test itself goes on, and ends."""
    office.open.clear()
    done = office.home.run("alert", "test", "ops", "--timeout", "100ms")
    office.open.set()
    assert done.returncode == 4
    operation = done.stderr.split("--operation ")[1].strip()
    assert done.stderr == f"'ops': not delivered yet; hactl wait --operation {operation}\n"
    office.home.ok("wait", "--operation", operation)


def test_without_a_name_everybody_is_tested_and_one_failure_is_a_failure(office: Office) -> None:
    said = office.home.json("alert", "test")
    outcomes = {each["alert"]: each["ended"]["outcome"] for each in said["tests"]}
    assert (said["version"], outcomes) == (1, {"ops": "done", "pager": "done", "chat": "failed"})
    assert office.home.run("alert", "test").returncode == 1


def test_a_test_is_never_held_back_and_not_an_event_of_its_own(office: Office) -> None:
    for _ in range(2):
        office.home.ok("alert", "test", "ops")
    assert [told["kind"] for told in office.got] == ["test", "test"]


def test_a_name_that_nobody_has_is_refused_before_anything_is_sent(office: Office) -> None:
    before = office.home.untouched()
    done = office.home.run("alert", "test", "ops", "opz")
    assert done.returncode == 1
    assert done.stderr == "hactl: no alert 'opz' in fleet 't'\n  try: known: ops, pager, chat\n"
    assert (office.home.untouched(), office.got) == (before, [])


def test_a_dry_run_shows_what_would_be_sent_and_how_to_read_it(office: Office) -> None:
    before = office.home.untouched()
    shown = [json.loads(line) for line in office.home.ok("alert", "test", "--dry-run", "ops", "chat").splitlines()]
    assert (shown[0]["kind"], list(shown[1])) == ("test", ["text"])
    assert set(shown[2]["properties"]) == set(shown[0])
    said = office.home.json("alert", "test", "--dry-run")
    assert (said["version"], list(said["samples"])) == (1, ["ops", "pager", "chat"])
    assert (office.home.untouched(), office.got) == (before, [])


def test_the_list_says_who_is_told_what_and_how_it_went(office: Office) -> None:
    """Not the whole address: some services have no other secret."""
    office.home.run("alert", "test")
    shown = office.home.ok("alert", "list")
    ops, pager, chat = shown.splitlines()[1:]
    assert ops.split()[:3] == ["ops", f"127.0.0.1:{office.port}", "0"]
    assert ops.endswith("everything")
    assert "test delivered" in ops
    assert pager.endswith("region-lost")
    assert str(office.home.directory / "page.sh") in pager
    assert "the daemon's environment has no CHAT_URL" in chat
    assert "T0KEN" not in shown
    said = office.home.json("alert", "list")
    assert (said["version"], [row["name"] for row in said["alerts"]]) == (1, ["ops", "pager", "chat"])
    assert {row["name"]: row["last"]["event"]["event"] for row in said["alerts"]} == {
        "ops": "AlertDelivered",
        "pager": "AlertDelivered",
        "chat": "AlertFailed",
    }


def test_a_fleet_that_tells_nobody_says_so(fleet: Home) -> None:
    done = fleet.run("alert", "list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no alerts are configured: add an [[alert]] to hactl.toml" in done.stderr
    done = fleet.run("alert", "test")
    assert done.returncode == 1
    assert "add an [[alert]] to hactl.toml" in done.stderr

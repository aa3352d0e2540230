"""`hactl events`, `logs`, `wait` and `where`: looking without changing, with a daemon and without."""

import json
import signal
import subprocess

import pytest
from support.build import a_spec, founded
from support.command import HACTL, Home, finish
from support.polling import wait_until
from support.world import MemoryWorld

from hactl.cli.see import _print, _reached
from hactl.core import codec
from hactl.core.config_events import FleetFounded, NodesRemoved
from hactl.core.draft import evolve
from hactl.core.drill_events import DrillAsked
from hactl.core.errors import HactlError
from hactl.core.events import OperationBegan, OperationEnded, Record
from hactl.core.operation import Outcome
from hactl.core.telling import told
from hactl.store.journal import SqliteJournal


def records(text: str) -> list[Record]:
    return [codec.decode(line, Record) for line in text.splitlines()]


def write(home: Home, name: str, *lines: str) -> None:
    """Let a process say something in its log."""
    path = home.paths.daemon_log if name == "daemon" else home.paths.node_log(name)
    with path.open("a") as log:
        log.writelines(f"{line}\n" for line in lines)


def test_a_spare_that_stands_by_counts_as_serving() -> None:
    """Whoever waits for a node to be ready again need not know who of its region stands by now."""
    fleet = MemoryWorld(founded(a_spec(nodes=2, spares=1))).begin().fleet
    assert fleet.nodes["seoul-3"].standing_by
    assert all(_reached(fleet, name, "serving") for name in fleet.nodes)
    assert _reached(fleet, "seoul-3", "out")


def test_a_node_that_is_removed_while_it_is_waited_for_has_stopped_and_will_never_serve() -> None:
    """As after `scale`, which forgets a surplus node the moment it has stopped."""
    fleet = MemoryWorld(founded(a_spec(nodes=2))).begin().fleet
    fleet = evolve(fleet, NodesRemoved(nodes=("seoul-2",)))
    assert _reached(fleet, "seoul-2", "stopped")
    assert _reached(fleet, "seoul-2", "out")
    for goal in ("serving", "drained"):
        with pytest.raises(HactlError, match="'seoul-2' is no longer part of the fleet"):
            _reached(fleet, "seoul-2", goal)


class TestEvents:
    def test_every_line_of_json_is_a_record_of_the_journal(self, fleet: Home) -> None:
        """The contract: decodable back into what the journal holds, oldest first; only signs of life of a drill that
        was run before are left out."""
        found = records(fleet.ok("events", "--json", "--limit", "10000"))
        with SqliteJournal.open_read_only(fleet.paths.journal) as journal:
            held = journal.query(before=found[-1].seq + 1, limit=10_000)
        assert found == list(told(held))
        assert [record.seq for record in held] == list(range(1, found[-1].seq + 1))
        assert isinstance(found[0].event, FleetFounded)

    def test_text_has_position_time_and_a_sentence(self, fleet: Home) -> None:
        lines = fleet.ok("events", "--after", "1", "--limit", "1").splitlines()
        assert len(lines) == 1
        seq, date, time, *sentence = lines[0].split()
        assert (seq, len(date), len(time)) == ("2", 10, 12)
        assert sentence

    def test_without_a_start_the_newest_are_shown(self, fleet: Home) -> None:
        every = fleet.ok("events", "--limit", "10000").splitlines()
        assert fleet.ok("events", "--limit", "3").splitlines() == every[-3:]

    def test_kinds_choose(self, fleet: Home) -> None:
        found = records(fleet.ok("events", "--json", "--kind", "FleetFounded", "--kind", "DaemonStarted"))
        assert {type(record.event).__name__ for record in found} == {"FleetFounded", "DaemonStarted"}

    def test_a_kind_that_does_not_exist_is_refused_and_not_just_never_found(self, fleet: Home) -> None:
        done = fleet.run("events", "--kind", "FleetFoundered")
        assert done.returncode == 2
        assert "FleetFounded" in done.stderr

    def test_age_chooses(self, fleet: Home) -> None:
        assert fleet.ok("events", "--since", "1d", "--limit", "10000").startswith("     1  ")
        assert fleet.ok("events", "--since", "0s") == ""

    def test_of_an_age_with_too_many_the_newest_are_shown_and_that_there_are_more_is_said(self, fleet: Home) -> None:
        """After an incident it is the end of it that must not be missing."""
        every = fleet.ok("events", "--since", "1d", "--limit", "10000").splitlines()
        done = fleet.run("events", "--since", "1d", "--limit", "2")
        assert done.stdout.splitlines() == every[-2:]
        rest = len(every) - 2
        assert done.stderr == f"{rest} earlier events of that time are not shown; try: --limit {len(every)}\n"
        assert fleet.run("events", "--since", "1d", "--limit", str(len(every))).stderr == ""
        first = fleet.run("events", "--since", "1d", "--after", "1", "--limit", "2")
        assert first.stdout.splitlines() == every[1:3]
        assert first.stderr == f"{len(every) - 3} later events of that time are not shown; try: --after 3\n"

    def test_the_reason_given_and_its_author_stay_with_what_happened(self, fleet: Home) -> None:
        fleet.ok("weight", "a-1", "99", "--wait", "--reason", "trying --reason out")
        fleet.ok("weight", "a-1", "100", "--wait")
        began = next(
            record
            for record in reversed(records(fleet.ok("events", "--json")))
            if isinstance(record.event, OperationBegan) and record.reason
        )
        assert began.reason == "trying --reason out"
        assert began.by
        assert f"[by {began.by}: trying --reason out]" in fleet.ok("events")

    def test_following_goes_on_with_what_happens(self, fleet: Home) -> None:
        """Nothing between the last old record and the first new one is missed."""
        following = fleet.start("events", "--follow", "--json", "--limit", "1")
        assert following.stdout is not None
        seen = [codec.decode(following.stdout.readline(), Record)]
        fleet.ok("weight", "a-2", "98", "--wait")
        while not isinstance(seen[-1].event, OperationEnded) or len(seen) == 1:
            seen.append(codec.decode(following.stdout.readline(), Record))
        following.stdout.close()
        following.stdout = None
        fleet.ok("weight", "a-2", "100", "--wait")  # something to write into the closed pipe
        assert finish(following)[0] == 0
        assert [record.seq for record in seen] == list(range(seen[0].seq, seen[0].seq + len(seen)))

    def test_following_shows_nothing_that_is_too_old(self, fleet: Home) -> None:
        """Also when nothing at all is young enough to begin with."""
        following = fleet.start("events", "--follow", "--json", "--since", "0s")
        assert following.stdout is not None
        seq = records(fleet.ok("events", "--json", "--limit", "1"))[0].seq
        wait_until(lambda: fleet.snapshot().pulse.watchers)
        fleet.ok("weight", "a-2", "98", "--wait")
        first = codec.decode(following.stdout.readline(), Record)
        following.stdout.close()
        following.stdout = None
        fleet.ok("weight", "a-2", "100", "--wait")  # something to write into the closed pipe
        assert finish(following)[0] == 0
        assert first.seq > seq

    def test_a_pipe_that_closes_early_is_no_failure(self, fleet: Home) -> None:
        """`hactl events | head -1`: quiet, and exit code 0."""
        command = f"set -o pipefail; {' '.join(HACTL)} events --limit 10000 | head -1"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=fleet.directory,
            env=fleet.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert len(done.stdout.splitlines()) == 1


class TestLogs:
    @pytest.mark.parametrize("name", ["a-1", "edge-1", "daemon"])
    def test_a_node_an_edge_and_the_daemon_have_logs(self, fleet: Home, name: str) -> None:
        write(fleet, name, f"something about {name}")
        assert fleet.ok("logs", name, "-n", "1") == f"something about {name}\n"

    def test_as_many_lines_as_asked_for_as_json(self, fleet: Home) -> None:
        write(fleet, "a-1", "one", "two", "three")
        lines = [json.loads(line) for line in fleet.ok("logs", "a-1", "-n", "2", "--json").splitlines()]
        assert lines == [{"version": 1, "node": "a-1", "line": line} for line in ("two", "three")]

    def test_a_name_that_does_not_exist_is_answered_with_those_that_do(self, fleet: Home) -> None:
        done = fleet.run("logs", "a-9")
        assert done.returncode == 1
        assert done.stderr.endswith("known: edge-1, edge-2, a-1, a-2, b-1, b-2, daemon\n")

    def test_following_goes_on_with_new_lines(self, fleet: Home) -> None:
        write(fleet, "a-2", "old")
        following = fleet.start("logs", "a-2", "--follow", "-n", "1")
        assert following.stdout is not None
        assert following.stdout.readline() == "old\n"
        write(fleet, "a-2", "new")
        assert following.stdout.readline() == "new\n"
        following.send_signal(signal.SIGINT)
        assert finish(following)[0] == 130

    def test_control_characters_do_not_reach_the_terminal(self, fleet: Home) -> None:
        """A log is foreign text: it must not be able to drive a terminal."""
        write(fleet, "b-1", "\x1b[2J\x1b]0;title\x07\x9b31m")
        assert fleet.ok("logs", "b-1", "-n", "1") == "\ufffd[2J\ufffd]0;title\ufffd\ufffd31m\n"


class TestWait:
    def test_without_names_for_the_whole_fleet(self, fleet: Home) -> None:
        done = fleet.run("wait")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "the whole fleet serving; fleet t: 4 nodes and 2 edges serve\n"

    @pytest.mark.parametrize(
        ("verb", "goal", "back"),
        [("drain", "drained", "resume"), ("drain", "out", "resume"), ("stop", "stopped", "start")],
    )
    def test_for_what_a_verb_brings_about(self, fleet: Home, verb: str, goal: str, back: str) -> None:
        """A verb without --wait, then `wait`: the two together are the verb with --wait."""
        fleet.ok(verb, "a-1")
        assert fleet.json("wait", "a-1", "--for", goal)["for"] == goal
        fleet.ok(back, "a-1")
        fleet.ok("wait", "a-1")

    def test_for_an_operation_under_way_and_for_one_long_over(self, fleet: Home) -> None:
        operation = fleet.json("restart", "b-1")["operation"]
        ended = codec.decode(fleet.ok("wait", "--operation", operation, "--json"), OperationEnded)
        assert (ended.id, ended.outcome) == (operation, Outcome.DONE)
        again = fleet.run("wait", "--operation", operation)
        assert again.returncode == 0
        assert f"{operation} done: " in again.stderr

    def test_an_operation_nobody_began_is_an_error(self, fleet: Home) -> None:
        done = fleet.run("wait", "--operation", "op-999999")
        assert done.returncode == 1
        assert "no operation 'op-999999'" in done.stderr

    @pytest.mark.parametrize(
        "args",
        [
            ("--for", "stopped"),
            ("a-1", "--operation", "op-1"),
            ("a-1", "--timeout", "soon"),
            ("a-1", "--timeout", "-1s"),
            ("a-1", "--timeout", "5"),
            ("a-1", "--for", "happiness"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, fleet: Home, args: tuple[str, ...]) -> None:
        assert fleet.run("wait", *args).returncode == 2

    def test_without_any_patience_there_is_one_look(self, fleet: Home) -> None:
        """A script asks so whether it is the case now."""
        assert fleet.run("wait", "--timeout", "0s").returncode == 0
        assert fleet.run("wait", "a-1", "--for", "stopped", "--timeout", "0s").returncode == 4

    def test_a_name_that_does_not_exist_is_not_waited_for(self, fleet: Home) -> None:
        assert fleet.run("wait", "a-9").returncode == 1


class TestWhere:
    def test_every_place_it_names_exists(self, fleet: Home) -> None:
        places = fleet.json("where")
        assert (places.pop("version"), places.pop("fleet")) == (1, "t")
        assert places.pop("drills").endswith("/t.drills"), "there with the first drill"
        assert places.pop("node_logs").endswith("/nodes/NAME/process.log")
        named = ["config", "control_socket", "daemon_log", "journal", "measurements", "read_only_socket", "state"]
        assert sorted(places) == named
        assert [place for place in places.values() if not (fleet.directory / place).exists()] == []

    def test_text_says_the_same(self, fleet: Home) -> None:
        lines = dict(line.split(maxsplit=1) for line in fleet.ok("where").splitlines())
        assert lines["fleet"] == "t"
        assert lines["config"] == str(fleet.directory / "hactl.toml")


def test_what_others_have_written_cannot_drive_the_terminal_of_whoever_reads_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither what a drill asks for nor the reason that somebody gave; for machines both are as they were."""
    event = DrillAsked(id="op-7", question="pull \x1b[2Jit\nnow")
    record = Record(seq=7, wall=0.0, mono=0.0, event=event, by="alice", reason="\x1b]0;x\x07")
    _print(record, as_json=False)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert "op-7 is waiting for an operator: pull " in line
    _print(record, as_json=True)
    assert codec.decode(capsys.readouterr().out, Record) == record


def test_events_logs_and_where_work_without_a_daemon(home: Home) -> None:
    """When it matters most, the daemon may be the thing that is broken."""
    home.configure(edges=1, regions={"a": 1})
    home.ok("up")
    with_daemon = home.ok("events", "--json", "--limit", "5")
    home.kill_daemon()
    write(home, "a-1", "still here")
    assert home.run("status").returncode == 6
    assert home.ok("events", "--json", "--limit", "5") == with_daemon
    assert home.ok("logs", "a-1", "-n", "1") == "still here\n"
    unknown = home.run("logs", "a-9")
    assert unknown.stderr.endswith("known: a-1, daemon, edge-1\n")
    home.ok("where")
    home.ok("down")

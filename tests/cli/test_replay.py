"""`hactl replay`: recorded history in a real terminal, with a daemon and without; elsewhere, what to do instead."""

import pytest
from support.command import Home
from support.polling import wait_until
from support.terminal import PATIENCE

from hactl.store.journal import SqliteJournal
from hactl.store.segments import Segments


def until_measured(home: Home) -> None:
    """Something has been measured since anything happened: a replay begins there, behind every event."""
    with SqliteJournal.open_read_only(home.paths.journal) as journal:
        newest = journal.query(limit=1)[-1].wall
    wait_until(lambda: (Segments(home.paths.samples).last or 0.0) > newest, patience=PATIENCE)


@pytest.mark.envoy
def test_a_death_is_replayed_after_the_daemon_has_gone() -> None:
    """From event to event: the node is out with its reason, then it serves again; the daemon itself is long dead."""
    with Home() as home:
        home.configure(regions={"local": 3})
        home.ok("up")
        home.ok("kill", "local-2", "--wait", "--reason", "to see")
        until_measured(home)
        home.kill_daemon()
        with home.terminal("replay") as seen:
            seen.until("REPLAY", "held", "OK 3 nodes and 2 edges serve")
            seen.type("N")
            seen.until("op-", "local-2: capacity back after")
            seen.type("N")
            seen.until("DEGRADED 1 of 5 out: local-2", "killed by")
            seen.type("K")
            seen.until("this is a recording")
            seen.type("jl")
            seen.until("logs are not part of a recording")
            seen.type("1n")
            seen.until("OK 3 nodes and 2 edges serve")
            seen.type("q")
            assert seen.until_it_ends() == 0
            assert "Traceback" not in seen.text
        home.ok("up")
        with home.terminal("replay", "--since", "1h", columns=80, lines=24) as seen:
            seen.until("REPLAY", "held")
            seen.type("p")
            seen.until("x1")
            seen.type("q")
            assert seen.until_it_ends() == 0


@pytest.mark.envoy
def test_a_running_console_walks_back_beyond_its_own_beginning() -> None:
    """What happened before it was opened is on disk."""
    with Home() as home:
        home.configure(regions={"local": 2})
        home.ok("up")
        home.ok("kill", "local-2", "--wait")
        with home.terminal() as seen:
            seen.until("OK 2 nodes and 2 edges serve")
            seen.type("NN")
            seen.until("AS OF", "DEGRADED 1 of 4 out: local-2")
            seen.type("p")
            seen.until("LIVE", "OK 2 nodes and 2 edges serve")
            seen.type("q")
            assert seen.until_it_ends() == 0


class TestTrouble:
    @pytest.fixture
    def home(self):
        with Home() as home:
            home.configure()
            yield home

    def test_without_a_terminal_it_says_what_tells_the_same(self, home: Home) -> None:
        done = home.run("replay")
        assert done.returncode == 1
        assert "a replay needs a terminal" in done.stderr
        assert "hactl events --since 1h" in done.stderr

    @pytest.mark.parametrize("when", ["yesterday", "25:00", "2026-13-01", "5"])
    def test_a_time_that_is_none_is_refused_with_examples(self, home: Home, when: str) -> None:
        done = home.run("replay", "--since", when)
        assert done.returncode == 2
        assert "write 2h, 14:05" in done.stderr

    def test_a_fleet_that_never_ran_has_no_history(self, home: Home) -> None:
        with home.terminal("replay") as seen:
            seen.until("nothing is recorded: there is no journal in", "try: hactl up")
            assert seen.until_it_ends() == 1

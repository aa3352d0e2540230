"""The real console in a real terminal before a real fleet: a node is killed by keys, and what follows is seen."""

import json
import re
import signal
import sys
from pathlib import Path

import pytest
from support.command import Home

pytestmark = pytest.mark.envoy
SUPPORT = Path(__file__).parents[1] / "support"


def test_a_node_is_killed_by_keys_and_comes_back() -> None:
    """From the question over the death with its reason to the measured failover and the return."""
    with Home() as home:
        home.configure(regions={"local": 3})
        home.ok("up")
        with home.terminal() as seen:
            seen.until("OK 3 nodes and 2 edges serve", "▸ ● 2/2", "none yet")
            seen.type("/local-2\r")
            seen.until("/local-2 1 shown")
            seen.type("jK")
            seen.until("Kill local-2?", "$ hactl kill local-2", "Cancel: esc")
            seen.type("y")
            seen.until("killed local-2: routed around after", "back after", "local-2: capacity back after")
            seen.until("OK 3 nodes and 2 edges serve")
            assert "none yet" not in seen.text
            seen.type("\x1b")
            seen.until("serving   edge-1")  # an escape with a letter close behind it would be another key
            seen.type("q")
            assert seen.until_it_ends() == 0
        assert home.run("status").returncode == 0


def test_a_node_that_takes_its_time_is_seen_down_with_its_reason_until_it_is_back() -> None:
    """Killed by keys: why it is down, how long the failover took while it still is, and how long until it is back."""
    argv = json.dumps([sys.executable, str(SUPPORT / "gateway_program.py"), "{port}", "--ready-after", "4"])
    with Home() as home:
        (home.directory / "hactl.toml").write_text(
            f'[fleet]\nname = "t"\n[edge]\nlisten = "127.0.0.1:{home.port}"\n[[region]]\nname = "local"\nnodes = 3\n'
            f'[gateway]\nkind = "command"\ncommand = {argv}\n[health]\npath = "/healthz"\n'
        )
        home.ok("up")
        with home.terminal() as seen:
            seen.until("OK 3 nodes and 2 edges serve", "none yet")
            seen.type("/local-2\r")
            seen.until("/local-2 1 shown")
            seen.type("jK")
            seen.until("Kill local-2?", "y confirms")
            seen.type("y")
            moved = "moved away on every edge after"
            seen.until("DEGRADED 1 of 5 out: local-2 (killed by", "◌ starting  local-2", "not back yet", moved)
            assert "none yet" not in seen.text, "the failover has been measured while the node is still away"
            seen.until("OK 3 nodes and 2 edges serve", "local-2: capacity back after")
            seen.type("6")
            seen.until("measured losses: 1", "from the kill or freeze command until it was detected", "killed by")
            assert "not back yet" not in seen.text
            seen.type("q")
            assert seen.until_it_ends() == 0


def test_a_daemon_that_dies_is_told_and_the_next_one_is_found() -> None:
    """No traceback: a banner, old rows that look old, and on it goes."""
    with Home() as home:
        home.configure(regions={"local": 3})
        home.ok("up")
        with home.terminal(columns=80, lines=24) as seen:
            seen.until("OK 3 nodes and 2 edges serve")
            home.kill_daemon()
            said = seen.until("retrying", "no daemon answers", "STALE", "local-1")
            assert re.search(r"STALE \d+s", said)
            home.ok("up")
            seen.until("LIVE", "OK 3 nodes and 2 edges serve")
            assert "Traceback" not in seen.text
            seen.type("q")
            assert seen.until_it_ends() == 0


def test_a_reader_changes_nothing() -> None:
    with Home() as home:
        home.configure(regions={"local": 3})
        home.ok("up")
        with home.terminal("--read-only") as seen:
            seen.until("OK 3 nodes and 2 edges serve")
            seen.type("/local-2\r")
            seen.until("/local-2 1 shown")
            seen.type("jK")
            seen.until("this console is read-only")
            seen.type("q")
            assert seen.until_it_ends() == 0


def test_a_fleet_that_does_not_run_is_started_from_the_console_and_stopped_with_it() -> None:
    """What the console has started it asks about; the order of rows is remembered."""
    with Home() as home:
        home.configure(regions={"local": 2})
        with home.terminal(columns=80, lines=24) as seen:
            seen.until("Start fleet t?", "$ hactl up")
            seen.type("y")
            seen.until("OK 2 nodes and 2 edges serve", "was started from here")
            seen.type("\x1b[C")
            seen.until("STATE▲")
            seen.type("q")
            seen.until("This console started it.", "stop all")
            seen.type("s")
            assert seen.until_it_ends() == 0
            assert "everything has stopped" in seen.text
        assert home.strays() == []
        assert (home.state / "console.toml").read_text() == 'sort = "STATE"\n'


def test_the_fleet_that_is_stopped_on_leaving_is_the_one_that_was_shown() -> None:
    """Whatever hactl.toml has come to say meanwhile."""
    with Home() as home:
        home.configure(regions={"local": 1}, edges=1)
        with home.terminal(columns=80, lines=24) as seen:
            seen.until("Start fleet t?")
            seen.type("y")
            seen.until("was started from here")
            home.configure(regions={"local": 1}, name="another")
            seen.type("q")
            seen.until("Leave fleet t?", "stop all")
            seen.type("s")
            assert seen.until_it_ends() == 0
            assert "everything has stopped" in seen.text
        assert home.strays() == []


def test_a_fleet_that_was_started_here_goes_on_without_the_console_that_is_detached() -> None:
    with Home() as home:
        home.configure(regions={"local": 2})
        with home.terminal(columns=80, lines=24) as seen:
            seen.until("Start fleet t?")
            seen.type("y")
            seen.until("was started from here")
            seen.type("q")
            seen.until("detach: the fleet keeps running")
            seen.type("d")
            assert seen.until_it_ends() == 0
        assert home.run("status").returncode == 0


def test_a_console_that_is_ended_gives_the_terminal_back() -> None:
    """And the fleet goes on."""
    with Home() as home:
        home.configure(regions={"local": 2})
        home.ok("up")
        with home.terminal(columns=80, lines=24) as seen:
            seen.until("OK 2 nodes and 2 edges serve")
            seen.send(signal.SIGTERM)
            assert seen.until_it_ends() == 128 + signal.SIGTERM
            assert "Traceback" not in seen.text
        assert home.run("status").returncode == 0


def test_without_a_daemon_it_opens_with_what_was_known_last() -> None:
    """At once, and as old as it is; the nodes still run, and are adopted when the fleet is started from here."""
    with Home() as home:
        home.configure(regions={"local": 2})
        home.ok("up")
        before = home.pids()
        home.kill_daemon()
        with home.terminal(columns=100, lines=24) as seen:
            seen.until("Start fleet t?")
            seen.type("\x1b")
            said = seen.until("retrying", "no daemon answers", "STALE", "local-2")
            assert re.search(r"STALE \d+s", said)
            seen.type(":up\r")
            seen.until("LIVE", "OK 2 nodes and 2 edges serve")
            seen.type("q")
            seen.until("This console ", "detach")  # started it, or is still starting it
            seen.type("d")
            assert seen.until_it_ends() == 0
        assert home.pids() == before


def test_a_terminal_that_only_prints_gets_the_status_and_is_told_how_to_listen() -> None:
    """`hactl watch` says in plain sentences what a console would show."""
    with Home() as home:
        home.configure(regions={"local": 2})
        home.ok("up")
        with home.terminal(columns=100, TERM="dumb") as seen:
            assert seen.until_it_ends() == 0
            assert "fleet t: ok, 2 nodes and 2 edges serve" in seen.text
            assert "hactl watch reports what happens next" in seen.text

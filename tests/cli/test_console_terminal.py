"""The real console in a real terminal before a real fleet: a node is killed by keys, and what follows is seen."""

import json
import sys
from pathlib import Path

import pytest
from support.command import Home
from support.terminal import Terminal

pytestmark = pytest.mark.envoy
SUPPORT = Path(__file__).parents[1] / "support"


def terminal(home: Home, *options: str, columns: int = 120, lines: int = 40) -> Terminal:
    env = home.environment(COLUMNS="") | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
    return Terminal(
        [sys.executable, "-m", "hactl", *options], columns=columns, lines=lines, env=env, cwd=home.directory
    )


def test_a_node_is_killed_by_keys_and_comes_back() -> None:
    """From the question over the death with its reason to the measured failover and the return."""
    with Home() as home:
        home.configure(regions={"local": 3})
        home.ok("up")
        with terminal(home) as seen:
            seen.until("OK 3 nodes and 2 edges serve", "▸ ● 2/2", "none yet")
            seen.type("/local-2\r")
            seen.until("/local-2 1 shown")
            seen.type("jK")
            seen.until("Kill local-2?", "$ hactl kill local-2", "Cancel: esc")
            seen.type("y")
            seen.until("local-2: capacity back after")
            seen.until("OK 3 nodes and 2 edges serve")
            assert "none yet" not in seen.text
            seen.type("\x1b")
            seen.until("serving edge-1")  # an escape with a letter close behind it would be another key
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
        with terminal(home) as seen:
            seen.until("OK 3 nodes and 2 edges serve", "none yet")
            seen.type("/local-2\r")
            seen.until("/local-2 1 shown")
            seen.type("jK")
            seen.until("Kill local-2?", "y does it")
            seen.type("y")
            seen.until("DEGRADED 1 of 5 out: local-2 (killed by", "◌ starting local-2", "not back yet")
            assert "moved away on every edge after" in seen.text
            assert "none yet" not in seen.text, "the failover has been measured while the node is still away"
            seen.until("OK 3 nodes and 2 edges serve", "local-2: capacity back after")
            seen.type("6")
            seen.until("measured losses: 1", "from the order to kill or freeze until it was seen", "killed by")
            assert "not back yet" not in seen.text
            seen.type("q")
            assert seen.until_it_ends() == 0


def test_a_daemon_that_dies_is_told_and_the_next_one_is_found() -> None:
    """No traceback: a banner, old rows that look old, and on it goes."""
    with Home() as home:
        home.configure(regions={"local": 3})
        home.ok("up")
        with terminal(home, columns=80, lines=24) as seen:
            seen.until("OK 3 nodes and 2 edges serve")
            home.kill_daemon()
            seen.until("no daemon answers", "STALE", "local-1")
            home.ok("up")
            seen.until("LIVE", "OK 3 nodes and 2 edges serve")
            assert "Traceback" not in seen.text
            seen.type("q")
            assert seen.until_it_ends() == 0


def test_a_reader_changes_nothing() -> None:
    with Home() as home:
        home.configure(regions={"local": 3})
        home.ok("up")
        with terminal(home, "--read-only") as seen:
            seen.until("OK 3 nodes and 2 edges serve")
            seen.type("/local-2\r")
            seen.until("/local-2 1 shown")
            seen.type("jK")
            seen.until("this console is read-only")
            seen.type("q")
            assert seen.until_it_ends() == 0

"""The installed command, run as an operator runs it, in a home of its own; in the end nothing of it is left.

with Home() as home:
    home.configure()
    home.ok("up")
    assert home.run("status").returncode == 0

Directories are short, so that sockets fit into them, and lie where TMPDIR says.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from support.ports import free_port
from support.terminal import Terminal
from support.touch import touches

from hactl.control.client import Client
from hactl.core.talk import Snapshot
from hactl.paths import FleetPaths
from hactl.store.journal import SqliteJournal
from hactl.supervisor import procfs

HACTL = (sys.executable, "-m", "hactl")
PATIENCE = 120.0
"""Seconds after which a command hangs; never a measure of anything."""
WIDTH = "100"
EVERY_RECORD = 100_000
"""More than a test's journal holds."""
_OURS = ("HACTL_", "XDG_", "NO_COLOR", "_HACTL", "COLUMNS", "TERM")


class Home:
    """A user's home on one machine: a working directory and a state directory, with whatever fleets run in there."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="hc-"))
        self.state = self.directory / "s"
        self.temporary = self.directory / "t"
        self.temporary.mkdir()
        self.fleet = "t"
        self.port = free_port()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in [entry.name for entry in self.state.glob("*")]:
            with suppress(subprocess.TimeoutExpired):
                self.run("--fleet", name, "down", cwd=Path("/"))
        for pid in self.strays():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- what is run

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of every command here; `more` is added, and an empty value removes."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        fixed = {"HACTL_STATE_DIR": str(self.state), "COLUMNS": WIDTH, "TERM": "xterm", "TMPDIR": str(self.temporary)}
        return {name: value for name, value in {**inherited, **fixed, **more}.items() if value}

    def run(self, *args: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `hactl ARGS` to its end."""
        return subprocess.run(
            [*HACTL, *args],
            cwd=cwd or self.directory,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def ok(self, *args: str, cwd: Path | None = None, **more: str) -> str:
        """Run it, demand exit code 0, and give back its data."""
        done = self.run(*args, cwd=cwd, **more)
        assert done.returncode == 0, (args, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def json(self, *args: str) -> Any:
        """What `hactl ARGS --json` prints, whatever its exit code: one document."""
        done = self.run(*args, "--json")
        assert done.stdout.count("\n") == 1, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    def start(self, *args: str, **more: str) -> "subprocess.Popen[str]":
        """Start `hactl ARGS`; the caller sees to its end."""
        return subprocess.Popen(
            [*HACTL, *args],
            cwd=self.directory,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def terminal(self, *args: str, columns: int = 120, lines: int = 40, **more: str) -> Terminal:
        """`hactl ARGS` on a terminal that can show everything; see `environment` for `more`."""
        able = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
        env = self.environment(**able | more)
        return Terminal([*HACTL, *args], columns=columns, lines=lines, env=env, cwd=self.directory)

    # -- the fleet it is about

    def configure(
        self,
        extra: str = "",
        *,
        name: str = "",
        edges: int = 2,
        edge: str = "",
        regions: dict[str, int] | None = None,
    ) -> Path:
        """Write hactl.toml; `regions` says how many nodes each has, `edge` holds more lines of the edges' table."""
        self.fleet = name or self.fleet
        parts = [
            f'[fleet]\nname = "{self.fleet}"\n\n[edge]\nlisten = "127.0.0.1:{self.port}"\ncount = {edges}\n{edge}\n'
        ]
        parts += [
            f'[[region]]\nname = "{region}"\nnodes = {nodes}\n' for region, nodes in (regions or {"a": 2}).items()
        ]
        parts.append('[[route]]\nprefix = "/"\nrespond = 200\nrespond_body = "hello\\n"\n')
        path = self.directory / "hactl.toml"
        path.write_text("\n".join([*parts, extra]))
        return path

    @property
    def paths(self) -> FleetPaths:
        """Where the fleet keeps its things."""
        return FleetPaths(self.state / self.fleet)

    def snapshot(self) -> Snapshot:
        """The fleet, asked directly and not by the command."""
        return Client(self.paths.control).fleet()

    def pids(self) -> dict[str, int]:
        """The pid of every process of the fleet that runs, by name."""
        return {node.name: node.launch.pid for node in self.snapshot().fleet.nodes.values() if node.launch}

    def untouched(self) -> tuple[int, dict[str, int]]:
        """What stays the same as long as nobody changes anything: the last record of a change, and every pid."""
        with SqliteJournal.open_read_only(self.paths.journal) as journal:
            return touches(journal.query(limit=EVERY_RECORD))[-1].seq, self.pids()

    def kill_daemon(self) -> None:
        """SIGKILL the daemon and wait until it has gone."""
        pid = self.snapshot().pulse.pid
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)

    # -- what is left

    def strays(self) -> list[int]:
        """The pids of all that was started here and runs: by the state directory in its environment."""
        sign = f"HACTL_STATE_DIR={self.state}".encode()
        found = []
        for pid in procfs.pids():
            with suppress(OSError):
                environment = Path(f"/proc/{pid}/environ").read_bytes()
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if sign in environment.split(b"\0") or os.fsencode(self.directory) + b"/" in line:
                    found.append(pid)
        return found

    def sockets(self) -> list[Path]:
        """Every socket file that is left."""
        return [path for path in self.directory.rglob("*") if path.is_socket()]


def wait_gone(pid: int) -> None:
    """Wait until a process has ended, whoever's child it is."""
    with suppress(ProcessLookupError):
        fd = os.pidfd_open(pid)
        try:
            import select

            ready, _, _ = select.select([fd], [], [], PATIENCE)
            assert ready, f"{pid} does not end"
        finally:
            os.close(fd)


def read_until(process: "subprocess.Popen[str]", mark: str) -> str:
    """The lines of its stderr up to the one with `mark`. Fails when it ends without."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if mark in line:
            return said
    raise AssertionError(f"ended without {mark!r}: {said}")


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Wait for its end: exit code, and what it has said since."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, out, err

"""What every benchmark shares: a fleet started through the installed `hactl`, a load beside it, one JSON object out.

Nothing here judges a release: the machine is shared and noisy. Figures are medians of several runs, ratios are taken
within one run, and the load generator's own lag is printed next to them. A target that is missed is printed as such;
the exit code stays 0, because a benchmark is read by people.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hactl.control.client import Client
from hactl.core.errors import HactlError
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.talk import Query
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.drill.measure import Report, judge
from hactl.drill.records import Records
from hactl.paths import FleetPaths

Values = dict[str, float]


class BenchFleet:
    """One fleet in a directory of its own, with a small upstream; gone when the block is left.

    `service` False lets the nodes answer by themselves, so that no upstream limits what is measured; nodes that are
    programs have no routes. `route` is more in the table of the one to the upstream. `regions` are (name, priority,
    nodes), each with so many `spares`.
    """

    def __init__(
        self,
        *,
        nodes: int = 4,
        spares: int = 0,
        regions: tuple[tuple[str, int, int], ...] = (),
        service: bool = True,
        extra: str = "",
        route: str = "",
    ) -> None:
        self._regions = regions or (("local", 0, nodes),)
        self._spares = spares
        self._service = service
        self._extra = extra
        self._route = route
        self._stack = contextlib.ExitStack()
        self.port = free_port()
        self.directory: Path
        self.client: Client

    @property
    def url(self) -> str:
        """Where the edges listen."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def now(self) -> Fleet:
        """Everything now."""
        return self.client.fleet().fleet

    @property
    def serving(self) -> list[Node]:
        """Gateway nodes that may take requests."""
        return [node for node in self.now.gateways if node.serviceable]

    def __enter__(self) -> "BenchFleet":
        with contextlib.ExitStack() as stack:
            # A short directory: socket paths have to fit into 108 bytes.
            self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hb-")))
            upstream = stack.enter_context(running_upstream()) if self._service else 0
            (self.directory / "hactl.toml").write_text(self._config(upstream))
            self.client = Client(FleetPaths(self.directory / "state" / "bench").control)
            stack.callback(self._end)
            self.hactl("up", "--detach")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ran(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the installed command in the fleet's directory to its end, whatever that is."""
        environment = os.environ | {"HACTL_STATE_DIR": str(self.directory / "state"), "NO_COLOR": "1"}
        environment.pop("HACTL_FLEET", None)
        return subprocess.run(
            [command(), *arguments], cwd=self.directory, env=environment, capture_output=True, text=True, check=False
        )

    def hactl(self, *arguments: str) -> str:
        """The stdout of the installed command, which ends well. Raises HactlError when it does not."""
        done = self.ran(*arguments)
        if done.returncode:
            raise HactlError(f"hactl {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def records(self, after: int) -> list[Record]:
        """Journal records behind `after`, oldest first."""
        found: list[Record] = []
        while page := self.client.history(Query(after=found[-1].seq if found else after, limit=500)):
            found += page
        return found

    async def until_serving(self) -> None:
        """Wait until everything serves and every edge has proved its plan. Raises HactlError after 90 s."""
        await asyncio.to_thread(self.hactl, "up", "--detach", "--timeout", "90s")

    def _end(self) -> None:
        try:
            self.hactl("down")
        except HactlError as error:
            print(f"ending the fleet by hand: {error}", file=sys.stderr)
        finally:
            end_processes_of(self.directory)

    def _config(self, upstream: int) -> str:
        parts = [f'[fleet]\nname = "bench"\n\n[edge]\nlisten = "127.0.0.1:{self.port}"\n']
        parts += [
            f'[[region]]\nname = "{name}"\npriority = {priority}\nnodes = {nodes}\nspares = {self._spares}\n'
            for name, priority, nodes in self._regions
        ]
        if upstream:
            parts.append(f'[[service]]\nname = "app"\nendpoints = ["127.0.0.1:{upstream}"]\n')
            parts.append('[[route]]\nprefix = "/"\nservice = "app"\n' + self._route)
        elif "[gateway]" not in self._extra:
            parts.append('[[route]]\nprefix = "/"\nrespond = 200\nrespond_body = "hello\\n"\n')
        return "\n".join([*parts, self._extra])


@contextlib.contextmanager
def running_upstream() -> Iterator[int]:
    """The small upstream in a process of its own; yields its port."""
    argv = [sys.executable, "-m", "hactl.processes.upstream", "--lifetime", "3600"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.terminate()


@asynccontextmanager
async def loaded(url: str, *, rate: float, duration: float, **more: Any) -> AsyncIterator[LoadProcess]:
    """A load under way, half a second old: everything is warm."""
    async with LoadProcess(LoadPlan(url=url, rate=rate, duration=duration, **more)) as load:
        await asyncio.sleep(0.5)
        yield load


class Bench:
    """One promise: how it is measured, and what comes out."""

    def __init__(self, promise: str, title: str, target: str) -> None:
        self.promise, self.title, self.target = promise, title, target
        self._lags: list[Report] = []
        self._parser = argparse.ArgumentParser(description=title)
        self._parser.add_argument("--runs", type=int, default=5)

    def option(self, name: str, default: float | str, text: str) -> None:
        """Another option of the command line, of the default's type."""
        self._parser.add_argument(name, type=type(default), default=default, help=text)

    def judged(self, records: Records, begin: float | None = None, end: float | None = None) -> Report:
        """The report on a load; remembers how punctual its generator was."""
        self._lags.append(judge(records))
        return judge(records, begin, end) if begin is not None or end is not None else self._lags[-1]

    def main(
        self, run: Callable[[argparse.Namespace, int], Awaitable[Values]], met: Callable[[dict[str, list[float]]], bool]
    ) -> None:
        """Run, print one JSON object, and say whether the target was met by what was measured."""
        options = self._parser.parse_args()
        values: dict[str, list[float]] = {}
        for number in range(options.runs):
            for name, value in asyncio.run(self._one(run, options, number)).items():
                values.setdefault(name, []).append(value)
        print(json.dumps(self._result(options.runs, values, met(values))))

    async def _one(
        self, run: Callable[[argparse.Namespace, int], Awaitable[Values]], options: argparse.Namespace, number: int
    ) -> Values:
        print(f"{self.promise}: run {number + 1} of {options.runs}", file=sys.stderr)
        return await run(options, number)

    def _result(self, runs: int, values: dict[str, list[float]], met: bool) -> dict[str, Any]:
        return {
            "promise": self.promise,
            "title": self.title,
            "target": self.target,
            "met": met,
            "runs": runs,
            "values": {name: summary(found) for name, found in values.items()},
            "generator": {
                "send_lag_p99_ms": summary([report.lag_p99_ms for report in self._lags]),
                "send_lag_max_ms": summary([report.lag_max_ms for report in self._lags]),
                "loads_that_were_late": sum(report.late for report in self._lags),
            },
            "machine": machine(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def summary(values: Iterable[float]) -> dict[str, Any]:
    """Median, range and every single value, rounded."""
    found = [round(value, 4) for value in values]
    if not found:
        return {"median": None, "all": []}
    return {"median": round(statistics.median(found), 4), "min": min(found), "max": max(found), "all": found}


def median(values: dict[str, list[float]], name: str) -> float:
    """The median of one value over all runs."""
    return statistics.median(values[name])


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def command() -> str:
    """The installed `hactl`: beside this Python, else on the path."""
    beside = Path(sys.executable).parent / "hactl"
    found = str(beside) if beside.exists() else shutil.which("hactl")
    if not found:
        raise HactlError("hactl is not installed for this Python", "pip install -e .")
    return found


def free_port() -> int:
    """A port nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_processes_of(directory: Path) -> None:
    """Kill whatever still runs with `directory` in its arguments: it was made for one benchmark, so they are ours."""
    mark = os.fsencode(directory) + b"/"
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and mark in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


def pid_of(node: Node) -> int:
    """The pid of a node that runs."""
    assert node.launch, f"{node.name} does not run"
    return node.launch.pid


def cpu_seconds(pid: int) -> float:
    """CPU time a process has used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mono() -> float:
    """Seconds of the clock that journal and load records use."""
    return time.monotonic()

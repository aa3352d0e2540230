"""`hactl demo`: a whole fleet in a temporary directory, beside anything else on the machine, gone afterwards.

Two regions, two edges, five nodes, a small real upstream service and open-loop load, each in processes of their own.
Whatever ends the demo (its end, an error, Ctrl-C) ends all of them and removes every file.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec

from hactl.control.aclient import AsyncClient
from hactl.core.commands import Down
from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.drill.demo import failover_demo
from hactl.drill.demo_report import DemoReport
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.paths import FleetPaths, state_home
from hactl.processes.launching import launch, workers
from hactl.supervisor import pidfd
from hactl.supervisor.process_table import free_ports

STARTING = "starting 2 edges, 5 nodes in 2 regions, and a service behind them"
STOPPING = "stopping everything"
RATE = 300.0
DURATION = 10.0
LIFETIME = 4 * 3600
"""Seconds after which the demo's upstream exits on its own, whatever becomes of the rest."""
_EDGE_PORTS = range(28_000, 32_000)
_FAREWELL = 30.0
"""Seconds everything has to stop in good order before it is killed."""

_CONFIG = """\
# The fleet of `hactl demo`.
[fleet]
name = "{name}"

[edge]
listen = "127.0.0.1:{port}"

[[region]]
name = "seoul"
nodes = 3

[[region]]
name = "tokyo"
nodes = 2

[[service]]
name = "app"
endpoints = ["127.0.0.1:{upstream}"]

# Its callers would rather be refused than wait: the drill upstream-down asks that of a route.
[[route]]
prefix = "/quotes"
service = "app"
timeout = "200ms"

[[route]]
prefix = "/"
service = "app"
"""


class Stage(Value):
    """A demo fleet that runs."""

    name: str
    url: str
    state: Path

    @property
    def paths(self) -> FleetPaths:
        """Where it keeps its things."""
        return FleetPaths(self.state)


@contextlib.asynccontextmanager
async def stage(*, name: str = "", extra: str = "") -> AsyncIterator[Stage]:
    """A demo fleet with its upstream, for as long as the context is entered; `extra` is added to its hactl.toml.

    Raises HactlError when it cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="hactl-demo-") as directory:
        async with _upstream() as upstream:
            fleet = name or f"demo-{secrets.token_hex(2)}"
            port = next(iter(free_ports(_shuffled(_EDGE_PORTS), "127.0.0.1")))
            config = Path(directory) / "hactl.toml"
            config.write_text(_CONFIG.format(name=fleet, port=port, upstream=upstream) + extra)
            built = Stage(name=fleet, url=f"http://127.0.0.1:{port}/", state=Path(directory) / "state")
            built.state.mkdir(mode=0o700)
            with _registered(built):
                try:
                    launch(built.paths, config)
                    yield built
                finally:
                    await _to_the_end(_strike(built))


async def run(
    *,
    say: Callable[[str], None],
    node: str | None,
    rate: float,
    duration: float,
    afterwards: Callable[[Stage, DemoReport], Awaitable[None]],
) -> DemoReport:
    """The whole demo: build, load, kill, measure, `afterwards`, clear away."""
    say(STARTING)
    async with stage() as built:
        report = await perform(built, say=say, node=node, rate=rate, duration=duration)
        await afterwards(built, report)
        say(STOPPING)
    return report


async def perform(
    built: Stage, *, say: Callable[[str], None], node: str | None, rate: float, duration: float
) -> DemoReport:
    """The story itself, on a stage that was built: load, kill, measure."""
    async with AsyncClient(built.paths.control) as client:
        load = LoadProcess(LoadPlan(url=built.url, rate=rate, duration=duration))
        return await failover_demo(client, load, say=say, node=node)


async def keep_busy(url: str, *, rate: float) -> None:
    """Load until cancelled, in runs of bounded length."""
    while True:
        async with LoadProcess(LoadPlan(url=url, rate=rate, duration=300.0)) as load:
            await load.finish()


def end_on_signals() -> None:
    """Ctrl-C, SIGTERM and SIGHUP end a demo by cancelling it, once: an impatient second one leaves nothing behind."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None, "called from a task"
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end() -> None:
        for number in signals:
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in signals:
        loop.add_signal_handler(number, end)


@contextlib.asynccontextmanager
async def _upstream() -> AsyncIterator[int]:
    command = [sys.executable, "-P", "-m", "hactl.processes.upstream", "--port", "0", "--lifetime", str(LIFETIME)]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise HactlError("the demo's upstream service did not start")
        yield msgspec.json.decode(line, type=dict[str, int])["port"]
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await _to_the_end(process.wait())


async def _to_the_end(work: Coroutine[Any, Any, object]) -> None:
    """Wait for `work` even when cancelled meanwhile, and only then be cancelled: clearing up is never cut short."""
    task = asyncio.get_running_loop().create_task(work, name="clearing up")  # a group would cancel it with us
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


async def _strike(built: Stage) -> None:
    """Take the fleet down in good order, and by force if that does not work."""
    async with AsyncClient(built.paths.control) as client:
        with contextlib.suppress(HactlError, ProcessLookupError):
            daemon = os.pidfd_open((await client.hello()).pid)
            try:
                await _dismiss(client, daemon)
            finally:
                pidfd.send(daemon, signal.SIGKILL)
                os.close(daemon)
    if built.paths.journal.exists():
        for launch_left in workers(built.paths):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(launch_left.pid, signal.SIGKILL)


async def _dismiss(client: AsyncClient, daemon: int) -> None:
    """Ask for the end of everything and wait, within limits, until the daemon's own process has ended."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(daemon, ended.set)
    try:
        with contextlib.suppress(HactlError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await client.submit(Down(), by="demo", reason="the demo is over")
                await ended.wait()
    finally:
        loop.remove_reader(daemon)


@contextlib.contextmanager
def _registered(built: Stage) -> Iterator[None]:
    """Let `hactl --fleet NAME` find the demo from another terminal."""
    home = state_home()
    made = not home.exists()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    link = home / built.name
    link.symlink_to(built.state)
    try:
        yield
    finally:
        link.unlink(missing_ok=True)
        if made:
            with contextlib.suppress(OSError):  # somebody else uses it by now
                home.rmdir()


def _shuffled(ports: range) -> list[int]:
    return secrets.SystemRandom().sample(ports, len(ports))

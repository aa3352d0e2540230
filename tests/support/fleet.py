"""A whole fleet for scenarios: a real daemon, real Envoys, a real service behind them; in the end nothing is left.

async with RunningFleet(regions=(Region(nodes=4),)) as fleet:
    mark = fleet.seq
    fleet.kill("local-1")
    await fleet.happens(FailoverEnded, after=mark)

Everything is awaited on the event stream; nothing here sleeps or polls. Leaving the block takes the fleet down by
command and then demands that no process and no socket is left; whatever is, is ended by its pid all the same.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from support.polling import until
from support.ports import free_port
from support.processes import ended, gone
from support.touch import touches
from support.upstream import Upstream

from hactl.control.aclient import AsyncClient
from hactl.core.commands import Command, Down
from hactl.core.draft import evolve
from hactl.core.errors import HactlError
from hactl.core.events import DaemonStopped, Event, NodeChanged, OperationEnded, Record
from hactl.core.model import Fleet
from hactl.core.operation import Outcome
from hactl.core.talk import Measured, News, Query, Snapshot, Update
from hactl.core.traffic import confirmed
from hactl.paths import FleetPaths
from hactl.processes.launching import launch
from hactl.supervisor import procfs
from hactl.supervisor.identity import find_instances

PATIENCE = 30.0
"""Seconds after which a story that does not go on has failed; never a measure of anything."""
PAGE = 500
APP = '[[service]]\nname = "app"\nendpoints = ["127.0.0.1:{upstream}"]\n\n[[route]]\nprefix = "/"\nservice = "app"\n'
"""One service, one route. {upstream} is the port of the fleet's own upstream."""
PATIENT_ROUTE = '[[route]]\nprefix = "/patient"\nservice = "app"\ntimeout = "60s"\nper_try_timeout = "60s"\n\n' + APP
"""The same, and /patient waits a minute for its answer."""
TIRELESS = '[restart]\nbase = "10ms"\nmax = "50ms"\nbudget = { restarts = 100, window = "60s" }\n'
"""For stories in which the same few processes die again and again, and that is not what they are about."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """One `[[region]]`."""

    name: str = "local"
    nodes: int = 4
    priority: int = 0
    spares: int = 0


class RunningFleet:
    """One fleet in a directory of its own. `routes` are the services and routes of its hactl.toml, `edge` lines of the
    edges' table, `extra` the rest.
    """

    def __init__(
        self,
        *,
        regions: tuple[Region, ...] = (Region(),),
        edges: int = 2,
        routes: str = APP,
        edge: str = "",
        extra: str = "",
        files: dict[str, str] | None = None,
        settled: bool = True,
    ) -> None:
        """`files` lie beside hactl.toml.

        With `settled` the block is entered when everything serves, else as soon as there is a daemon.
        """
        self.port = free_port()
        self.upstream = Upstream()
        self.records: list[Record] = []
        """Every record seen, in order, also those of a time when nobody was watching."""
        self.now = Fleet()
        """The fleet as the records seen so far make it."""
        self.daemon = 0
        """The daemon's pid; 0 while none runs."""
        self._shape = (regions, edges, routes, edge, extra)
        self._files = files or {}
        self._settled = settled
        # Short, so that every socket fits into the fleet's own directory.
        self.directory = Path(tempfile.mkdtemp(prefix="h-"))
        self.paths = FleetPaths(self.directory / "s")
        self.client = AsyncClient(self.paths.control)
        self._stream: AsyncGenerator[Update, None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.upstream.__aenter__()
            self.configure()
            self.paths.state.mkdir(mode=0o700)
            await self.launch()
            if self._settled:
                await self.calm()
        except BaseException:
            await self._clear()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                await self.down()
        finally:
            await self._clear()

    # -- the daemon

    @property
    def config(self) -> Path:
        """Its hactl.toml."""
        return self.directory / "hactl.toml"

    def configure(self) -> None:
        """Write hactl.toml, and what lies beside it."""
        for name, text in self._files.items():
            (self.directory / name).write_text(text)
        self.config.write_text(self.toml())

    def toml(
        self,
        *,
        regions: tuple[Region, ...] | None = None,
        edges: int | None = None,
        routes: str | None = None,
        edge: str | None = None,
        extra: str | None = None,
    ) -> str:
        """Its hactl.toml, or one that differs from it in what is given."""
        its = self._shape
        edge = its[3] if edge is None else edge
        fleet = f'[fleet]\nname = "t"\nstate_dir = "{self.paths.state}"\n'
        parts = [f'{fleet}\n[edge]\nlisten = "127.0.0.1:{self.port}"\ncount = {edges or its[1]}\n{edge}\n']
        parts += [
            f'[[region]]\nname = "{one.name}"\nnodes = {one.nodes}\npriority = {one.priority}\nspares = {one.spares}\n'
            for one in regions or its[0]
        ]
        parts.append((its[2] if routes is None else routes).replace("{upstream}", str(self.upstream.port)))
        return "\n".join([*parts, its[4] if extra is None else extra])

    async def launch(self) -> tuple[str, ...]:
        """Start a daemon and follow it; its notes. Raises HactlError when it does not come up."""
        notes = await asyncio.to_thread(launch, self.paths, self.config)
        self.daemon = (await self.client.hello()).pid
        await self.follow()
        return notes

    async def replace_daemon(self) -> str:
        """`hactl daemon restart`, as an operator types it, and follow the new one; what the command said."""
        command = (sys.executable, "-m", "hactl", "daemon", "restart", "--config", str(self.config))
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        async with asyncio.timeout(2 * PATIENCE):
            _, said = await process.communicate()
        assert process.returncode == 0, said
        await self._gone()
        self.daemon = (await self.client.hello()).pid
        await self.follow()
        return said.decode()

    async def succeeded(self) -> None:
        """Follow the daemon that somebody else has started after the end of this one."""
        await self._gone()

        async def who() -> int:
            with suppress(HactlError):
                return (await self.client.hello()).pid
            return 0

        self.daemon = await until(who, bool, patience=PATIENCE)
        await self.follow()

    async def follow(self) -> None:
        """Follow the daemon from now on; what was missed stands in the journal."""
        if self._stream is not None:
            await self._stream.aclose()
        self._stream = cast("AsyncGenerator[Update, None]", self.client.watch(self.seq))
        await self._take(await anext(self._stream))

    async def kill_daemon(self) -> None:
        """SIGKILL the daemon, at once, and wait until it is gone."""
        os.kill(self.daemon, signal.SIGKILL)
        await self._gone()

    async def down(self) -> None:
        """Take everything down by command; nothing may be left but files that are of use later."""
        await self.command(Down(), wait=False)
        await self.happens(DaemonStopped)
        await self._gone()
        sockets = [str(path) for path in self.directory.rglob("*") if path.is_socket()]
        left = [*self.strays(), *sockets]
        assert left == [], left

    async def _gone(self) -> None:
        pid, self.daemon = self.daemon, 0
        await _ended(pid)
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.aclose()
        await self.client.__aexit__(None, None, None)
        self.client = AsyncClient(self.paths.control)  # the old one's connections led to a process that is no more

    # -- what is and what happens

    @property
    def seq(self) -> int:
        """Number of the newest record seen: the mark from which to look for later ones."""
        return self.records[-1].seq if self.records else 0

    def since(self, mark: int, *kinds: type[Event]) -> list[Any]:
        """The events seen behind `mark`, of some kinds or of all."""
        found = (record.event for record in self.records if record.seq > mark)
        return [event for event in found if not kinds or isinstance(event, kinds)]

    async def touched(self, mark: int) -> list[Record]:
        """What the journal holds behind `mark` because somebody has changed something."""
        return touches(await self.client.history(Query(after=mark, limit=PAGE)))

    async def happens(
        self,
        kind: type[Any],
        where: Callable[[Any], bool] = lambda _: True,
        *,
        after: int = -1,
        patience: float = PATIENCE,
    ) -> Record:
        """The first record of that kind behind `after`, by default behind what has been seen already."""
        position = len(self.records) if after < 0 else sum(record.seq <= after for record in self.records)
        async with asyncio.timeout(patience):
            while True:
                for record in self.records[position:]:
                    if isinstance(record.event, kind) and where(record.event):
                        return record
                position = len(self.records)
                await self._more()

    async def until(self, condition: Callable[[Fleet], bool], *, patience: float = PATIENCE) -> Fleet:
        """The fleet as soon as it is so. Raises TimeoutError, which tells how the fleet was instead."""
        try:
            async with asyncio.timeout(patience):
                while not condition(self.now):
                    await self._more()
        except TimeoutError as error:
            error.add_note(_told(self.now))
            raise
        return self.now

    async def measured(self, condition: Callable[[Measured], bool], *, patience: float = PATIENCE) -> Measured:
        """The next measurements of that kind."""
        async with asyncio.timeout(patience):
            while True:
                update = await self._more()
                if isinstance(update, Measured) and condition(update):
                    return update

    async def calm(self) -> Fleet:
        """Everything that is wanted up serves, every edge has proved it, and nothing is in progress."""
        return await self.until(is_calm)

    async def _more(self) -> Update:
        assert self._stream is not None, "no daemon is being followed"
        update = await anext(self._stream)
        await self._take(update)
        return update

    async def _take(self, update: Update) -> None:
        match update:
            case News(records=records):
                self._note(records)
            case Snapshot(fleet=fleet):
                while self.seq < fleet.seq:  # what happened while nobody watched stands in the journal
                    self._note(await self.client.history(Query(after=self.seq, limit=PAGE)))
                self.now = fleet if fleet.seq == self.seq else self.now

    def _note(self, records: Iterable[Record]) -> None:
        for record in records:
            if record.seq <= self.seq:
                continue
            assert record.seq == self.seq + 1, f"a hole in the journal before {record}"
            self.records.append(record)
            self.now = evolve(self.now, record.event)

    # -- what is done to it

    async def command(self, command: Command, *, confirm: str = "t", wait: bool = True) -> str:
        """Submit, and by default wait until the operation has ended well. The operation's id."""
        receipt = await self.client.submit(command, by="test", confirm=confirm)
        if wait:
            ended = (await self.ended(receipt.operation)).event
            assert ended.outcome is Outcome.DONE, ended
        return receipt.operation

    async def ended(self, operation: str) -> Record:
        """How an operation ended, soon or long ago."""
        return await self.happens(OperationEnded, lambda event: event.id == operation, after=0)

    def pid(self, name: str) -> int:
        """The pid of a process that runs."""
        running = self.now.nodes[name].launch
        assert running is not None, f"{name} does not run"
        return running.pid

    def pids(self) -> dict[str, int]:
        """The pid of every process that runs, by name."""
        return {node.name: node.launch.pid for node in self.now.nodes.values() if node.launch}

    def kill(self, *names: str) -> None:
        """SIGKILL processes from outside, as a crash would; not by command."""
        for pid in [self.pid(name) for name in names]:
            os.kill(pid, signal.SIGKILL)

    # -- what is left

    def strays(self) -> list[str]:
        """Everything that runs and belongs to this fleet, by its instance id or by its directory."""
        known = {launch.pid: launch.instance for launch in (find_instances(self.now.id) if self.now.id else ())}
        sign = os.fsencode(self.directory) + b"/"
        for pid in procfs.pids():
            with suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if sign in line and pid != os.getpid():
                    known.setdefault(pid, line.replace(b"\0", b" ").decode(errors="replace"))
        return [f"{pid}: {what}" for pid, what in sorted(known.items())]

    async def _clear(self) -> None:
        """End by pid what is left, the daemon first, and remove every file."""
        if self.daemon:
            with suppress(ProcessLookupError):
                os.kill(self.daemon, signal.SIGKILL)
            await self._gone()
        for stray in self.strays():
            with suppress(ProcessLookupError):
                fd = os.pidfd_open(int(stray.partition(":")[0]))
                try:
                    signal.pidfd_send_signal(fd, signal.SIGKILL)
                    await ended(fd)  # it may write until its last moment
                finally:
                    os.close(fd)
        await self.upstream.stop()
        await self.client.__aexit__(None, None, None)
        shutil.rmtree(self.directory, ignore_errors=True)


async def _ended(pid: int) -> None:
    """Wait until a daemon has gone, and leave no zombie of one that was started here."""
    await gone(pid)
    with suppress(ChildProcessError):  # a command of its own had started it
        await asyncio.to_thread(os.waitpid, pid, 0)


def _told(fleet: Fleet) -> str:
    """What could keep a test waiting: states with their reasons, operations, failovers, plans not proved."""
    nodes = [f"{node.name} {node.state.value} drained={node.drained} {node.reason}" for node in fleet.nodes.values()]
    plans = f"plan {fleet.plan.version}, proved: {confirmed(fleet, fleet.plan.version)}"
    return "\n".join([*nodes, *map(str, fleet.operations.values()), *map(str, fleet.failovers.values()), plans])


def is_calm(fleet: Fleet) -> bool:
    """Nothing is in progress and every process serves."""
    return (
        bool(fleet.nodes)
        and all(node.serviceable or node.standing_by for node in fleet.nodes.values())
        and not fleet.operations
        and not fleet.failovers
        and confirmed(fleet, fleet.plan.version)
    )


def life(events: Iterable[Event], name: str) -> list[str]:
    """The states a process went through, in order."""
    return [
        event.node.state.value
        for event in events
        if isinstance(event, NodeChanged) and event.node.name == name and event.node.state is not event.was
    ]


def kinds(events: Iterable[Event], *of: type[Any]) -> list[str]:
    """The names of the events of some kinds, in order."""
    return [type(event).__name__ for event in events if isinstance(event, of)]

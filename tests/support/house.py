"""A whole fleet inside a test: a Supervisor with a real journal and real (idle) processes, but without any Envoy.

`House.opened` is one daemon's life, which may end with kill -9; open it again and the next daemon finds journal and
processes as the first one left them. Its clock can be put forward, so that nobody has to wait for what only takes time.
Whatever is still running when the house is torn down is ended.
"""

import asyncio
import os
import select
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from support.build import a_spec
from support.fake_engine import FakeEngine
from support.ports import free_port

from hactl.core.certificate import Certificate
from hactl.core.commands import Command
from hactl.core.draft import evolve
from hactl.core.errors import HactlError
from hactl.core.events import Event, OperationEnded, Record
from hactl.core.model import Fleet, Now
from hactl.core.node import Launch
from hactl.core.observations import Ticked
from hactl.core.reading import is_serving
from hactl.core.spec import EdgeTlsSpec, FleetSpec
from hactl.core.talk import Measured, News, Query, Snapshot
from hactl.core.value import replace
from hactl.engines.hop.proxy import HopProxy
from hactl.paths import FleetPaths
from hactl.processes.certifying import Keep
from hactl.processes.daemon import clock_of_this_boot
from hactl.processes.proposing import Proposals
from hactl.processes.taking_charge import Charge, take_charge
from hactl.store.journal import SqliteJournal
from hactl.supervisor import pidfd, procfs
from hactl.supervisor.alerts.delivery import AlertDelivery
from hactl.supervisor.identity import NotOurs, end_group, find_instances, open_verified
from hactl.supervisor.loop import Supervisor
from hactl.supervisor.recorder import Recorder

PATIENCE = 30.0
"""Seconds after which a test that waits has failed; never a measure of anything."""


def no_certificate(tls: EdgeTlsSpec) -> Certificate:
    """Of a house whose edges speak no TLS."""
    raise HactlError(f"{tls.cert}: no such file")


class Left(AssertionError):
    """The daemon has left before what was waited for was so."""


class Disk:
    """A real journal on a disk whose size can be changed under it."""

    def __init__(self, path: Path, *, pages: int | None = None) -> None:
        self._path = path
        self._journal = SqliteJournal(path, max_pages=pages)
        self.appended: list[Record] = []
        """What was written, in order."""

    def resize(self, pages: int | None) -> None:
        """The disk is that large from now on (None: endless); what is on it stays."""
        self._journal.close()
        self._journal = SqliteJournal(self._path, max_pages=pages)

    def append(self, records: Iterable[Record], *, durable: bool) -> None:
        records = list(records)
        self._journal.append(records, durable=durable)
        self.appended += records

    def checkpoint(self, fleet: Fleet) -> None:
        self._journal.checkpoint(fleet)

    def load(self) -> tuple[Fleet | None, list[Record]]:
        return self._journal.load()

    def prune(self, older_than: float) -> int:
        return self._journal.prune(older_than)

    def trim(self, max_size: int) -> int:
        return self._journal.trim(max_size)

    def size(self) -> int:
        return self._journal.size()

    def query(
        self, *, after: int = 0, before: int = 0, since: float = 0.0, kinds: tuple[str, ...] = (), limit: int = 100
    ) -> list[Record]:
        return self._journal.query(after=after, before=before, since=since, kinds=kinds, limit=limit)

    def close(self) -> None:
        self._journal.close()


class Shelf:
    """Measurements kept in memory, and what was asked to be let go."""

    def __init__(self) -> None:
        self.kept: list[tuple[Measured, int]] = []
        self.limits: list[tuple[float, int]] = []

    def keep(self, measured: Measured, seq: int) -> None:
        self.kept.append((measured, seq))

    def limit(self, *, max_age: float, max_size: int) -> None:
        self.limits.append((max_age, max_size))


class Sandbag:
    """A ballast that only remembers what was done with it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def lay(self) -> None:
        self.done.append("lay")

    def give_up(self) -> None:
        self.done.append("give up")


class House:
    """Where one fleet lives; `engine` and `spec` may be changed between two daemons."""

    def __init__(self, directory: Path, spec: FleetSpec | None = None) -> None:
        self.paths = FleetPaths(directory / "state")
        self.paths.state.mkdir()
        self.spec = spec or quick_spec()
        self._clock = clock_of_this_boot()
        self._ahead = 0.0
        self.engine = FakeEngine(str(directory), mono=lambda: self.clock().mono)
        self.fleet_id = uuid.uuid4().hex
        self.max_waiting = 20_000
        self.keep: Keep = no_certificate
        self.open_disk: Callable[[Path], Disk] = Disk
        self.shelf = Shelf()
        self.disk: Disk | None = None
        """The journal of the daemon that runs now."""

    @asynccontextmanager
    async def opened(self, *, killed: bool = False) -> AsyncIterator[Supervisor]:
        """A daemon takes charge, and leaves at the end unless it has gone before; `killed`, it writes nothing more."""
        disk = self.disk = self.open_disk(self.paths.journal)
        try:
            supervisor = self.supervisor(disk)
            charge = self.charge(disk)
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
                in_charge = asyncio.Event()
                running = tasks.create_task(supervisor.run(charge.before, charge.decision, in_charge.set))
                await in_charge.wait()
                try:
                    yield supervisor
                finally:
                    if killed:
                        running.cancel()
                    else:
                        supervisor.leave()
        finally:
            disk.close()

    def charge(self, disk: Disk) -> Charge:
        """How a daemon begins now."""
        return take_charge(
            self.spec, disk, self.clock(), version="0", pid=os.getpid(), fleet_id=self.fleet_id, keep=self.keep
        )

    def supervisor(self, disk: Disk) -> Supervisor:
        """One that has not begun."""
        recorder = Recorder(disk, Sandbag(), max_waiting=self.max_waiting)
        return Supervisor(
            paths=self.paths,
            recorder=recorder,
            journal=disk,
            samples=self.shelf,
            edges=self.engine,
            gateways=self.engine,
            proposer=Proposals(edges=self.engine, gateways=self.engine),
            proxy=HopProxy(),
            alerts=AlertDelivery(),
            clock=self.clock,
            version="0",
            pid=os.getpid(),
        )

    def clock(self) -> Now:
        """What the daemons' clocks say."""
        now = self._clock()
        return replace(now, mono=now.mono + self._ahead, wall=now.wall + self._ahead)

    def pass_time(self, seconds: float, supervisor: Supervisor | None = None) -> None:
        """So much time has passed; the daemon, if one runs, looks at its clock."""
        self._ahead += seconds
        if supervisor is not None:
            supervisor.deliver(Ticked())

    def records(self) -> list[Record]:
        """The whole journal as it is on the disk."""
        with SqliteJournal.open_read_only(self.paths.journal) as journal:
            return journal.query(limit=100_000)

    def saw(self, kind: type[Event]) -> list[Event]:
        """Every journaled event of a kind, oldest first."""
        return [record.event for record in self.records() if isinstance(record.event, kind)]

    def tear_down(self) -> None:
        """End what still runs; of several processes for one instance only the oldest is found at a time."""
        while found := find_instances(self.fleet_id):
            for launch in found:
                end(launch)


def quick_spec(**changes: object) -> FleetSpec:
    """Two edges, two nodes, a first restart at once."""
    given = {"nodes": 2, "restart": {"initial": 0.0}} | changes
    spec = a_spec(**given)
    return replace(spec, edge=replace(spec.edge, port=free_port()))


async def until(supervisor: Supervisor, wanted: Callable[[Fleet], bool]) -> Fleet:
    """The first fleet that is as wanted, seen by watching, as every client does."""
    fleet = Fleet()
    async with asyncio.timeout(PATIENCE):
        updates = supervisor.watch()
        try:
            async for update in updates:
                if isinstance(update, Snapshot):
                    fleet = update.fleet
                elif isinstance(update, News):
                    for record in update.records:
                        assert record.seq == fleet.seq + 1, "a watcher misses nothing"
                        fleet = evolve(fleet, record.event)
                if wanted(fleet):
                    return fleet
        finally:
            await updates.aclose()  # type: ignore[attr-defined]
    raise Left("the daemon left before it was so")


async def until_serving(supervisor: Supervisor) -> Fleet:
    """The fleet once everything serves or stands by, and every edge uses the newest plan."""
    return await until(
        supervisor,
        lambda fleet: (
            is_serving(fleet)
            and all(node.serviceable or node.standing_by for node in fleet.nodes.values())
            and all(fleet.confirmed.get(edge.name) == fleet.plan.version for edge in fleet.edges)
        ),
    )


async def until_measured(supervisor: Supervisor, wanted: Callable[[Measured], bool]) -> Measured:
    """The first measurement from now on that is as wanted."""
    async with asyncio.timeout(PATIENCE):
        updates = supervisor.watch()
        try:
            async for update in updates:
                if isinstance(update, Measured) and wanted(update):
                    return update
        finally:
            await updates.aclose()  # type: ignore[attr-defined]
    raise Left("the daemon left before it was measured")


async def done(supervisor: Supervisor, command: Command, *, confirm: str = "") -> OperationEnded:
    """How `command` ended: watched from its receipt's `seq` on, without missing anything."""
    receipt = await supervisor.submit(command, by="alice", confirm=confirm)
    return await outcome(supervisor, receipt.operation)


async def outcome(supervisor: Supervisor, operation: str) -> OperationEnded:
    """How an operation ended, once it has."""
    await until(supervisor, lambda fleet: operation not in fleet.operations)
    endings = [record.event for record in await supervisor.history(Query(kinds=("OperationEnded",), limit=10_000))]
    (ending,) = [event for event in endings if isinstance(event, OperationEnded) and event.id == operation]
    return ending


def pids(fleet: Fleet) -> dict[str, int]:
    """Who runs as which process."""
    return {name: node.launch.pid for name, node in fleet.nodes.items() if node.launch is not None}


def lives(launch: Launch) -> bool:
    """True while that very process runs."""
    stat = procfs.read_stat(launch.pid)
    return stat is not None and stat.ticks == launch.ticks and stat.state != "Z"


async def ended(launch: Launch) -> None:
    """Wait until that process has ended, whoever ends it."""
    seen = asyncio.Event()
    with suppress(NotOurs), _opened(launch) as fd:
        asyncio.get_running_loop().add_reader(fd, seen.set)
        try:
            async with asyncio.timeout(PATIENCE):
                await seen.wait()
        finally:
            asyncio.get_running_loop().remove_reader(fd)


def end(launch: Launch) -> None:
    """Kill one process and what it left behind, wait for its end, and leave no zombie; nothing when it has gone."""
    with suppress(NotOurs, ChildProcessError), _opened(launch) as fd:
        pidfd.send_group(fd, launch.pid, signal.SIGKILL)
        ended = select.poll()
        ended.register(fd, select.POLLIN)
        assert ended.poll(PATIENCE * 1000), f"{launch} does not end"
        os.waitid(os.P_PIDFD, fd, os.WEXITED)
    end_group(launch)


@contextmanager
def _opened(launch: Launch) -> Iterator[int]:
    fd = open_verified(launch, boot=procfs.boot_id())
    try:
        yield fd
    finally:
        os.close(fd)

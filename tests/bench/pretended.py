"""A daemon that only pretends: a fleet of any size behind the real control socket, and events at will.

For consoles with more rows than one machine has room to run, and for half an hour within a minute. What is measured
with it is the console alone; everything between the socket and the screen is the real thing.
"""

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hactl.control.peer import Allowed, owners
from hactl.control.server import ControlServer
from hactl.core.commands import Command
from hactl.core.config_events import FleetFounded
from hactl.core.draft import evolve
from hactl.core.errors import CommandRejected
from hactl.core.events import Event, FailoverBegan, FailoverEnded, FailoverMoved, Record, WeightsChanged
from hactl.core.founding import lay_out
from hactl.core.model import Failover, Fleet, Sample
from hactl.core.node import Health, Launch, NodeState, Reason, ReasonCode, Role
from hactl.core.spec import FleetSpec, RegionSpec
from hactl.core.talk import LogPage, Measured, News, Pulse, Query, Receipt, Snapshot, Update
from hactl.core.value import replace
from hactl.paths import FleetPaths

REGIONS = 4
"""Of a large fleet."""
_KILLED = Reason(code=ReasonCode.KILLED, text="killed by signal 9")


class Pretended:
    """A Controller of a fleet whose time goes as fast as it is told."""

    def __init__(self, name: str, nodes: int) -> None:
        count = min(REGIONS, nodes)
        regions = tuple(
            RegionSpec(name=f"r{number}", nodes=len(range(number, nodes, count))) for number in range(count)
        )
        spec = FleetSpec(name=name, regions=regions)
        founded = evolve(
            Fleet(), FleetFounded(id="pretended", revision=1, spec=spec, nodes=lay_out(spec, range(20_000, 60_000)))
        )
        self.at = time.time()
        serving = {
            node.name: replace(
                node,
                state=NodeState.SERVING,
                health=Health.HEALTHY,
                reason=None,
                since=self.at,
                launch=Launch(instance=f"pretended/{node.name}/1", pid=1, ticks=0, boot="b", at=0.0),
            )
            for node in founded.nodes.values()
        }
        self.fleet_now = replace(founded, name=name, nodes=serving, seq=1)
        self.seconds = 0
        self._watchers: set[asyncio.Queue[Update]] = set()

    def samples(self) -> tuple[Sample, ...]:
        """Everything changes a little every second."""
        share = 1 / max(1, len(self.fleet_now.gateways))
        return tuple(
            Sample(
                node=node.name,
                at=self.at,
                requests=100 + 10 * math.sin(self.seconds + number),
                errors=0.0,
                share=None if node.role is Role.EDGE else share,
                p50_ms=1.0 + number % 7 / 10,
                p99_ms=5.0 + (self.seconds + number) % 13,
                active=(self.seconds + number) % 3,
                cpu=0.02 + (self.seconds + number) % 10 / 100,
                rss=66 << 20,
            )
            for number, node in enumerate(self.fleet_now.nodes.values())
        )

    def snapshot(self) -> Snapshot:
        """Everything now."""
        pulse = Pulse(pid=os.getpid(), version="0", started=self.at)
        return Snapshot(fleet=self.fleet_now, at=self.at, mono=float(self.seconds), samples=self.samples(), pulse=pulse)

    def second(self) -> None:
        """A second has passed."""
        self.seconds += 1
        self.at += 1.0
        self._tell(Measured(at=self.at, samples=self.samples(), pulse=self.snapshot().pulse))

    def happen(self, count: int) -> None:
        """So many events: losses with their ends, and weights."""
        names = [node.name for node in self.fleet_now.gateways]
        records = []
        for _ in range(count):
            seq = self.fleet_now.seq + 1
            event = _event(seq, names[seq // 4 % len(names)])
            records.append(Record(seq=seq, wall=self.at, mono=float(self.seconds), event=event))
            self.fleet_now = evolve(self.fleet_now, event)
            self.fleet_now = replace(self.fleet_now, seq=seq)
        self._tell(News(records=tuple(records)))

    def _tell(self, update: Update) -> None:
        for queue in self._watchers:
            queue.put_nowait(update)

    async def fleet(self) -> Snapshot:
        return self.snapshot()

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        raise CommandRejected("this fleet is only pretended")

    async def watch(self, after: int = 0) -> AsyncIterator[Update]:
        queue: asyncio.Queue[Update] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield self.snapshot()
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    async def history(self, query: Query) -> list[Record]:
        return []

    async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
        first = max(0, after)
        return LogPage(node=node, lines=(f"[info] line {first} of {node}",), after=first + 1)


def _event(seq: int, node: str) -> Event:
    loss = Failover(node=node, cause=_KILLED, seen=0.0, version=1)
    match seq % 4:
        case 0:
            return FailoverBegan(failover=loss)
        case 1:
            return FailoverMoved(failover=loss, ms=9.0)
        case 2:
            return FailoverEnded(node=node, moved_ms=9.0, back_ms=71.0)
        case _:
            return WeightsChanged(nodes={node: 100})


@asynccontextmanager
async def pretending(directory: Path, name: str, nodes: int) -> AsyncIterator[Pretended]:
    """That daemon, at the place where `hactl --fleet NAME` looks for it in the state home `directory`."""
    paths = FleetPaths(directory / name)
    paths.state.mkdir(mode=0o700, parents=True)
    daemon = Pretended(name, nodes)
    server = ControlServer(
        daemon,
        socket=paths.control,
        read_only_socket=paths.control_read_only,
        fleet=name,
        version="0",
        pid=os.getpid(),
        allowed=Allowed(uids=owners()),
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        await server.started()
        try:
            yield daemon
        finally:
            await server.stop()

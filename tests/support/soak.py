"""A long time under load with a fault every few seconds: what to do when, doing it, and what was lost or leaked.

The list of faults is drawn from a seed before anything runs, so that the same seed means the same list. Whether a
fault is carried out is decided when it is due: nobody kills the last edge that serves, because no gateway survives
that; such a fault is skipped and counted.
"""

import asyncio
import os
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psutil
from support.fleet import PAGE, RunningFleet
from support.load import Load

from hactl.core.commands import Apply, Command, Drain, Restart, Resume, SetWeight
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.talk import Query
from hactl.core.value import replace

KINDS = ("kill", "freeze", "drain", "weight", "restart", "apply", "edge kill", "edge freeze", "daemon kill")
EVERY = 5.0
"""Seconds between two faults, on average."""
EDGE_RECOVERS = 3.0
"""Seconds in which failures on the connections of an edge that was killed are put down to that."""
LONGEST = 300.0
"""Seconds within which the slowest operation ends: a configuration that is brought to every process in turn."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong, or is asked for."""

    at: float
    """Seconds after the beginning."""
    kind: str
    lot: float
    """0..1: which of the processes, or how much."""


def faults(seed: int, seconds: float) -> list[Fault]:
    """What happens within `seconds`; the same for the same seed."""
    chance = Random(seed)
    drawn, at = [], 2.0
    while (at := at + chance.expovariate(1 / EVERY)) < seconds:
        drawn.append(Fault(at=at, kind=chance.choice(KINDS), lot=chance.random()))
    return drawn


@dataclass
class Usage:
    """What the daemon and the fleet's directory hold at one moment."""

    descriptors: int
    rss: int
    files: int
    processes: int

    @classmethod
    def of(cls, fleet: RunningFleet) -> "Usage":
        daemon = psutil.Process(fleet.daemon)
        files = sum(path.is_file() for path in fleet.directory.rglob("*"))
        return cls(
            descriptors=daemon.num_fds(),
            rss=daemon.memory_info().rss,
            files=files,
            processes=len(fleet.strays()),
        )


@dataclass
class Soak:
    """One run."""

    fleet: RunningFleet
    load: Load
    texts: tuple[str, ...]
    """Configurations that `apply` goes through."""
    done: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    edge_ports: set[int] = field(default_factory=set)
    """Clients' ports of connections that an edge had when it was killed or frozen."""
    edge_times: list[float] = field(default_factory=list)
    """Loop times of those faults."""
    _applied: int = 0

    async def run(self, listed: list[Fault]) -> None:
        """Carry out every fault at its time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for fault in listed:
            due = asyncio.Event()
            loop.call_at(began + fault.at, due.set)
            await due.wait()
            await self._carry_out(fault)

    @property
    def lost(self) -> list[str]:
        """Failures that no killed edge explains."""
        return [
            f"{failure.why} on port {failure.port} at {failure.at:.3f}"
            for failure in self.load.failures
            if not self._an_edges(failure.port, failure.at, unaccepted=failure.unaccepted)
        ]

    def _an_edges(self, port: int, at: float, *, unaccepted: bool) -> bool:
        """On a connection that a killed edge had, or that waited in its queue."""
        near = any(0 <= at - time <= EDGE_RECOVERS for time in self.edge_times)
        return port in self.edge_ports or (unaccepted and near)

    async def _carry_out(self, fault: Fault) -> None:
        try:
            fleet = (await self.fleet.client.fleet()).fleet
            done = await self._one(fault, fleet)
        except HactlError as error:
            self.refused[f"{fault.kind}: {error.message[:40]}"] += 1
            return
        (self.done if done else self.skipped)[fault.kind] += 1

    async def _one(self, fault: Fault, fleet: Fleet) -> bool:
        gateways = [node for node in fleet.gateways if node.serviceable]
        edges = [edge for edge in fleet.edges if edge.serviceable]
        match fault.kind:
            case "kill" | "freeze":
                number = signal.SIGKILL if fault.kind == "kill" else signal.SIGSTOP
                return len(gateways) > 2 and send(pick(gateways, fault.lot), number)
            case "edge kill" | "edge freeze":
                if len(edges) < len(fleet.edges) or len(edges) < 2:
                    return False
                edge = pick(edges, fault.lot)
                self._note_connections(edge)
                return send(edge, signal.SIGKILL if fault.kind == "edge kill" else signal.SIGSTOP)
            case "daemon kill":
                await self.fleet.kill_daemon()
                await self.fleet.launch()
                return True
            case "drain":
                drained = [node for node in fleet.gateways if node.drained]
                if drained:
                    return await self._ask(Resume(nodes=(pick(drained, fault.lot).name,)))
                return len(gateways) > 2 and await self._ask(Drain(nodes=(pick(gateways, fault.lot).name,)))
            case "weight":
                weight = SetWeight(nodes=(pick(gateways, fault.lot).name,), weight=20 + int(180 * fault.lot))
                return bool(gateways) and await self._ask(weight)
            case "restart":
                return len(gateways) > 2 and await self._ask(Restart(nodes=(pick(gateways, fault.lot).name,)))
            case "apply":
                self._applied += 1
                return await self._ask(Apply(text=self.texts[self._applied % len(self.texts)], bake=0.5))
            case _:
                raise AssertionError(fault.kind)

    async def _ask(self, command: Command) -> bool:
        await self.fleet.client.submit(command, by="soak", confirm="t")
        return True

    def _note_connections(self, edge: Node) -> None:
        assert edge.launch is not None
        connections = psutil.Process(edge.launch.pid).net_connections("tcp")
        self.edge_ports |= {one.raddr.port for one in connections if one.raddr and one.laddr.port == edge.port}
        self.edge_times.append(asyncio.get_running_loop().time())

    async def settle(self) -> None:
        """What was begun comes to its end, then everything is resumed and well again."""
        await self.fleet.follow()
        await self.fleet.until(lambda fleet: not fleet.operations, patience=LONGEST)
        for node in self.fleet.now.gateways:
            if node.drained:
                await self._ask(Resume(nodes=(node.name,)))
        await self.fleet.calm()

    async def missing(self) -> list[int]:
        """Positions of the journal at which there is no record."""
        found: set[int] = set()
        last = self.fleet.seq
        query = Query(before=last + 1, limit=PAGE)  # the newest page first
        while page := await self.fleet.client.history(query):
            found |= {record.seq for record in page}
            query = replace(query, before=page[0].seq)
            if page[0].seq <= 1:
                break
        return sorted(set(range(1, last + 1)) - found)

    def summary(self) -> dict[str, Any]:
        """What happened, for people."""
        return {
            "requests": self.load.sent,
            "failed": self.load.failed,
            "of these on connections of killed edges": self.load.failed - len(self.lost),
            "lost": self.lost,
            "p50 ms": round(self.load.percentile(0.5) * 1000, 1),
            "p99.9 ms": round(self.load.percentile(0.999) * 1000, 1),
            "faults": dict(self.done),
            "skipped": dict(self.skipped),
            "refused": dict(self.refused),
        }


def pick(nodes: list[Node], lot: float) -> Node:
    """One of them."""
    return nodes[int(lot * len(nodes))]


def send(node: Node, number: int) -> bool:
    """Signal its process from outside, if it still has one."""
    if node.launch is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(node.launch.pid, number)
        return True
    return False

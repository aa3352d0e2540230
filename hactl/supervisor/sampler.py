"""Measure what every process does: two readings of the edges' counters, and /proc, make one Sample per process.

`combine` is pure. Samples are never events: they go to watchers and into a bounded ring.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping

from hactl.core.errors import HactlError
from hactl.core.model import EdgeUse, Fleet, Sample
from hactl.core.node import Launch, Node, Role
from hactl.core.running import EdgeReading, NodeCounters
from hactl.core.value import Value
from hactl.supervisor import procfs
from hactl.supervisor.ports import EdgeEngine

READ_EVERY = 0.5
"""Seconds between two readings of the edges; every second one is published."""
_READ_TIMEOUT = 0.4
"""Seconds an edge may take to tell its counters."""
_PUBLISH_EACH = 2
_RING = 120
"""Published measurements kept: two minutes."""

Bins = dict[tuple[float, float], int]
"""A histogram: (lower bound, width) in ms → count."""
Usage = tuple[float, int]
"""Processor seconds since the start, bytes resident."""


class Consumption(Value):
    """What one process takes of the machine."""

    cpu: float | None = None
    """Part of one core (1.0 = one core)."""
    rss: int | None = None
    """Bytes resident."""
    edge: bool = False
    """It is an edge: when it was not read, nothing is known of its traffic."""


class _Traffic:
    """What all edges together did with one node between two readings."""

    def __init__(self) -> None:
        self.requests = 0.0
        self.errors = 0.0
        self.active = 0
        self.retries: float | None = None
        self.measured = False
        self.latency: Bins = {}

    def add(self, before: NodeCounters, now: NodeCounters, seconds: float) -> None:
        self.measured = True
        self.requests += _risen(before.requests, now.requests) / seconds
        self.errors += _risen(before.errors, now.errors) / seconds
        for bin_, count in _new_in(before.latency, now.latency).items():
            self.latency[bin_] = self.latency.get(bin_, 0) + count


def combine(
    previous: Mapping[str, EdgeReading],
    current: Mapping[str, EdgeReading],
    processes: Mapping[str, Consumption],
    *,
    at: float,
) -> tuple[Sample, ...]:
    """One Sample for each process or node that appears in `current` or `processes`. `at` is Unix time.

    A counter that fell was reset and counts from zero; an edge without a previous reading adds nothing to any rate.
    Latencies are those of single attempts, merged over the edges; an edge's share is its part of all answers.
    """
    listed = (node for reading in current.values() for node in reading.nodes.values())
    names = dict.fromkeys([*processes, *current, *listed])
    unread = {name for name, taken in processes.items() if taken.edge and name not in current}
    traffic = _of_nodes([name for name in names if name not in current and name not in unread], previous, current)
    to_nodes = sum(node.requests for node in traffic.values())
    edges = {name: _of_edge(previous.get(name), reading) for name, reading in current.items()}
    to_clients = sum(edge.requests for edge in edges.values())
    samples = []
    for name in names:
        if name in unread:
            samples.append(Sample(node=name, at=at, cpu=processes[name].cpu, rss=processes[name].rss))
            continue
        seen, total = (edges[name], to_clients) if name in edges else (traffic[name], to_nodes)
        taken = processes.get(name, Consumption())
        samples.append(
            Sample(
                node=name,
                at=at,
                requests=seen.requests if seen.measured else None,
                errors=seen.errors if seen.measured else None,
                share=seen.requests / total if seen.measured and total > 0 else None,
                p50_ms=quantile(seen.latency, 0.50),
                p99_ms=quantile(seen.latency, 0.99),
                active=seen.active if current else None,
                retries=seen.retries,
                cpu=taken.cpu,
                rss=taken.rss,
            )
        )
    return tuple(samples)


def _of_nodes(
    names: Iterable[str], previous: Mapping[str, EdgeReading], current: Mapping[str, EdgeReading]
) -> dict[str, _Traffic]:
    """Address by address: one that changes hands, or that a node is no longer called at, takes no history along."""
    traffic = {name: _Traffic() for name in names}
    for edge, reading in current.items():
        before = previous.get(edge)
        comparable = before is not None and reading.mono > before.mono
        for node in traffic.values():
            node.measured = node.measured or comparable
        # What is nobody's now was somebody's for a part of the interval.
        owners = reading.nodes if before is None else before.nodes | reading.nodes
        for place, name in owners.items():
            if name not in traffic:
                continue
            counters = reading.places.get(place, NodeCounters())
            traffic[name].active += counters.active
            if before is not None and comparable:
                traffic[name].add(before.places.get(place, NodeCounters()), counters, reading.mono - before.mono)
    return traffic


def _of_edge(before: EdgeReading | None, reading: EdgeReading) -> _Traffic:
    traffic = _Traffic()
    traffic.active = reading.active
    if before is not None and reading.mono > before.mono:
        traffic.add(
            NodeCounters(requests=before.requests, errors=before.errors),
            NodeCounters(requests=reading.requests, errors=reading.errors),
            reading.mono - before.mono,
        )
        traffic.retries = _risen(before.retries, reading.retries) / (reading.mono - before.mono)
    return traffic


def _in_flight(reading: EdgeReading, node: str) -> int:
    return sum(counters.active for place, counters in reading.places.items() if reading.nodes.get(place) == node)


def _risen(before: int, now: int) -> int:
    return now - before if now >= before else now


def _new_in(before: Iterable[tuple[float, float, int]], now: Iterable[tuple[float, float, int]]) -> Bins:
    old: Bins = {(lower, width): count for lower, width, count in before}
    new: Bins = {(lower, width): count for lower, width, count in now}
    if any(new.get(bin_, 0) < count for bin_, count in old.items()):
        return new  # reset
    return {bin_: count - old.get(bin_, 0) for bin_, count in new.items() if count > old.get(bin_, 0)}


def quantile(bins: Bins, part: float) -> float | None:
    """The value in ms below which `part` of the counts lie, linear within its bin; None for an empty histogram."""
    wanted = part * sum(bins.values())
    for (lower, width), count in sorted(bins.items()):
        if 0 < wanted <= count:
            return lower + width * wanted / count
        wanted -= count
    return None


def usage(launch: Launch) -> Usage | None:
    """What the process of `launch` has used so far; None when it has ended."""
    stat = procfs.read_stat(launch.pid)
    return (stat.cpu, stat.rss) if stat is not None and stat.ticks == launch.ticks else None


class Sampler:
    """Reads the edges at 2 Hz and the processes at 1 Hz, and publishes once a second.

    look          the fleet now
    publish       takes each new set of samples
    clock, wall   monotonic seconds, Unix time
    sleep         how to wait for some seconds
    """

    def __init__(
        self,
        *,
        look: Callable[[], Fleet],
        engine: EdgeEngine,
        publish: Callable[[tuple[Sample, ...]], None],
        clock: Callable[[], float],
        wall: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        usage: Callable[[Launch], Usage | None] = usage,
    ) -> None:
        self._look = look
        self._engine = engine
        self._publish = publish
        self._clock = clock
        self._wall = wall
        self._sleep = sleep
        self._usage = usage
        self._readings: dict[str, deque[EdgeReading]] = {}
        """By launch, newest last: those of one publication's interval and the one before it."""
        self._used: dict[str, tuple[float, float]] = {}
        """By launch: when, and processor seconds used until then."""
        self.ring: deque[tuple[Sample, ...]] = deque(maxlen=_RING)
        """What was published, newest last."""

    async def run(self) -> None:
        """Measure until cancelled."""
        turn, due = 0, self._clock()
        while True:
            await self._read_edges()
            turn += 1
            if turn % _PUBLISH_EACH == 1:
                self.ring.append(self._measure())
                self._publish(self.ring[-1])
            due = max(due + READ_EVERY, self._clock())  # a late turn is not caught up with
            await self._sleep(due - self._clock())

    def edges_in_flight(self, node: str, since: float) -> int | None:
        """Requests the edges have open with `node`; None unless each living edge was read at `since` or later."""
        newest = [self._newest(edge.launch) for edge in self._look().edges if edge.state.alive]
        if not newest or any(reading is None or reading.mono < since for reading in newest):
            return None
        return sum(_in_flight(reading, node) for reading in newest if reading is not None)

    def edges_in_use(self) -> tuple[EdgeUse, ...]:
        """What clients were doing at each edge whose process has been read, as of its newest reading."""
        now = self._clock()
        newest = (self._newest(edge.launch) for edge in self._look().edges)
        return tuple(
            EdgeUse(edge=last.edge, connections=last.connections, requests=last.active, age=now - last.mono)
            for last in newest
            if last is not None
        )

    async def _read_edges(self) -> None:
        fleet = self._look()
        alive = [edge for edge in fleet.edges if edge.launch is not None and edge.state.alive]
        kept = {edge.launch.instance for edge in alive if edge.launch is not None}
        self._readings = {name: readings for name, readings in self._readings.items() if name in kept}
        async with asyncio.TaskGroup() as group:
            for edge in alive:
                group.create_task(self._read(edge, fleet), name=f"read {edge.name}")

    async def _read(self, edge: Node, fleet: Fleet) -> None:
        """An edge that does not answer has no reading this time; that it is unwell is the Monitor's to say."""
        try:
            async with asyncio.timeout(_READ_TIMEOUT):
                reading = await self._engine.read(edge, fleet)
        except (HactlError, TimeoutError):
            return
        if edge.launch is not None:
            window: deque[EdgeReading] = deque(maxlen=_PUBLISH_EACH + 1)
            self._readings.setdefault(edge.launch.instance, window).append(reading)

    def _newest(self, launch: Launch | None) -> EdgeReading | None:
        readings = self._readings.get(launch.instance) if launch is not None else None
        return readings[-1] if readings else None

    def _measure(self) -> tuple[Sample, ...]:
        now = self._clock()
        windows = [window for window in self._readings.values() if now - window[-1].mono < 2 * READ_EVERY]
        current = {window[-1].edge: window[-1] for window in windows}
        previous = {window[0].edge: window[0] for window in windows if len(window) > 1}
        return combine(previous, current, self._consumption(self._look(), now), at=self._wall())

    def _consumption(self, fleet: Fleet, now: float) -> dict[str, Consumption]:
        used, before = {}, self._used
        consumption = {}
        for name, node in fleet.nodes.items():
            edge = node.role is Role.EDGE
            taken = self._usage(node.launch) if node.launch is not None and node.state.alive else None
            if node.launch is None or taken is None:
                consumption[name] = Consumption(edge=edge)
                continue
            seconds, rss = taken
            used[node.launch.instance] = (now, seconds)
            then, earlier = before.get(node.launch.instance, (now, seconds))
            cpu = (seconds - earlier) / (now - then) if now > then else None
            consumption[name] = Consumption(cpu=cpu, rss=rss, edge=edge)
        self._used = used
        return consumption

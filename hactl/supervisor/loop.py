"""The Supervisor: one inbox, one writer. Takes one cause at a time: decide, journal, publish, act.

It is a Controller (see `hactl.control`), and nobody can tell it from a client of its socket. It knows no Envoy and
no SQLite: engines and journal fit `ports`.
"""

import asyncio
import contextlib
import functools
from collections import deque
from collections.abc import AsyncIterator, Callable

from hactl.core.commands import Apply, Command, Request, Scale
from hactl.core.config_events import NodesRemoved
from hactl.core.consequence import once_done
from hactl.core.draft import evolve
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import DaemonStopped, Event, NodeAdopted, Record
from hactl.core.lag import quantile
from hactl.core.load import measured
from hactl.core.machine import Decision, step
from hactl.core.model import Fleet, Now
from hactl.core.observations import JournalStuck, Observation
from hactl.core.running import JournalFull
from hactl.core.talk import LogPage, Measured, News, Pulse, Query, Receipt, Snapshot, Update
from hactl.core.telling import tell_step
from hactl.core.traffic import shares
from hactl.core.value import replace
from hactl.paths import FleetPaths
from hactl.supervisor import logs, retention
from hactl.supervisor.alarm import Alarm
from hactl.supervisor.alerts.courier import Delivery
from hactl.supervisor.crew import Crew
from hactl.supervisor.feed import Feed
from hactl.supervisor.judges import Judges
from hactl.supervisor.performing import perform
from hactl.supervisor.ports import EdgeEngine, GatewayEngine, HopDisturber, Journal, Proposer, Samples
from hactl.supervisor.process_table import ProcessTable
from hactl.supervisor.recorder import Recorder, numbered

FAREWELL = 0.5
"""Seconds that watchers have to read what is left when the daemon leaves."""


class Supervisor:
    """Runs one fleet."""

    def __init__(
        self,
        *,
        paths: FleetPaths,
        recorder: Recorder,
        journal: Journal,
        samples: Samples,
        edges: EdgeEngine,
        gateways: GatewayEngine,
        alerts: Delivery,
        proxy: HopDisturber,
        proposer: Proposer,
        clock: Callable[[], Now],
        version: str,
        pid: int,
        open_files: int | None = None,
    ) -> None:
        self._paths = paths
        self._proposer = proposer
        self._recorder = recorder
        self._journal = journal
        self._samples = samples
        self._clock = clock
        self._fleet = Fleet()
        self._inbox: deque[Observation] = deque()
        self._busy = False
        self._leaving = asyncio.Event()
        self._broken: Exception | None = None
        self._stuck = False
        """Records wait for room in the journal, and that is known."""
        self._pulse = Pulse(pid=pid, version=version, started=clock().wall)
        self._feed = Feed(self.snapshot)
        self._table = ProcessTable(
            paths,
            look=self.look,
            deliver=self.deliver,
            mono=lambda: clock().mono,
            boot=clock().boot,
            open_files=open_files,
        )
        self._crew = Crew(
            edges=edges,
            gateways=gateways,
            alerts=alerts,
            proxy=proxy,
            table=self._table,
            look=self.look,
            deliver=self.deliver,
            clock=clock,
        )
        self._judges = Judges(look=self.look, deliver=self.deliver)
        self._alarm: Alarm | None = None

    # -- the inside: what the shell's own parts call

    def look(self) -> Fleet:
        """The fleet as it is now."""
        return self._fleet

    def deliver(self, saw: Observation) -> None:
        """Take an observation, at once unless one is being taken already.

        When we leave, nothing is taken any more: whoever comes next looks for itself.
        """
        if self._leaving.is_set():
            return
        self._inbox.append(self._crew.witnessed(saw))
        if not self._busy:
            with contextlib.suppress(Exception):  # not forgotten: `run` raises it, wherever the news came from
                self._work(None)

    async def run(self, fleet: Fleet, arrival: Decision, in_charge: Callable[[], None] = lambda: None) -> None:
        """Take charge of `fleet` as `arrival` decided, and run it until it has stopped or `leave` is called.

        Calls `in_charge` once that is written. Leaving stops no process: whoever comes next adopts them.
        """
        loop = asyncio.get_running_loop()
        self._alarm = Alarm(loop, lambda: self._clock().mono, self._rang)
        self._fleet = fleet
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    self._crew.begin(tasks, measured=self._measured, look_after=self._housekeeping)
                    self._work(arrival)
                    in_charge()
                    await self._leaving.wait()
                    if self._broken is not None:
                        raise self._broken
                finally:
                    self._leaving.set()
                    self._alarm.stop()
                    self._crew.end()
            self._write_waiting()
            self._record((DaemonStopped(pid=self._pulse.pid),))
            self._recorder.leave(self._fleet)
        finally:
            self._feed.close()
            self._table.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._feed.emptied()

    def leave(self) -> None:
        """Stop supervising; every process goes on."""
        self._leaving.set()

    def snapshot(self) -> Snapshot:
        """Everything now."""
        now = self._clock()
        return Snapshot(
            fleet=self._fleet, at=now.wall, mono=now.mono, samples=self._crew.samples, pulse=self._current_pulse()
        )

    # -- the five verbs of a Controller

    async def fleet(self) -> Snapshot:
        """Everything now."""
        return self.snapshot()

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        """Accept a command, or raise CommandRejected; see `Controller.submit`.

        Raises ConfigError or HactlError for a configuration that cannot be used, and HactlError when the command
        cannot be journaled; nothing has then been done.
        """
        # Before anything is decided, and while everything else goes on: an engine needs a moment to judge.
        proposal = await self._proposer.propose(command, self._fleet) if isinstance(command, Apply | Scale) else None
        if self._leaving.is_set():
            raise CommandRejected("the daemon is exiting", "hactl up")
        now = self._clock()
        load = measured(self._fleet, self._crew.samples, now.wall)
        request = Request(command=command, by=by, reason=reason, confirm=confirm, proposal=proposal, load=load)
        decision = step(self._fleet, request, now)
        if not dry_run:
            try:
                self._work(decision, request)
            except JournalFull as full:
                raise HactlError(
                    f"nothing was done: {full.message}", "free some disk space; the fleet keeps serving meanwhile"
                ) from full
        return Receipt(
            seq=self._fleet.seq if dry_run else decision.fleet.seq,
            operation="" if dry_run else decision.operation,
            sentence=decision.sentence,
            shares=shares(once_done(decision.fleet, command)),
            steps=_steps(decision),
            carrying=decision.carrying,
        )

    def watch(self, after: int = 0) -> AsyncIterator[Update]:
        """A snapshot, then everything that happens."""
        return self._feed.watch(after)

    async def history(self, query: Query) -> list[Record]:
        """Journal records that match."""
        # In a thread: to read ten thousand records takes longer than a failover.
        search = functools.partial(self._journal.query, after=query.after, before=query.before, since=query.since)
        return await asyncio.to_thread(search, kinds=query.kinds, limit=query.limit)

    async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
        """Lines of a process's own log; also of one that has been removed, as long as what it wrote is kept."""
        if node != "daemon" and node not in self._fleet.nodes and node not in self._paths.processes():
            raise HactlError(f"no node '{node}'", "known: " + ", ".join((*self._fleet.nodes, "daemon")))
        path = self._paths.daemon_log if node == "daemon" else self._paths.node_log(node)
        page = await asyncio.to_thread(logs.read_page, path, after=after, lines=lines)
        return LogPage(node=node, lines=page.lines, after=page.after, truncated=page.truncated)

    # -- one cause, all the way

    def _work(self, decision: Decision | None, request: Request | None = None) -> None:
        """Carry out a decision, then everything that came in meanwhile: one cause at a time.

        A command that cannot be journaled raises HactlError. Any other error is a bug and ends the daemon: a fleet
        that was changed by half cannot be gone on with, but the next daemon can go on from the journal.
        """
        self._busy = True
        try:
            if decision is not None:
                self._take(decision, request)
            while self._inbox:
                self._take(step(self._fleet, self._inbox.popleft(), self._clock()))
        except Exception as error:
            if request is None or not isinstance(error, HactlError):
                self._broken = error
                self._leaving.set()
            raise
        finally:
            self._busy = False

    def _take(self, decision: Decision, request: Request | None = None) -> None:
        """Journal, then publish, then act."""
        if decision.events:
            by, reason = (request.by, request.reason) if request else ("", "")
            records = numbered(self._fleet, decision.events, self._clock(), by, reason)
            self._recorder.write(records, command=request is not None)
            self._fleet = decision.fleet
            self._feed.publish(News(records=tuple(records)))
        for event in decision.events:
            self._follow_up(event)
        for effect in decision.effects:
            perform(effect, self._crew, self._table, self.leave)
        if self._alarm is not None:
            self._alarm.set(self._fleet)
        self._recorder.settle(self._fleet)

    def _follow_up(self, event: Event) -> None:
        """An adoption comes before every effect: a signal can only be sent through a pidfd."""
        if isinstance(event, NodeAdopted):
            if (launch := self._fleet.nodes[event.node].launch) is not None:
                self._crew.adopt(event.node, launch)
        elif isinstance(event, NodesRemoved):
            self._crew.dismiss(event.nodes)

    def _record(self, events: tuple[Event, ...]) -> None:
        records = numbered(self._fleet, events, self._clock())
        for event in events:
            self._fleet = evolve(self._fleet, event)
        self._recorder.write(records, command=False)
        self._feed.publish(News(records=tuple(records)))

    def _rang(self, due: list[Observation]) -> None:
        for saw in due:
            self.deliver(saw)
        if self._alarm is not None:
            self._alarm.set(self._fleet)

    # -- the beat

    def _measured(self) -> None:
        self._judges.measured(self._crew.samples, self._clock(), lag=self._crew.vitals.recent_lag(1.0))
        now = self._clock()
        update = Measured(at=now.wall, mono=now.mono, samples=self._crew.samples, pulse=self._current_pulse())
        self._samples.keep(update, self._fleet.seq)
        self._feed.publish(update)

    def _current_pulse(self) -> Pulse:
        vitals, lags = self._crew.vitals, self._crew.vitals.lags
        return replace(
            self._pulse,
            lag_ms=vitals.lag * 1000,
            lag_p999_ms=quantile(lags, 0.999),
            lags=lags,
            cpu=vitals.cpu,
            rss=vitals.rss,
            watchers=self._feed.watchers,
            unwritten=self._recorder.unwritten,
            read_only=self._fleet.spec.safety.read_only,
        )

    async def _housekeeping(self) -> None:
        """What is due now and then: what waits for room on the disk, and what has grown too large or too old."""
        self._write_waiting()
        await retention.tidy(self._paths, self._journal, self._recorder, self._samples, self._fleet, self._clock().wall)

    def _write_waiting(self) -> None:
        gap = self._recorder.retry(self._fleet, lambda event: numbered(self._fleet, (event,), self._clock())[0])
        if gap is not None:
            self._fleet = evolve(self._fleet, gap.event)
            self._feed.publish(News(records=(gap,)))
        waiting, stuck = self._recorder.unwritten, self._stuck
        self._stuck = waiting > 0
        if self._stuck and not stuck:
            self.deliver(JournalStuck(waiting=waiting))


def _steps(decision: Decision) -> tuple[str, ...]:
    operation = decision.fleet.operations.get(decision.operation)
    return tuple(tell_step(target) for target in operation.targets if target.step) if operation is not None else ()

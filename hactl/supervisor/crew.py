"""The tasks that work for the Supervisor: one worker per edge, one monitor per process, sampler, vitals, certificate.

Every task is owned by the Supervisor's task group and has a name. None of them changes a fleet: they deliver.
"""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from hactl.core.errors import HactlError
from hactl.core.hop_observations import NodeLed, NodeNotLed
from hactl.core.hops import services_led
from hactl.core.impairment import ImpairmentPhase
from hactl.core.model import Fleet, Now, Sample
from hactl.core.node import Launch, Node, NodeState, Role
from hactl.core.observations import BecameUnhealthy, Exited, ImpairmentRead, ImpairmentRefused, Observation
from hactl.core.running import ImpairmentImpossible, LeadingImpossible
from hactl.core.value import replace
from hactl.supervisor import procfs
from hactl.supervisor.alerts.courier import Courier, Delivery
from hactl.supervisor.certificate import CertificateWatch
from hactl.supervisor.edges import EdgeWorker
from hactl.supervisor.handover import Handover
from hactl.supervisor.hops import HopKeeper
from hactl.supervisor.monitor import Monitor
from hactl.supervisor.ports import EdgeEngine, GatewayEngine, HopDisturber, ProcessKind
from hactl.supervisor.process_table import ProcessTable
from hactl.supervisor.sampler import Sampler
from hactl.supervisor.starvation import Starvation
from hactl.supervisor.vitals import Vitals

HOUSEKEEPING = 5.0
"""Seconds between two rounds of what is due now and then."""
_TELL_AGAIN, _TELL_SLOWLY = 0.1, 2.0
"""Seconds before a process that could not be told something is told again: at first, and in the end."""


class Crew:
    """Everything that runs beside the loop."""

    def __init__(
        self,
        *,
        edges: EdgeEngine,
        gateways: GatewayEngine,
        alerts: Delivery,
        proxy: HopDisturber,
        table: ProcessTable,
        look: Callable[[], Fleet],
        deliver: Callable[[Observation], None],
        clock: Callable[[], Now],
    ) -> None:
        self._edges = edges
        self._gateways = gateways
        self._alerts = alerts
        self._table = table
        self._look = look
        self._deliver = deliver
        self._clock = clock
        self._workers: dict[str, EdgeWorker] = {}
        self._couriers: dict[str, Courier] = {}
        """By receiver of alerts."""
        self._lines: dict[str, asyncio.Lock] = {}
        """By node: what it is told arrives in the order in which it was decided."""
        self._running: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None
        self._measured: Callable[[], None] = lambda: None
        self._sampler = Sampler(
            look=look,
            engine=edges,
            publish=lambda _: self._measured(),
            clock=lambda: clock().mono,
            wall=lambda: clock().wall,
            sleep=asyncio.sleep,
        )
        self._handover = Handover(look)
        self._hops = HopKeeper(proxy, look=look, deliver=deliver, places=gateways.places)
        self._certificate = CertificateWatch(look=look, engine=edges, deliver=deliver, clock=lambda: clock().mono)
        self.vitals = Vitals()

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The newest measurements."""
        return self._sampler.ring[-1] if self._sampler.ring else ()

    def witnessed(self, saw: Observation) -> Observation:
        """The same; about an edge that is unwell or has ended, with what clients were doing when it was read last."""
        if not isinstance(saw, BecameUnhealthy | Exited) or saw.node not in {edge.name for edge in self._look().edges}:
            return saw
        return replace(saw, in_use=self._sampler.edges_in_use())

    def begin(
        self, group: asyncio.TaskGroup, *, measured: Callable[[], None], look_after: Callable[[], Awaitable[None]]
    ) -> None:
        """Start everything that runs all the time."""
        self._group = group
        self._measured = measured
        self._start(self.vitals.run(), "vitals")
        self._start(self._sampler.run(), "sampler")
        self._start(self._certificate.run(), "certificate")
        self._start(self._hops.run(), "disturbed hops")
        self._start(self._repeat(look_after), "housekeeping")

    def end(self) -> None:
        """Cancel everything; the task group waits for it."""
        for task in tuple(self._running):
            task.cancel()

    def tell_edges(self) -> None:
        """There is a new plan, or an edge that does not have it."""
        for edge in self._look().edges:
            if edge.name not in self._workers:
                worker = EdgeWorker(edge.name, self._edges, look=self._look, deliver=self._deliver)
                self._workers[edge.name] = worker
                self._start(worker.run(), f"edge {edge.name}")
            self._workers[edge.name].tell()

    def dismiss(self, names: Iterable[str]) -> None:
        """Nobody works any more for processes that have been removed."""
        for name in names:
            self._lines.pop(name, None)
            worker = self._workers.pop(name, None)
            if worker is not None:
                worker.dismiss()

    def tell_couriers(self) -> None:
        """There is a new alert, or a receiver that nobody works for yet; for one that is gone nobody works any more."""
        fleet = self._look()
        names = [alert.name for alert in fleet.spec.alerts] + [alert.to for alert in fleet.alerts.pending.values()]
        for gone in self._couriers.keys() - set(names):
            self._couriers.pop(gone).dismiss()
        for name in dict.fromkeys(names):
            if name not in self._couriers:
                self._couriers[name] = Courier(
                    name,
                    self._alerts,
                    look=self._look,
                    deliver=self._deliver,
                    clock=self._clock,
                    sleep=asyncio.sleep,
                )
                self._start(self._couriers[name].run(), f"alerts to {name}")
            self._couriers[name].tell()

    def spawn(self, node: Node, instance: str) -> None:
        """Start a process, and watch it from then on."""
        self._start(self._spawn(node, instance), f"spawn {instance}")

    def adopt(self, name: str, launch: Launch) -> None:
        """Take a process over, and watch it from then on."""
        self._table.adopt(name, launch)
        if self._look().nodes[name].role is Role.EDGE:
            self._start(self._handover.end(), f"end any handover of {name}")
        self._watch(name, launch.instance)

    def drain(self, node: Node) -> None:
        """Ask a process to shed its connections."""
        self._start(self._drain(node), f"drain {node.name}")

    def undrain(self, node: Node) -> None:
        """Take that back."""
        self._start(self._tell(node, NodeState.SERVING), f"undrain {node.name}")

    def impair(self, name: str) -> None:
        """Bring a process to the impairment that it is to have by then, or to none."""
        self._start(self._until_heard(name, functools.partial(self._impair, name)), f"impair {name}")

    def disturb(self) -> None:
        """Bring the proxy to the hops that it is to disturb by then, or end it."""
        self._hops.tell()

    def lead(self, name: str) -> None:
        """Have a node call its services through the proxy, or past it, as it is to by then."""
        self._start(self._until_heard(name, functools.partial(self._lead, name)), f"lead {name}")

    def _kind(self, node: Node) -> ProcessKind:
        return self._edges if node.role is Role.EDGE else self._gateways

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        assert self._group is not None, "begin comes first"
        task = self._group.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _spawn(self, node: Node, instance: str) -> None:
        if await self._table.spawn(node, instance, self._kind(node)):
            self._watch(node.name, instance)

    def _watch(self, name: str, instance: str) -> None:
        def look() -> tuple[Node, Fleet] | None:
            fleet = self._look()
            node = fleet.nodes.get(name)
            ours = node is not None and node.launch is not None and node.launch.instance == instance
            return (node, fleet.seen_by(node)) if node is not None and ours and instance in self._table else None

        nodes = self._look().nodes
        watched = nodes[name]
        pid = watched.launch.pid if watched.launch is not None else 0
        monitor = Monitor(
            look=look,
            kind=self._kind(watched),
            deliver=self._deliver,
            state=lambda: self._table.state(instance),
            starved=Starvation(lambda: procfs.turns(pid), lambda: self._clock().mono).starved,
            lag=self.vitals.recent_lag,
            edges_in_flight=self._sampler.edges_in_flight,
            addresses=lambda: self._table.addresses(instance),
            number=list(nodes).index(name),
            clock=lambda: self._clock().mono,
            sleep=asyncio.sleep,
        )
        self._start(self._monitor(monitor, watched), f"monitor {instance}")

    async def _monitor(self, monitor: Monitor, watched: Node) -> None:
        await monitor.run()
        now = self._look().nodes.get(watched.name)
        # The connections of a successor are not ours to drop; preparing it has dropped the old ones.
        if now is None or not now.state.alive:
            await self._kind(watched).forget(watched)

    async def _drain(self, node: Node) -> None:
        if node.role is not Role.EDGE:
            await self._tell(node, NodeState.DRAINING)
            return
        async with self._handover.of(node):
            await self._tell(node, NodeState.DRAINING)

    async def _tell(self, node: Node, state: NodeState) -> None:
        """Tell a process until it has heard, or has moved on, or has ended."""
        kind = self._kind(node)

        async def say() -> None:
            now = self._look().nodes.get(node.name)
            if now is not None and now.state is state and self._runs(node):
                await (kind.drain(node) if state is NodeState.DRAINING else kind.undrain(node))

        await self._until_heard(node.name, say)

    async def _impair(self, name: str) -> None:
        node = self._look().nodes.get(name)
        if node is None or node.launch is None or node.impaired is None or not self._runs(node):
            return
        if node.impaired.phase is ImpairmentPhase.EFFECTIVE:
            return
        fault = None if node.impaired.phase is ImpairmentPhase.LIFTING else node.impaired.fault
        instance = node.launch.instance
        try:
            await self._gateways.impair(node, fault)
        except ImpairmentImpossible as error:
            self._deliver(ImpairmentRefused(node=name, instance=instance, why=error.message, hint=error.hint))
        else:
            self._deliver(ImpairmentRead(node=name, instance=instance, fault=fault))

    async def _lead(self, name: str) -> None:
        fleet = self._look()
        node = fleet.nodes.get(name)
        if node is None or node.launch is None or not self._runs(node):
            return
        led, instance = services_led(fleet), node.launch.instance
        try:
            await self._gateways.lead(node, led, tuple(service.name for service in fleet.spec_for(node).services))
        except LeadingImpossible as error:
            self._deliver(NodeNotLed(node=name, instance=instance, why=error.message, hint=error.hint))
        else:
            self._deliver(NodeLed(node=name, instance=instance, services=led))

    def _runs(self, node: Node) -> bool:
        return node.launch is not None and node.launch.instance in self._table

    async def _until_heard(self, name: str, say: Callable[[], Awaitable[None]]) -> None:
        """Say something to a process until it has heard; when there is nothing to say any more, `say` says nothing."""
        pause = _TELL_AGAIN
        while True:
            async with self._lines.setdefault(name, asyncio.Lock()):
                with contextlib.suppress(HactlError, OSError):  # whoever waits for it has a deadline
                    await say()
                    return
            await asyncio.sleep(pause)
            pause = min(_TELL_SLOWLY, 2 * pause)

    async def _repeat(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING)
            await work()

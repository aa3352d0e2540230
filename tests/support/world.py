"""A machine in memory: processes, edges and a journal for one fleet, in virtual time, one small turn after another.

A turn is one effect performed or one observation delivered, so that a story can be interrupted between any two:
`crash` forgets everything the daemon had in hand (effects not performed, observations not journaled), and `recover`
starts another daemon on the same journal and the same processes. Observations can be held back, dropped or shuffled.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random

from support.build import BOOT, at

from hactl.core.alert import Alert
from hactl.core.causes import instance_of
from hactl.core.commands import Command, EndDrill, Request
from hactl.core.config_events import ConfigTaken
from hactl.core.deadlines import due, soonest
from hactl.core.draft import evolve
from hactl.core.drills import in_progress
from hactl.core.effects import (
    ApplyHops,
    ApplyImpairment,
    ApplyTraffic,
    BeginDrain,
    DeliverAlerts,
    Effect,
    EndDrain,
    EndOrphan,
    Halt,
    LeadNode,
    SendSignal,
    Spawn,
)
from hactl.core.errors import CommandRejected
from hactl.core.events import Event, NodeAdopted, OperationBegan, OperationEnded
from hactl.core.founding import edge_names, node_names
from hactl.core.hop import HopCount, HopOrder, HopReading, Proxy
from hactl.core.hop_observations import HopsLost, HopsRead, NodeLed
from hactl.core.hops import orders, services_led
from hactl.core.impairment import Impairment, ImpairmentPhase
from hactl.core.machine import Decision, step
from hactl.core.model import Fleet, Now, Proposal
from hactl.core.node import Goal, Launch, Node, NodeState, Role
from hactl.core.observations import (
    AlertTried,
    BecameHealthy,
    BecameUnhealthy,
    Exited,
    ImpairmentRead,
    Observation,
    PlanApplied,
    PlanRejected,
    Spawned,
    SpawnFailed,
    Ticked,
    WentIdle,
)
from hactl.core.pausing import held
from hactl.core.plan import TrafficPlan
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.spec import FleetSpec

TICK = 0.001
"""Virtual seconds a turn takes."""


class Process:
    """One process that really runs."""

    def __init__(self, node: Node, launch: Launch) -> None:
        self.name = node.name
        self.role = node.role
        self.launch = launch
        self.draining = False
        self.stopped = False
        """By SIGSTOP: it answers nobody."""
        self.asked = False
        """To leave, while it was stopped: it will when it continues."""
        self.fault: Impairment | None = None
        """What it does to requests."""
        self.led: tuple[str, ...] = ()
        """The services that a node calls through a proxy."""
        self.plan = -1
        """Version of the plan an edge uses."""
        self.spec = FleetSpec()
        """The configuration it runs with."""


class MemoryWorld:
    """Performs effects without any process, deterministically; what it does wrong on purpose is set from outside."""

    def __init__(self, fleet: Fleet, mono: float = 1000.0) -> None:
        self.fleet = fleet
        self.mono = mono
        self.boot = BOOT
        self.journal: list[Event] = []
        self.processes: dict[str, Process] = {}
        """By instance."""
        self.spawns: list[str] = []
        """Instances, in the order in which they were really started."""
        self.halted = False
        self.turns = 0
        self.plans: list[TrafficPlan] = []
        self.stubborn: set[str] = set()
        """Nodes that do not heed their stop signal."""
        self.unready: set[str] = set()
        """Nodes that never become ready."""
        self.busy: set[str] = set()
        """Nodes that never become idle."""
        self.broken: set[str] = set()
        """Nodes that cannot be started."""
        self.picky: dict[str, Callable[[TrafficPlan], bool]] = {}
        """Edge → which plans it refuses."""
        self.unfit: Callable[[FleetSpec], bool] = lambda spec: False
        """Configurations that no edge takes and no node starts with."""
        self.deaf: set[str] = set()
        """Receivers of alerts that never answer."""
        self.told: list[Alert] = []
        """What receivers have been sent, repetitions included."""
        self.held: Callable[[Observation], bool] = lambda saw: False
        """Which observations do not arrive yet; set it back to let them go."""
        self.lost: Callable[[Observation], bool] = lambda saw: False
        """Which observations never arrive."""
        self.proxy: Proxy | None = None
        """The process that stands in disturbed hops."""
        self.standing: dict[str, HopOrder] = {}
        """Where it does, by hop."""
        self.chance: Random | None = None
        """When set, news of different processes arrives in any order."""
        self._carried: set[str] = set()
        """Alerts on their way, by id; a crash forgets them."""
        self._queue: list[Effect | Observation] = []
        self._founded = fleet
        self._next_pid = 100

    @property
    def now(self) -> Now:
        return at(self.mono, self.boot)

    # -- the daemon

    def begin(self) -> "MemoryWorld":
        """A first daemon takes charge; everything comes up."""
        self._take(recover(self.fleet, self._look_around(), Arrival(pid=1, version="0"), self.now))
        return self.settle()

    def submit(
        self, command: Command, *, by: str = "alice", confirm: str = "", proposal: Proposal | None = None
    ) -> str:
        """Ask for something; the id of the operation it became. Raises CommandRejected."""
        request = Request(command=command, by=by, confirm=confirm, proposal=proposal)
        decision = step(self.fleet, request, self.now)
        self._take(decision)
        return decision.operation

    def deliver(self, saw: Observation) -> None:
        """Something happens that no effect has brought about."""
        self._queue.append(saw)

    def turn(self) -> bool:
        """One effect performed or one observation delivered; else the next deadline. False when all is quiet."""
        place = self._choose()
        if place is None and self._ring():
            place = self._choose()
        if place is None:
            return False
        item = self._queue.pop(place)
        self.turns += 1
        self.mono += TICK
        if isinstance(item, Effect):
            self._perform(item)
        elif not self.lost(item):
            decision = step(self.fleet, item, self.now)
            self._take(decision)
            if isinstance(item, Ticked) and not decision.events:
                assert item not in due(self.fleet, self.mono), "an alarm that rings in vain rings for ever"
            if isinstance(item, BecameHealthy):
                process = self.processes.get(item.instance)
                if process is not None and process.stopped:  # its last answer was on the way when it was stopped
                    self._notice_hang(process)
        return True

    def run(self, turns: int) -> int:
        """At most so many turns; how many there were."""
        return next((done for done in range(turns) if not self.turn()), turns)

    def calm(self, turns: int = 5000) -> "MemoryWorld":
        """Until nothing would change but by time, or for so many turns."""
        for _ in range(turns):
            if self._choose() is None:
                break
            self.turn()
        return self

    def settle(self, limit: int = 5000) -> "MemoryWorld":
        """Until all is quiet."""
        assert self.run(limit) < limit, f"never quiet: {self._queue[:3]}"
        return self

    def killed_in(self, drill: str, *commands: Command, before: int, behind: int) -> None:
        """kill -9 of the daemon in a drill, so many turns after these commands and then after the drill was to end: all
        is quiet again in the end, and the drill is over."""
        for command in commands:
            self.submit(command, confirm=self.fleet.name)
        self.run(before)
        with suppress(CommandRejected):  # it may be over by then
            self.submit(EndDrill(id=drill))
        self.run(behind)
        self.crash()
        self.recover()
        self.settle()
        assert in_progress(self.fleet) is None, (before, behind)
        assert self.replayed() == self.fleet

    def crash(self) -> None:
        """kill -9 of the daemon: what it had in hand is gone, what it had journaled and started is not."""
        self._queue.clear()
        self._carried.clear()
        self.proxy, self.standing = None, {}

    def recover(
        self,
        gap: float = 0.2,
        *,
        refused: dict[str, str] | None = None,
        config: ConfigTaken | None = None,
    ) -> Decision:
        """Another daemon: replays the journal, looks around, takes charge."""
        self.mono += gap
        self.fleet = self.replayed()
        found = self._look_around(refused or {})
        decision = recover(self.fleet, found, Arrival(pid=2, version="0", gap=gap, config=config), self.now)
        self._take(decision)
        for process in tuple(self.processes.values()):
            node = self.fleet.nodes.get(process.name)
            if node is None or node.launch != process.launch:
                continue
            if process.stopped:
                self._notice_hang(process)
            elif process.name not in self.unready:
                self.deliver(BecameHealthy(node=process.name, instance=process.launch.instance))
        return decision

    def reboot(self) -> Decision:
        """The machine goes down and comes up: no process is left, and another monotonic clock runs."""
        self.crash()
        self.processes.clear()
        self.boot, self.mono = self.boot + "+", 5.0
        return self.recover()

    def replayed(self) -> Fleet:
        """What the journal says."""
        fleet = self._founded
        for event in self.journal:
            fleet = evolve(fleet, event)
        return fleet

    # -- the machine

    def die(self, name: str, signal: int = 11) -> None:
        """The process of `name` crashes."""
        for process in self.alive(name):
            self._end(process, signal=signal)

    def alive(self, name: str) -> list[Process]:
        """The processes that really run for `name`."""
        return [process for process in self.processes.values() if process.name == name]

    def _look_around(self, refused: dict[str, str] | None = None) -> Found:
        gone = {
            node.name: "no such process"
            for node in self.fleet.nodes.values()
            if node.launch is not None and node.launch.instance not in self.processes
        }
        alive = tuple(process.launch for process in self.processes.values())
        return Found(alive=alive, refused=gone | (refused or {}))

    def _take(self, decision: Decision) -> None:
        self.journal += decision.events
        self.fleet = decision.fleet
        self._queue += decision.effects
        if not self.plans or self.plans[-1] != self.fleet.plan:
            self.plans.append(self.fleet.plan)

    def _choose(self) -> int | None:
        """Which item is next: the first, or with `chance` the first of some process."""
        firsts: dict[str, int] = {}
        for place, item in enumerate(self._queue):
            if not isinstance(item, Effect) and self.held(item):
                continue
            firsts.setdefault(_whose(item), place)
        if not firsts:
            return None
        places = sorted(firsts.values())
        return self.chance.choice(places) if self.chance else places[0]

    def _ring(self) -> bool:
        moment = soonest(self.fleet)
        if moment is None or self.halted:
            return False
        self.mono = max(self.mono, moment)
        self._queue += due(self.fleet, self.mono)
        return True

    def _perform(self, effect: Effect) -> None:  # noqa: C901 - one case for each effect
        match effect:
            case Spawn(node=node, instance=instance):
                self._spawn(node, instance)
            case SendSignal(launch=launch, signal=signal):
                process = self.processes.get(launch.instance)
                if process is not None and signal in ("STOP", "CONT"):
                    self._stop_or_continue(process, signal)
                    return
                if process is not None and process.stopped and signal != "KILL":
                    process.asked = True
                    return
                if process is not None and (signal == "KILL" or process.name not in self.stubborn):
                    self._end(process, signal=9 if signal == "KILL" else None)
            case ApplyTraffic():
                for edge in self.fleet.edges:
                    self._tell(edge)
            case BeginDrain(node=node):
                self._drain(node)
            case EndDrain(node=node):
                for process in self.alive(node.name):
                    process.draining = False
            case ApplyImpairment(node=name):
                self._impair(self.fleet.nodes[name])
            case ApplyHops():
                self._disturb()
            case LeadNode(node=name):
                self._lead(name)
            case EndOrphan(launch=launch):
                self.processes.pop(launch.instance, None)
            case DeliverAlerts():
                self._carry()
            case Halt():
                self.halted = True

    def _spawn(self, node: Node, instance: str) -> None:
        if instance in self.processes:
            return
        if node.name in self.broken:
            self.deliver(SpawnFailed(node=node.name, instance=instance, why="no such binary"))
            return
        if self.unfit(self.fleet.spec_for(node)):
            self.deliver(SpawnFailed(node=node.name, instance=instance, why="cannot use this configuration"))
            return
        current = self.fleet.nodes[node.name]
        if current.state is not NodeState.STARTING or instance_of(current, self.fleet.id) != instance:
            self.deliver(SpawnFailed(node=node.name, instance=instance, why="no longer wanted"))
            return
        assert not self.alive(node.name), f"a second process of {node.name} beside {self.alive(node.name)[0].launch}"
        self._next_pid += 1
        launch = Launch(instance=instance, pid=self._next_pid, ticks=self._next_pid, boot=self.boot, at=self.mono)
        self.processes[instance] = Process(node, launch)
        self.processes[instance].spec = self.fleet.spec_for(node)
        self.spawns.append(instance)
        self.deliver(Spawned(node=node.name, launch=launch))
        if node.name not in self.unready:
            self.deliver(BecameHealthy(node=node.name, instance=instance))

    def _stop_or_continue(self, process: Process, signal: str) -> None:
        process.stopped = signal == "STOP"
        if process.stopped:
            self._notice_hang(process)
        elif process.asked:
            self._end(process, signal=None)
        elif process.name not in self.unready:
            self.deliver(BecameHealthy(node=process.name, instance=process.launch.instance))

    def _notice_hang(self, process: Process) -> None:
        """What is ready is looked at; what is still starting is waited for."""
        if self.fleet.nodes[process.name].state in (NodeState.STANDBY, NodeState.SERVING, NodeState.DRAINING):
            why = "stopped (state T)"
            self.deliver(BecameUnhealthy(node=process.name, instance=process.launch.instance, why=why, hung=True))

    def _impair(self, node: Node) -> None:
        """Tell it what is wanted by now; it says so."""
        wanted = node.impaired
        if node.launch is None or wanted is None or wanted.phase is ImpairmentPhase.EFFECTIVE:
            return
        process = self.processes.get(node.launch.instance)
        if process is not None:
            process.fault = None if wanted.phase is ImpairmentPhase.LIFTING else wanted.fault
            self.deliver(ImpairmentRead(node=node.name, instance=node.launch.instance, fault=process.fault))

    def lose_proxy(self) -> None:
        """It ends, by itself."""
        gone, self.proxy, self.standing = self.proxy, None, {}
        self.deliver(HopsLost(proxy=gone, why="its proxy has ended"))

    def _disturb(self) -> None:
        """A proxy that is told everything that is wanted by now; it says so."""
        wanted = orders(self.fleet, {spec.name: ("/hop",) * len(spec.endpoints) for spec in self.fleet.spec.services})
        self.standing = {order.name: order for order in wanted}
        if not wanted:
            self.proxy = None
            return
        if self.proxy is None:
            self._next_pid += 1
            self.proxy = Proxy(pid=self._next_pid, ticks=self._next_pid)
        said = tuple(
            HopReading(name=order.name, ports=(40_000 + self.proxy.pid,), fault=order.fault, seen=HopCount())
            for order in wanted
        )
        self.deliver(HopsRead(proxy=self.proxy, hops=said))

    def _lead(self, name: str) -> None:
        node = self.fleet.nodes[name]
        process = None if node.launch is None else self.processes.get(node.launch.instance)
        if process is not None and not process.stopped:
            process.led = services_led(self.fleet)
            self.deliver(NodeLed(node=name, instance=process.launch.instance, services=process.led))

    def _end(self, process: Process, *, signal: int | None) -> None:
        del self.processes[process.launch.instance]
        code = 0 if signal is None else None
        self.deliver(Exited(node=process.name, instance=process.launch.instance, code=code, signal=signal))

    def _carry(self) -> None:
        for alert in self.fleet.alerts.pending.values():
            if alert.to not in self.deaf and alert.id not in self._carried:
                self._carried.add(alert.id)
                self.told.append(alert)
                self.deliver(AlertTried(id=alert.id, delivered=True, attempts=1))

    def _drain(self, node: Node) -> None:
        for process in self.alive(node.name):
            process.draining = True
            if node.name not in self.busy:
                self.deliver(WentIdle(node=node.name, instance=process.launch.instance))

    def _tell(self, edge: Node) -> None:
        """An edge that serves takes the newest plan, unless it has proved it already."""
        plan, instance = self.fleet.plan, instance_of(edge, self.fleet.id)
        process = self.processes.get(instance)
        serves = edge.state in (NodeState.SERVING, NodeState.DRAINING)
        revision = edge.revision
        proved = self.fleet.confirmed.get(edge.name) == plan.version and self.fleet.proved.get(edge.name) == revision
        if process is None or not serves or proved:
            return
        spec = self.fleet.spec_for(edge)
        if self.picky.get(edge.name, lambda plan: False)(plan) or self.unfit(spec):
            why = "cannot use it"
            refusal = PlanRejected(edge=edge.name, instance=instance, version=plan.version, why=why, revision=revision)
            self.deliver(refusal)
            return
        process.plan, process.spec = plan.version, spec
        self.deliver(PlanApplied(edge=edge.name, instance=instance, version=plan.version, revision=revision))

    # -- what must be true whenever all is quiet

    def check_quiet(self) -> None:
        """Goals reached, one process per node that should run, edges on the newest plan, operations ended once."""
        for node in self.fleet.nodes.values():
            running = self.alive(node.name)
            if node.goal is Goal.DOWN or self.fleet.closing:
                assert node.state is NodeState.STOPPED, f"{node.name} is {node.state}"
                assert running == []
                continue
            if self.fleet.paused is not None and held(node):
                assert [process.launch for process in running] == ([node.launch] if node.launch else [])
                continue
            assert [process.launch for process in running] == [node.launch], f"{node.name}: {running}"
            assert not held(node), f"{node.name} waits for the end of a pause that is over"
            assert not running[0].stopped, f"{node.name} is in state T"
            if node.drained:
                assert node.state is NodeState.DRAINING, f"{node.name} is {node.state}"
                assert node.idle
            else:
                well = node.serviceable or node.standing_by
                assert well, f"{node.name} is {node.state} {node.health}: {node.reason}"
                assert not running[0].draining, f"{node.name} serves, but its process still sheds connections"
            assert running[0].spec.routes == self.fleet.spec.routes, f"{node.name} has another configuration"
            if node.role is Role.EDGE:
                assert running[0].plan == self.fleet.plan.version, f"{node.name} uses another plan"
        for region in self.fleet.spec.regions:
            usable = [node for node in self.fleet.in_region(region.name) if node.serviceable or node.standing_by]
            assert sum(node.serviceable for node in usable) >= min(region.nodes, len(usable)), (
                f"{region.name}: {usable}"
            )
        assert not any(process.led for process in self.processes.values()), "nobody is led past a service"
        assert (self.fleet.hops, self.proxy) == ({}, None), "no hop is disturbed, and no proxy stands anywhere"
        assert self.fleet.operations == {}
        assert self.fleet.proposal is None
        assert list(self.fleet.nodes) == [*edge_names(self.fleet.spec), *node_names(self.fleet.spec)]
        left = {node.name for node in self.fleet.nodes.values() if node.launch and held(node)}
        assert set(self.fleet.failovers) <= left, "only what hangs in a pause may still come back by itself"
        assert self.fleet.edge_losses == {}, "every lost edge is back or given up"
        began = [event.operation.id for event in self.journal if isinstance(event, OperationBegan)]
        ended = [event.id for event in self.journal if isinstance(event, OperationEnded)]
        assert sorted(began) == sorted(ended)
        assert self.replayed() == self.fleet

    def ending(self, operation: str) -> OperationEnded:
        """How an operation ended: exactly once."""
        (ending,) = [event for event in self.journal if isinstance(event, OperationEnded) and event.id == operation]
        return ending

    def saw(self, kind: type[Event]) -> list[Event]:
        """Every event of a kind, oldest first."""
        return [event for event in self.journal if isinstance(event, kind)]


def names(nodes: Iterable[Node]) -> list[str]:
    """The names of some nodes."""
    return [node.name for node in nodes]


def adopted(decision: Decision) -> set[str]:
    """Who was taken over."""
    return {event.node for event in decision.events if isinstance(event, NodeAdopted)}


def _whose(item: Effect | Observation) -> str:
    if isinstance(item, Effect):
        return "effects"
    return str(getattr(item, "node", getattr(item, "edge", "")))

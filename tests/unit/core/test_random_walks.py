"""A hundred thousand causes at random, sensible and absurd: what must hold after every single one of them."""

from collections.abc import Callable
from random import Random

import pytest
from support.build import CERTIFICATE, NAMES, a_proposal, a_spec, at, founded
from support.script import launch_of

from hactl.core.causes import instance_of
from hactl.core.codec import decode, decode_fleet, encode
from hactl.core.commands import (
    Apply,
    AskDrill,
    BeginDrill,
    Command,
    ContinueDrill,
    Down,
    Drain,
    EndDrill,
    Failback,
    Failover,
    Freeze,
    Heal,
    Impair,
    KeepDrill,
    Kill,
    LockDrills,
    Pause,
    Request,
    Restart,
    Resume,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
    UnlockDrills,
    Unpause,
)
from hactl.core.deadlines import due
from hactl.core.draft import evolve
from hactl.core.drills import in_progress
from hactl.core.effects import Effect, SendSignal, Spawn
from hactl.core.errors import CommandRejected
from hactl.core.evacuation import EvacuationCause
from hactl.core.events import (
    Event,
    FleetUnpaused,
    NodeChanged,
    OperationBegan,
    OperationEnded,
    OperationMoved,
    TrafficShifted,
    WeightsChanged,
)
from hactl.core.hop import Disturbance, HopCount, HopFault, HopReading, Proxy
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.hop_observations import HopsLost, HopsRead
from hactl.core.hops import orders
from hactl.core.impairment import Impairment, ImpairmentPhase
from hactl.core.machine import Decision, step
from hactl.core.model import Fleet, Paused
from hactl.core.node import DeadlineKind, Goal, Launch, Node, NodeState
from hactl.core.observations import (
    BecameHealthy,
    BecameSlow,
    BecameUnhealthy,
    CertificateFit,
    CertificateUnfit,
    Exited,
    ImpairmentRead,
    ImpairmentRefused,
    NoLongerSlow,
    Observation,
    PlanApplied,
    PlanRejected,
    RegionFaltered,
    RegionRecovered,
    Spawned,
    SpawnFailed,
    StillBusy,
    TakersFaltered,
    Ticked,
    TrafficWorsened,
    WentIdle,
    Woke,
)
from hactl.core.operation import RAMPS, Verb
from hactl.core.pausing import held
from hactl.core.plan import EndpointStatus
from hactl.core.reading import Verdict, explain, read, word
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.routing import RouteSpec
from hactl.core.safety import serving as carrying
from hactl.core.spec import FailoverMode, FleetSpec, HealthSpec, Policy, RegionSpec
from hactl.core.traffic import shares
from hactl.core.value import replace

S = NodeState
CAUSES = 5000
"""Per walk; a walk every so often meets a daemon's death or a reboot as well."""

SPECS: dict[str, FleetSpec] = {
    "three nodes": a_spec(),
    "one node, one edge": a_spec(nodes=1, edges=1),
    "two regions, one waiting": a_spec(regions=2, nodes=2, standby=True, safety={"min_serving_nodes": 2}),
    "three regions that spill over": a_spec(
        regions=3, nodes=2, edges=3, standby=True, failover_mode=FailoverMode.SPILL_OVER
    ),
    "three regions, one waiting, returning": a_spec(
        regions=3, nodes=1, standby=True, auto_failback=True, stable_for=5.0, restart={"initial": 0.0}
    ),
    "slow ones weigh less": a_spec(nodes=4, health=HealthSpec(slow_weight=10)),
    "eight nodes, hashing": a_spec(nodes=8, edge={"policy": Policy.MAGLEV, "hash_on": "source-ip"}),
    "spares in two regions": a_spec(regions=2, nodes=2, spares=1),
    "one node, two spares": a_spec(nodes=1, spares=2),
    "restarts at once, small budget": a_spec(restart={"initial": 0.0, "budget": 2, "window": 5.0}),
}


class Walk:
    """One fleet, one chance, and what has been seen so far."""

    def __init__(self, spec: FleetSpec, seed: int) -> None:
        self.chance = Random(seed)
        self.mono, self.boot = 1000.0, "boot-1"
        self.fleet = founded(spec)
        self.retold = self.fleet
        self.began: set[str] = set()
        self.ended: set[str] = set()
        self.rejected = 0
        self.had_plan = False

    def go(self, causes: int) -> None:
        self.take(recover(self.fleet, Found(), Arrival(pid=1, version="0"), at(self.mono, self.boot)), None)
        for number in range(causes):
            self.mono += self.chance.choice((0.0, 0.001, 0.05, 1.0)) if self.chance.random() < 0.99 else 70.0
            if number % 500 == 499:
                self.die()
                continue
            cause = self.any_cause()
            answer = self.answer(cause)
            if isinstance(answer, Decision):
                self.take(answer, cause)
                continue
            assert isinstance(cause, Request)
            assert answer.message
            assert answer.hint, f"no hint: {answer.message}"
            self.rejected += 1

    def answer(self, cause: Request | Observation) -> Decision | CommandRejected:
        """Anything else that is raised ends the walk."""
        try:
            return step(self.fleet, cause, at(self.mono, self.boot))
        except CommandRejected as rejected:
            return rejected

    def die(self) -> None:
        """The daemon, or the whole machine; some processes live on, some do not, some were never recorded."""
        if self.chance.random() < 0.3:
            self.boot, self.mono = self.boot + "+", self.chance.uniform(1.0, 100.0)
            found = Found()
        else:
            survivors = [node for node in self.fleet.nodes.values() if node.state.alive and self.chance.random() < 0.7]
            alive = [node.launch or launch_of(self.fleet, node.name, at(self.mono, self.boot)) for node in survivors]
            orphan = Launch(instance=f"{self.fleet.id}/nobody/1", pid=7, ticks=7, boot=self.boot, at=0.0)
            found = Found(alive=(*alive, orphan), refused={"seoul-1": "started at another time"})
            found = replace(found, alive=tuple(launch for launch in found.alive if "seoul-1/" not in launch.instance))
        before = {node.name: node for node in self.fleet.nodes.values()}
        lent = [one.drill for one in self.fleet.operations.values() if one.drill is not None]
        paused = self.fleet.paused
        rebooted = self.fleet.boot != self.boot
        decision = recover(self.fleet, found, Arrival(pid=2, version="0", gap=1.0), at(self.mono, self.boot))
        self.take(decision, None)
        # Of a change whose time has run out meanwhile, also the weights are taken back.
        undone = {name for event in decision.events if isinstance(event, WeightsChanged) for name in event.nodes}
        restored = {name for lease in lent for name in lease.baseline.nodes}
        assert not self.fleet.closing
        assert (self.fleet.paused is not None) == (paused is not None and not over(paused, self.mono, rebooted))
        for node in self.fleet.nodes.values():
            was = before.get(node.name, node)  # a configuration that is coming may bring new ones
            assert node.drained == was.drained or node.name in restored
            assert node.weight == was.weight or node.name in undone
            assert not held(node) or self.fleet.paused is not None
            assert not rebooted or node.exits == () or node.state in (S.STOPPED,)

    def any_cause(self) -> Request | Observation:
        """Mostly what could follow now, sometimes something quite out of place."""
        if not self.fleet.operations and self.chance.random() < 0.2:  # a rare moment, in which it may be lent
            lent = (self.chance.choice(list(self.fleet.nodes)),)
            return Request(command=BeginDrill(name="x", nodes=lent, lease=5.0, longest=60.0), by="carol")
        if self.chance.random() < 0.25:
            confirm = self.fleet.name if self.chance.random() < 0.3 else ""
            by = self.chance.choice(("alice", "bob", ""))
            if self.chance.random() < 0.05:
                proposal = a_proposal(self.fleet, self.any_spec(), bake=self.chance.choice((0.0, 1.0)))
                return Request(command=Apply(text=""), by=by, confirm=confirm, proposal=proposal)
            return Request(command=self.any_command(), by=by, confirm=confirm)
        ringing = due(self.fleet, self.mono)
        if ringing and self.chance.random() < 0.5:
            return self.chance.choice(ringing)
        return self.chance.choice(NEWS)(self, self.chance.choice(list(self.fleet.nodes.values())))

    def any_spec(self) -> FleetSpec:
        """Mostly like the one in force, with some other regions, nodes, edges, routes or threads."""
        pick, spec = self.chance, self.fleet.spec
        regions = [
            replace(
                region,
                spares=pick.choice((region.spares, region.spares, 0, 1)),
                nodes=pick.choice((1, region.nodes, region.nodes, region.nodes + 1)),
                weight=pick.choice((50, 100)),
            )
            for region in spec.regions
            if len(spec.regions) == 1 or pick.random() < 0.9
        ]
        if not regions or (len(regions) < 4 and pick.random() < 0.1):
            free = [name for name in NAMES if name not in {region.name for region in spec.regions}]
            regions.append(RegionSpec(name=pick.choice(free), nodes=pick.choice((1, 2))))
        edge = replace(spec.edge, count=pick.choice((1, 2, 2, 3)), threads=pick.choice((1, 2)))
        routes = pick.choice(((), (RouteSpec(prefix="/", respond=200),)))
        return replace(spec, regions=tuple(regions), edge=edge, routes=routes)

    def any_command(self) -> Command:
        pick = self.chance
        names = [*self.fleet.nodes, "nobody"] if pick.random() < 0.05 else list(self.fleet.nodes)
        some = tuple(pick.choice(names) for _ in range(pick.choice((1, 1, 1, 1, 2, 3))))
        regions = tuple(region.name for region in self.fleet.spec.regions if pick.random() < 0.5)
        faults = (Kill, Freeze, Freeze, Thaw, Pause, Unpause)
        moves = (Failover, Failback, Failback)
        lends = (BeginDrill, KeepDrill, EndDrill, AskDrill, ContinueDrill, LockDrills, UnlockDrills, Impair, Heal)
        hops = (BreakHop, MendHop)
        orders = (Start, Start, Stop, Restart, Drain, Resume, SetWeight, SetPolicy, Down)
        verb = pick.choice((*orders, *faults, *moves, *lends, *hops))
        if verb in (KeepDrill, EndDrill):
            return verb(id=pick.choice([*self.fleet.operations, "op-0"]))
        if verb is ContinueDrill:
            return verb(id=pick.choice([*self.fleet.operations, "op-0"]), question=pick.choice(("", "do it", "so")))
        if verb is AskDrill:
            return AskDrill(id=pick.choice([*self.fleet.operations, "op-0"]), question=pick.choice(("", "do it")))
        if verb in (LockDrills, UnlockDrills):
            return verb() if pick.random() < 0.3 else UnlockDrills()
        if verb is BeginDrill:
            lease, config = pick.choice((0.5, 5.0)), pick.random() < 0.3
            return BeginDrill(name="x", nodes=some, regions=regions, config=config, lease=lease, longest=60.0)
        if verb is Impair:
            delay, failed = pick.choice((0.0, 0.3, 1e6)), pick.choice((0, 20, 101))
            return Impair(nodes=some, fault=Impairment(delay=delay, delayed=pick.choice((0, 100)), failed=failed))
        if verb is BreakHop:
            what = pick.choice((Disturbance.HOLD, Disturbance.REFUSE, Disturbance.LATE))
            return BreakHop(nodes=some, fault=HopFault(what=what, lag=pick.choice((0.1, 1e6))))
        if verb is Kill:
            return Kill(nodes=some, hold=pick.random() < 0.3)
        if verb in moves:
            names = [*(region.name for region in self.fleet.spec.regions), "nowhere"]
            return verb(region=pick.choice(names), steps=pick.choice((1, 2, 4, 0)), pause=pick.choice((0.0, 0.5, 5.0)))
        if verb is Unpause:
            return Unpause()
        if verb is Pause:
            return Pause(seconds=pick.choice((None, 0.5, 5.0, 60.0, 0.0, -1.0, 1e9)))
        if verb is Down:
            return Down() if pick.random() < 0.1 else Start(nodes=some)
        if verb is SetPolicy:
            return SetPolicy(policy=pick.choice(list(Policy)))
        if verb is SetWeight:
            weight = pick.choice((0, 1, 50, 100, 1000, 1001, -1))
            return SetWeight(weight=weight, nodes=some if pick.random() < 0.7 else (), regions=regions)
        return verb(nodes=some)

    def take(self, decision: Decision, cause: Request | Observation | None) -> None:
        before, self.fleet = self.fleet, decision.fleet
        for event in decision.events:
            self.retold = evolve(self.retold, event)
            assert decode(encode(event), Event) == event
            self.count(event)
        assert self.retold == self.fleet
        if isinstance(cause, Woke):
            self.not_stale(before, decision, cause)
        if isinstance(cause, Woke | Ticked) and not decision.events:
            assert cause not in due(self.fleet, self.mono), "an alarm that rings in vain rings for ever"
        if decision.events:
            self.check_nodes()
            self.check_traffic(before)
            self.check_operations()
        if isinstance(cause, Observation):
            self.check_pause(before, decision)
        self.check_excuses(before, decision)
        self.check_effects(decision.effects)

    def count(self, event: Event) -> None:
        match event:
            case OperationBegan(operation=operation):
                assert operation.id not in self.began
                self.began.add(operation.id)
            case OperationMoved(operation=operation):
                assert operation.id in self.began - self.ended
            case OperationEnded(id=operation_id, sentence=sentence):
                assert operation_id in self.began
                assert operation_id not in self.ended
                assert sentence
                self.ended.add(operation_id)
            case TrafficShifted(plan=plan):
                served, self.had_plan = self.had_plan, bool(plan.endpoints)
                if served and not self.had_plan:
                    assert all(node.drained or node.goal is Goal.DOWN for node in self.retold.gateways)
            case _:
                pass

    def not_stale(self, before: Fleet, decision: Decision, woke: Woke) -> None:
        """A wake-up that was set for something else, or comes too early, changes nothing in its process."""
        node = before.nodes.get(woke.node)
        deadline = node.deadline if node else None
        if deadline is None or deadline.kind is not woke.deadline or deadline.at > self.mono:
            changed = [event.node.name for event in decision.events if isinstance(event, NodeChanged)]
            # An operation whose own deadline has come as well may give the process an order; so may the end of a pause.
            expired = any(isinstance(event, OperationEnded | FleetUnpaused) for event in decision.events)
            assert expired or woke.node not in changed

    def check_nodes(self) -> None:
        for node in self.fleet.nodes.values():
            assert fits_its_state(node), f"{node}"
            assert not (node.goal is Goal.DOWN and node.state in (S.SERVING, S.STARTING, S.BACKOFF, S.FAILED)), node
            assert node.serviceable or node.reason is not None, f"out of service without a reason: {node}"
            assert node.serviceable or explain(node), f"out of service, and nobody is told why: {node}"
            assert word(node)
            assert node.impaired is None or node.launch is not None, f"impaired without a process: {node}"
            if node.impaired is not None and node.impaired.phase is not ImpairmentPhase.LIFTING:
                drill = in_progress(self.fleet)
                assert drill is not None
                assert drill.drill is not None
                assert not drill.back
                assert node.name in drill.drill.baseline.nodes
            assert len(node.exits) <= self.fleet.spec.restart.budget + 1

    def check_traffic(self, before: Fleet) -> None:
        plan, fleet = self.fleet.plan, self.fleet
        parts = {share.node: share.part for share in shares(fleet)}
        for name, part in parts.items():
            assert part == 0 or fleet.nodes[name].serviceable
        assert abs(sum(parts.values()) - 1.0) < 1e-9 or set(parts.values()) == {0.0}
        assert fleet.hops.keys() <= fleet.nodes.keys(), "a hop to a node that is not there"
        active = [endpoint for endpoint in plan.endpoints if endpoint.status is EndpointStatus.ACTIVE]
        if carrying(fleet):
            assert sum(parts.values()) > 0
            assert {endpoint.node for endpoint in active} == {node.name for node in carrying(fleet)}
            for endpoint in active:
                hop = fleet.hops.get(endpoint.node)
                led = hop.port if hop is not None and hop.phase.led else fleet.nodes[endpoint.node].port
                assert endpoint.port == led
        else:
            assert plan == before.plan or not carrying(fleet)
        assert active or not plan.endpoints
        assert plan.version >= before.plan.version
        if plan.version == before.plan.version:
            assert plan == before.plan
        assert plan.version == 0 or fleet.certificate is None or plan.certificate == fleet.certificate.digest
        reading = read(fleet)
        assert reading.sentence
        assert (reading.verdict in (Verdict.OK, Verdict.DEGRADED)) == bool(
            carrying(fleet) and any(edge.serviceable for edge in fleet.edges)
        )

    def check_operations(self) -> None:
        assert set(self.fleet.operations) == self.began - self.ended
        for operation in self.fleet.operations.values():
            assert operation.deadline > self.mono, f"too late already: {operation}"
        moving = [operation for operation in self.fleet.operations.values() if operation.verb in RAMPS]
        assert len(moving) <= 1
        for evacuation in self.fleet.evacuations.values():
            brownout = self.fleet.brownouts.get(evacuation.region)
            looked_after = brownout is not None and brownout.moved
            resting = looked_after if evacuation.cause is EvacuationCause.FALTERED else evacuation.keep == 0
            assert resting or moving, f"left half-way: {evacuation}"
        for failover in self.fleet.failovers.values():
            assert not self.fleet.nodes[failover.node].drained

    def check_pause(self, before: Fleet, decision: Decision) -> None:
        """While it lasts nobody is started or killed but by orders: what stops may be killed, and follow itself."""
        if self.fleet.paused is None:
            assert not [node.name for node in self.fleet.nodes.values() if held(node)]
            return
        assert before.paused is not None
        both = (*before.operations.values(), *self.fleet.operations.values())
        ordered = [operation for operation in both if operation.verb is Verb.RESTART or operation.revision]
        rolling = {target.node for operation in ordered for target in operation.targets}
        for effect in decision.effects:
            if isinstance(effect, Spawn):
                name = effect.node.name
                assert name in rolling or before.nodes[name].state in (S.STOPPED, S.STOPPING), effect
            if isinstance(effect, SendSignal) and effect.signal == "KILL":
                assert before.nodes[effect.node].state is S.STOPPING, effect

    def check_excuses(self, before: Fleet, decision: Decision) -> None:
        """An exit that was ordered is never charged."""
        for name, node in decision.fleet.nodes.items():
            was = before.nodes.get(name, node)
            if was.excused and was.launch is not None and node.launch != was.launch:
                assert len(node.exits) <= len(was.exits), f"charged: {was} -> {node}"

    def check_effects(self, effects: tuple[Effect, ...]) -> None:
        started = [effect.instance for effect in effects if isinstance(effect, Spawn)]
        assert len(set(started)) == len(started)
        for effect in effects:
            if isinstance(effect, Spawn):
                node = self.fleet.nodes[effect.node.name]
                assert instance_of(node, self.fleet.id) == effect.instance
                # A rolling restart may ask it to stop in the same breath: then the shell starts nothing.
                assert node.state in (S.STARTING, S.STOPPING)


def over(paused: Paused, mono: float, rebooted: bool) -> bool:
    """True when another daemon finds that the time of the pause has come; in another boot by the wall clock alone."""
    if paused.ends is None or paused.until is None:
        return False
    return paused.until <= at(mono).wall if rebooted else paused.ends <= mono


def fits_its_state(node: Node) -> bool:
    """No process waits for ever: it has what its state needs, and one deadline of the right kind at most."""

    def waits_for(kind: DeadlineKind) -> bool:
        return node.deadline is not None and node.deadline.kind is kind

    match node.state:
        case S.STOPPED:
            return node.deadline is None and node.launch is None
        case S.STARTING:
            waits = waits_for(DeadlineKind.READY) or (node.deadline is None and node.launch is not None)
            return waits and node.unfinished == 0
        case S.SERVING | S.STANDBY:
            return node.deadline is None and node.launch is not None and node.unfinished == 0
        case S.DRAINING:
            done = node.idle and node.deadline is None
            return node.launch is not None and (done or waits_for(DeadlineKind.DRAIN))
        case S.STOPPING:
            return waits_for(DeadlineKind.STOP) or (node.deadline is None and node.launch is not None)
        case S.BACKOFF:
            return (waits_for(DeadlineKind.BACKOFF) or held(node)) and node.launch is None
        case S.FAILED:
            return (waits_for(DeadlineKind.RETRY) or held(node)) and node.launch is None


def _instance(walk: Walk, node: Node) -> str:
    """Mostly of the process that runs; sometimes of the one before, or of nobody's."""
    lot = walk.chance.random()
    if lot < 0.9:
        return instance_of(node, walk.fleet.id)
    return f"{walk.fleet.id}/{node.name}/{max(0, node.launches - 1)}" if lot < 0.97 else "elsewhere/x/1"


def _spawned(walk: Walk, node: Node) -> Observation:
    launch = launch_of(walk.fleet, node.name, at(walk.mono, walk.boot))
    return Spawned(node=node.name, launch=replace(launch, instance=_instance(walk, node)))


def _exited(walk: Walk, node: Node) -> Observation:
    code, signal = walk.chance.choice(((0, None), (1, None), (None, 9), (None, None)))
    oom = walk.chance.random() < 0.1
    return Exited(node=node.name, instance=_instance(walk, node), code=code, signal=signal, oom=oom)


def _unhealthy(walk: Walk, node: Node) -> Observation:
    hung = walk.chance.random() < 0.2
    return BecameUnhealthy(node=node.name, instance=_instance(walk, node), why="no answer", hung=hung)


def _failed(walk: Walk, node: Node) -> Observation:
    port = walk.chance.choice((0, 0, 27_000))
    return SpawnFailed(node=node.name, instance=_instance(walk, node), why="no such binary", port=port)


def _confirmed(walk: Walk, node: Node) -> Observation:
    edge = walk.chance.choice(walk.fleet.edges)
    version = walk.fleet.plan.version if walk.chance.random() < 0.8 else walk.chance.randrange(5)
    revision = edge.revision if walk.chance.random() < 0.9 else 1
    return PlanApplied(edge=edge.name, instance=_instance(walk, edge), version=version, revision=revision)


def _turned_down(walk: Walk, node: Node) -> Observation:
    edge = walk.chance.choice(walk.fleet.edges)
    version = walk.fleet.plan.version
    return PlanRejected(
        edge=edge.name,
        instance=_instance(walk, edge),
        version=version,
        why="cannot use it",
        revision=edge.revision,
    )


def _fault(walk: Walk, node: Node) -> Impairment | None:
    """Mostly what it was told; sometimes what it was told before."""
    if node.impaired is None or walk.chance.random() < 0.1:
        return Impairment(delay=0.3, delayed=100)
    return None if node.impaired.phase is ImpairmentPhase.LIFTING else node.impaired.fault


def _proxied(walk: Walk, node: Node) -> Observation:
    """A proxy does as it was told; sometimes it is another one, or cannot."""
    proxy = Proxy(pid=walk.chance.choice((7, 7, 7, 8)), ticks=1)
    told = orders(walk.fleet, {})
    wrong = {order.name: "no such address" for order in told if walk.chance.random() < 0.1}
    seen = HopCount()
    said = [
        HopReading(name=order.name, ports=(40_000,), fault=order.fault, seen=seen)
        for order in told
        if order.name not in wrong
    ]
    return HopsRead(proxy=proxy, hops=tuple(said), wrong=wrong)


def _unproxied(walk: Walk, node: Node) -> Observation:
    known = [hop.proxy for hop in walk.fleet.hops.values()]
    return HopsLost(proxy=walk.chance.choice([None, *known]), why="it has ended")


NEWS: tuple[Callable[[Walk, Node], Observation], ...] = (
    _spawned,
    _spawned,
    _failed,
    _exited,
    _unhealthy,
    lambda walk, node: BecameHealthy(node=node.name, instance=_instance(walk, node)),
    lambda walk, node: BecameHealthy(node=node.name, instance=_instance(walk, node)),
    lambda walk, node: BecameHealthy(node=node.name, instance=_instance(walk, node)),
    lambda walk, node: BecameSlow(node=node.name, instance=_instance(walk, node), why="answers take long"),
    lambda walk, node: NoLongerSlow(node=node.name, instance=_instance(walk, node), why="they do no more"),
    lambda walk, node: ImpairmentRead(node=node.name, instance=_instance(walk, node), fault=_fault(walk, node)),
    lambda walk, node: ImpairmentRead(node=node.name, instance=_instance(walk, node), fault=_fault(walk, node)),
    lambda walk, node: ImpairmentRefused(node=node.name, instance=_instance(walk, node), why="no filter", hint="x"),
    _proxied,
    _proxied,
    _unproxied,
    lambda walk, node: WentIdle(node=node.name, instance=_instance(walk, node)),
    lambda walk, node: StillBusy(
        node=node.name, instance=_instance(walk, node), requests=walk.chance.choice((0, 1, 2))
    ),
    lambda walk, node: CertificateFit(certificate=replace(CERTIFICATE, digest=walk.chance.choice("ab"))),
    lambda walk, node: CertificateUnfit(why=walk.chance.choice(("no such file", "expired"))),
    lambda walk, node: Woke(node=node.name, deadline=walk.chance.choice(list(DeadlineKind))),
    lambda walk, node: Woke(node="nobody", deadline=DeadlineKind.READY),
    lambda walk, node: BecameHealthy(node="nobody", instance="f1/nobody/1"),
    _confirmed,
    _confirmed,
    _confirmed,
    _turned_down,
    lambda walk, node: RegionFaltered(region=walk.chance.choice(NAMES[:2]), why="slow"),
    lambda walk, node: RegionRecovered(region=walk.chance.choice(NAMES[:2]), why="well"),
    lambda walk, node: TakersFaltered(region=NAMES[0], why="as slow"),
    lambda walk, node: Ticked(),
    lambda walk, node: TrafficWorsened(operation=walk.chance.choice([*walk.fleet.operations, "op-0"]), why="worse"),
)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", SPECS)
def test_whatever_happens(name: str, seed: int) -> None:
    """Every cause is taken or refused with a message and a hint, and the fleet is never left in a state it cannot
    leave, never tells an edge what nobody could serve, and never ends an operation twice or not at all."""
    walk = Walk(SPECS[name], seed)
    walk.go(CAUSES)
    assert walk.rejected > 100, "the walk hardly met a refusal"
    assert len(walk.ended) > 20, "the walk hardly ran an operation"
    for _ in ("forth", "back"):  # a configuration that has not come into force by then is taken back first
        walk.mono += 1e6
        walk.take(step(walk.fleet, Ticked(), at(walk.mono, walk.boot)), None)
    assert walk.began == walk.ended
    assert decode_fleet(encode(walk.fleet)) == walk.fleet

"""After a start: what was journaled against what really runs. Pure; the caller has verified every process found.

Every effect asked for here may have been performed already: all of them are idempotent.
"""

from hactl.core import alert_queue, auto_failback, brownouts, drills, hops, impairing, ramp
from hactl.core.causes import Cause, Stimulus, instance_of, signals, stop_signal
from hactl.core.certificate import Certificate
from hactl.core.config_events import ConfigTaken, RevisionRolledBack, RulesTaken
from hactl.core.draft import Draft
from hactl.core.effects import ApplyTraffic, BeginDrain, EndDrain, EndOrphan, SendSignal, Spawn
from hactl.core.evacuating import restore
from hactl.core.events import (
    AdoptionRefused,
    CertificateRefused,
    CertificateTaken,
    DaemonStarted,
    EdgeGivenUp,
    FailoverEnded,
    FleetPaused,
    NodeAdopted,
    NodeChanged,
    OrphanEnded,
)
from hactl.core.machine import Decision, settle
from hactl.core.model import Fleet, Now
from hactl.core.node import Deadline, DeadlineKind, Goal, Launch, Node, NodeState, Reason, ReasonCode, Role
from hactl.core.operation import Operation, Outcome, Verb
from hactl.core.operations import end, give_back
from hactl.core.pausing import held, rearmed
from hactl.core.region_events import RegionBack
from hactl.core.restarts import spawn
from hactl.core.value import Value, replace

_REBOOTED = Reason(code=ReasonCode.EXITED, text="the machine was rebooted")


class Found(Value):
    """What the new daemon found on the machine."""

    alive: tuple[Launch, ...] = ()
    """Every live process that bears this fleet's id in its environment, verified."""
    refused: dict[str, str] = {}
    """Node → why the process it had recorded is not ours."""


class Arrival(Value):
    """Who takes charge, and of what."""

    pid: int
    version: str
    gap: float | None = None
    """Seconds without supervision; None after an orderly `down`."""
    at_most: bool = False
    """It can have been shorter."""
    config: ConfigTaken | None = None
    """A changed configuration to take into force; only when nothing runs."""
    rules: RulesTaken | None = None
    """What concerns the daemon alone in one that has to wait otherwise."""
    certificate: Certificate | None = None
    """What clients are to be shown; None without TLS."""
    certificate_refused: str = ""
    """Why it is an older one than the files hold."""
    trouble: str = ""
    """Why `hactl.toml` could not be used."""


def recover(fleet: Fleet, found: Found, arrival: Arrival, now: Now) -> Decision:
    """Take charge of `fleet`: adopt what lives, notice what died, end what nobody claims, go on with the rest."""
    draft = Draft(fleet, now)
    rebooted = fleet.boot not in ("", now.boot)
    started = DaemonStarted(
        pid=arrival.pid,
        version=arrival.version,
        boot=now.boot,
        gap=arrival.gap,
        at_most=arrival.at_most,
        trouble=arrival.trouble,
    )
    _end_closing(draft)
    overtaken = _end_overtaken(draft, arrival, rebooted=rebooted)
    draft.emit(started)
    if arrival.config is not None:
        draft.emit(arrival.config)
    if arrival.rules is not None:
        draft.emit(arrival.rules)
    if rebooted and draft.fleet.paused is not None:
        draft.emit(FleetPaused(paused=rearmed(draft.fleet.paused, now)))
    ramp.take_up(draft)
    drills.take_up(draft)
    brownouts.take_up(draft, rebooted=rebooted)
    _certify(draft, arrival)
    auto_failback.forget(draft)
    for operation in overtaken:
        give_back(draft, operation)
        drills.give_back(draft, operation)
    for name, why in found.refused.items():
        launch = draft.fleet.nodes[name].launch if name in draft.fleet.nodes else None
        draft.emit(AdoptionRefused(node=name, pid=launch.pid if launch else 0, why=why))
    alive = {launch.instance: launch for launch in found.alive}
    for node in tuple(draft.fleet.nodes.values()):
        # Whose record is wrong has lost its process, even if one of that name runs: that one is an orphan.
        _take_over(draft, node, {} if node.name in found.refused else alive, rebooted=rebooted)
    _end_orphans(draft, alive)
    _repeat_signals(draft)
    impairing.take_up(draft)
    hops.take_up(draft)
    draft.perform(ApplyTraffic(plan=draft.fleet.plan))
    # What was lost while nobody looked is a loss all the same, seen now; over a reboot nothing can be compared.
    settle(draft, draft.fleet if rebooted or arrival.config else fleet)
    alert_queue.take_up(draft, rebooted=rebooted)
    alert_queue.raise_alerts(draft, fleet)
    return Decision(fleet=draft.fleet, events=tuple(draft.events), effects=draft.ordered_effects())


def _certify(draft: Draft, arrival: Arrival) -> None:
    """Before any edge is started: it is given what the fleet has."""
    if arrival.certificate is not None and arrival.certificate != draft.fleet.certificate:
        draft.emit(CertificateTaken(certificate=arrival.certificate))
    if arrival.certificate_refused not in ("", draft.fleet.certificate_refused):
        draft.emit(CertificateRefused(why=arrival.certificate_refused))


def _end_closing(draft: Draft) -> None:
    """Whoever starts a daemon wants the fleet up: a `down` that died half-way is over."""
    if draft.fleet.closing:
        for operation in tuple(draft.fleet.operations.values()):
            if operation.verb is Verb.DOWN:
                end(draft, operation, Outcome.FAILED, "the daemon died before everything had stopped", "hactl down")


def _end_overtaken(draft: Draft, arrival: Arrival, *, rebooted: bool) -> tuple[Operation, ...]:
    """A reboot or another configuration ends what was in progress; clocks of another boot measure nothing."""
    if not rebooted and arrival.config is None:
        return ()
    overtaken = tuple(draft.fleet.operations.values())
    why = "the machine was rebooted" if rebooted else "the configuration has changed"
    for operation in overtaken:
        how = (Outcome.FAILED, why, "hactl status; then repeat the command")
        if operation.drill is not None:
            how = drills.overtaken(draft.fleet, operation, why, taken=arrival.config is not None)
        end(draft, operation, *how)
        if operation.evacuation is not None:
            restore(draft, operation.evacuation, why)
    if draft.fleet.proposal is not None:
        draft.emit(RevisionRolledBack(revision=draft.fleet.proposal.revision, why=why))
    for failover in tuple(draft.fleet.failovers.values()):
        draft.emit(FailoverEnded(node=failover.node, moved_ms=None, back_ms=None, why=why))
    for edge in tuple(draft.fleet.edge_losses):
        draft.emit(EdgeGivenUp(edge=edge))
    for region in tuple(draft.fleet.region_losses):
        draft.emit(RegionBack(region=region, moved_ms=None, back_ms=None, why=why))
    return overtaken


def _take_over(draft: Draft, node: Node, alive: dict[str, Launch], *, rebooted: bool) -> None:
    launch = alive.get(instance_of(node, draft.fleet.id))
    if not node.state.alive:
        _resume_waiting(draft, node, rebooted=rebooted)
    elif launch is not None:
        _adopt(draft, node, launch)
    elif rebooted:
        _restart_after_reboot(draft, node)
    elif node.launch is None and node.state is NodeState.STARTING:
        again = _with_time_to_start(draft, node)
        draft.perform(Spawn(node=again, instance=instance_of(again, draft.fleet.id)))
    else:
        _died_meanwhile(draft, node)


def _resume_waiting(draft: Draft, node: Node, *, rebooted: bool) -> None:
    if node.state is NodeState.STOPPED:
        if node.goal is Goal.UP:
            draft.stimulate(node.name, Stimulus(cause=Cause.START))
    elif rebooted and held(node):
        # It waits for the end of a pause, not for a moment of the boot before.
        _change(draft, node, replace(node, attempt=0, exits=()), _REBOOTED.text)
    elif rebooted:
        soon = Deadline(kind=DeadlineKind.BACKOFF, at=draft.now.mono)
        fresh = replace(node, state=NodeState.BACKOFF, attempt=0, exits=(), deadline=soon)
        _change(draft, node, fresh, _REBOOTED.text)


def _adopt(draft: Draft, node: Node, launch: Launch) -> None:
    recorded = node.launch is not None
    draft.emit(NodeAdopted(node=node.name, instance=launch.instance, pid=launch.pid, recorded=recorded))
    if not recorded:
        draft.stimulate(node.name, Stimulus(cause=Cause.SPAWNED, launch=launch))
        node = draft.fleet.nodes[node.name]
    if node.state is NodeState.STARTING:
        if node.deadline is None and not node.hung:
            draft.perform(SendSignal(launch=launch, node=node.name, signal="KILL", group=True))
        elif node.deadline is not None:
            _with_time_to_start(draft, node)
    elif node.state is NodeState.SERVING and node.role is Role.GATEWAY:
        draft.perform(EndDrain(node=node))
    elif node.state is NodeState.DRAINING:
        if node.role is Role.GATEWAY and node.goal is Goal.UP and not node.drained:
            draft.stimulate(node.name, Stimulus(cause=Cause.RESUME))
        else:
            draft.perform(BeginDrain(node=node))
    elif node.state is NodeState.STOPPING and recorded:
        draft.perform(*signals(node, stop_signal(node, draft.context(node))))
        if node.deadline is None:
            again = Deadline(kind=DeadlineKind.STOP, at=draft.now.mono)
            _change(draft, node, replace(node, deadline=again), "stop resumed")


def _with_time_to_start(draft: Draft, node: Node) -> Node:
    """Its deadline may have passed while nobody could see it become ready."""
    at = draft.now.mono + draft.fleet.spec_for(node).gateway.start_timeout
    again = replace(node, deadline=Deadline(kind=DeadlineKind.READY, at=at))
    _change(draft, node, again, "start resumed")
    return again


def _died_meanwhile(draft: Draft, node: Node) -> None:
    """It ended while nobody looked."""
    if node.launch is None and node.state is NodeState.STOPPING:
        draft.stimulate(node.name, Stimulus(cause=Cause.SPAWN_FAILED, why="never started"))
        return
    draft.stimulate(node.name, Stimulus(cause=Cause.EXITED, why="ended while no daemon was running"))


def _restart_after_reboot(draft: Draft, node: Node) -> None:
    """Nobody's fault, and not charged; what was on its way down stays down."""
    if node.goal is Goal.UP:
        fresh = replace(node, exits=(), attempt=0)
        draft.take(spawn(fresh, draft.context(fresh), _REBOOTED.text, _REBOOTED))
    else:
        draft.stimulate(node.name, Stimulus(cause=Cause.EXITED, why=_REBOOTED.text))


def _change(draft: Draft, before: Node, after: Node, why: str) -> None:
    draft.emit(NodeChanged(was=before.state, node=after, why=why))


def _end_orphans(draft: Draft, alive: dict[str, Launch]) -> None:
    """Processes of this fleet that no node claims: left behind by a crash between two records.

    What a node is only about to start claims nothing: when records were lost, a process with that very number may
    run already, and would go on for ever beside its namesake.
    """
    claimed = {node.launch.instance for node in draft.fleet.nodes.values() if node.launch and node.state.alive}
    for instance, launch in alive.items():
        if instance not in claimed:
            draft.emit(OrphanEnded(pid=launch.pid, instance=instance))
            draft.perform(EndOrphan(launch=launch))


def _repeat_signals(draft: Draft) -> None:
    """What was ordered, but may never have been sent: a kill, a freeze, a thaw."""
    for operation in draft.fleet.operations.values():
        for target in operation.targets:
            node = draft.fleet.nodes.get(target.node)
            if node is None or node.launch is None or node.launch.instance != target.instance:
                continue
            signal = _still_to_send(operation, node)
            if signal:
                draft.perform(SendSignal(launch=node.launch, node=node.name, signal=signal))


def _still_to_send(operation: Operation, node: Node) -> str:
    match operation.verb:
        case Verb.KILL:
            return "KILL"
        case Verb.FREEZE:
            return "STOP" if node.frozen else ""
        case Verb.THAW:
            return "" if node.frozen else "CONT"
        case _:
            return ""

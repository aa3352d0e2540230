"""After a start: what was journaled against what really runs. Pure; the caller has verified every process found.

Every effect asked for here may have been performed already: all of them are idempotent.
"""

from hactl.core.draft import Draft
from hactl.core.effects import ApplyTraffic, BeginDrain, EndOrphan, SendSignal, Spawn
from hactl.core.events import (
    AdoptionRefused,
    ConfigTaken,
    DaemonStarted,
    NodeAdopted,
    NodeChanged,
    OrphanEnded,
)
from hactl.core.lifecycle import Cause, Stimulus, instance_of
from hactl.core.machine import Decision, settle
from hactl.core.model import Deadline, DeadlineKind, Fleet, Goal, Launch, Node, NodeState, Now, Operation, Outcome, Verb
from hactl.core.operations import end
from hactl.core.value import Value, replace


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
    config: ConfigTaken | None = None
    """A changed configuration to take into force; only when nothing runs."""


def recover(fleet: Fleet, found: Found, arrival: Arrival, now: Now) -> Decision:
    """Take charge of `fleet`: adopt what lives, notice what died, end what nobody claims, go on with the rest."""
    draft = Draft(fleet, now)
    rebooted = fleet.boot not in ("", now.boot)
    started = DaemonStarted(pid=arrival.pid, version=arrival.version, boot=now.boot, gap=arrival.gap)
    _end_closing(draft)
    draft.emit(started)
    if arrival.config is not None:
        draft.emit(arrival.config)
    if rebooted:
        _end_all(draft, "the machine was rebooted")
    for name, why in found.refused.items():
        launch = draft.fleet.nodes[name].launch if name in draft.fleet.nodes else None
        draft.emit(AdoptionRefused(node=name, pid=launch.pid if launch else 0, why=why))
    alive = {launch.instance: launch for launch in found.alive}
    for node in tuple(draft.fleet.nodes.values()):
        _take_over(draft, node, alive, rebooted=rebooted)
    _end_orphans(draft, alive)
    _repeat_kills(draft)
    draft.perform(ApplyTraffic(plan=draft.fleet.plan))
    settle(draft, draft.fleet)
    return Decision(fleet=draft.fleet, events=tuple(draft.events), effects=draft.ordered_effects())


def _end_closing(draft: Draft) -> None:
    """Whoever starts a daemon wants the fleet up: a `down` that died half-way is over."""
    if draft.fleet.closing:
        for operation in tuple(draft.fleet.operations.values()):
            if operation.verb is Verb.DOWN:
                end(draft, operation, Outcome.FAILED, "the daemon died before everything had stopped", "hactl down")


def _end_all(draft: Draft, why: str) -> None:
    for operation in tuple(draft.fleet.operations.values()):
        end(draft, operation, Outcome.FAILED, why, "hactl status; then repeat the command")


def _take_over(draft: Draft, node: Node, alive: dict[str, Launch], *, rebooted: bool) -> None:
    launch = alive.get(instance_of(node, draft.fleet.id))
    if not node.state.alive:
        _resume_waiting(draft, node, rebooted=rebooted)
    elif launch is not None:
        _adopt(draft, node, launch)
    elif node.launch is None and node.state is NodeState.STARTING and not rebooted:
        draft.perform(Spawn(node=node, instance=instance_of(node, draft.fleet.id)))
    else:
        _died_meanwhile(draft, node, rebooted=rebooted)


def _resume_waiting(draft: Draft, node: Node, *, rebooted: bool) -> None:
    if node.state is NodeState.STOPPED:
        if node.goal is Goal.UP:
            draft.stimulate(node.name, Stimulus(cause=Cause.START))
    elif rebooted and node.deadline is not None:
        _change(
            draft, node, replace(node, deadline=replace(node.deadline, at=draft.now.mono)), "the machine was rebooted"
        )


def _adopt(draft: Draft, node: Node, launch: Launch) -> None:
    recorded = node.launch is not None
    draft.emit(NodeAdopted(node=node.name, instance=launch.instance, pid=launch.pid, recorded=recorded))
    if not recorded:
        draft.stimulate(node.name, Stimulus(cause=Cause.SPAWNED, launch=launch))
        node = draft.fleet.nodes[node.name]
    if node.state is NodeState.DRAINING:
        if node.goal is Goal.UP and not node.drained:
            draft.stimulate(node.name, Stimulus(cause=Cause.RESUME))
        else:
            draft.perform(BeginDrain(node=node))
    elif node.state is NodeState.STOPPING and recorded:
        signal = draft.fleet.spec.gateway.stop_signal if node.region else "TERM"
        draft.perform(SendSignal(launch=launch, node=node.name, signal=signal))
        if node.deadline is None:
            again = Deadline(kind=DeadlineKind.STOP, at=draft.now.mono)
            _change(draft, node, replace(node, deadline=again), "stop taken up again")


def _died_meanwhile(draft: Draft, node: Node, *, rebooted: bool) -> None:
    """It ended while nobody looked. After a reboot that is nobody's fault, and is not charged."""
    if rebooted:
        node = replace(node, excused="reboot", exits=(), attempt=0)
        _change(draft, node, node, "the machine was rebooted")
    if node.launch is None and node.state is NodeState.STOPPING:
        draft.stimulate(node.name, Stimulus(cause=Cause.SPAWN_FAILED, why="never started"))
        return
    why = "ended while the machine was down" if rebooted else "ended while no daemon was running"
    draft.stimulate(node.name, Stimulus(cause=Cause.EXITED, why=why))


def _change(draft: Draft, before: Node, after: Node, why: str) -> None:
    draft.emit(NodeChanged(was=before.state, node=after, why=why))


def _end_orphans(draft: Draft, alive: dict[str, Launch]) -> None:
    """Processes of this fleet that no node claims: left behind by a crash between two records."""
    fleet = draft.fleet
    claimed = {instance_of(node, fleet.id) for node in fleet.nodes.values() if node.state.alive}
    for instance, launch in alive.items():
        if instance not in claimed:
            draft.emit(OrphanEnded(pid=launch.pid, instance=instance))
            draft.perform(EndOrphan(launch=launch))


def _repeat_kills(draft: Draft) -> None:
    """A kill that was accepted but may never have been sent."""
    for operation in draft.fleet.operations.values():
        for node in _still_to_kill(draft.fleet, operation):
            if node.launch is not None:
                draft.perform(SendSignal(launch=node.launch, node=node.name, signal="KILL"))


def _still_to_kill(fleet: Fleet, operation: Operation) -> list[Node]:
    if operation.verb is not Verb.KILL:
        return []
    return [
        node
        for target in operation.targets
        if (node := fleet.nodes.get(target.node)) is not None
        and node.launch is not None
        and node.launch.instance == target.instance
    ]

"""A decision being made: a fleet, and the events and effects so far. Not kept, not shared; lives for one `step`.

`evolve` is the only function that changes a Fleet, and an Event is the only thing that makes it.
"""

from collections.abc import Iterable
from typing import assert_never

from hactl.core import alert as alerts
from hactl.core import outages
from hactl.core.alert import AlertBook, Window, window_key
from hactl.core.alert_events import AlertDelivered, AlertEvent, AlertExpired, AlertFailed, AlertRaised, AlertSuppressed
from hactl.core.brownout_events import BrownoutChanged, BrownoutEvent, BrownoutForgotten
from hactl.core.causes import Context, Reaction, Stimulus
from hactl.core.config_events import ConfigEvent
from hactl.core.configured import configured, without
from hactl.core.drill_events import DrillEvent
from hactl.core.drilled import drilled
from hactl.core.effects import ApplyTraffic, Effect, Halt, SendSignal, Spawn
from hactl.core.events import (
    AdoptionRefused,
    CapacitySeen,
    CertificateRefused,
    CertificateTaken,
    DaemonStarted,
    DaemonStopped,
    EdgeBack,
    EdgeGivenUp,
    EdgeLost,
    Event,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    FleetClosing,
    FleetPaused,
    FleetUnpaused,
    GapRecorded,
    JournalFilled,
    NodeAdopted,
    NodeChanged,
    OperationBegan,
    OperationEnded,
    OperationMoved,
    OrphanEnded,
    PolicyChanged,
    Record,
    TrafficApplied,
    TrafficRejected,
    TrafficShifted,
    WeightsChanged,
)
from hactl.core.hop_events import HopEvent
from hactl.core.lifecycle import react
from hactl.core.model import EdgeUse, Fleet, Now
from hactl.core.node import Node, NodeState, Role
from hactl.core.operation import Operation
from hactl.core.region_events import RegionBack, RegionEvacuated, RegionEvent, RegionLost, RegionMoved, RegionRestored
from hactl.core.value import replace


class Draft:
    """The fleet as it will be, and how it gets there."""

    def __init__(self, fleet: Fleet, now: Now) -> None:
        self.fleet = fleet
        self.now = now
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.in_use: tuple[EdgeUse, ...] = ()
        """What the edges were doing, as last read, when the cause of this decision is about one of them."""

    def context(self, node: Node) -> Context:
        """What lifecycle rules for `node` may look at."""
        fleet = self.fleet
        return Context(
            now=self.now,
            spec=fleet.spec_for(node),
            fleet_id=fleet.id,
            closing=fleet.closing,
            paused=fleet.paused,
        )

    def emit(self, event: Event) -> None:
        """Something happened."""
        self.fleet = evolve(self.fleet, event)
        self.events.append(event)

    def perform(self, *effects: Effect) -> None:
        """Something is to be done."""
        self.effects.extend(effects)

    def stimulate(self, name: str, stimulus: Stimulus) -> bool:
        """Let one process react; False for late news. Raises CommandRejected when an order does not fit."""
        node = self.fleet.nodes[name]
        reaction = react(node, stimulus, self.context(node))
        if reaction is None:
            return False
        self.take(reaction)
        return True

    def take(self, reaction: Reaction) -> None:
        """Accept what a lifecycle rule said."""
        before = self.fleet.nodes[reaction.node.name]
        if reaction.node != before:
            self.emit(NodeChanged(was=before.state, node=reaction.node, why=reaction.why))
        self.perform(*reaction.effects)

    def take_note(self, node: Node, why: str) -> None:
        """Change what is known of one process without any cause in its own life."""
        self.take(Reaction(node=node, why=why))

    def ordered_effects(self) -> tuple[Effect, ...]:
        """Traffic first, because clients wait for it; then signals, then the rest; leaving last."""
        plans = [effect for effect in self.effects if isinstance(effect, ApplyTraffic)][-1:]
        others = [effect for effect in self.effects if not isinstance(effect, ApplyTraffic)]
        others.sort(key=_rank)
        return (*plans, *others)


def _rank(effect: Effect) -> int:
    if isinstance(effect, SendSignal):
        return 0
    if isinstance(effect, Spawn):
        return 1
    return 3 if isinstance(effect, Halt) else 2


def evolve(fleet: Fleet, event: Event) -> Fleet:
    """The fleet after `event`. Total: every event is accepted in every fleet, because it has already happened."""
    return replace(outages.followed(fleet, event, _evolved(fleet, event)), seq=fleet.seq + 1)


def caught_up(fleet: Fleet, records: Iterable[Record]) -> Fleet:
    """The fleet after those of `records`, oldest first, that it does not know yet."""
    for record in records:
        if record.seq > fleet.seq:
            fleet = evolve(fleet, record.event)
    return fleet


def _evolved(fleet: Fleet, event: Event) -> Fleet:  # noqa: C901 - one case for each event
    if isinstance(event, ConfigEvent):
        return configured(fleet, event)
    if isinstance(event, AlertEvent):
        return replace(fleet, alerts=_with_alert(fleet.alerts, event))
    if isinstance(event, RegionEvent):
        return _with_region(fleet, event)
    if isinstance(event, BrownoutEvent):
        return _with_brownout(fleet, event)
    if isinstance(event, DrillEvent | HopEvent):
        return drilled(fleet, event)
    match event:
        case DaemonStarted(boot=boot, trouble=trouble):
            return replace(fleet, boot=boot, config_trouble=trouble, closing=False)
        case NodeChanged(node=node):
            return _with_node(fleet, node)
        case WeightsChanged():
            return _with_weights(fleet, event)
        case PolicyChanged(policy=policy):
            return replace(fleet, policy=policy)
        case CertificateTaken(certificate=certificate):
            return replace(fleet, certificate=certificate, certificate_refused="")
        case CertificateRefused(why=why):
            return replace(fleet, certificate_refused=why)
        case CapacitySeen(rate=rate):
            return replace(fleet, sustained=rate)
        case TrafficShifted(plan=plan, at=at):
            return replace(fleet, plan=plan, shifted_at=at)
        case TrafficApplied(edge=edge, version=version, revision=revision):
            confirmed, proved = fleet.confirmed | {edge: version}, fleet.proved | {edge: revision}
            return replace(fleet, confirmed=confirmed, proved=proved)
        case FailoverBegan(failover=failover) | FailoverMoved(failover=failover):
            last = event.ms if isinstance(event, FailoverMoved) else fleet.last_failover_ms
            failovers = fleet.failovers | {failover.node: failover}
            return replace(fleet, failovers=failovers, last_failover_ms=last)
        case FailoverEnded(node=name):
            return replace(fleet, failovers=without(fleet.failovers, name))
        case EdgeLost() | EdgeBack() | EdgeGivenUp():
            return _with_edge_loss(fleet, event)
        case OperationBegan() | OperationMoved() | OperationEnded():
            return replace(fleet, operations=_with_operation(fleet.operations, event))
        case FleetPaused(paused=paused):
            return replace(fleet, paused=paused)
        case FleetUnpaused():
            return replace(fleet, paused=None)
        case FleetClosing():
            return replace(fleet, closing=True)
        case (
            DaemonStopped()
            | NodeAdopted()
            | AdoptionRefused()
            | OrphanEnded()
            | TrafficRejected()
            | GapRecorded()
            | JournalFilled()
        ):
            return fleet
        case _:
            assert_never(event)


def _with_node(fleet: Fleet, node: Node) -> Fleet:
    nodes = fleet.nodes | {node.name: node}
    # What an edge has proved dies with its process, also when the next one is started at once.
    unproved = node.state is NodeState.STARTING or not node.state.alive
    if node.role is Role.EDGE and unproved and node.name in fleet.confirmed:
        return replace(
            fleet, nodes=nodes, confirmed=without(fleet.confirmed, node.name), proved=without(fleet.proved, node.name)
        )
    return replace(fleet, nodes=nodes)


def _with_edge_loss(fleet: Fleet, event: EdgeLost | EdgeBack | EdgeGivenUp) -> Fleet:
    if isinstance(event, EdgeLost):
        losses = fleet.edge_losses | {event.loss.edge: event.loss}
        return replace(fleet, edge_losses=losses, last_edge_loss=event.loss)
    last = fleet.last_edge_loss
    if isinstance(event, EdgeBack) and last is not None and last.edge == event.edge:
        last = replace(last, back_ms=event.ms)
    return replace(fleet, edge_losses=without(fleet.edge_losses, event.edge), last_edge_loss=last)


def _with_region(fleet: Fleet, event: RegionEvent) -> Fleet:
    match event:
        case RegionEvacuated(evacuation=evacuation):
            return replace(fleet, evacuations=fleet.evacuations | {evacuation.region: evacuation})
        case RegionRestored(region=region):
            return replace(fleet, evacuations=without(fleet.evacuations, region))
        case RegionLost(loss=loss) | RegionMoved(loss=loss):
            return replace(fleet, region_losses=fleet.region_losses | {loss.region: loss})
        case RegionBack(region=region):
            return replace(fleet, region_losses=without(fleet.region_losses, region))
        case _:
            assert_never(event)


def _with_brownout(fleet: Fleet, event: BrownoutEvent) -> Fleet:
    match event:
        case BrownoutChanged(brownout=brownout):
            return replace(fleet, brownouts=fleet.brownouts | {brownout.region: brownout})
        case BrownoutForgotten(region=region):
            return replace(fleet, brownouts=without(fleet.brownouts, region))
        case _:
            assert_never(event)


def _with_operation(
    known: dict[str, Operation], event: OperationBegan | OperationMoved | OperationEnded
) -> dict[str, Operation]:
    if isinstance(event, OperationBegan | OperationMoved):
        return known | {event.operation.id: event.operation}
    return without(known, event.id)


def _with_weights(fleet: Fleet, event: WeightsChanged) -> Fleet:
    weights = event.nodes
    nodes = {
        name: replace(node, weight=weights[name]) if name in weights else node for name, node in fleet.nodes.items()
    }
    return replace(fleet, nodes=nodes, region_weights=fleet.region_weights | event.regions)


def _with_alert(book: AlertBook, event: AlertEvent) -> AlertBook:
    match event:
        case AlertRaised(alert=alert, until=until):
            return alerts.raised(book, alert, until)
        case AlertSuppressed(to=to, kind=kind, subject=subject):
            window = Window(until=event.until, suppressed=event.count, kept=event.kept, due=event.due)
            return alerts.held_back(book, window_key(to, kind, subject), window)
        case AlertDelivered() | AlertFailed() | AlertExpired():
            return alerts.settled(book, event.id)
        case _:
            assert_never(event)

"""Disturbed hops: which may be, in which order callers, proxy and fault come and go, and that they end. Pure; a rule.

First the proxy passes everything through; then every caller is rerouted through it, and has proved that; only then does
it disturb. The way back is the reverse. So the rerouting loses no request, and what clients suffer is the fault alone.

Like an impairment (`impairing`), a disturbance exists only as part of a drill in progress. The proxy ends with the
daemon that started it; when it has ended, for whatever reason, callers are routed past it at once: the fault is over.
"""

from collections.abc import Iterable
from typing import assert_never

from hactl.core.commands import Request
from hactl.core.draft import Draft
from hactl.core.drills import lending
from hactl.core.effects import ApplyHops, LeadNode
from hactl.core.errors import CommandRejected
from hactl.core.hop import Hop, HopOrder, HopPhase, HopReading, to_service
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.hop_events import HopChanged, HopMended
from hactl.core.hop_limits import makes_sense, possible
from hactl.core.hop_observations import HopObservation, HopsLost, HopsRead, NodeLed, NodeNotLed
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState
from hactl.core.operation import Operation, Outcome, Verb
from hactl.core.operations import end
from hactl.core.rolling import known_to_edges
from hactl.core.value import replace

PATIENCE = 20.0
"""Seconds until an order to disturb or to mend has failed: the proxy starts, and every caller is told and proves it."""
_CALLING = (NodeState.STANDBY, NodeState.SERVING, NodeState.DRAINING)


def named(command: BreakHop | MendHop) -> tuple[str, ...]:
    """The hops that a command is about."""
    return (*command.nodes, *map(to_service, command.services))


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when hops cannot be disturbed as asked, or there is nothing to mend."""
    command = request.command
    if isinstance(command, MendHop):
        for name in named(command):
            if name not in fleet.hops or fleet.hops[name].phase.over:
                raise CommandRejected(f"the hop to '{name}' is not disturbed", "hactl status")
    elif isinstance(command, BreakHop):
        makes_sense(command.fault)
        for name in named(command):
            possible(fleet, name, lent=_lent(fleet, name))


def begin(draft: Draft, operation: Operation, command: BreakHop | MendHop) -> None:
    """Note what is wanted, and have the proxy told."""
    if isinstance(command, MendHop):
        for name in named(command):
            _lift(draft, replace(draft.fleet.hops[name], mend=operation.id), "restored before its drill ended")
        return
    lease = lending(draft.fleet)
    if lease is None:
        raise AssertionError("checked before")
    for name in named(command):
        known = draft.fleet.hops.get(name)
        if known is not None:  # another fault in the place of the one before
            standing = known.phase in (HopPhase.ORDERED, HopPhase.EFFECTIVE)
            phase = HopPhase.ORDERED if standing else known.phase
            hop = replace(known, fault=command.fault, order=operation.id, phase=phase)
        else:
            hop = Hop(name=name, fault=command.fault, by=f"drill {lease.name}", order=operation.id)
        _note(draft, hop)
        draft.perform(ApplyHops())


def observe(draft: Draft, saw: HopObservation) -> None:
    """Take what the proxy or a caller was found to do; what is about an order before the newest is late news."""
    match saw:
        case HopsRead():
            said = {reading.name: reading for reading in saw.hops}
            for hop in tuple(draft.fleet.hops.values()):
                if hop.proxy not in (None, saw.proxy):
                    _lose(draft, hop, "its proxy exited and was replaced")
                elif hop.name in said:
                    _read(draft, replace(hop, proxy=saw.proxy), said[hop.name])
                elif hop.name in saw.wrong and hop.phase is HopPhase.PLACING:
                    _fail(draft, hop, saw.wrong[hop.name])
        case HopsLost():
            for hop in tuple(draft.fleet.hops.values()):
                if hop.proxy == saw.proxy:
                    _fail(draft, hop, saw.why)
                    _lose(draft, hop, saw.why)
        case NodeLed():
            for hop in tuple(draft.fleet.hops.values()):
                if hop.service:
                    _led(draft, hop, saw)
        case NodeNotLed():
            for hop in tuple(draft.fleet.hops.values()):
                if hop.service and saw.instance in hop.callers:
                    _fail(
                        draft,
                        hop,
                        f"calls of '{saw.node}' cannot be routed through the fault proxy: {saw.why}",
                        saw.hint,
                    )
        case _:
            assert_never(saw)


def follow(draft: Draft) -> None:
    """Advance every hop as far as possible; lift those whose drill has ended, or that did not take effect in time."""
    for hop in tuple(draft.fleet.hops.values()):
        if not hop.service and hop.name not in draft.fleet.nodes:
            _mend(draft, hop, "was removed with its node")
        elif hop.phase.over:
            _go_back(draft, hop)
        elif not _lent(draft.fleet, hop.name):
            _lift(draft, hop, "its drill has ended")
        elif hop.phase is not HopPhase.EFFECTIVE and hop.order not in draft.fleet.operations:
            _lift(draft, hop, "it did not take effect")
        elif hop.phase.led:
            _go_on(draft, hop)
    for operation in tuple(draft.fleet.operations.values()):
        if operation.verb is Verb.BREAK_HOP:
            _end_order(draft, operation)
        elif operation.verb is Verb.MEND_HOP and all(hop.mend != operation.id for hop in draft.fleet.hops.values()):
            end(draft, operation, Outcome.DONE, operation.sentence)


def take_up(draft: Draft) -> None:
    """Another daemon: the proxy has ended with the one before. Callers that live may go through it all the same."""
    for hop in tuple(draft.fleet.hops.values()):
        _lose(draft, hop, "the daemon that ran its proxy has exited")


def orders(fleet: Fleet, places: dict[str, tuple[str, ...]]) -> tuple[HopOrder, ...]:
    """What the proxy is to be told; `places` are the paths at which nodes look for each service when they are led."""
    return tuple(order for hop in fleet.hops.values() if (order := _order(fleet, hop, places)) is not None)


def services_led(fleet: Fleet) -> tuple[str, ...]:
    """The services that nodes are to call through the proxy."""
    return tuple(hop.service for hop in fleet.hops.values() if hop.service and hop.phase.led)


def _order(fleet: Fleet, hop: Hop, places: dict[str, tuple[str, ...]]) -> HopOrder | None:
    struck = hop.phase in (HopPhase.ORDERED, HopPhase.EFFECTIVE)
    fault = hop.fault if struck else None
    if hop.phase is HopPhase.LEAVING and hop.proxy is None:
        return None
    if hop.service:
        targets = next((service.endpoints for service in fleet.spec.services if service.name == hop.service), None)
        if targets is None:
            return None
        return HopOrder(name=hop.name, listen=places[hop.service], targets=targets, fault=fault)
    node = fleet.nodes.get(hop.name)
    if node is None:
        return None
    return HopOrder(name=hop.name, listen=(node.address,), targets=((node.address, node.port),), fault=fault)


def _read(draft: Draft, hop: Hop, said: HopReading) -> None:
    if hop.phase is HopPhase.PLACING and said.fault is None:
        port = 0 if hop.service else said.ports[0]
        _note(
            draft,
            replace(hop, phase=HopPhase.LEADING, port=port),
            "its proxy is in place and passes everything through",
        )
    elif hop.phase is HopPhase.ORDERED and said.fault == hop.fault:
        _note(draft, replace(hop, phase=HopPhase.EFFECTIVE, seen=said.seen))
    elif hop.phase is HopPhase.LIFTING and said.fault is None:
        left = replace(hop, phase=HopPhase.LEAVING, seen=said.seen)
        _note(draft, left, f"the proxy passes everything through again: {said.seen}")
        _tell_callers(draft, left)


def _led(draft: Draft, hop: Hop, saw: NodeLed) -> None:
    if saw.instance not in hop.callers:
        return
    if hop.service in saw.services:
        if saw.instance not in hop.led:
            _note(draft, replace(hop, led=(*hop.led, saw.instance)), f"{saw.node} now calls through the proxy")
    elif hop.phase is HopPhase.LEAVING:
        gone = replace(hop, callers=_without(hop.callers, saw.instance), led=_without(hop.led, saw.instance))
        _note(draft, gone, f"{saw.node} no longer calls through the proxy")


def _go_on(draft: Draft, hop: Hop) -> None:
    """Every caller is led through; one that comes later as well."""
    if hop.service:
        alive = _alive(draft.fleet)
        fresh = tuple(instance for instance in alive if instance not in hop.callers)
        if fresh:
            hop = replace(hop, callers=(*(one for one in hop.callers if one in alive), *fresh))
            _note(draft, hop, f"rerouting {', '.join(alive[instance].name for instance in fresh)} through the proxy")
            draft.perform(*(LeadNode(node=alive[instance].name) for instance in fresh))
        led = all(instance in hop.led for instance in alive)
    else:
        led = known_to_edges(draft.fleet) and _in_plan(draft.fleet, hop, hop.port)
    if led and hop.phase is HopPhase.LEADING:
        _note(draft, replace(hop, phase=HopPhase.ORDERED), "every caller now calls through the proxy")
        draft.perform(ApplyHops())


def _go_back(draft: Draft, hop: Hop) -> None:
    """It is gone when nobody goes through it any more."""
    if hop.phase is not HopPhase.LEAVING:
        return
    if hop.service:
        alive = _every_process(draft.fleet)
        past = not any(instance in alive for instance in hop.callers)
    else:
        past = known_to_edges(draft.fleet) and _in_plan(draft.fleet, hop, draft.fleet.nodes[hop.name].port)
    if past:
        _mend(draft, hop, "is back to normal")


def _mend(draft: Draft, hop: Hop, why: str) -> None:
    draft.emit(HopMended(hop=hop.name, why=why))
    draft.perform(ApplyHops())


def _lift(draft: Draft, hop: Hop, why: str) -> None:
    """The proxy is to let everything pass; one that does not stand yet has nothing to lift."""
    if hop.phase.over:
        return
    if hop.phase is HopPhase.PLACING:
        _lose(draft, hop, why)
        return
    _note(draft, replace(hop, phase=HopPhase.LIFTING), f"disturbance is being lifted: {why}")
    draft.perform(ApplyHops())


def _lose(draft: Draft, hop: Hop, why: str) -> None:
    """There is no proxy: callers are led past where it stood."""
    left = replace(hop, phase=HopPhase.LEAVING, proxy=None)
    if left != hop:
        _note(draft, left, f"no longer disturbed: {why}")
    _tell_callers(draft, left)


def _fail(draft: Draft, hop: Hop, why: str, hint: str = "") -> None:
    operation = draft.fleet.operations.get(hop.order)
    if operation is not None:
        end(draft, operation, Outcome.FAILED, f"the hop to {hop.service or hop.name} cannot be disturbed: {why}", hint)


def _end_order(draft: Draft, operation: Operation) -> None:
    ours = [hop for hop in draft.fleet.hops.values() if hop.order == operation.id]
    lifted = [hop for hop in ours if hop.phase.over]
    if lifted or not ours:
        what = f"the hop to {lifted[0].service or lifted[0].name}" if lifted else "the hop"
        end(
            draft,
            operation,
            Outcome.FAILED,
            f"the disturbance of {what} was lifted before it took effect",
            "hactl events",
        )
    elif all(hop.phase is HopPhase.EFFECTIVE for hop in ours):
        end(draft, operation, Outcome.DONE, operation.sentence)


def _tell_callers(draft: Draft, hop: Hop) -> None:
    alive = _every_process(draft.fleet)
    draft.perform(*(LeadNode(node=alive[instance].name) for instance in hop.callers if instance in alive))


def _note(draft: Draft, hop: Hop, why: str = "") -> None:
    draft.emit(HopChanged(hop=hop, why=why))


def _alive(fleet: Fleet) -> dict[str, Node]:
    """Every node that has requests to send on, or may any moment, by instance."""
    return {
        node.launch.instance: node
        for node in fleet.gateways
        if node.launch is not None and node.state in _CALLING and not node.frozen
    }


def _every_process(fleet: Fleet) -> dict[str, Node]:
    return {node.launch.instance: node for node in fleet.gateways if node.launch is not None and node.state.alive}


def _in_plan(fleet: Fleet, hop: Hop, port: int) -> bool:
    return all(endpoint.port == port for endpoint in fleet.plan.endpoints if endpoint.node == hop.name)


def _without(names: Iterable[str], name: str) -> tuple[str, ...]:
    return tuple(each for each in names if each != name)


def _lent(fleet: Fleet, name: str) -> bool:
    lease = lending(fleet)
    if lease is None:
        return False
    return name in lease.baseline.nodes or name in map(to_service, lease.baseline.services)

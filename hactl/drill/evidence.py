"""What was measured in one run, before it is judged. Values, and how they are read from records. Pure.

All times are seconds of CLOCK_MONOTONIC, which the load, the runner and the daemon share. The client is the judge;
what only the daemon knows is here to explain, except how soon it saw the fault itself.
"""

from collections.abc import Iterable

from hactl.core.auto_failback import WHO
from hactl.core.drill_events import DrillAnswered, DrillAsked
from hactl.core.events import NodeChanged, OperationBegan, Record
from hactl.core.model import Fleet
from hactl.core.node import Role
from hactl.core.operation import Verb
from hactl.core.value import Value
from hactl.drill.arrivals import Arrived
from hactl.drill.canary import Losses
from hactl.drill.continuity import Continuity
from hactl.drill.faults import Proof
from hactl.drill.plan import DrillPlan
from hactl.engines.envoy.account import Account


class Times(Value):
    """When each thing happened; None for what did not, or is not known."""

    asked: float | None = None
    """The first fault was asked for."""
    fault: float | None = None
    """T0: it was in effect, read back."""
    ordered: tuple[float, ...] = ()
    """When each fault was asked for, the first included."""
    struck: tuple[float, ...] = ()
    """When each was in effect; when it was asked for of one that never was."""
    lifted: tuple[float | None, ...] = ()
    """When each was over that ended before the failback, read back."""
    detected: float | None = None
    """The daemon saw it; of several, the one that took longest to be seen."""
    detected_from: float | None = None
    """When that one was in effect; None: it was the first."""
    edge_knew: float | None = None
    """T2e: the first edge had proved a plan without those that were struck."""
    last_reached: float | None = None
    """T3: clients sent the last request of which they know that it came to one of those that were struck, before the
    first of these was back: that one has answered it, or it failed. What edges tried and repeated elsewhere they do
    not know."""
    returned: float | None = None
    """The first of those that were struck was in service again."""
    rerouted: float | None = None
    """Every edge had proved a plan without those that were struck."""
    capacity: float | None = None
    """Everything served again; of several faults, after the one that took longest to get over."""
    capacity_from: float | None = None
    """When that one was in effect; None: it was the first."""
    over: float | None = None
    """The last fault was over that ended before the failback."""
    failback: float | None = None
    """The failback began."""
    restored: float | None = None
    """The daemon said that everything is as it was."""
    ended: float | None = None
    """Everything was verified."""


class ByHand(Value):
    """A step of a drill that a person does."""

    step: str
    asked: float
    done: float | None = None
    """When somebody said that it is done; None when nobody has."""
    by: str = ""
    note: str = ""
    """What they said besides."""


class Evidence(Value):
    """All that a verdict is made of, besides the requests themselves."""

    times: Times = Times()
    proofs: tuple[Proof, ...] = ()
    nodes: tuple[str, ...] = ()
    """Gateway nodes of the fleet, spares and those that joined it meanwhile included."""
    losses: tuple[Losses, ...] = ()
    others: tuple[str, ...] = ()
    """What somebody else did to the fleet meanwhile."""
    leftovers: tuple[str, ...] = ()
    """What is not as it was; only asked when the fleet had been borrowed."""
    continuity: Continuity = Continuity()
    """Who was out of service meanwhile."""
    warm: bool = True
    """Every connection of the load's warm-up got an answer."""
    amplification: float | None = None
    """Requests that edges sent to nodes for each request of clients, from the fault to the failback, by their own
    counters; None when these were not read."""
    arrivals: tuple[Arrived, ...] = ()
    """What nodes had sent to the services that were struck, second by second; nothing where none was."""
    edges: tuple[Account, ...] = ()
    """What edges counted themselves from just before the faults to the end, and run with."""
    clock_step: float = 0.0
    """Seconds by which the wall clock was set during the run."""
    by_hand: tuple[ByHand, ...] = ()
    """What people had to do; how long that took is part of all times after it."""

    @property
    def lost(self) -> int | None:
        """Records that were acknowledged and are missing, altered, or there twice; None where none were looked for."""
        return sum(loss.broken for loss in self.losses) if self.losses else None


def lasted(begin: float | None, end: float | None) -> float | None:
    """Seconds between two moments; None when one of them is not known."""
    return None if begin is None or end is None else max(0.0, end - begin)


def seen_from(times: Times) -> float | None:
    """From when on the daemon should have seen what it saw at `detected`."""
    return times.fault if times.detected_from is None else times.detected_from


def capacity_due(times: Times, plan: DrillPlan | None) -> float | None:
    """From when on everything should serve again: the failback, of what was kept down until then, else the fault."""
    if plan is not None and plan.keeps_down:
        return times.failback
    return times.fault if times.capacity_from is None else times.capacity_from


def gateways(fleet: Fleet, records: Iterable[Record]) -> tuple[str, ...]:
    """Every gateway node there was in `fleet` or, by `records`, which lead on from it, later."""
    names = dict.fromkeys(node.name for node in fleet.gateways)
    for record in records:
        if isinstance(record.event, NodeChanged) and record.event.node.role is Role.GATEWAY:
            names.setdefault(record.event.node.name)
    return tuple(names)


def others(records: Iterable[Record], operation: str) -> tuple[str, ...]:
    """What was begun by anybody else from the moment on that the drill `operation` began, and not on its behalf."""
    mine: str | None = None
    asked, found = False, []
    for record in records:
        if isinstance(record.event, DrillAsked | DrillAnswered):
            asked = isinstance(record.event, DrillAsked) and bool(record.event.question)
        if not isinstance(record.event, OperationBegan):
            continue
        if record.event.operation.id == operation:
            mine = record.by
        elif mine is not None and record.by not in (mine, WHO, "") and not (asked or _about_drills(record.event)):
            found.append(f"{record.event.operation.sentence} by {record.by}")
    return tuple(found)


def _about_drills(event: OperationBegan) -> bool:
    """That drills are locked does nothing to a fleet."""
    return event.operation.verb in (Verb.DRILL_LOCK, Verb.DRILL_UNLOCK)

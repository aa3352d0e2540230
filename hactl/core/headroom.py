"""Whether the remaining nodes could carry the traffic when others are lost, and how much room would remain. Pure.

The nodes of a fleet are the same program configured alike on one machine, so that capacity is one number: requests per
second that one node can carry. It is declared (`gateway.capacity`), or else the most that any node has been seen to
sustain. The latter is a lower bound and is treated as no more than that: a higher load is unproved, not too much.

Who would carry how much follows from the intended shares of the fleet without the lost nodes, spares stepping in as
they would; the most loaded node decides. What a command would leave, and whether it is rejected, is `consequence`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

from hactl.core.load import FRESH, Load
from hactl.core.model import Fleet
from hactl.core.node import Health, NodeState, Role
from hactl.core.plan import Share
from hactl.core.plural import counted
from hactl.core.traffic import shares, stepping_in
from hactl.core.value import Value, replace


class Basis(StrEnum):
    """How the capacity of a node is known."""

    DECLARED = "declared"
    SEEN = "seen"
    UNKNOWN = "unknown"


class CapacityVerdict(StrEnum):
    """Whether a load fits."""

    ROOM = "room"
    """It fits what is declared, or what was seen already."""
    UNPROVED = "unproved"
    """Nobody has declared so much, nor seen it; or the load is not known."""
    SHORT = "short"
    """It is more than is declared, or nobody is left to carry it."""


_WORST_LAST = (CapacityVerdict.ROOM, CapacityVerdict.UNPROVED, CapacityVerdict.SHORT)


class Carrying(Value):
    """What the rest would carry."""

    verdict: CapacityVerdict
    sentence: str
    """All of it, for people."""
    without: tuple[str, ...] = ()
    """The nodes that are lost."""
    nodes: int = 0
    """How many would take traffic."""
    node: str = ""
    """The most burdened of them; "" when there is none."""
    part: float = 0.0
    """Its part of the whole traffic (0..1)."""
    needed: float | None = None
    """Requests per second it would carry; None when the load is not known."""
    capacity: float = 0.0
    """Requests per second one node carries; 0 when nothing is known."""
    basis: Basis = Basis.UNKNOWN
    more: bool = False
    """It is more than the most burdened node is meant to carry now."""

    @property
    def room(self) -> float | None:
        """The part of its capacity that the most burdened node would have left; below 0 when it has too little."""
        if self.needed is None or not self.capacity or not self.nodes:
            return None
        return 1.0 - self.needed / self.capacity


class Headroom(Value):
    """How much could be lost; a part of `status --json`, and as stable as that."""

    version: int = 1
    load: float | None = None
    """Requests per second of all nodes together, as last measured."""
    capacity: float = 0.0
    """Requests per second one node carries; 0 when nothing is known."""
    basis: Basis = Basis.UNKNOWN
    n_minus_1: Carrying | None = None
    """Without the one node whose loss is worst; None when nobody serves."""
    n_minus_region: Carrying | None = None
    """Without the region whose loss is worst; None when there is one region only, or nobody serves."""
    region: str = ""
    """That region."""


def capacity(fleet: Fleet) -> tuple[float, Basis]:
    """Requests per second that one node carries, and how that is known."""
    if fleet.spec.gateway.capacity:
        return float(fleet.spec.gateway.capacity), Basis.DECLARED
    return fleet.sustained, Basis.SEEN if fleet.sustained else Basis.UNKNOWN


def carrying(fleet: Fleet, load: Load | None, without: Iterable[str] = ()) -> Carrying:
    """What the rest would carry when the nodes `without` are lost; edges among them are nobody's loss here."""
    lost = tuple(name for name in without if fleet.nodes[name].role is Role.GATEWAY)
    return burden(fleet, bereft(fleet, lost), load, lost)


def bereft(fleet: Fleet, lost: Iterable[str], state: NodeState = NodeState.BACKOFF) -> Fleet:
    """The fleet without some of its nodes, which are in `state` then, and with the spares that step in for them."""
    gone = {name: replace(fleet.nodes[name], state=state, health=Health.UNKNOWN) for name in lost}
    return manned(replace(fleet, nodes=fleet.nodes | gone)) if gone else fleet


def manned(fleet: Fleet) -> Fleet:
    """The fleet with every spare that would step in where somebody is missing."""
    steps = [spare for region in fleet.spec.regions for spare in stepping_in(fleet, region.name, region.nodes)]
    return replace(fleet, nodes=fleet.nodes | {spare.name: replace(spare, state=NodeState.SERVING) for spare in steps})


def burden(now: Fleet, then: Fleet, load: Load | None, without: tuple[str, ...] = ()) -> Carrying:
    """What the nodes carry when the fleet has become `then`, beside what they carry `now`."""
    left = [share for share in shares(then) if share.part > 0]
    most = max(left, key=lambda share: share.part, default=Share(node="", region="", part=0.0))
    before = max((share.part for share in shares(now)), default=0.0)
    one, basis = capacity(then)
    needed = load.total * most.part if load is not None and left else None
    blank = Carrying(
        verdict=_verdict(needed, one, basis, somebody=bool(left)),
        sentence="",
        without=without,
        nodes=len(left),
        node=most.node,
        part=most.part,
        needed=needed,
        capacity=one,
        basis=basis,
        more=most.part > before + 1e-9 if left else before > 0,
    )
    return replace(blank, sentence=_sentence(blank, load))


def worst(several: Iterable[Carrying]) -> Carrying | None:
    """The one that leaves the least; None of none."""
    return max(
        several, key=lambda one: (not one.nodes, _WORST_LAST.index(one.verdict), round(one.part, 9)), default=None
    )


def headroom(fleet: Fleet, load: Load | None) -> Headroom:
    """What would be left without any one node, and without any one region."""
    one, basis = capacity(fleet)
    total = load.total if load is not None else None
    known = Headroom(load=total, capacity=one, basis=basis)
    up = [share for share in shares(fleet) if fleet.nodes[share.node].serviceable]
    if not any(share.part for share in up):
        return known
    # Nodes of one region and one share are missed alike: one of each is enough to look at.
    alike = {(share.region, round(share.part, 9)): share.node for share in reversed(up)}
    n_minus_1 = worst(carrying(fleet, load, (name,)) for name in alike.values())
    known = replace(known, n_minus_1=n_minus_1)
    if len(fleet.spec.regions) < 2:
        return known
    regions = dict.fromkeys(share.region for share in up)
    lost = {name: carrying(fleet, load, tuple(node.name for node in fleet.in_region(name))) for name in regions}
    without = worst(lost.values())
    region = next(name for name, left in lost.items() if left is without)
    return replace(known, n_minus_region=without, region=region)


def told(headroom: Headroom) -> str:
    """The headroom in one line, for people."""
    one, region = headroom.n_minus_1, headroom.n_minus_region
    if one is None:
        return "headroom: none, no node is serving"
    if headroom.load is None:
        return f"headroom: unknown, no load measured in the last {FRESH:g} s (one node: {_basis(headroom)})"
    if not headroom.load:
        return f"headroom: no traffic now (one node: {_basis(headroom)})"
    if not one.nodes:
        line = "headroom: N-1 NONE (no other node would be serving)"
    else:
        up_to = "" if _even(one) else "up to "
        at = f"{counted(one.nodes, 'node')} at {up_to}{rate(one.needed or 0.0)}"
        beside = "," if one.verdict is CapacityVerdict.UNPROVED else " of"
        line = f"headroom: N-1 {_room(one)} ({at}{beside} {_basis(headroom)})"
    return line if region is None else f"{line}; without {headroom.region}: {_room(region)}"


def rate(requests: float) -> str:
    """Requests per second, for people."""
    return f"{requests:.0f}/s" if requests >= 10 or requests % 1 == 0 else f"{requests:.1f}/s"


def _verdict(needed: float | None, one: float, basis: Basis, *, somebody: bool) -> CapacityVerdict:
    if not somebody:
        return CapacityVerdict.SHORT
    if needed is None:
        return CapacityVerdict.UNPROVED
    if needed <= one:
        return CapacityVerdict.ROOM
    return CapacityVerdict.SHORT if basis is Basis.DECLARED else CapacityVerdict.UNPROVED


def _even(left: Carrying) -> bool:
    """All of them carry the same."""
    return left.part * left.nodes < 1.01


def _sentence(left: Carrying, load: Load | None) -> str:
    if not left.nodes:
        return "no node would be left to " + (
            f"carry {rate(load.total)}" if load is not None and load.total else "serve"
        )
    who = f"the other {left.nodes} nodes" if left.without else f"{left.nodes} nodes"
    if left.nodes == 1:
        who = f"{left.node} alone"
    if left.needed is None:
        return f"the load on {who} is unknown: none was measured in the last {FRESH:g} s"
    if not left.needed:
        return f"{who} would carry it: there is no traffic now"
    each = rate(left.needed)
    if left.nodes > 1:
        each = f"{each} each" if _even(left) else f"up to {each} ({left.node})"
    return f"{who} would carry {each}; {_known(left)}"


def _known(what: Carrying) -> str:
    match what.basis:
        case Basis.DECLARED:
            return f"declared capacity: {rate(what.capacity)} per node"
        case Basis.SEEN:
            return f"a node has been seen to sustain {rate(what.capacity)}"
        case Basis.UNKNOWN:
            return "no node has been seen to sustain a load yet"
        case _:
            assert_never(what.basis)


def _basis(what: Headroom) -> str:
    return "capacity not known yet" if what.basis is Basis.UNKNOWN else f"{rate(what.capacity)} {what.basis}"


def _room(left: Carrying) -> str:
    if not left.nodes:
        return "NONE"
    if left.room is None or left.verdict is CapacityVerdict.UNPROVED:
        return "unproved"
    short = left.verdict is CapacityVerdict.SHORT
    return f"SHORT by {-left.room * 100:.0f} %" if short else f"{left.room * 100:.0f} % left"

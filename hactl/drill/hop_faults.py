"""Faults of hops: how a drill file defines one, the command that causes it, and what proves it. All are emulated.

A proxy of ours stands in the hop while such a fault lasts (`core.hops`). The proof is what the daemon has read back
from that proxy, by pid and start time, and in the end what it has counted. When the proxy has ended before its time, so
has the fault, and nothing is proved.
"""

from collections.abc import Iterable, Mapping

from hactl.core.events import Record
from hactl.core.hop import Disturbance, Hop, HopFault, HopPhase, Way, service_of, to_service
from hactl.core.hop_commands import MendHop
from hactl.core.hop_events import HopChanged
from hactl.core.model import Fleet
from hactl.core.value import Value, replace
from hactl.drill.definition import FaultKind
from hactl.drill.faults import Proof
from hactl.drill.plan import Strike

HOW = {"refuse": Disturbance.REFUSE, "hang": Disturbance.HOLD, "reset": Disturbance.RESET}
"""The ways in which something can be down, as drill files say it."""


class Meaning(Value):
    """What a kind of fault makes of its keys."""

    what: Disturbance
    """Unless a key says otherwise."""
    wants: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    """Besides those that it wants."""
    way: Way = Way.BOTH
    services: bool = False
    """It strikes services, and nothing else."""


MEANINGS: dict[FaultKind, Meaning] = {
    FaultKind.PARTITION: Meaning(what=Disturbance.HOLD, takes=("direction",)),
    FaultKind.LATENCY: Meaning(what=Disturbance.LATE, wants=("delay",), takes=("direction",)),
    FaultKind.BANDWIDTH: Meaning(what=Disturbance.NARROW, wants=("rate",), takes=("direction",)),
    FaultKind.REFUSE: Meaning(what=Disturbance.REFUSE),
    FaultKind.RESET: Meaning(what=Disturbance.RESET),
    FaultKind.FLAPPING: Meaning(what=Disturbance.HOLD, wants=("down", "up"), takes=("how", "direction")),
    FaultKind.UPSTREAM_DOWN: Meaning(what=Disturbance.REFUSE, takes=("how",), services=True),
    FaultKind.UPSTREAM_SLOW: Meaning(what=Disturbance.LATE, wants=("delay",), way=Way.FROM, services=True),
    FaultKind.UPSTREAM_FLAPPING: Meaning(what=Disturbance.REFUSE, wants=("down", "up"), takes=("how",), services=True),
}


def meant(kind: FaultKind, said: Mapping[str, object]) -> HopFault:
    """The disturbance that a fault of `kind` is, with what its file says: values of the keys that it wants or takes."""
    meaning = MEANINGS[kind]
    fields = {"lag": "delay", "rate": "rate", "down": "down", "up": "up"}
    return HopFault(
        what=HOW[str(said["how"])] if "how" in said else meaning.what,
        way=Way(str(said["direction"])) if "direction" in said else meaning.way,
        **{field: said[key] for field, key in fields.items() if key in said},  # type: ignore[arg-type]
    )


def hops(strike: Strike) -> tuple[str, ...]:
    """The names of the hops that a strike disturbs."""
    return (*strike.nodes, *map(to_service, strike.services))


def mending(strike: Strike, fleet: Fleet) -> MendHop | None:
    """What takes back, before the failback, what is left of it; None when nothing is."""
    left = {name for name, hop in fleet.hops.items() if not hop.phase.over}
    nodes = tuple(name for name in strike.nodes if name in left)
    services = tuple(name for name in strike.services if to_service(name) in left)
    return MendHop(nodes=nodes, services=services) if nodes or services else None


def disturbed(strike: Strike, records: Iterable[Record]) -> tuple[float | None, tuple[Proof, ...]]:
    """When the last of its hops was read back to suffer what `strike` wants, in monotonic seconds, None when one never
    was; and what was found of each. `records` begin when that was asked for."""
    effective: dict[str, tuple[float, Hop]] = {}
    for record in records:
        match record.event:
            case HopChanged(hop=hop) if hop.phase is HopPhase.EFFECTIVE and hop.fault == strike.hop:
                effective.setdefault(hop.name, (record.mono, hop))
            case _:
                pass
    wanted = hops(strike)
    proofs = tuple(_proof(name, effective[name][1] if name in effective else None) for name in wanted)
    done = [effective[name][0] for name in wanted if name in effective]
    return (max(done) if len(done) == len(wanted) else None), proofs


def in_the_end(proofs: Iterable[Proof], records: Iterable[Record]) -> tuple[Proof, ...]:
    """`proofs` with what the proxies had counted, and without those that ended before they were to."""
    over: dict[tuple[str, str], HopChanged] = {}
    for record in records:
        if not isinstance(record.event, HopChanged):
            continue
        hop = record.event.hop
        which = _called(hop.name), _found(hop)
        if hop.phase is HopPhase.EFFECTIVE:
            over.pop(which, None)  # once more
        elif hop.phase is HopPhase.LEAVING:
            over.setdefault(which, record.event)
    return tuple(
        _ended(proof, over[proof.node, proof.found]) if (proof.node, proof.found) in over else proof for proof in proofs
    )


def _ended(proof: Proof, event: HopChanged) -> Proof:
    if event.hop.proxy is None:
        return replace(proof, done=False, found=f"{proof.found}, but {event.why}")
    return replace(proof, found=f"{proof.found}; {event.hop.seen}")


def _proof(name: str, hop: Hop | None) -> Proof:
    if hop is None or hop.proxy is None:
        return Proof(node=_called(name), pid=0, ticks=0, done=False, found="not confirmed to be disturbed")
    return Proof(node=_called(name), pid=hop.proxy.pid, ticks=hop.proxy.ticks, done=True, found=_found(hop))


def _found(hop: Hop) -> str:
    return f"proxy: {hop.fault}"


def _called(name: str) -> str:
    return f"hop to {service_of(name) or name}"

"""What each kind of fault is: the command that causes it, and what proves that it is in effect. Undo is elsewhere.

The undo is the daemon's (`core.drills`): a fault has one because the fleet was borrowed, not because somebody
remembers it. The proof is about the very process that was meant, by pid and start time: the kernel's word on what has
been killed or stopped, and what the daemon has read back from the process on how it treats requests. A process that has
another identity, or an answer from a port, proves nothing.
"""

from collections.abc import Iterable, Mapping

from hactl.core.commands import BeginDrill, BoundCommand, Command, Freeze, Heal, Impair, Kill, Restart
from hactl.core.events import NodeChanged, Record
from hactl.core.hop_commands import BreakHop
from hactl.core.impairment import ImpairmentPhase
from hactl.core.node import Launch
from hactl.core.value import Value
from hactl.drill.definition import AIMLESS, OF_HOPS, FaultKind
from hactl.drill.plan import DrillPlan, Strike
from hactl.supervisor import procfs


class Proof(Value):
    """One process as it was found."""

    node: str
    pid: int
    ticks: int
    """Its start, in clock ticks after boot."""
    done: bool
    """The fault is in effect."""
    found: str
    """In words."""


class Injected(Value):
    """One fault that was asked for; monotonic seconds."""

    asked: float
    fault: float | None
    """When it was in effect on everybody it was meant for; None when it never was."""
    proofs: tuple[Proof, ...]


def borrowing(plan: DrillPlan) -> BeginDrill:
    """What has the fleet lent, and everything that the plan touches restored when it is over."""
    return BeginDrill(
        name=plan.drill,
        nodes=plan.at_once,
        in_turn=plan.in_turn,
        regions=plan.regions,
        config=plan.configures,
        services=plan.services,
        lease=plan.lease,
        longest=plan.longest,
    )


def command(strike: Strike) -> BoundCommand:
    """What does it."""
    if strike.hop is not None:
        return BreakHop(nodes=strike.nodes, services=strike.services, fault=strike.hop)
    match strike.kind:
        case FaultKind.KILL:
            return Kill(nodes=strike.nodes, hold=strike.keep_down)
        case FaultKind.FREEZE:
            return Freeze(nodes=strike.nodes)
        case FaultKind.IMPAIR if strike.impairment is not None:
            return Impair(nodes=strike.nodes, fault=strike.impairment)
        case FaultKind.RESTART:
            return Restart(nodes=strike.nodes)
        case FaultKind.DAEMON_KILL | FaultKind.DAEMON_FREEZE:
            raise AssertionError("no command: no daemon would be there to carry it out")
        case FaultKind.CONFIG:
            raise AssertionError("derived from the configuration in force at that time")
        case FaultKind.SURGE | FaultKind.CPU | FaultKind.MEMORY | FaultKind.DISK:
            raise AssertionError("no command: the drill does this itself")
        case _:
            raise AssertionError(f"a drill file defines what a {strike.kind} is")


def rehearsal(plan: DrillPlan) -> tuple[Command, ...]:
    """What the daemon can be asked about before it has lent the fleet. Nobody may be impaired before, and no hop
    be disturbed; who can be at all is known when the plan is made."""
    others = (FaultKind.IMPAIR, *AIMLESS, *OF_HOPS)
    strikes = (strike for strike in plan.strikes if strike.kind not in others and strike.burden is None)
    return (borrowing(plan), *map(command, strikes))


def healing(strike: Strike, impaired: Iterable[str]) -> Heal | None:
    """What takes an impairment back that does not last to the failback, from those who have one still."""
    nodes = tuple(name for name in strike.nodes if name in set(impaired))
    return Heal(nodes=nodes) if nodes else None


def lives(launch: Launch) -> bool:
    """That very process is there, by the kernel's word."""
    return procfs.lives(launch.pid, launch.ticks)


def read_back(strike: Strike, node: str, launch: Launch) -> Proof:
    """Whether `strike` is in effect on the process that `node` had when it was aimed at."""
    stat = procfs.read_stat(launch.pid)
    gone = not lives(launch)
    stopped = stat is not None and not gone and stat.state == "T"
    # A process that hangs is killed by the daemon within milliseconds: gone is what became of stopped.
    done = gone or (stopped and strike.kind is FaultKind.FREEZE)
    found = "gone" if gone else "stopped (state T)" if stopped else f"runs (state {stat.state})" if stat else "gone"
    return Proof(node=node, pid=launch.pid, ticks=launch.ticks, done=done, found=found)


def impaired(
    strike: Strike, launches: Mapping[str, Launch], records: Iterable[Record]
) -> tuple[float | None, tuple[Proof, ...]]:
    """When the last of the processes in `launches` was read back to treat requests as `strike` wants it, in monotonic
    seconds, None when one never was; and what was found of each. `records` begin when that was asked for."""
    effective: dict[str, float] = {}
    for record in records:
        if not isinstance(record.event, NodeChanged):
            continue
        node = record.event.node
        found, meant = node.impaired, launches.get(node.name)
        if found is None or found.phase is not ImpairmentPhase.EFFECTIVE or found.fault != strike.impairment:
            continue
        if meant and node.launch and (node.launch.pid, node.launch.ticks) == (meant.pid, meant.ticks):
            effective.setdefault(node.name, record.mono)
    proofs = tuple(
        Proof(
            node=name,
            pid=launch.pid,
            ticks=launch.ticks,
            done=name in effective,
            found=f"impaired: {strike.impairment}" if name in effective else "not confirmed to be impaired",
        )
        for name, launch in launches.items()
    )
    return (max(effective.values()) if len(effective) == len(launches) else None), proofs

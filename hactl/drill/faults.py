"""What each kind of fault is: the command that does it, and what proves that it has been done. No undo stands here.

The undo is the daemon's (`core.drills`): a fault has one because the fleet was borrowed, not because somebody
remembers it. The proof is the kernel's word about the very process that was meant, by pid and start time: a process
that has another identity, or an answer from a port, proves nothing.
"""

from typing import assert_never

from hactl.core.commands import BeginDrill, Command, Freeze, Kill
from hactl.core.node import Launch
from hactl.core.value import Value
from hactl.drill.definition import FaultKind
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


def borrowing(plan: DrillPlan) -> BeginDrill:
    """What has the fleet lent, and everything that the plan touches restored when it is over."""
    return BeginDrill(name=plan.drill, nodes=plan.nodes, regions=plan.regions, lease=plan.lease, longest=plan.longest)


def command(strike: Strike) -> Command:
    """What does it."""
    match strike.kind:
        case FaultKind.KILL:
            return Kill(nodes=strike.nodes, hold=strike.keep_down)
        case FaultKind.FREEZE:
            return Freeze(nodes=strike.nodes)
        case _:
            assert_never(strike.kind)


def read_back(strike: Strike, node: str, launch: Launch) -> Proof:
    """Whether `strike` is in effect on the process that `node` had when it was aimed at."""
    stat = procfs.read_stat(launch.pid)
    gone = stat is None or stat.ticks != launch.ticks or stat.state in ("Z", "X")
    stopped = stat is not None and not gone and stat.state == "T"
    # A process that hangs is killed by the daemon within milliseconds: gone is what became of stopped.
    done = gone or (stopped and strike.kind is FaultKind.FREEZE)
    found = "gone" if gone else "stopped (state T)" if stopped else f"runs (state {stat.state})" if stat else "gone"
    return Proof(node=node, pid=launch.pid, ticks=launch.ticks, done=done, found=found)

"""Planned work as a fault: processes that are drained, stopped and started again, one at a time, while clients ask.

The daemon does it, as it does for an operator, and its own rules say when the next may go. What is proved here is that
every process that was meant has ended and another one serves in its place: by the kernel, for pid and start.
"""

from collections.abc import Mapping

from hactl.core.events import NodeChanged, Record
from hactl.core.model import Fleet
from hactl.core.node import Launch
from hactl.core.operation import Outcome
from hactl.core.value import replace
from hactl.drill.faults import Injected, Proof, command, lives
from hactl.drill.following import Follower
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan, Strike


async def restart(
    loan: Loan,
    strike: Strike,
    launches: Mapping[str, Launch],
    follower: Follower,
    plan: DrillPlan,
    *,
    asked: float,
) -> Injected:
    """Have it done, and wait for its end; it begins to be in effect with the first that is taken out of service."""
    mark = len(follower.records)
    receipt = await loan.submit(command(strike))
    ended = await follower.ended(receipt.operation, plan.longest)
    proofs = tuple(replaced(name, launch, follower.fleet) for name, launch in launches.items())
    if ended is None or ended.outcome is not Outcome.DONE:
        why = "is not finished yet" if ended is None else ended.sentence
        proofs = tuple(proof if proof.done else replace(proof, found=why) for proof in proofs)
    began = next((record.mono for record in follower.records[mark:] if _takes_out(record, strike)), None)
    return Injected(asked=asked, fault=began if all(proof.done for proof in proofs) else None, proofs=proofs)


def _takes_out(record: Record, strike: Strike) -> bool:
    event = record.event
    return isinstance(event, NodeChanged) and event.node.name in strike.nodes and not event.node.serviceable


def replaced(name: str, was: Launch, fleet: Fleet) -> Proof:
    """Whether another process serves in the place of the one that `name` had."""
    gone = not lives(was)
    node = fleet.nodes.get(name)
    now = None if node is None else node.launch
    fresh = now is not None and (now.pid, now.ticks) != (was.pid, was.ticks)
    serves = node is not None and (node.serviceable or node.standing_by)
    runs = now is not None and lives(now)
    done = gone and fresh and serves and runs
    found = f"restarted: pid {now.pid} serves instead" if done and now is not None else "not restarted"
    return Proof(node=name, pid=was.pid, ticks=was.ticks, done=done, found=found)

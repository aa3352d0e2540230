"""What is known of a run when it is over, besides its requests: collected from the journal and the kernel.

Asks and reads; what it all means is judged elsewhere (`judging`).
"""

import time

from hactl.core.value import replace
from hactl.drill import evidence as seen
from hactl.drill.definition import Definition
from hactl.drill.evidence import Evidence
from hactl.drill.following import Follower
from hactl.drill.hop_faults import in_the_end
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan
from hactl.drill.reading_back import continuity
from hactl.drill.retries import amplification


async def take_stock(
    found: Evidence,
    drill: Definition,
    plan: DrillPlan,
    follower: Follower,
    loan: Loan | None,
    *,
    struck: bool,
) -> Evidence:
    """`found` with everything else. `loan` is None when the fleet was not borrowed."""
    times = found.times
    if follower.fleet.closing:
        loan = None  # nobody can be asked any more what the journal has
    nodes = seen.gateways(follower.began, follower.records)
    found = replace(found, proofs=in_the_end(found.proofs, follower.records), nodes=nodes)
    if struck:
        found = replace(found, continuity=await continuity(follower, loan, plan, times))
    if times.fault is not None:
        end = times.failback or time.monotonic()
        found = replace(found, amplification=amplification(follower.rates, times.fault, end))
    if loan is None:
        return found
    found = replace(found, others=seen.others(follower.records, loan.operation))
    if times.fault is None:
        return found
    return replace(found, losses=await loan.losses(drill.canary, times.fault))

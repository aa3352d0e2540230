"""What is known of a run when it is over, besides its requests: collected from the journal and the kernel.

First what is here already, then what somebody has to be asked for, who may not be there any more. What it all means is
judged elsewhere (`judging`).
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
from hactl.drill.reading_back import continuity, gaps
from hactl.drill.retries import amplification


def heard(found: Evidence, plan: DrillPlan, follower: Follower, loan: Loan | None, *, struck: bool) -> Evidence:
    """`found` with what `follower` has heard by now, and with the kernel's word on processes: nobody is asked, and it
    cannot fail. `loan` is None when the fleet was not borrowed; `struck` says whether anything was done to it."""
    times = found.times
    nodes = seen.gateways(follower.began, follower.records)
    found = replace(found, proofs=in_the_end(found.proofs, follower.records), nodes=nodes)
    if struck:
        found = replace(found, continuity=continuity(follower, plan, times))
    if times.fault is not None:
        end = times.failback or time.monotonic()
        found = replace(found, amplification=amplification(follower.rates, times.fault, end))
    return found if loan is None else replace(found, others=seen.others(follower.records, loan.operation))


async def asked(found: Evidence, drill: Definition, follower: Follower, loan: Loan | None, *, struck: bool) -> Evidence:
    """`found` with what only the daemon knows. Raises HactlError when it does not answer. Nobody is asked when the
    fleet was not borrowed, or is taken down."""
    if loan is None or follower.fleet.closing:
        return found
    if struck:
        whole = replace(found.continuity, journal_gaps=await gaps(follower, loan))
        found = replace(found, continuity=whole)
    if found.times.fault is None:
        return found
    return replace(found, losses=await loan.losses(drill.canary, found.times.fault))

"""What is read from the journal and the kernel when a drill is over; its meaning is `continuity`."""

import time

from hactl.core.value import replace
from hactl.drill.config_faults import reasons
from hactl.drill.continuity import Continuity, missing, read_adoption, read_continuity, read_spread
from hactl.drill.daemon_faults import ended
from hactl.drill.definition import FaultKind
from hactl.drill.evidence import Times
from hactl.drill.following import Follower
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan
from hactl.drill.shifting import turns


def continuity(follower: Follower, plan: DrillPlan, times: Times) -> Continuity:
    """What the fleet went through, but for what only the whole journal tells (`gaps`)."""
    asked, until = times.asked or 0.0, times.failback or time.monotonic()
    found = read_continuity(follower.began, follower.records, asked, until)
    struck = zip(plan.strikes, times.struck, strict=False)
    if killed := [moment for strike, moment in struck if strike.kind is FaultKind.DAEMON_KILL]:
        found = read_adoption(found, follower.records, killed)
    if plan.configures:
        found = read_spread(found, follower.began, follower.records, reasons(plan), until)
    if plan.regions:
        found = replace(found, turns=turns(follower.began, follower.records, plan.regions, asked, until))
    return replace(found, restarts=len(ended(follower.began, plan)))


async def gaps(follower: Follower, loan: Loan) -> int:
    """Records that are missing in the journal. Raises HactlError when it cannot be read."""
    return missing(await loan.numbers(follower.began.seq))

"""What is read back when a drill is over: from the journal of a fleet in memory."""

from pathlib import Path

from support.build import a_spec
from support.lending import Lender
from support.script import serving

from hactl.core.events import NodeChanged
from hactl.core.value import replace
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.evidence import Times
from hactl.drill.following import Follower
from hactl.drill.loan import Loan
from hactl.drill.plan import plan
from hactl.drill.reading_back import continuity, gaps

FLEET = serving(a_spec())
KILL = Fault(kind=FaultKind.KILL, target=Target(names=("seoul-1",)))
PLAN = plan(Definition(name="d", title="t", faults=(KILL,)), FLEET, 1)


async def test_records_that_are_missing_are_counted(tmp_path: Path) -> None:
    """By their numbers, from the moment on at which the fleet was first looked at."""
    lender = Lender(FLEET)
    loan = Loan(lender, PLAN, by="me")
    await loan.begin()
    node = lender.snapshot.fleet.nodes["seoul-2"]
    lender.happen(*[NodeChanged(was=node.state, node=node) for _ in range(4)])
    follower = Follower(lender, FLEET)
    assert await gaps(follower, loan) == 0
    del lender.records[-2:-1]
    assert await gaps(follower, loan) == 1


def test_only_processes_that_were_there_can_have_been_started_again() -> None:
    """And no daemon is said to have been replaced that nobody struck."""
    times = Times(asked=1.0, fault=1.0, failback=2.0)
    found = continuity(Follower(Lender(FLEET), replace(FLEET, nodes={})), PLAN, times)
    assert (found.restarts, found.adopted, found.journal_gaps) == (0, None, None)

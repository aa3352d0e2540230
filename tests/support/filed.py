"""Reports on drills that nobody ran: a stream of requests with an outage of a known length, judged as any other."""

from collections.abc import Sequence

from support.build import a_spec
from support.script import serving

from hactl.core.value import replace
from hactl.drill.definition import Availability, Definition, Fault, FaultKind, Objectives, Target
from hactl.drill.evidence import Evidence, Times
from hactl.drill.faults import Proof
from hactl.drill.gate import Check
from hactl.drill.phases import Phase
from hactl.drill.plan import plan
from hactl.drill.records import Row
from hactl.drill.report import DrillReport, Ending, Identity, Line, Spent, write

DRILL = Definition(
    name="node-kill",
    title="Nobody notices",
    faults=(Fault(kind=FaultKind.KILL, target=Target(nodes=1)),),
    objectives=Objectives(rto=1.0, availability=Availability(least=0.99)),
)
PLAN = plan(DRILL, serving(a_spec()), 1)
IDENTITY = Identity(run="r", fleet="f", by="alice|pipe", host="h", version="0", began=1.7e9, revision=3)
WELL = Evidence(
    times=Times(asked=109.985, fault=110.0, detected=110.004, failback=130.0),
    proofs=(Proof(node=PLAN.nodes[0], pid=7, ticks=8, done=True, found="gone"),),
    nodes=tuple(node.name for node in serving(a_spec()).gateways),
)


def stream(bad: float = 0.0) -> list[Row]:
    """100 requests a second for 35 s, failing for `bad` seconds from the fault on."""
    moments = [100.0 + number / 100 for number in range(3500)]
    return [Row(at, at, at + 0.001, 503 if 110.0 <= at < 110.0 + bad else 200, "seoul-1", "") for at in moments]


def a_report(
    rows: Sequence[Row],
    evidence: Evidence = WELL,
    ending: Ending | None = None,
    *,
    drill: Definition = DRILL,
    more: Sequence[Sequence[Row]] = (),
) -> DrillReport:
    """The report on a run of `drill` that saw `rows`, and `more` of other streams."""
    return write(
        identity=IDENTITY,
        drill=drill,
        plan=PLAN,
        gate=(Check(name="g", value="1", limit="2", ok=True),),
        evidence=evidence,
        rows=rows,
        more=more,
        phases=(Spent(phase=Phase.PLAN, begin=0.0, end=1.0),),
        timeline=(Line(at=-1.5, text="something | began\nhere"),),
        ending=ending or Ending(),
    )


def filed(
    name: str = "r", *, bad: float = 0.0, began: float = 1.7e9, drill: Definition = DRILL, ending: Ending | None = None
) -> DrillReport:
    """The report on a run called so of `drill`, that began then and in which requests failed for `bad` seconds."""
    report = a_report(stream(bad), ending=ending)
    return replace(report, identity=replace(IDENTITY, run=name, began=began), definition=drill)

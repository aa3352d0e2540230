"""Courses of drills for whoever draws them: node-kill, as far as it has come at a moment, and as its runs lie on disk.

The run begins at 100 s of the monotonic clock: baseline at 101, fault at 107, settling at 117, failback at 122.
"""

import os
from pathlib import Path

from support.pictures import AT, a_fleet

from hactl.core.value import replace
from hactl.drill import library
from hactl.drill.canary import Losses
from hactl.drill.course import Course, grown
from hactl.drill.definition import Definition
from hactl.drill.evidence import Evidence, Times
from hactl.drill.faults import Proof
from hactl.drill.load_plan import Progress
from hactl.drill.phases import Phase
from hactl.drill.plan import plan
from hactl.drill.progress import Asked, Entered, Feed, Step, Timed, Told
from hactl.drill.recovery_time import Outage
from hactl.drill.report import DrillReport, Identity, Second
from hactl.drill.runs import OpenRun, Run
from hactl.drill.verdict import Judged, Status, Verdict
from hactl.supervisor import procfs

RUN = "20231114-221320-node-kill"
BEGAN = 100.0
FAULT = 107.0
ENTERED = {
    Phase.PLAN: 100.0,
    Phase.GATE: 100.1,
    Phase.BASELINE: 101.0,
    Phase.UNDO: 106.9,
    Phase.INJECT: 107.0,
    Phase.CONFIRM: 107.1,
    Phase.OBSERVE: 107.2,
    Phase.SETTLE: 117.0,
    Phase.FAILBACK: 122.0,
    Phase.VERIFY: 123.0,
    Phase.REPORT: 126.0,
}
"""When each phase begins."""
TOLD = {Phase.INJECT: "process.kill of seoul-2", Phase.OBSERVE: "10 s", Phase.SETTLE: "5 s"}
"""What it says when a phase begins, where that is looked at."""
NODE_KILL: Definition = library.load("node-kill", ("phases.baseline=6s",))
PROOF = Proof(node="seoul-2", pid=4312, ticks=77, done=True, found="gone")


def said(until: float, *, failed: dict[int, int] | None = None) -> list[Step]:
    """What the run has said by then; of the 200 requests of each second `failed` says how many failed."""
    failed = failed or {}
    steps: list[tuple[float, Step]] = [(at, Entered(at=at, phase=phase)) for phase, at in ENTERED.items()]
    steps += [(at, Told(at=at, text=f"{phase}: {TOLD.get(phase, 'begins')}")) for phase, at in ENTERED.items()]
    bad, last = 0, None
    for second in range(1, 25):
        at = ENTERED[Phase.BASELINE] + second
        bad += failed.get(int(at), 0)
        last = at - 0.4 if failed.get(int(at)) else last
        progress = Progress(t=float(second), sent=200 * second, failed=bad, last_failed=last, p99_ms=4.5)
        steps.append((at, Asked(at=at, progress=progress)))
    times = Times(asked=FAULT - 0.01, fault=FAULT, struck=(FAULT,))
    steps.append((FAULT, Timed(times=times, proofs=(PROOF,))))
    moved = Times(asked=FAULT - 0.01, fault=FAULT, struck=(FAULT,), detected=107.031, rerouted=107.05, capacity=107.6)
    steps.append((107.7, Timed(times=moved, proofs=(PROOF,))))
    return [step for at, step in sorted(steps, key=lambda one: one[0]) if at <= until]


def course(until: float, *, failed: dict[int, int] | None = None, drill: Definition = NODE_KILL) -> Course:
    """How it stands then, 20 canaries a second acknowledged."""
    begun = grown(
        Course(run=RUN, definition=drill, began=AT - (until - BEGAN), plan=plan(drill, a_fleet(), 1), operation="op-7"),
        said(until, failed=failed),
    )
    kept = max(0, int((until - 101.0) * 20))
    return replace(begun, acknowledged=kept, newest=until - 0.05 if kept else None)


def filed(
    verdict: Verdict = Verdict.PASS,
    *,
    run: str = RUN,
    drill: Definition = NODE_KILL,
    began: float = AT - 60.0,
    rto: str = "310 ms",
    why: str = "all 6 objectives met",
    clean: bool = True,
) -> DrillReport:
    """The report on it."""
    identity = Identity(run=run, fleet="default", by="ann", host="h", version="0", began=began, revision=1)
    met = verdict is Verdict.PASS
    status = Status.MET if met else Status.MISSED
    return DrillReport(
        verdict=verdict,
        why=why,
        clean=clean,
        identity=identity,
        definition=drill,
        plan=plan(drill, a_fleet(), 1),
        objectives=(
            Judged(name="rto", limit="<= 500 ms", value=rto, margin=0.38 if met else -0.6, status=status),
            Judged(name="rpo_records", limit="<= 0 records", value="0 records", margin=None, status=Status.MET),
            Judged(name="availability", limit=">= 99.9 % in 15 s", value="99.950 %", margin=0.5, status=Status.MET),
        ),
        evidence=Evidence(
            times=Times(
                asked=FAULT - 0.01, fault=FAULT, struck=(FAULT,), detected=107.031, rerouted=107.05, capacity=107.6,
                failback=122.0, restored=123.0, ended=126.0,
            ),
            proofs=(PROOF,),
            losses=(
                Losses(store="journal", acknowledged=500, before=120, kept=500, lost=(), lost_count=0, ghosts=0,
                       rejected=0, duplicates=0, window=0.0, resolution=0.05),
            ),
        ),
        outage=Outage(fault=FAULT, first_bad=FAULT + 0.01, back=FAULT + 0.31, bad=1, seen_until=122.0),
        series=tuple(
            Second(at=at, due=200, good=200 - (at == 0), bad=int(at == 0), p99_ms=4.5) for at in range(-6, 19)
        ),
    )  # fmt: skip


def keep(root: Path, report: DrillReport) -> Run:
    """A run with that report, as it lies on disk."""
    run = Run(root / report.identity.run)
    run.directory.mkdir(parents=True)
    run.mark(
        OpenRun(
            identity=report.identity,
            definition=report.definition,
            phase=Phase.REPORT,
            pid=1,
            ticks=0,
            plan=report.plan,
        )
    )
    feed = Feed(run.progress)
    for step in said(130.0):
        feed.say(step)
    run.finish(report)
    return run


def begin(root: Path, name: str = "20240101-000000-node-kill") -> Run:
    """A run of this process that has just begun."""
    run = Run(root / name)
    run.directory.mkdir(parents=True)
    identity = Identity(run=name, fleet="t", by="a", host="h", version="0", began=1.0, revision=0, operation="op-9")
    ticks = procfs.start_ticks(os.getpid()) or 0
    run.mark(OpenRun(identity=identity, definition=NODE_KILL, phase=Phase.PLAN, pid=os.getpid(), ticks=ticks))
    return run

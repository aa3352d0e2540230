"""Where requests went, judged from rows and counters whose truth is known."""

from hactl.core.hop import Disturbance, HopFault
from hactl.core.value import replace
from hactl.drill.arrivals import Arrived
from hactl.drill.definition import FaultKind, Objectives
from hactl.drill.evidence import Evidence, Times
from hactl.drill.judging_traffic import returns, traffic_objectives
from hactl.drill.load_plan import LoadPlan
from hactl.drill.plan import DrillPlan, Strike
from hactl.drill.records import Row
from hactl.drill.verdict import Judged, Status

TIMES = Times(asked=10.0, fault=10.0, struck=(10.0,), lifted=(15.0,), failback=30.0)


def down(lasting: float | None = 5.0) -> DrillPlan:
    """A service is down for so long."""
    return drawn(
        Strike(
            kind=FaultKind.UPSTREAM_DOWN,
            nodes=(),
            services=("app",),
            hop=HopFault(what=Disturbance.REFUSE),
            lasting=lasting,
        )
    )


def drawn(*strikes: Strike) -> DrillPlan:
    load = LoadPlan(url="http://127.0.0.1:1/")
    return DrillPlan(drill="d", title="t", digest="", seed=1, strikes=strikes, regions=(), load=load, longest=60.0)


def judged(asked: Objectives, plan: DrillPlan, evidence: Evidence, *streams: list[Row]) -> Judged:
    rows, others = (*streams, [], [])[:2]
    (item,) = traffic_objectives(asked, plan, evidence, rows, others)
    return item


def row(at: float, *, ok: bool = True, node: str = "a-1") -> Row:
    return Row(at, at, at + 0.01, 200 if ok else 503, node, "")


def test_one_failure_on_another_route_is_too_many() -> None:
    """Where nobody asked for one, nothing is known."""
    asked, evidence = Objectives(others_availability=1.0), Evidence(times=TIMES)
    well = judged(asked, down(), evidence, [], [row(11.0 + number) for number in range(4)])
    assert (well.status, well.value) == (Status.MET, "100.000 % of 4")
    assert judged(asked, down(), evidence, [], [row(11.0), row(12.0, ok=False)]).status is Status.MISSED
    assert judged(asked, down(), evidence).status is Status.UNMEASURED


def test_a_herd_is_judged_where_a_service_comes_back() -> None:
    """And not where it never does before the failback, or where nodes were not read."""
    counts = [Arrived(at=float(at), counts={"a-1:7": 100 * at + (900 if at > 15 else 0)}) for at in range(30)]
    asked, evidence = Objectives(herd=1.5), Evidence(times=TIMES, arrivals=tuple(counts))
    found = judged(asked, down(), evidence)
    assert (found.status, found.value) == (Status.MISSED, "2.80 x in the first 5 s")
    assert judged(Objectives(herd=3.0), down(), evidence).status is Status.MET
    held = replace(evidence, times=replace(TIMES, lifted=(None,)))
    assert judged(asked, down(None), held).status is Status.UNMEASURED
    assert judged(asked, down(), Evidence(times=TIMES)).status is Status.UNMEASURED


def test_traffic_that_has_gone_is_timed_and_what_has_not_is_told() -> None:
    strike = Strike(kind=FaultKind.IMPAIR, nodes=("a-1",))
    asked, evidence = Objectives(shifted=10.0), Evidence(times=TIMES)

    def stream(gone: float) -> list[Row]:
        return [
            row(moment, node="a-1" if number % 2 and moment < gone else "b-1")
            for number in range(3000)
            if (moment := number / 100)
        ]

    assert judged(asked, drawn(strike), evidence, stream(15.0)).status is Status.MET
    late = judged(asked, drawn(strike), evidence, stream(25.0))
    assert (late.status, late.measured is not None and late.measured > 10.0) == (Status.MISSED, True)
    never = judged(asked, drawn(strike), evidence, stream(99.0))
    assert (never.status, never.value) == (Status.MISSED, "not 80 % of its share, 0 % in the end")
    assert judged(asked, drawn(strike), Evidence(), stream(15.0)).status is Status.UNMEASURED
    unsigned = [one._replace(node="") for one in stream(15.0)]
    assert judged(asked, drawn(strike), evidence, unsigned).status is Status.UNMEASURED, "nobody knows who answered"


def test_a_service_is_back_when_its_fault_was_over_and_not_when_it_was_to_be() -> None:
    """Whoever takes it back may be late, and then a herd would be read thin; what strikes nodes brings no service
    back."""
    assert returns(down(), TIMES) == (15.0,)
    late = replace(TIMES, lifted=(17.0,))
    assert returns(down(), late) == (17.0,)
    counts = [Arrived(at=float(at), counts={"a-1:7": 100 * min(at, 10) + 180 * max(0, at - 17)}) for at in range(30)]
    found = judged(Objectives(herd=1.5), down(), Evidence(times=late, arrivals=tuple(counts)))
    assert (found.status, found.value) == (Status.MISSED, "1.80 x in the first 5 s")
    assert returns(drawn(Strike(kind=FaultKind.IMPAIR, nodes=("a-1",), lasting=5.0)), TIMES) == ()

"""How a surge was borne, judged from requests whose truth is known."""

from support.build import a_spec
from support.script import serving

from hactl.core.value import replace
from hactl.drill.burden import Surge
from hactl.drill.definition import Definition, Fault, FaultKind, Objectives, Phases, Target
from hactl.drill.evidence import Evidence, Times
from hactl.drill.judging import Windows, objectives, validity
from hactl.drill.judging_surge import recovery
from hactl.drill.plan import plan
from hactl.drill.records import Row
from hactl.drill.verdict import Judged, Status

FAULT, FAILBACK, END = 110.0, 140.0, 145.0


def stream() -> list[Row]:
    """200 requests a second from 100 s to 145 s, all well."""
    moments = [100.0 + number / 200 for number in range(int((END - 100.0) * 200))]
    return [Row(at, at, at + 0.002, 200, "seoul-1", "") for at in moments]


def of_a_surge(
    surged: list[Row], capacity: float = 0.0, over: float | None = FAULT + 10.0
) -> tuple[dict[str, Judged], dict[str, bool]]:
    """What is judged of a drill whose surge, 4 times its load, had these requests, and what is checked."""
    asked = Objectives(goodput=0.95, refused_p99=0.05, recovered=1.0)
    fault = Fault(kind=FaultKind.SURGE, target=Target(), burden=Surge(factor=5.0), lasting=10.0)
    drill = Definition(name="d", title="t", faults=(fault,), objectives=asked, phases=Phases(hold=25.0, settle=5.0))
    drawn = replace(plan(drill, serving(a_spec()), 1), capacity=capacity)
    evidence = Evidence(times=Times(asked=FAULT, fault=FAULT, over=over, failback=FAILBACK))
    windows = Windows(drill, evidence, stream(), (), surged)
    checks = {check.name: check.ok for check in validity(drill, drawn, evidence, windows)}
    return {item.name: item for item in objectives(drill, drawn, evidence, windows)}, checks


def a_surge(rate: float = 800.0, *, status: int = 200, took: float = 0.002) -> list[Row]:
    moments = [FAULT + number / rate for number in range(int(10 * rate))]
    return [Row(at, at, at + took, status if number % 2 else 200, "a-1", "") for number, at in enumerate(moments)]


def test_a_surge_that_is_carried_or_refused_at_once_was_borne() -> None:
    """All of it, or what the fleet is declared to carry."""
    carried, checks = of_a_surge(a_surge())
    assert {item.status for item in carried.values()} == {Status.MET}
    assert carried["refused_p99"].value == "nothing was refused"
    assert checks["surge as strong as intended"]
    refused, _ = of_a_surge(a_surge(status=503), capacity=500.0)
    assert refused["goodput"].value == "100.00 % of 4999 declared capacity in 10.0 s"
    assert refused["refused_p99"].value == "2 ms"


def test_a_surge_that_is_refused_slowly_or_for_no_reason_was_not() -> None:
    late, _ = of_a_surge(a_surge(status=503, took=0.2))
    assert late["goodput"].value.startswith("60.0")
    assert {late[name].status for name in ("goodput", "refused_p99")} == {Status.MISSED}


def test_recovery_is_judged_from_the_end_of_the_fault() -> None:
    """One that did not end before the failback, or whose end is not known, is not judged."""
    assert of_a_surge(a_surge())[0]["recovered"].value == "0 ms"
    for over in (FAILBACK + 1.0, None):
        assert of_a_surge(a_surge(), over=over)[0]["recovered"].status is Status.UNMEASURED


def test_a_recovery_that_could_still_have_been_in_time_is_not_missed() -> None:
    """It failed for 3 s of the 5 s that were watched: that is more than 2 s, and may be less than 10 s."""
    over = FAILBACK - 5.0
    rows = [row._replace(status=503) if over <= row.intended < over + 3.0 else row for row in stream()]
    assert recovery(2.0, rows, over, 5.0, FAILBACK).value == "not within 5.0 s"
    found = recovery(10.0, rows, over, 5.0, FAILBACK)
    assert (found.status, found.value) == (Status.UNMEASURED, "not measured within 5.0 s")


def test_a_surge_that_was_never_there_shows_nothing() -> None:
    """Without its requests nothing is measured; with too few of them the run is worthless."""
    found, checks = of_a_surge([])
    assert not checks["surge as strong as intended"]
    assert {found[name].status for name in ("goodput", "refused_p99")} == {Status.UNMEASURED}
    assert not of_a_surge(a_surge(400.0))[1]["surge as strong as intended"]


def test_whether_all_was_well_again_is_not_known_where_nobody_asked_since() -> None:
    """That is no recovery that came too late."""
    silent = [row for row in stream() if row.intended < FAULT + 10.0]
    assert recovery(1.0, silent, FAULT + 10.0, 5.0, FAILBACK).status is Status.UNMEASURED
    assert recovery(1.0, stream(), FAULT + 10.0, 5.0, FAILBACK).status is Status.MET

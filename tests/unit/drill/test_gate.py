"""Whether a drill may be run, and would show anything."""

import pytest
from support.build import a_spec
from support.script import Script, exited, serving

from hactl.core.evacuation import Evacuation
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet
from hactl.core.spec import EdgeTlsSpec
from hactl.core.value import replace
from hactl.drill.definition import (
    CanarySpec,
    CanaryStore,
    Definition,
    Fault,
    FaultKind,
    Hypothesis,
    Limits,
    ManualStep,
    Objectives,
    Phases,
    Probe,
    Target,
)
from hactl.drill.gate import foreseen, gate, unfit
from hactl.drill.plan import plan

FLEET = serving(a_spec(regions=2, nodes=2))


def unmet(fleet: Fleet, target: Target, **limits: object) -> set[str]:
    drill = Definition(
        name="d",
        title="t",
        faults=(Fault(kind=FaultKind.KILL, target=target),),
        limits=replace(Limits(), **limits),
    )
    return {check.name for check in gate(drill, plan(drill, FLEET, 1), fleet) if not check.ok}


def test_a_fleet_that_is_well_may_lose_a_node() -> None:
    assert unmet(FLEET, Target(nodes=1)) == set()


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"max_faulted_share": 0.2}, "share affected"),
        ({"min_healthy_nodes": 4}, "nodes left to serve"),
        ({"min_healthy_regions": 3}, "regions left to serve"),
    ],
)
def test_a_limit_of_the_file_is_kept(limits: dict[str, object], name: str) -> None:
    assert unmet(FLEET, Target(nodes=1), **limits) == {name}


def test_who_is_restarted_in_turn_is_one_at_a_time() -> None:
    fault = Fault(kind=FaultKind.RESTART, target=Target(nodes=0))
    drill = Definition(name="d", title="t", faults=(fault,), limits=Limits(min_healthy_nodes=3))
    checks = {check.name: check for check in gate(drill, plan(drill, FLEET, 1), FLEET)}
    assert all(check.ok for check in checks.values())
    assert checks["share affected"].value == "0.25"


def test_somebody_has_to_be_left() -> None:
    every = Target(names=("edge-1", "edge-2"))
    assert unmet(FLEET, every) == {"share affected", "edges left to serve"}


def test_a_fleet_that_is_not_whole_shows_nothing() -> None:
    fleet = (Script(FLEET) >> exited("seoul-1", signal=9)).fleet
    assert "everything serves" in unmet(fleet, Target(nodes=1))


def test_clients_that_speak_tls_cannot_be_imitated_yet() -> None:
    edge = replace(FLEET.spec.edge, tls=EdgeTlsSpec(cert="c", key="k"))
    fleet = replace(FLEET, spec=replace(FLEET.spec, edge=edge))
    assert unmet(fleet, Target(nodes=1)) == {"clients can be simulated"}


@pytest.mark.parametrize(("priorities", "ok"), [((0, 0), True), ((0, 1), False)], ids=["active/active", "standby"])
def test_a_region_is_only_impaired_beside_one_that_shares_its_traffic(priorities: tuple[int, int], ok: bool) -> None:
    """There would be nothing to compare it with."""
    spec = a_spec(regions=2, nodes=2)
    ranked = (replace(one, priority=rank) for one, rank in zip(spec.regions, priorities, strict=True))
    fleet = serving(replace(spec, regions=tuple(ranked)))
    fault = Fault(kind=FaultKind.IMPAIR, target=Target(nodes=0, region="seoul"), impairment=Impairment(failed=20))
    drill = Definition(name="d", title="t", faults=(fault,))
    (check,) = (one for one in gate(drill, plan(drill, fleet, 1), fleet) if one.name.startswith("regions that share"))
    assert check.ok is ok
    assert check.limit == "seoul and another one (active/active: the same priority)"


def test_a_region_is_not_impaired_while_another_is_still_without_its_traffic() -> None:
    """After an earlier run: what its traffic would go to has little of its own, and what suffers would be most."""
    evacuation = Evacuation(region="osaka", keep=10)
    fleet = replace(serving(a_spec(regions=2, nodes=2)), evacuations={"osaka": evacuation})
    fault = Fault(kind=FaultKind.IMPAIR, target=Target(nodes=0, region="seoul"), impairment=Impairment(failed=20))
    drill = Definition(name="d", title="t", faults=(fault,))
    (check,) = (one for one in gate(drill, plan(drill, fleet, 1), fleet) if not one.ok)
    assert check.value == "osaka keeps 10 %"


def test_one_node_is_impaired_wherever_it_is() -> None:
    """It is compared with all others, also as the only one of its region."""
    fleet = serving(a_spec(regions=2, nodes=1))
    fault = Fault(kind=FaultKind.IMPAIR, target=Target(nodes=1), impairment=Impairment(failed=20))
    drill = Definition(name="d", title="t", faults=(fault,))
    assert "regions that share the traffic" not in {check.name for check in gate(drill, plan(drill, fleet, 1), fleet)}


def test_a_fleet_that_served_badly_before_the_fault_shows_nothing() -> None:
    """Nor does one of which that is not known."""
    drill = Definition(name="d", title="t", hypotheses=(Hypothesis(probe=Probe.AVAILABILITY, least=0.999),))
    assert unfit(drill, 0.999) == ""
    assert unfit(drill, 0.99) == "availability before the fault was 99.00 %, wanted 99.9 %"
    assert unfit(drill, None) == "availability before the fault was not measured, wanted 99.9 %"
    assert unfit(replace(drill, hypotheses=()), None) == ""


def test_what_can_never_show_anything_is_said_before_it_is_run() -> None:
    """Two seconds of canaries prove no recovery point; and nobody does what nobody is there for."""
    drill = Definition(name="d", title="t", objectives=Objectives(rpo_records=0), phases=Phases(baseline=2.0))
    (said,) = foreseen(drill, attended=True)
    assert "a baseline of 2 s at canary.rate 20 gives 40; phases.baseline must be more than 5 s" in said
    assert list(foreseen(replace(drill, phases=Phases(baseline=6.0)), attended=True)) == []
    few = replace(drill, canary=CanarySpec(stores=(CanaryStore.REVISIONS,)))
    assert list(foreseen(few, attended=True)) == [], "nobody writes configurations to have a hundred"
    by_hand = Definition(name="d", title="t", steps=(ManualStep(manual="pull the plug", within=60.0),))
    assert list(foreseen(by_hand, attended=True)) == []
    assert "pull the plug" in next(foreseen(by_hand, attended=False))

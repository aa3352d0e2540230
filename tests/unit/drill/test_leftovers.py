"""What a drill has left behind is found, whatever it is."""

from typing import Any

import pytest
from support.build import a_spec
from support.script import Script, exited, serving

from hactl.core.commands import BeginDrill
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.impairment import Impaired, Impairment, ImpairmentPhase
from hactl.core.model import Fleet
from hactl.core.node import Goal, NodeState
from hactl.core.value import replace
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.leftovers import leftovers, returning
from hactl.drill.plan import plan

FLEET = serving(a_spec(regions=2, nodes=2))
DRILL = Definition(name="d", title="t", faults=(Fault(kind=FaultKind.KILL, target=Target(nodes=0, region="seoul")),))
PLAN = plan(DRILL, FLEET, 1)


def changed(**changes: Any) -> Fleet:
    return replace(FLEET, nodes=FLEET.nodes | {"seoul-1": replace(FLEET.nodes["seoul-1"], **changes)})


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (changed(goal=Goal.DOWN), "seoul-1 has goal down"),
        (changed(weight=50), "seoul-1 has weight 50, not 100"),
        (changed(drained=True), "seoul-1 is drained"),
        (changed(frozen="alice"), "seoul-1 is frozen"),
        (changed(state=NodeState.STARTING), "seoul-1 is starting"),
        (
            changed(impaired=Impaired(fault=Impairment(failed=20), by="drill d", phase=ImpairmentPhase.EFFECTIVE)),
            "seoul-1 is impaired by drill d: 503 for 20 %",
        ),
        (replace(FLEET, region_weights={"seoul": 40}), "region seoul has weight 40, not 100"),
        (replace(FLEET, evacuations={"seoul": Evacuation(region="seoul", keep=20)}), "seoul keeps 20 % of its traffic"),
    ],
)
def test_each_thing_that_is_not_as_it_was_is_named(now: Fleet, said: str) -> None:
    assert leftovers(FLEET, now, PLAN, "op-1") == (said,)


def test_what_no_configuration_has_any_more_is_not_left_behind() -> None:
    """Somebody has taken the region away while the drill went on."""
    kept = {name: node for name, node in FLEET.nodes.items() if node.region != "seoul"}
    spec = replace(FLEET.spec, regions=tuple(one for one in FLEET.spec.regions if one.name != "seoul"))
    assert leftovers(FLEET, replace(FLEET, nodes=kept, spec=spec), PLAN, "op-1") == ()


def test_nothing_is_left_of_nothing_and_what_others_do_is_not_ours() -> None:
    assert leftovers(FLEET, FLEET, PLAN, "op-1") == ()
    theirs = (Script(FLEET) >> exited("osaka-1", signal=9)).fleet
    assert leftovers(FLEET, theirs, PLAN, "op-1") == ()


def test_what_the_daemon_has_moved_for_bad_answers_it_gives_back_itself() -> None:
    """It is told, and no leftover: the region gets its traffic back when it has been well for long enough."""
    kept = Evacuation(region="seoul", keep=10, cause=EvacuationCause.FALTERED)
    now = replace(FLEET, evacuations={"seoul": kept})
    assert leftovers(FLEET, now, PLAN, "op-1") == ()
    (said,) = returning(FLEET, now, PLAN)
    assert said == "seoul keeps 10 % of its traffic until it has been healthy for 60 s"
    assert returning(FLEET, replace(FLEET, evacuations={"seoul": Evacuation(region="seoul", keep=10)}), PLAN) == ()


def test_a_drill_that_goes_on_is_a_leftover() -> None:
    lent = (Script(FLEET) >> BeginDrill(name="d", nodes=("seoul-1",))).fleet
    (operation,) = lent.operations
    assert leftovers(FLEET, lent, PLAN, operation) == (f"{operation} is in progress: drill d on seoul-1",)

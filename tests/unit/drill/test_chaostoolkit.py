"""An export loses nothing of a drill, and calls only what there is, with what it takes."""

import inspect
import json
import re

import msgspec
import pytest
from support.drills import of_kind

import hactl.ctk
from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.drill.chaostoolkit import DRILL, MODULE, Action, Experiment, Probe, experiment
from hactl.drill.definition import Definition, FaultKind, ManualStep
from hactl.drill.library import load, names
from hactl.drill.reading import parse

EXPORTED = names()


def exported(name: str, fleet: str = "") -> tuple[Experiment, dict[str, object]]:
    made = experiment(load(name), 42, fleet)
    return made, json.loads(msgspec.json.encode(made))


@pytest.mark.parametrize("name", EXPORTED)
def test_nothing_of_a_drill_is_lost(name: str) -> None:
    """Neither in the extension, which its journal repeats, nor in the configuration, from where its actions read it."""
    made, document = exported(name)
    assert codec.decode(made.configuration[DRILL].encode(), Definition) == load(name)
    (extension,) = document["extensions"]  # type: ignore[misc]
    assert codec.decode(json.dumps(extension["drill"]).encode(), Definition) == load(name)
    assert extension["seed"] == 42


@pytest.mark.parametrize("name", EXPORTED)
def test_what_it_calls_is_there_and_takes_what_it_is_given(name: str) -> None:
    made, _ = exported(name, "shop")
    activities: list[Action | Probe] = [*made.hypothesis.probes, *made.method, *made.rollbacks]
    for activity in activities:
        assert activity.provider.module == MODULE == hactl.ctk.__name__
        function = getattr(hactl.ctk, activity.provider.func)
        inspect.signature(function).bind(**activity.provider.arguments)


def test_it_is_in_the_words_of_the_toolkit() -> None:
    made, document = exported("region-loss", "shop")
    assert set(document) == {
        "version", "title", "description", "tags", "configuration", "steady-state-hypothesis", "method", "rollbacks",
        "extensions",
    }  # fmt: skip
    (inject,) = made.method
    assert inject.pauses == {"after": load("region-loss").phases.hold}
    assert inject.provider.arguments == {"seed": 42, "fleet": "shop"}
    assert [probe.provider.func for probe in made.hypothesis.probes] == ["check", "as_asked"]
    assert made.hypothesis.probes[0].provider.arguments["least"] == 0.999
    assert "fleet" not in exported("region-loss")[0].method[0].provider.arguments


@pytest.mark.parametrize("kind", FaultKind)
def test_every_kind_of_fault_is_an_action_and_a_rollback(kind: FaultKind) -> None:
    """With all that is said of it: nothing is lost on the way into the file and back."""
    drill = parse(of_kind(kind), "mine")
    made = experiment(drill, 7)
    assert (made.method[0].provider.func, made.rollbacks[0].provider.func) == ("inject", "undo")
    assert f"{kind} at 1 s" in made.method[0].name
    (extension,) = json.loads(msgspec.json.encode(made))["extensions"]
    for carried in (made.configuration[DRILL], json.dumps(extension["drill"])):
        assert codec.decode(carried.encode(), Definition) == drill


def test_the_pause_lasts_to_the_end_of_the_hold() -> None:
    """The action returns when the last fault is in effect, and not when the first is."""
    assert experiment(load("upstream-down"), 1).method[0].pauses == {"after": 8.0}


def test_a_hold_begins_with_the_first_fault_also_when_that_comes_late() -> None:
    """As in a run of the drill, where `at` counts from when the first may strike, and the hold from when it did."""
    drill = load("node-kill")
    (fault,) = drill.faults
    late = replace(drill, faults=(replace(fault, at=5.0),))
    assert experiment(late, 1).method[0].pauses == {"after": drill.phases.hold}
    both = replace(drill, faults=(replace(fault, at=5.0), replace(fault, at=7.0)))
    assert experiment(both, 1).method[0].pauses == {"after": drill.phases.hold - 2.0}


def test_clients_of_a_service_are_told_how_it_is_drawn() -> None:
    """Which one that is, only the fleet knows."""
    (check, _) = experiment(load("upstream-down"), 3).hypothesis.probes
    assert (check.provider.arguments["route"], check.provider.arguments["seed"]) == ("@service", 3)
    assert "seed" not in experiment(load("node-kill"), 3).hypothesis.probes[0].provider.arguments


def test_clients_that_come_anew_do_so_in_an_experiment_as_well() -> None:
    (check, _) = experiment(load("edge-hang"), 3).hypothesis.probes
    assert check.provider.arguments["connections"] == "fresh"
    assert "connections" not in experiment(load("node-kill"), 3).hypothesis.probes[0].provider.arguments


def test_a_drill_that_waits_for_a_person_is_refused() -> None:
    drill = replace(load("node-kill"), steps=(ManualStep(manual="pull the plug"),))
    said = re.escape("drill 'node-kill' has a manual step (step[1]: pull the plug), which no experiment can wait for")
    with pytest.raises(HactlError, match=said) as error:
        experiment(drill, 1)
    assert "run_drill, arguments {drill: node-kill}" in error.value.hint

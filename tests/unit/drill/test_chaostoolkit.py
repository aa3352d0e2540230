"""An export loses nothing of a drill, and calls only what there is, with what it takes."""

import inspect
import json

import msgspec
import pytest

import hactl.ctk
from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.core.value import replace
from hactl.drill.chaostoolkit import DRILL, MODULE, Action, Experiment, Probe, experiment
from hactl.drill.definition import Definition, FaultKind, ManualStep
from hactl.drill.library import load, names

COMMANDS = {FaultKind.KILL, FaultKind.FREEZE, FaultKind.IMPAIR, FaultKind.RESTART}
EXPORTED = [name for name in names() if {fault.kind for fault in load(name).faults} <= COMMANDS]
ALONE = [name for name in names() if name not in EXPORTED]
"""Drills that want more than an experiment can do."""


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


@pytest.mark.parametrize("name", ALONE)
def test_what_no_experiment_can_do_is_refused_with_the_way_it_can_be_done(name: str) -> None:
    with pytest.raises(HactlError, match="which no experiment can") as error:
        experiment(load(name), 1)
    assert f"run_drill, arguments {{drill: {name}}}" in error.value.hint


def test_a_drill_that_waits_for_a_person_is_refused() -> None:
    drill = replace(load("node-kill"), steps=(ManualStep(manual="pull the plug"),))
    with pytest.raises(HactlError, match="waits for a person"):
        experiment(drill, 1)

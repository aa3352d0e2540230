"""A drill as an experiment of the Chaos Toolkit: what it has a word for in its words, and all of it beside. Pure.

Its hypothesis is measured before and after by clients of our own; its method does the faults, with the load and the
stop conditions of the drill; its rollbacks restore everything. Objectives have no place in an experiment: who wants
them judged runs the drill. The drill itself travels in the configuration, from where the actions read it, so that an
export needs no other file.
"""

from typing import Any

import msgspec

from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.core.plain import one_line
from hactl.core.value import Value
from hactl.drill.definition import Connections, Definition, Hypothesis
from hactl.drill.plan import SERVICE_ROUTE

DRILL = "hactl_drill"
"""The key of the configuration under which the drill travels, as JSON."""
MODULE = "hactl.ctk"
_SECONDS = 3.0
"""For how long clients are sent to measure a hypothesis."""


class Provider(Value):
    """The function that does it."""

    func: str
    arguments: dict[str, Any] = {}
    type: str = "python"
    module: str = MODULE


class Probe(Value):
    """One thing that has to be so."""

    name: str
    provider: Provider
    type: str = "probe"
    tolerance: bool = True


class Action(Value):
    """One thing that is done."""

    name: str
    provider: Provider
    type: str = "action"
    pauses: dict[str, float] = {}
    """Seconds `before` and `after`."""


class SteadyState(Value):
    """What has to be so before and after."""

    title: str
    probes: tuple[Probe, ...]


class Experiment(Value, rename={"hypothesis": "steady-state-hypothesis"}):
    """The file."""

    title: str
    description: str
    tags: tuple[str, ...]
    configuration: dict[str, str]
    hypothesis: SteadyState
    method: tuple[Action, ...]
    rollbacks: tuple[Action, ...]
    extensions: tuple[dict[str, Any], ...]
    version: str = "1.0.0"


def experiment(drill: Definition, seed: int, fleet: str = "") -> Experiment:
    """The experiment that does what `drill` does; `fleet` is its name, "" for the one that is meant where it is run.

    Raises HactlError for a drill that wants more than an experiment can do: to wait for a person. There is no kind of
    fault that it could not.
    """
    if drill.steps:
        asked = one_line(drill.steps[0].manual)
        raise HactlError(
            f"drill '{drill.name}' has a manual step (step[1]: {asked}), which no experiment can wait for",
            f"an action that runs all of it: module {MODULE}, func run_drill, arguments {{drill: {drill.name}}}",
        )
    where: dict[str, Any] = {"fleet": fleet} if fleet else {}
    probes = [_probe(rule, drill, seed, where) for rule in drill.hypotheses if rule.limited]
    moments = [fault.at for fault in drill.faults]
    faults = ", ".join(f"{fault.kind} at {fault.at:g} s" for fault in drill.faults)
    return Experiment(
        title=drill.title,
        description=f"hactl drill {drill.name}: {faults}. Objectives are judged by hactl drill run {drill.name} only.",
        tags=drill.tags,
        configuration={DRILL: codec.encode(drill).decode()},
        hypothesis=SteadyState(
            title="clients are served",
            probes=(
                *probes,
                Probe(name="every action asked of hactl was carried out", provider=Provider(func="as_asked")),
            ),
        ),
        method=(
            Action(
                name=f"inject {faults}",
                provider=Provider(func="inject", arguments={"seed": seed, **where}),
                # A hold begins with the first fault, and the action is done with the last one.
                pauses={"after": drill.phases.hold - (max(moments) - min(moments))},
            ),
        ),
        rollbacks=(Action(name="restore everything", provider=Provider(func="undo")),),
        extensions=({"name": "hactl", "seed": seed, "drill": msgspec.to_builtins(drill)},),
    )


def _probe(rule: Hypothesis, drill: Definition, seed: int, where: dict[str, Any]) -> Probe:
    asked: dict[str, Any] = {"probe": str(rule.probe), "seconds": _SECONDS, "rate": drill.load.rate}
    asked |= {"timeout": drill.load.timeout, "route": drill.load.route}
    asked |= {"connections": str(Connections.FRESH)} if drill.load.connections is Connections.FRESH else {}
    asked |= {"seed": seed} if drill.load.route == SERVICE_ROUTE else {}
    # A ratio to a baseline has nothing to be measured by: an experiment has no baseline.
    asked |= {name: value for name, value in (("least", rule.least), ("most", rule.most)) if value is not None}
    return Probe(name=f"{rule.probe} as clients see it", provider=Provider(func="check", arguments=asked | where))

"""A monkey: what it chooses follows from a seed, is an ordinary drill, and is never more than the limits allow."""

from itertools import pairwise
from typing import Any

import pytest
from support.build import a_spec, founded
from support.script import serving

from hactl.core.errors import CommandRejected, ConfigError
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.spec import GatewayKind
from hactl.core.value import replace
from hactl.drill.definition import Definition, FaultKind
from hactl.drill.gate import gate
from hactl.drill.monkey import BREATH, LONGEST, Chaos, Frame, drill_of, frame_of
from hactl.drill.plan import plan
from hactl.drill.reading import parse

SPEC = a_spec(regions=2, nodes=3, edges=2, safety={"max_drill": 7200.0})
HALF_AN_HOUR = Chaos(seed=42, length=1800.0, gap=120.0)
SEEDS = range(60)


def drawn(seed: int, *, fleet: Fleet | None = None, within: str = "", length: float = 600.0) -> Definition:
    """The drill that a seed makes, read as anybody would."""
    chaos = Chaos(seed=seed, length=length, gap=20.0)
    return parse(drill_of(chaos, fleet or serving(SPEC), frame_of(within, "limits.toml")), "chaos.toml")


def test_one_seed_chooses_the_same_faults_in_the_same_order_on_two_fleets() -> None:
    """Of the same configuration, whatever has happened in them before; another seed chooses others."""
    one, other = serving(SPEC), replace(serving(SPEC, mono=9e5), id="another", seq=77)
    assert drill_of(HALF_AN_HOUR, one, Frame()) == drill_of(HALF_AN_HOUR, other, Frame())
    assert len({drill_of(HALF_AN_HOUR._replace(seed=seed), one, Frame()) for seed in SEEDS}) == len(SEEDS)


def test_who_serves_at_the_moment_changes_nothing() -> None:
    """After a run a spare may serve where another did, and one may not be back yet: a seed means the same as before."""
    spec = a_spec(regions=2, nodes=3, edges=2, spares=1, safety={"max_drill": 7200.0})
    fleet = founded(spec)
    stepped_in = {"seoul-1": NodeState.STANDBY, "seoul-4": NodeState.SERVING, "osaka-2": NodeState.STARTING}
    nodes = {name: replace(node, state=stepped_in.get(name, node.state)) for name, node in fleet.nodes.items()}
    later = replace(fleet, nodes=dict(reversed(nodes.items())))
    for seed in SEEDS:
        chaos = HALF_AN_HOUR._replace(seed=seed)
        assert drill_of(chaos, later, Frame()) == drill_of(chaos, fleet, Frame())


@pytest.mark.parametrize("seed", SEEDS)
def test_all_faults_together_touch_no_more_than_may_be_struck_at_once(seed: int) -> None:
    """So the gate lets it, by the drill's limits and those of the fleet; and each has time to be over."""
    fleet = serving(SPEC)
    drill = drawn(seed, fleet=fleet)
    made = plan(drill, fleet, seed)
    assert [check for check in gate(drill, made, fleet) if not check.ok] == []
    moments = [fault.at for fault in drill.faults]
    assert all(later - sooner >= BREATH - 1e-6 for sooner, later in pairwise(moments))
    assert moments[-1] < drill.phases.hold
    for fault, following in zip(drill.faults, [*moments[1:], drill.phases.hold], strict=True):
        assert fault.lasting is None or 1.0 <= fault.lasting <= min(LONGEST, following - fault.at + 1e-6)


def test_every_kind_of_fault_comes_and_gaps_are_as_long_as_was_asked_on_average() -> None:
    drills = [drawn(seed) for seed in SEEDS]
    faults = [fault for drill in drills for fault in drill.faults]
    assert {fault.kind for fault in faults} == {FaultKind.KILL, FaultKind.FREEZE, FaultKind.IMPAIR}
    assert {name[:4] for fault in faults for name in fault.target.names} == {"edge", "seou", "osak"}
    gaps = [later.at - sooner.at for drill in drills for sooner, later in pairwise(drill.faults)]
    # An exponential gap of 20 s that is cut at 8 s from below is 8 + 20 * exp(-0.4) = 21.4 s on average.
    assert 19.0 < sum(gaps) / len(gaps) < 24.0


def test_limits_types_and_objectives_of_a_file_hold() -> None:
    within = """
    types = ["process.kill"]
    [limits]
    max_faulted_share = 0.2
    min_healthy_nodes = 5
    [load]
    rate = 77
    [objectives]
    availability = { min = 0.5, window = "60s" }
    """
    for seed in SEEDS:
        drill = drawn(seed, within=within)
        assert {fault.kind for fault in drill.faults} == {FaultKind.KILL}
        assert len({name for fault in drill.faults for name in fault.target.names}) == 1
        assert (drill.load.rate, drill.limits.min_healthy_nodes) == (77.0, 5)
        assert drill.objectives.rto is None
        assert drill.objectives.rpo_records is None


def test_nodes_without_a_filter_are_never_impaired() -> None:
    fleet = serving(a_spec(gateway={"kind": GatewayKind.COMMAND, "command": ("x",)}))
    kinds = {fault.kind for seed in SEEDS for fault in drawn(seed, fleet=fleet, length=400.0).faults}
    assert kinds == {FaultKind.KILL, FaultKind.FREEZE}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('types = ["process.kil"]', "types: wants one of"),
        ('name = "mine"', "name: is what the monkey writes itself"),
        ('[limits]\nmax_duration = "1m"', "limits.max_duration: follows from how long it lasts"),
        ("[limits]\nmin_healthy_node = 1", "limits.min_healthy_node: unknown key"),
        ("tipes = []", "tipes: unknown key"),
        ("[load]\nrate = 0", "load.rate: wants a number"),
        ("[load", "not valid TOML: expected"),
    ],
)
def test_what_is_wrong_with_a_file_of_limits_is_told(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        frame_of(text, "limits.toml")
    assert error.value.message.startswith("limits.toml:")
    assert said in error.value.message


def test_all_that_is_wrong_is_told_in_the_order_of_the_file() -> None:
    with pytest.raises(ConfigError) as error:
        frame_of("e = 1\nd = 1\nname = 'mine'\nc = 1\nb = 1\na = 1", "limits.toml")
    told = (error.value.message, *error.value.also)
    assert [line.split(":")[1].strip() for line in told] == ["e", "d", "name", "c", "b", "a"]


def test_a_key_that_is_misspelt_is_answered_with_those_that_may_stand_there() -> None:
    """And not with those that the monkey writes itself."""
    with pytest.raises(ConfigError) as error:
        frame_of("zzz = 1", "limits.toml")
    assert error.value.hint == "known: limits, load, canary, hypothesis, objectives, types"


@pytest.mark.parametrize(
    ("spec", "chaos", "said"),
    [
        ({"safety": {"max_drill": 600.0}}, {"length": 1800.0}, "safety.max_drill allows 600 s"),
        ({"nodes": 1, "edges": 1}, {}, "the limits leave nobody who may be touched"),
    ],
)
def test_what_the_fleet_does_not_allow_is_refused(spec: dict[str, Any], chaos: dict[str, Any], said: str) -> None:
    """By a guard, as the daemon would refuse such a drill."""
    with pytest.raises(CommandRejected, match=said) as refused:
        drill_of(Chaos(**{"seed": 1, "length": 60.0, "gap": 20.0} | chaos), serving(a_spec(**spec)), Frame())
    assert refused.value.guard

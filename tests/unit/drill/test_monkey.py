"""A monkey: what it chooses follows from a seed, is an ordinary drill, and is never more than the limits allow."""

import re
from itertools import pairwise
from typing import Any

import pytest
from support.build import a_spec, founded
from support.script import serving

from hactl.core.errors import CommandRejected, ConfigError, HactlError
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import GatewayKind
from hactl.core.value import replace
from hactl.drill.candidates import BREATH, LONGEST, NAMED_ONLY, OF_SERVICES, USUAL, kind_of
from hactl.drill.definition import Definition, Fault, FaultKind
from hactl.drill.gate import gate
from hactl.drill.monkey import Chaos, Choice, Frame, drill_of, frame_of
from hactl.drill.plan import plan
from hactl.drill.reading import parse

BEHIND: dict[str, Any] = {
    "services": (ServiceSpec(name="app", endpoints=(("127.0.0.1", 9000),)),),
    "routes": (RouteSpec(prefix="/", service="app"),),
}
"""A service, and a route to it."""
SPEC = a_spec(regions=2, nodes=3, edges=2, safety={"max_drill": 7200.0}, **BEHIND)
HALF_AN_HOUR = Chaos(seed=42, length=1800.0, gap=120.0)
SEEDS = range(60)
FLEET = serving(SPEC)
ALL = tuple(FaultKind)


def drawn(
    seed: int,
    *,
    fleet: Fleet | None = None,
    within: str = "",
    length: float = 600.0,
    only: tuple[FaultKind, ...] = (),
    without: tuple[FaultKind, ...] = (),
) -> Definition:
    """The drill that a seed makes, read as anybody would."""
    chaos, choice = Chaos(seed=seed, length=length, gap=20.0), Choice(only=only, without=without)
    text = drill_of(chaos, fleet or FLEET, frame_of(within, "limits.toml"), choice)
    return parse(text, "chaos.toml")


def struck(fault: Fault) -> set[str]:
    """The processes that it aims at."""
    return set(fault.target.names)


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


@pytest.mark.parametrize("only", [(), ALL], ids=["usual", "all kinds"])
@pytest.mark.parametrize("seed", SEEDS)
def test_all_faults_together_touch_no_more_than_may_be_struck_at_once(seed: int, only: tuple[FaultKind, ...]) -> None:
    """So the gate lets it, by the drill's limits and those of the fleet; and each has time to be over."""
    fleet = FLEET
    drill = drawn(seed, fleet=fleet, only=only)
    made = plan(drill, fleet, seed)
    assert [check for check in gate(drill, made, fleet) if not check.ok] == []
    moments = [fault.at for fault in drill.faults]
    assert all(later - sooner >= BREATH - 1e-6 for sooner, later in pairwise(moments))
    assert moments[-1] < drill.phases.hold
    for fault, following in zip(drill.faults, [*moments[1:], drill.phases.hold], strict=True):
        assert fault.lasting is None or 0.5 <= fault.lasting <= min(LONGEST, following - fault.at + 1e-6)


@pytest.mark.parametrize(("share", "least"), [(0.2, 1), (0.34, 2), (0.5, 3), (2 / 3, 2)])
@pytest.mark.parametrize("regions", [1, 2, 3])
def test_limits_hold_at_every_moment(regions: int, share: float, least: int) -> None:
    """Whatever two or more faults do at the same time, if one took so long to be over that it met all the others: no
    more than the share, never too few nodes, an edge always, and never the last region."""
    spec = a_spec(regions=regions, nodes=4, edges=3, safety={"max_drill": 7200.0, "max_faulted_share": share}, **BEHIND)
    types = f"types = {[kind.value for kind in FaultKind]}"
    within = f"{types}\n[limits]\nmax_faulted_share = {share}\nmin_healthy_nodes = {least}"
    fleet = serving(spec)
    nodes = {node.name for node in fleet.gateways}
    for seed in SEEDS:
        drill = drawn(seed, fleet=fleet, within=within)
        at_once = set[str]().union(*map(struck, drill.faults))
        assert len(at_once & nodes) <= share * len(nodes) + 1e-9
        assert len(at_once - nodes) <= share * 3 + 1e-9
        assert len(nodes - at_once) >= least
        assert any(not {node.name for node in fleet.in_region(one.name)} <= at_once for one in spec.regions)


def test_every_kind_of_fault_comes_and_gaps_are_as_long_as_was_asked_on_average() -> None:
    """Of the usual kinds by itself; those that are hard on the machine or its configuration only when named."""
    drills = [drawn(seed) for seed in SEEDS]
    faults = [fault for drill in drills for fault in drill.faults]
    assert {fault.kind for fault in faults} == set(USUAL)
    assert {name[:4] for fault in faults for name in fault.target.names} == {"edge", "seou", "osak"}
    assert {fault.kind for seed in SEEDS for fault in drawn(seed, only=NAMED_ONLY).faults} == set(NAMED_ONLY)
    # An exponential gap of 20 s that is cut at 8 s from below is 8 + 20 * exp(-0.4) = 21.4 s on average.
    few = [drawn(seed, only=(FaultKind.KILL, FaultKind.LATENCY)) for seed in SEEDS]
    gaps = [later.at - sooner.at for drill in few for sooner, later in pairwise(drill.faults)]
    assert 19.0 < sum(gaps) / len(gaps) < 24.0


def test_a_region_is_lost_as_a_whole_where_the_limits_allow_that() -> None:
    """And never where it would be the last, or too much of the fleet."""

    def lost(fleet: Fleet) -> set[FaultKind]:
        drills = [drawn(seed, fleet=fleet) for seed in SEEDS]
        return {fault.kind for drill in drills for fault in drill.faults if len(fault.target.names) == 3}

    assert lost(FLEET) == {FaultKind.KILL, FaultKind.PARTITION}
    assert lost(serving(replace(SPEC, regions=SPEC.regions[:1]))) == set()
    assert lost(serving(replace(SPEC, safety=replace(SPEC.safety, max_faulted_share=0.4)))) == set()


@pytest.mark.parametrize("kind", FaultKind)
def test_one_kind_alone_or_all_but_one(kind: FaultKind) -> None:
    """What is named is chosen, and nothing else; what is left out never comes."""
    assert {fault.kind for seed in range(5) for fault in drawn(seed, only=(kind,)).faults} == {kind}
    rest = {fault.kind for seed in SEEDS[:20] for fault in drawn(seed, without=(kind,)).faults}
    assert rest == set(USUAL) - {kind}


def test_the_same_options_make_the_same_file_and_it_says_how_it_came_about() -> None:
    choice = Choice(only=(FaultKind.KILL, FaultKind.CPU), without=(FaultKind.DISK,))
    texts = {
        drill_of(HALF_AN_HOUR, FLEET, Frame(), choice, asked=" --only process.kill --only pressure.cpu")
        for _ in range(3)
    }
    assert len(texts) == 1
    first = texts.pop().splitlines()[0]
    assert first.endswith("--seed 42 --for 1800s --mean-gap 120s --only process.kill --only pressure.cpu")


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
    """Nor led past a service: only they know how they call one."""
    fleet = serving(a_spec(gateway={"kind": GatewayKind.COMMAND, "command": ("x",)}, **BEHIND))
    types = f"types = {[kind.value for kind in FaultKind]}"
    kinds = {fault.kind for seed in SEEDS for fault in drawn(seed, fleet=fleet, within=types, length=400.0).faults}
    assert kinds == set(FaultKind) - {FaultKind.IMPAIR, *OF_SERVICES}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('types = ["process.kil"]', "types: wants one of"),
        ('name = "mine"', "name: is generated by the monkey"),
        ('[limits]\nmax_duration = "1m"', "limits.max_duration: is determined by the duration"),
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
        ({"nodes": 1, "edges": 1}, {}, "the limits leave no permitted target"),
    ],
)
def test_what_the_fleet_does_not_allow_is_refused(spec: dict[str, Any], chaos: dict[str, Any], said: str) -> None:
    """By a guard, as the daemon would refuse such a drill."""
    with pytest.raises(CommandRejected, match=said) as refused:
        drill_of(Chaos(**{"seed": 1, "length": 60.0, "gap": 20.0} | chaos), serving(a_spec(**spec)), Frame())
    assert refused.value.guard


@pytest.mark.parametrize(
    ("kind", "spec", "missing", "said"),
    [
        ("disk.full", {}, {FaultKind.DISK: "no small tmpfs"}, "disk.full is not available here: no small tmpfs"),
        ("upstream.slow", {}, {}, "upstream.slow is not available here: no route leads to a service"),
        ("node.impair", {"gateway": {"kind": GatewayKind.COMMAND, "command": ("x",)}}, {}, "only nodes of kind envoy"),
        ("proxy.reset", {"nodes": 1}, {}, "proxy.reset is not available here: the limits leave no permitted target"),
        ("process.kill", {"safety": {"max_faulted_share": 0.0}}, {}, "the limits leave no permitted target"),
        ("daemon.kill", {"safety": {"max_faulted_share": 0.0}}, {}, "the limits leave no permitted target"),
    ],
)
def test_what_is_named_and_cannot_be_done_here_is_told_with_the_reason(
    kind: str, spec: dict[str, Any], missing: dict[FaultKind, str], said: str
) -> None:
    """And is not left out in silence; what the monkey chooses by itself is only what can be."""
    choice = Choice(only=(kind_of(kind), FaultKind.KILL), missing=missing)
    with pytest.raises(CommandRejected, match=said) as refused:
        drill_of(Chaos(seed=1, length=60.0, gap=20.0), serving(a_spec(**spec)), Frame(), choice)
    assert refused.value.guard


@pytest.mark.parametrize(
    ("choice", "types", "said"),
    [
        (Choice(only=(FaultKind.KILL,), without=(FaultKind.KILL,)), (), "--only process.kill contradicts --without"),
        (Choice(only=(FaultKind.CPU,)), (FaultKind.KILL,), "--only pressure.cpu contradicts types in the file"),
        (Choice(without=USUAL), (), "no kind of fault is left"),
        (Choice(without=(FaultKind.KILL,)), (FaultKind.KILL,), "no kind of fault is left"),
    ],
)
def test_choices_that_contradict_one_another_are_refused(
    choice: Choice, types: tuple[FaultKind, ...], said: str
) -> None:
    with pytest.raises(HactlError, match=said):
        drill_of(Chaos(seed=1, length=60.0, gap=20.0), FLEET, Frame(types=types), choice)


def test_what_takes_longer_than_the_run_is_refused() -> None:
    with pytest.raises(CommandRejected, match=r"daemon\.kill: takes at least 15 s") as refused:
        drill_of(Chaos(seed=1, length=10.0, gap=5.0), FLEET, Frame(), Choice(only=(FaultKind.DAEMON_KILL,)))
    assert refused.value.hint == "--for 15s"


def test_a_kind_that_is_misspelt_is_answered_with_the_nearest() -> None:
    with pytest.raises(HactlError, match=re.escape("no kind of fault 'disc.full'")) as error:
        kind_of("disc.full")
    assert error.value.hint == 'did you mean "disk.full"?'


def test_clients_of_a_service_want_one_that_is_struck() -> None:
    """Else nobody knows which they are to ask for."""
    within = '[load]\nroute = "@service"'
    assert drawn(1, within=within, only=(FaultKind.UPSTREAM_SLOW,)).load.route == "@service"
    with pytest.raises(CommandRejected, match="this chaos strikes no service"):
        drawn(1, within=within, only=(FaultKind.KILL,))


def test_services_are_struck_only_where_clients_would_see_it() -> None:
    """Who asks for no service sees of it nothing, and no stop condition does: then it has to be named."""
    within = '[load]\nroute = "@service"'
    assert tuple(kind for kind in FaultKind if kind.startswith("upstream.")) == OF_SERVICES
    assert {fault.kind for seed in SEEDS for fault in drawn(seed).faults}.isdisjoint(OF_SERVICES)
    seen = [drawn(seed, within=within, length=1800.0) for seed in SEEDS]
    assert {fault.kind for drill in seen for fault in drill.faults} == {*USUAL, *OF_SERVICES}


def test_clients_ask_for_the_only_service_that_is_struck() -> None:
    """What another suffered, nobody would see; one that a plain request cannot ask for is not struck."""
    names = ("app", "api", "far")
    services = tuple(ServiceSpec(name=name, endpoints=(("127.0.0.1", 9000),)) for name in names)
    routes = tuple(RouteSpec(prefix=f"/{name}", service=name, host="far" * (name == "far")) for name in names)
    fleet = serving(replace(SPEC, services=services, routes=routes))
    asked = set()
    for seed in SEEDS:
        drill = drawn(seed, fleet=fleet, within='[load]\nroute = "@service"', length=1800.0)
        (service,) = {fault.target.service for fault in drill.faults if fault.target.service}
        asked.add(service)
        assert plan(drill, fleet, seed).load.url.endswith(f"/{service}")
    assert asked == {"app", "api"}

"""Faults of hops: what a file may say of each kind, whom it strikes, and what proves it to the end."""

import pytest
from support.build import a_spec, founded
from support.world import MemoryWorld

from hactl.core.commands import EndDrill
from hactl.core.errors import ConfigError, HactlError
from hactl.core.events import Record
from hactl.core.hop import Disturbance, HopFault, Way, to_service
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.hop_events import HopChanged
from hactl.core.model import Fleet
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.drill.availability import Reality, reality
from hactl.drill.definition import FaultKind
from hactl.drill.faults import borrowing, command, rehearsal
from hactl.drill.hop_faults import MEANINGS, disturbed, in_the_end, mending
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.reading import parse

SPEC = a_spec(
    regions=2,
    nodes=2,
    services=(
        ServiceSpec(name="api", endpoints=(("127.0.0.1", 9000),)),
        ServiceSpec(name="web", endpoints=(("127.0.0.1", 9001),)),
    ),
    routes=(RouteSpec(prefix="/hooks", service="api", methods=("POST",)), RouteSpec(prefix="/api/", service="api")),
)
NODE = 'target = { names = ["seoul-1"] }'
SERVICE = 'target = { service = "api" }'


def text(kind: str, *lines: str, more: str = "") -> str:
    fault = "\n".join((f'type = "{kind}"', *lines))
    return f'schema = 1\nname = "mine"\ntitle = "t"\n{more}\n[[fault]]\n{fault}\n'


def suffered(kind: str, *lines: str) -> HopFault | None:
    return parse(text(kind, *lines), "mine.toml").faults[0].hop


@pytest.mark.parametrize(
    ("kind", "lines", "fault"),
    [
        ("proxy.partition", (NODE,), HopFault(what=Disturbance.HOLD)),
        ("proxy.partition", (NODE, 'direction = "to"'), HopFault(what=Disturbance.HOLD, way=Way.TO)),
        ("proxy.latency", (NODE, 'delay = "80ms"'), HopFault(what=Disturbance.LATE, lag=0.08)),
        ("proxy.bandwidth", (NODE, 'rate = "64KiB"'), HopFault(what=Disturbance.NARROW, rate=1 << 16)),
        ("proxy.refuse", (NODE,), HopFault(what=Disturbance.REFUSE)),
        ("proxy.reset", (NODE,), HopFault(what=Disturbance.RESET)),
        (
            "proxy.flapping",
            (NODE, 'down = "1s"', 'up = "2s"', 'how = "reset"'),
            HopFault(what=Disturbance.RESET, down=1.0, up=2.0),
        ),
        ("upstream.down", (SERVICE,), HopFault(what=Disturbance.REFUSE)),
        ("upstream.down", (SERVICE, 'how = "hang"'), HopFault(what=Disturbance.HOLD)),
        ("upstream.slow", (SERVICE, 'delay = "1s"'), HopFault(what=Disturbance.LATE, way=Way.FROM, lag=1.0)),
        (
            "upstream.flapping",
            (SERVICE, 'down = "1s"', 'up = "1s"'),
            HopFault(what=Disturbance.REFUSE, down=1.0, up=1.0),
        ),
        ("proxy.latency", (SERVICE, 'delay = "80ms"'), HopFault(what=Disturbance.LATE, lag=0.08)),
    ],
)
def test_each_kind_says_what_the_hop_suffers(kind: str, lines: tuple[str, ...], fault: HopFault) -> None:
    assert suffered(kind, *lines) == fault


@pytest.mark.parametrize(
    ("kind", "lines", "said", "hint"),
    [
        ("proxy.latency", (NODE,), "fault[1].delay is missing", "give delay"),
        ("proxy.flapping", (NODE, 'down = "1s"'), "fault[1].up is missing", "give down and up"),
        ("proxy.reset", (NODE, 'delay = "1s"'), "fault[1].delay: unknown key", ""),
        ("proxy.partition", (NODE, 'direction = "up"'), 'fault[1].direction: wants one of "both", "to", "from"', ""),
        (
            "proxy.partition",
            (NODE, "keep_down = true"),
            "keep_down: does not apply to a proxy.partition",
            "leave it out",
        ),
        ("upstream.down", (NODE,), "names no service, which upstream.down needs", 'service = "random"'),
        (
            "upstream.down",
            ('target = { service = "api", nodes = 1 }',),
            "selects targets in two ways: nodes and service",
            "",
        ),
        ("proxy.partition", ("target = { edges = 1 }",), "fault[1].target: is not a hop", "name nodes"),
        ("process.kill", (SERVICE,), "only hops to a service can be struck", "upstream.down"),
        ("process.kill", (NODE, 'rate = "1KiB"'), "fault[1].rate: does not apply to a process.kill", ""),
    ],
)
def test_what_makes_no_sense_is_refused(kind: str, lines: tuple[str, ...], said: str, hint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        suffered(kind, *lines)
    assert said in str(refused.value)
    assert hint in refused.value.hint


def planned(kind: str, *lines: str, seed: int = 1, more: str = "", fleet: Fleet | None = None) -> DrillPlan:
    return plan(parse(text(kind, *lines, more=more), "mine.toml"), fleet or founded(SPEC), seed)


def test_the_fleet_is_borrowed_with_the_services_whose_hops_are_struck() -> None:
    drawn = planned("upstream.down", SERVICE)
    assert (drawn.nodes, drawn.services) == ((), ("api",))
    assert borrowing(drawn).services == ("api",)
    assert command(drawn.strikes[0]) == BreakHop(services=("api",), fault=HopFault(what=Disturbance.REFUSE))
    assert rehearsal(drawn) == (borrowing(drawn),), "nothing can be disturbed before it is lent"
    assert str(drawn.strikes[0]) == "upstream.down of api (connections are refused)"


def test_a_service_is_drawn_from_those_that_routes_lead_to_once_for_all_faults() -> None:
    drawn_by_chance = 'target = { service = "random" }'
    later = ("[[fault]]", 'type = "upstream.slow"', 'delay = "1s"', 'at = "2s"', drawn_by_chance)
    both = "\n".join((drawn_by_chance, 'for = "2s"', *later))
    for seed in range(20):
        drawn = planned("upstream.down", both, seed=seed)
        assert {strike.services for strike in drawn.strikes} == {("api",)}
    with pytest.raises(HactlError, match="no route leads to a service"):
        planned("upstream.down", 'target = { service = "random" }', fleet=founded(a_spec()))


def test_clients_ask_for_the_service_that_is_struck() -> None:
    """By the first route that a plain GET can take."""
    asked = '[load]\nroute = "@service"'
    assert planned("upstream.down", SERVICE, more=asked).load.url.endswith("/api/")
    with pytest.raises(HactlError, match="no route that a plain GET can take leads to web"):
        planned("upstream.down", 'target = { service = "web" }', more=asked)


@pytest.mark.parametrize(
    ("kind", "target", "said"),
    [
        ("upstream.down", '{ service = "nobody" }', "no service 'nobody'"),
        ("proxy.partition", '{ names = ["edge-1"] }', "'edge-1' is an edge"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_before_anything_is_borrowed(kind: str, target: str, said: str) -> None:
    with pytest.raises(HactlError, match=said):
        planned(kind, f"target = {target}")


def test_all_of_them_are_called_emulated() -> None:
    assert {reality(kind) for kind in MEANINGS} == {Reality.EMULATED}
    assert reality(FaultKind.KILL) is Reality.REAL


class Run:
    """A drill on a memory world: its fault is in force."""

    def __init__(self, kind: str, *lines: str) -> None:
        self.world = MemoryWorld(founded(SPEC)).begin()
        self.plan = planned(kind, *lines, fleet=self.world.fleet)
        self.drill = self.world.submit(borrowing(self.plan))
        (self.strike,) = self.plan.strikes
        self.world.submit(command(self.strike))

    @property
    def records(self) -> list[Record]:
        return [
            Record(seq=number, wall=0.0, mono=float(number), event=event)
            for number, event in enumerate(self.world.journal)
        ]


@pytest.mark.parametrize(
    ("kind", "target", "node"), [("proxy.partition", NODE, "hop to seoul-1"), ("upstream.down", SERVICE, "hop to api")]
)
def test_it_is_proved_by_the_proxy_that_was_read_back_and_by_what_that_has_counted(
    kind: str, target: str, node: str
) -> None:
    run = Run(kind, target)
    when, proofs = disturbed(run.strike, run.records)
    assert (when, [proof.done for proof in proofs]) == (None, [False])
    run.world.calm()
    when, (proof,) = disturbed(run.strike, run.records)
    assert when is not None
    assert run.world.proxy is not None
    assert (proof.node, proof.pid, proof.ticks, proof.done) == (node, *[run.world.proxy.pid] * 2, True)
    assert in_the_end((proof,), run.records) == (proof,)
    run.world.submit(EndDrill(id=run.drill))
    run.world.settle()
    (ended,) = in_the_end((proof,), run.records)
    assert ended.done
    assert ended.found.endswith("0 connections, 0 bytes there and 0 back, 0 held, 0 resets")


def test_a_fault_that_ended_with_its_proxy_proves_nothing() -> None:
    run = Run("upstream.down", SERVICE)
    run.world.calm()
    _, proofs = disturbed(run.strike, run.records)
    run.world.lose_proxy()
    run.world.calm()
    (ended,) = in_the_end(proofs, run.records)
    assert not ended.done
    assert ended.found.endswith("but no longer disturbed: its proxy has ended")


def test_what_is_mended_before_the_failback_is_what_is_left_of_it() -> None:
    run = Run("upstream.down", SERVICE)
    run.world.calm()
    assert mending(run.strike, run.world.fleet) == MendHop(services=("api",))
    run.world.submit(MendHop(services=("api",)))
    assert mending(run.strike, run.world.fleet) is None
    run.world.calm()
    assert to_service("api") not in run.world.fleet.hops
    assert any(isinstance(record.event, HopChanged) for record in run.records)

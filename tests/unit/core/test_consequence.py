"""What a command leaves to carry is foreseen, and refused when it is more than is declared."""

import pytest
from support.build import a_proposal, a_spec
from support.script import Script, after, applied, exited, serving

from hactl.core.commands import (
    Apply,
    Command,
    Down,
    Drain,
    Failback,
    Failover,
    Freeze,
    Kill,
    Pause,
    Request,
    Restart,
    Resume,
    Scale,
    SetWeight,
    Start,
    Stop,
)
from hactl.core.consequence import check, once_done
from hactl.core.headroom import CapacityVerdict, Carrying
from hactl.core.load import Load
from hactl.core.machine import step
from hactl.core.model import Fleet
from hactl.core.operation import Verb
from hactl.core.routing import RouteSpec
from hactl.core.spec import FleetSpec
from hactl.core.traffic import shares
from hactl.core.value import replace

ROOM, UNPROVED, SHORT = CapacityVerdict.ROOM, CapacityVerdict.UNPROVED, CapacityVerdict.SHORT
FULL = Load(rates={"seoul-1": 300.0}, at=1.0)


def request(command: Command, *, load: Load | None = FULL, confirm: str = "", to: FleetSpec | None = None) -> Request:
    asked = Request(command=command, by="alice", load=load, confirm=confirm)
    return asked if to is None else replace(asked, proposal=a_proposal(fleet_of(100), to))


def fleet_of(capacity: int, **shape: object) -> Fleet:
    return serving(a_spec(gateway={"capacity": capacity}, **shape))  # type: ignore[arg-type]


def foreseen(fleet: Fleet, asked: Request) -> Carrying:
    left = check(fleet, asked)
    assert left is not None
    return left


TAKING: list[Command] = [
    Kill(nodes=("seoul-1",)),
    Freeze(nodes=("seoul-1",)),
    Stop(nodes=("seoul-1",)),
    Drain(nodes=("seoul-1",)),
    Restart(nodes=("seoul-1", "seoul-2")),
    SetWeight(nodes=("seoul-1",), weight=0),
    SetWeight(nodes=("seoul-1", "seoul-2"), weight=10),
]


@pytest.mark.parametrize("command", TAKING, ids=lambda command: type(command).__name__)
class TestTakingCapacity:
    def test_what_the_others_cannot_carry_is_refused(self, command: Command) -> None:
        """By a guard, with what would be asked of whom, and how to have it all the same."""
        story = Script(fleet_of(149))
        rejected = story.refuses(request(command))
        assert rejected.guard
        assert rejected.message.startswith("too little capacity would be left: ")
        assert rejected.message.endswith("; declared capacity: 149/s per node")
        assert rejected.hint == "if you mean it: --confirm default"

    def test_whoever_means_it_types_the_name(self, command: Command) -> None:
        """And is told the same."""
        story = Script(fleet_of(149))
        assert foreseen(story.fleet, request(command, confirm="default")).verdict is SHORT
        assert (story >> request(command, confirm="default")).fleet.operations

    def test_what_nobody_has_proved_is_said_and_not_refused(self, command: Command) -> None:
        """Neither more than was seen, nor a load that is not known."""
        seen = replace(serving(), sustained=120.0)
        left = foreseen(seen, request(command))
        assert (left.verdict, left.more) == (UNPROVED, True)
        unknown = foreseen(fleet_of(149), request(command, load=None))
        assert (unknown.verdict, unknown.needed) == (UNPROVED, None)
        assert (Script(seen) >> request(command)).fleet.operations

    def test_what_fits_is_room(self, command: Command) -> None:
        assert foreseen(fleet_of(300), request(command)).verdict is ROOM


def test_what_makes_nothing_worse_is_allowed() -> None:
    """A fleet that is short already can still be worked on: a node that is out anyway, or the most burdened one."""
    story = Script(fleet_of(50)) >> exited("seoul-1", signal=9)
    left = foreseen(story.fleet, request(Stop(nodes=("seoul-1",))))
    assert (left.verdict, left.more) == (SHORT, False)
    heavy = Script(fleet_of(50)) >> SetWeight(nodes=("seoul-1",), weight=900)
    assert foreseen(heavy.fleet, request(Drain(nodes=("seoul-1",)))).more is False
    assert foreseen(heavy.fleet, request(SetWeight(nodes=("seoul-1",), weight=100))).more is False


def test_what_brings_capacity_back_is_never_refused() -> None:
    """Also when it is too little still, or one node gets more than before: a region of the first rank comes back."""
    story = Script(fleet_of(50)) >> Request(command=Drain(nodes=("seoul-1",)), by="alice", confirm="default")
    left = foreseen(story.fleet, request(Resume(nodes=("seoul-1",))))
    assert (left.verdict, left.nodes, left.needed, left.more) == (SHORT, 3, 100.0, False)
    first = Script(fleet_of(100, regions=2, nodes=2, standby=True))
    first >> Request(command=Stop(nodes=("seoul-1", "seoul-2")), by="alice", confirm="default")
    back = foreseen(first.fleet, request(Start(nodes=("seoul-1",))))
    assert (back.verdict, back.node, back.needed, back.more) == (SHORT, "seoul-1", 300.0, True)


def test_a_node_that_is_drained_takes_nothing_when_it_is_started() -> None:
    """Who resumes it gets another answer."""
    story = Script(fleet_of(400))
    story >> Drain(nodes=("seoul-1",)) >> exited("seoul-1", signal=9)
    assert foreseen(story.fleet, request(Start(nodes=("seoul-1",)))).nodes == 2
    assert foreseen(story.fleet, request(Resume(nodes=("seoul-1",)))).nodes == 3


def test_that_nobody_is_left_is_another_rule() -> None:
    """With a number of its own, which may be 0."""
    everything = Kill(nodes=("seoul-1", "seoul-2", "seoul-3"))
    refused = Script(fleet_of(50)).refuses(request(everything))
    assert "would leave 0 nodes serving" in refused.message
    careless = serving(a_spec(safety={"min_serving_nodes": 0, "min_serving_regions": 0}, gateway={"capacity": 50}))
    assert foreseen(careless, request(everything)).nodes == 0


def test_edges_have_no_share_to_take_away() -> None:
    """What the nodes carry stays as it is."""
    left = foreseen(fleet_of(50), request(Kill(nodes=("edge-1",))))
    assert (left.more, left.nodes, left.without) == (False, 3, ())


def test_a_rolling_restart_is_judged_by_its_worst_moment() -> None:
    """One after the other; what is said names who is down then."""
    left = foreseen(fleet_of(200), request(Restart(nodes=("edge-1", "seoul-2", "seoul-3"))))
    assert (left.nodes, left.needed) == (2, 150.0)
    assert left.sentence == (
        "while seoul-2 restarts, the other 2 nodes would carry 150/s each; declared capacity: 200/s per node"
    )


def test_fewer_nodes_are_refused_when_they_could_not_carry_it() -> None:
    """`scale`, and a configuration with fewer nodes: what will be in force counts, its declared capacity as well."""
    fleet = fleet_of(100)
    fewer = a_spec(nodes=2, gateway={"capacity": 100})
    story = Script(fleet)
    for command in (Scale(region="seoul", count=2), Apply(text="")):
        rejected = story.refuses(request(command, to=fewer))
        assert rejected.message == (
            "too little capacity would be left: 2 nodes would carry 150/s each; declared capacity: 100/s per node"
        )
        assert rejected.guard
    larger = a_spec(nodes=2, gateway={"capacity": 150})
    assert foreseen(fleet, request(Apply(text=""), to=larger)).verdict is ROOM
    assert foreseen(fleet, request(Scale(region="seoul", count=2), to=fewer, confirm="default")).verdict is SHORT


def test_more_nodes_are_foreseen_up() -> None:
    left = foreseen(fleet_of(100), request(Scale(region="seoul", count=5), to=a_spec(nodes=5)))
    assert (left.nodes, left.needed, left.more) == (5, 60.0, False)


def test_spares_that_are_new_stand_by() -> None:
    """They are no capacity until somebody is out."""
    left = foreseen(fleet_of(100), request(Apply(text=""), to=a_spec(nodes=2, spares=3)))
    assert left.nodes == 3, "nobody is taken out of rotation for a spare"


def test_a_configuration_that_restarts_nodes_is_judged_while_it_does() -> None:
    """One at a time, like a rolling restart."""
    fleet = fleet_of(100)
    other = a_spec(gateway={"capacity": 100}, routes=(RouteSpec(prefix="/", respond=200),))
    rejected = Script(fleet).refuses(request(Apply(text=""), to=other))
    assert "while seoul-1 restarts, the other 2 nodes would carry 150/s each" in rejected.message


@pytest.mark.parametrize("command", [Pause(), Down()], ids=lambda command: type(command).__name__)
def test_what_is_about_nobodys_share_says_nothing(command: Command) -> None:
    assert check(fleet_of(50), request(command)) is None


def test_the_decision_carries_what_was_foreseen() -> None:
    """For the receipt, and for a dry run."""
    story = Script(fleet_of(400))
    asked = request(Kill(nodes=("seoul-1",)))
    assert step(story.fleet, asked, story.now).carrying == check(story.fleet, asked)


def test_a_receipt_of_a_fault_gives_the_shares_without_those_it_hits() -> None:
    """Spares are counted in: they step in at once. What is drained or stopped has gone from the shares already."""
    story = Script(fleet_of(400))
    killed = once_done(story.fleet, Kill(nodes=("seoul-1",)))
    assert {share.node: share.part for share in shares(killed)} == {"seoul-1": 0, "seoul-2": 0.5, "seoul-3": 0.5}
    assert once_done(story.fleet, Stop(nodes=("seoul-1",))) == story.fleet


def test_undoing_a_move_of_traffic_is_never_refused() -> None:
    """The guard would do it without asking: back to where it was, even if that is more than is declared."""
    story = Script(fleet_of(100, regions=2, nodes=2))
    for edge in story.fleet.edges:
        story >> SetWeight(regions=("seoul",), weight=300) >> applied(edge.name)
    story >> request(Failover(region="seoul"), confirm="default")
    assert foreseen(story.fleet, request(Failback(region="seoul"))).verdict is SHORT
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    story >> after(3.0) >> request(Failback(region="seoul"))
    assert [operation.verb for operation in story.fleet.operations.values()] == [Verb.FAILBACK]


@pytest.mark.parametrize("order", [Kill, Freeze, Stop])
def test_without_an_edge_nobody_carries_anything(order: type[Kill] | type[Freeze] | type[Stop]) -> None:
    """Whoever is up behind them; with one edge left the nodes carry what they did."""
    left = foreseen(fleet_of(1000), request(order(nodes=("edge-1", "edge-2")), confirm="t"))
    assert left.sentence == "no edge would be left, and no traffic could be carried"
    assert (left.verdict, left.nodes, left.more) == (SHORT, 0, True)
    assert foreseen(fleet_of(1000), request(order(nodes=("edge-1",)))).nodes == 3

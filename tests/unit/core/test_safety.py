"""The rules every command must pass, each with what it says."""

from typing import Any

import pytest
from support.build import a_spec
from support.script import Script, applied, exited, serving, unhealthy

from hactl.core.commands import (
    Command,
    Down,
    Drain,
    Failover,
    Freeze,
    Kill,
    Pause,
    Request,
    Restart,
    Resume,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
    Unpause,
)
from hactl.core.safety import check
from hactl.core.safety import serving as carrying
from hactl.core.spec import Policy

ALL = ("seoul-1", "seoul-2", "seoul-3")


def request(command: Command, confirm: str = "") -> Request:
    return Request(command=command, by="alice", confirm=confirm)


MALFORMED: list[tuple[Command, str, str]] = [
    (Kill(nodes=()), "no node given", "name nodes, or use --region NAME or --all"),
    (Stop(nodes=("seoul-1", "seoul-1")), "a node is named twice", "name each node once"),
    (Start(nodes=("soul-1",)), "no node 'soul-1' in fleet 'default'", "known: edge-1, edge-2, seoul-1"),
    (Drain(nodes=("edge-1",)), "'edge-1' is an edge: it has no share to change", "hactl restart edge-1"),
    (Resume(nodes=("edge-1",)), "'edge-1' is an edge: it has no share to change", "hactl restart edge-1"),
    (
        SetWeight(nodes=("edge-1",), weight=1),
        "'edge-1' is an edge: it has no share to change",
        "hactl restart edge-1",
    ),
    (SetWeight(regions=("osaka",), weight=1), "no region 'osaka' in fleet 'default'", "known: seoul"),
    (SetWeight(weight=1), "no node given", "name nodes"),
    (SetWeight(nodes=("seoul-1",), weight=-1), "weight -1 is outside 0..1000", "100 is the usual weight"),
    (SetWeight(nodes=("seoul-1",), weight=1001), "weight 1001 is outside 0..1000", "100 is the usual weight"),
    (SetPolicy(policy=Policy.MAGLEV), "policy 'maglev' needs something to hash", "set edge.hash_on in hactl.toml"),
]


@pytest.mark.parametrize(("command", "message", "hint"), MALFORMED, ids=[said for _, said, _ in MALFORMED])
def test_what_makes_no_sense_is_refused_with_a_hint(command: Command, message: str, hint: str) -> None:
    """No confirmation makes sense of nonsense, and it is no safety rule that forbids it."""
    story = Script(serving())
    for confirm in ("", "default"):
        rejected = story.refuses(request(command, confirm))
        assert rejected.message == message
        assert rejected.hint.startswith(hint)
        assert not rejected.guard


UNSAFE: list[tuple[dict[str, Any], Command, str]] = [
    (
        {"safety": {"min_serving_nodes": 3}},
        Kill(nodes=("seoul-1",)),
        "killing 'seoul-1' would leave 2 nodes serving (safety.min_serving_nodes = 3)",
    ),
    (
        {"safety": {"min_serving_nodes": 2}},
        Drain(nodes=("seoul-1", "seoul-3")),
        "taking out 'seoul-1', 'seoul-3' would leave 1 node serving (safety.min_serving_nodes = 2)",
    ),
    ({}, Freeze(nodes=ALL), "freezing 'seoul-1', 'seoul-2', 'seoul-3' would leave 0 nodes serving"),
    ({"edges": 1}, Freeze(nodes=("edge-1",)), "freezing 'edge-1' would leave no edge serving"),
    ({}, Stop(nodes=ALL), "would leave 0 nodes serving (safety.min_serving_nodes = 1)"),
    (
        {"safety": {"min_serving_nodes": 3}},
        SetWeight(nodes=("seoul-1",), weight=0),
        "taking out 'seoul-1' would leave 2 nodes serving (safety.min_serving_nodes = 3)",
    ),
    ({"nodes": 9}, Kill(nodes=tuple(f"seoul-{number}" for number in range(1, 10))), "'seoul-3' and 6 more would leave"),
    (
        {"regions": 2, "nodes": 1, "safety": {"min_serving_regions": 2}},
        Stop(nodes=("osaka-1",)),
        "taking out 'osaka-1' would leave 1 region serving (safety.min_serving_regions = 2)",
    ),
    ({}, Kill(nodes=("edge-1", "edge-2")), "killing 'edge-1', 'edge-2' would leave no edge serving"),
    ({"edges": 1}, Stop(nodes=("edge-1",)), "taking out 'edge-1' would leave no edge serving"),
    ({"nodes": 1}, Restart(nodes=("seoul-1",)), "nothing could carry the traffic while 'seoul-1' restarts"),
    ({"edges": 1}, Restart(nodes=("edge-1",)), "nothing could carry the traffic while 'edge-1' restarts"),
]


@pytest.mark.parametrize("command", [SetWeight(nodes=ALL, weight=0), SetWeight(regions=("seoul",), weight=0)])
def test_weights_that_nobody_could_serve_are_refused_whoever_means_it(command: Command) -> None:
    """No such plan is ever published, so nobody could confirm it either."""
    rejected = Script(serving()).refuses(request(command, "default"))
    assert rejected.message == "all weights would be 0, and no node would serve"
    assert rejected.guard


@pytest.mark.parametrize(("spec", "command", "message"), UNSAFE, ids=[said for _, _, said in UNSAFE])
def test_what_is_unsafe_is_refused_until_somebody_means_it(
    spec: dict[str, Any], command: Command, message: str
) -> None:
    """A guard says what would be left and how to insist; typing the fleet's name lifts it, another word does not."""
    story = Script(serving(a_spec(**spec)))
    for confirm in ("", "yes", "DEFAULT"):
        rejected = story.refuses(request(command, confirm))
        assert message in rejected.message
        assert rejected.hint == "if you mean it: --confirm default"
        assert rejected.guard
    story >> request(command, "default")
    assert story.events


def test_read_only_cannot_be_lifted_by_insisting() -> None:
    """Not even `down` passes."""
    story = Script(serving(a_spec(safety={"read_only": True})))
    one = ("seoul-1",)
    hands_on = (Kill(nodes=one), Freeze(nodes=one), Thaw(nodes=one), Start(nodes=one))
    for command in (*hands_on, SetPolicy(policy=Policy.RANDOM), Pause(), Unpause(), Down()):
        rejected = story.refuses(request(command, "default"))
        assert rejected.message == "fleet 'default' is read-only"
        assert rejected.hint
        assert rejected.guard


def test_a_fleet_that_goes_down_takes_no_orders() -> None:
    """Whoever changes his mind waits and starts it again."""
    story = Script(serving()) >> Down()
    for command in (Start(nodes=("seoul-1",)), Down()):
        rejected = story.refuses(request(command, "default"))
        assert rejected.message == "fleet 'default' is going down"
        assert rejected.hint == "wait for it, then: hactl up"


def test_a_rule_speaks_only_about_what_gets_worse() -> None:
    """Below the limit already: what takes away nothing that serves is allowed, or nothing could be repaired."""
    story = Script(serving(a_spec(safety={"min_serving_nodes": 3})))
    story >> exited("seoul-1", signal=9)
    assert len(carrying(story.fleet)) == 2
    check(story.fleet, request(Kill(nodes=("seoul-1",))))
    assert story.refuses(Kill(nodes=("seoul-2",))).guard


def test_what_does_not_carry_traffic_may_always_go() -> None:
    """An unwell node is not one of those that must stay."""
    story = Script(serving(a_spec(safety={"min_serving_nodes": 2}))) >> unhealthy("seoul-1")
    story >> Stop(nodes=("seoul-1",))
    assert len(story.fleet.operations) == 1


def test_policies_and_weights_that_do_not_go_together() -> None:
    """RANDOM ignores node weights: neither may be set while the other would be silently ignored."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=10)
    rejected = story.refuses(SetPolicy(policy=Policy.RANDOM))
    assert rejected.message == "policy 'random' ignores node weights, and they differ"
    assert rejected.hint == "hactl weight --all 100"
    story >> SetWeight(nodes=("seoul-1",), weight=100) >> SetPolicy(policy=Policy.RANDOM)
    rejected = story.refuses(SetWeight(nodes=("seoul-1",), weight=10))
    assert rejected.message == "policy 'random' ignores node weights"
    assert rejected.hint
    story >> SetWeight(nodes=("seoul-1",), weight=0)
    story >> SetWeight(regions=("seoul",), weight=10)


@pytest.mark.parametrize("command", [Start, Stop, Drain, Resume, Restart])
def test_a_rolling_restart_owns_its_targets(command: type[Command]) -> None:
    """Nobody else gives them orders until it ends; a kill may cut in, as the world could."""
    story = Script(serving()) >> Restart(nodes=("seoul-1", "seoul-2"))
    (operation,) = story.fleet.operations.values()
    rejected = story.refuses(request(command(nodes=("seoul-2",)), "default"))
    assert rejected.message == f"'seoul-2' is part of a rolling restart ({operation.id})"
    assert rejected.hint == f"hactl wait --operation {operation.id}"
    check(story.fleet, request(Kill(nodes=("seoul-2",))))
    check(story.fleet, request(Drain(nodes=("seoul-3",)), "default"))


def test_a_command_is_taken_whole_or_not_at_all() -> None:
    """One node that does not fit, and none of them hears of it."""
    story = Script(serving()) >> Drain(nodes=("seoul-2",)) >> applied("edge-1") >> applied("edge-2")
    rejected = story.refuses(Drain(nodes=("seoul-3", "seoul-2")))
    assert rejected.message == "'seoul-2' is already drained"
    assert not story.node("seoul-3").drained


@pytest.mark.parametrize(
    ("command", "beginning"),
    [
        (Drain(nodes=("osaka-1",)), "taking out 'osaka-1'"),
        (Stop(nodes=("osaka-1",)), "taking out 'osaka-1'"),
        (Kill(nodes=("osaka-1",)), "killing 'osaka-1'"),
        (SetWeight(regions=("osaka",), weight=0), "taking out 'osaka-1'"),
        (Restart(nodes=("osaka-1",)), "restarting 'osaka-1'"),
    ],
)
def test_nobody_sends_all_traffic_into_an_evacuated_region_unawares(command: Command, beginning: str) -> None:
    """It would serve, as a last resort; that somebody ordered it emptied is said first."""
    story = Script(serving(a_spec(regions=2, nodes=1, safety={"min_serving_nodes": 1})))
    story >> Failover(region="seoul", steps=1, pause=0.0) >> applied("edge-1") >> applied("edge-2")
    refusal = story.refuses(command)
    assert refusal.message == f"{beginning} would leave only seoul serving, evacuated by alice"
    assert refusal.hint == "if you mean it: --confirm default"
    check(story.fleet, request(command, confirm="default"))


def test_what_already_rests_on_an_evacuated_region_can_be_repaired() -> None:
    """The rule is about what gets worse."""
    story = Script(serving(a_spec(regions=2, nodes=2)))
    story >> Failover(region="seoul", steps=1, pause=0.0) >> applied("edge-1") >> applied("edge-2")
    story >> exited("osaka-1", signal=9) >> exited("osaka-2", signal=9)
    check(story.fleet, request(Drain(nodes=("seoul-2",))))

"""Failover and failback as operations: step by step, proved by the edges, taken back when they do harm."""

import pytest
from support.build import a_proposal, a_spec, at
from support.script import Script, after, applied, exited, healthy, like, refused, serving, spawned

from hactl.core.codec import decode_fleet, encode
from hactl.core.commands import Apply, Down, Failback, Failover, Request, SetWeight, Stop
from hactl.core.deadlines import soonest
from hactl.core.draft import evolve
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.events import OperationBegan, OperationEnded
from hactl.core.model import Fleet
from hactl.core.observations import TrafficWorsened
from hactl.core.operation import Outcome
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.core.traffic import shares

EDGES = ("edge-1", "edge-2")


def two(*, standby: bool = True, nodes: int = 2) -> Script:
    """seoul and osaka; osaka waits behind seoul, or stands beside it."""
    return Script(serving(a_spec(regions=2, nodes=nodes, standby=standby)))


def share(fleet: Fleet, region: str) -> int:
    """Of all traffic, in per cent."""
    return round(sum(share.part for share in shares(fleet) if share.region == region) * 100)


def proved(story: Script) -> Script:
    """Every edge has proved the newest plan."""
    for edge in EDGES:
        story >> applied(edge)
    return story


def through(story: Script, seconds: float = 2.0, limit: int = 20) -> list[int]:
    """Play on until no operation is left: seoul's share after each step."""
    seen = []
    while story.fleet.operations and limit:
        seen.append(share(story.fleet, "seoul"))
        proved(story) >> after(seconds)
        limit -= 1
    return seen


def ended(story: Script) -> OperationEnded:
    """How the last operation ended."""
    return next(event for event in reversed(story.events) if isinstance(event, OperationEnded))


def test_a_failover_moves_a_quarter_at_a_time() -> None:
    """Each step is proved by every edge and watched for a while before the next one."""
    story = two() >> Failover(region="seoul")
    assert share(story.fleet, "seoul") == 75
    story >> after(5.0) >> applied("edge-1")
    assert share(story.fleet, "seoul") == 75, "edge-2 has not proved it yet"
    story >> applied("edge-2") >> after(1.9)
    assert share(story.fleet, "seoul") == 75, "it is watched for two seconds"
    story >> after(0.1)
    assert through(story) == [50, 25, 0]
    assert ended(story).outcome is Outcome.DONE
    assert ended(story).sentence == "seoul no longer takes traffic: osaka carries it"
    assert share(story.fleet, "osaka") == 100


def test_who_ordered_it_why_and_since_when_is_known() -> None:
    story = two() >> Request(command=Failover(region="seoul"), by="alice", reason="maintenance")
    through(story)
    assert story.fleet.evacuations["seoul"] == Evacuation(
        region="seoul", cause=EvacuationCause.OPERATOR, why="maintenance", by="alice", since=at(1000.0).wall
    )
    assert story.replayed() == story.fleet


def test_a_failback_returns_it_in_the_same_way() -> None:
    story = two() >> Failover(region="seoul", steps=1, pause=0.0)
    through(story)
    story >> Failback(region="seoul", steps=2)
    assert through(story) == [50, 100]
    assert ended(story).sentence == "seoul has all its traffic again"
    assert story.fleet.evacuations == {}


def test_all_at_once_is_one_step() -> None:
    story = two() >> Failover(region="seoul", steps=1, pause=0.0)
    assert share(story.fleet, "seoul") == 0
    proved(story) << like(OperationEnded, outcome=Outcome.DONE)


def test_regions_that_share_do_so_as_well() -> None:
    story = two(standby=False) >> Failover(region="seoul", steps=2)
    assert through(story) == [25, 0]


def test_a_region_that_takes_nothing_anyhow_leaves_in_one_step() -> None:
    """Whoever waits behind others is put behind those behind it."""
    story = Script(serving(a_spec(regions=3, nodes=1, standby=True))) >> Failover(region="osaka", steps=1)
    through(story)
    story >> exited("seoul-1", signal=9)
    assert {share.region for share in shares(story.fleet) if share.part} == {"tokyo"}


@pytest.mark.parametrize("steps", range(1, 5))
def test_worse_answers_take_it_back_at_every_step(steps: int) -> None:
    """All at once: clients suffer now."""
    story = two() >> Failover(region="seoul")
    for _ in range(steps - 1):
        proved(story) >> after(2.0)
    operation = next(iter(story.fleet.operations))
    story >> TrafficWorsened(operation=operation, why="9 % failed") << RegionRestored
    assert share(story.fleet, "seoul") == 100
    proved(story) << like(OperationEnded, outcome=Outcome.ROLLED_BACK, sentence="rolled back: 9 % failed")


def test_what_is_taken_back_while_it_was_watched_waits_for_the_edges_alone() -> None:
    """The watch is over with it: nothing is due before the edges confirm, or have had their time."""
    story = proved(two() >> Failover(region="seoul"))
    operation = next(iter(story.fleet.operations))
    story >> TrafficWorsened(operation=operation, why="9 % failed") >> after(5.0)
    assert soonest(story.fleet) == story.fleet.operations[operation].deadline
    story >> after(5.0) << like(OperationEnded, outcome=Outcome.FAILED)


@pytest.mark.parametrize("steps", range(1, 5))
def test_the_loss_of_those_who_receive_takes_it_back_at_every_step(steps: int) -> None:
    """Clients are never left without a region: who still has nodes has the traffic in the same step."""
    story = two() >> Failover(region="seoul")
    for _ in range(steps - 1):
        proved(story) >> after(2.0)
    story >> exited("osaka-1", signal=9) >> exited("osaka-2", signal=9)
    assert share(story.fleet, "seoul") == 100
    assert story.fleet.evacuations == {}
    proved(story) << like(OperationEnded, outcome=Outcome.ROLLED_BACK)


def test_the_loss_of_the_region_itself_hurries_it() -> None:
    """Nothing is left there to be careful about."""
    story = two() >> Failover(region="seoul") >> exited("seoul-1", signal=9) >> exited("seoul-2", signal=9)
    assert story.fleet.evacuations["seoul"].keep == 0
    assert share(story.fleet, "osaka") == 100
    proved(story) >> after(0.0)
    assert ended(story).outcome is Outcome.DONE


@pytest.mark.parametrize("steps", range(1, 4))
def test_a_failback_whose_region_is_lost_again_is_taken_back(steps: int) -> None:
    story = two() >> Failover(region="seoul", steps=1, pause=0.0)
    through(story)
    story >> Failback(region="seoul")
    for _ in range(steps - 1):
        proved(story) >> after(2.0)
    story >> exited("seoul-1", signal=9) >> exited("seoul-2", signal=9)
    assert share(story.fleet, "osaka") == 100
    assert story.fleet.evacuations["seoul"].keep == 0
    proved(story) << like(OperationEnded, outcome=Outcome.ROLLED_BACK)


def test_a_failback_is_hurried_when_the_others_are_lost() -> None:
    story = two() >> Failover(region="seoul", steps=1, pause=0.0)
    through(story)
    story >> Failback(region="seoul") >> exited("osaka-1", signal=9) >> exited("osaka-2", signal=9)
    assert share(story.fleet, "seoul") == 100
    assert "seoul" not in story.fleet.evacuations
    proved(story) >> after(0.0)
    assert ended(story).outcome is Outcome.DONE


def test_a_node_of_theirs_that_is_just_restarting_is_waited_for() -> None:
    """The next step comes when it is back; when it does not come back, all is taken back."""
    story = proved(two() >> Failover(region="seoul")) >> exited("osaka-1", signal=9)
    proved(story) >> after(5.0)
    assert share(story.fleet, "seoul") == 75
    story >> spawned("osaka-1") >> healthy("osaka-1")
    assert share(story.fleet, "seoul") == 50
    proved(story) >> exited("osaka-1", signal=9)
    proved(story) >> after(15.0)
    assert proved(story).fleet.evacuations == {}
    assert ended(story).sentence == "rolled back: osaka-1 is not serving"


def test_an_edge_that_refuses_a_step_takes_it_back() -> None:
    story = two() >> Failover(region="seoul") >> refused("edge-2", "no")
    assert share(story.fleet, "seoul") == 100
    proved(story) << like(OperationEnded, outcome=Outcome.ROLLED_BACK, sentence="rolled back: edge-2 rejected it: no")


def test_a_silent_edge_takes_it_back() -> None:
    story = two() >> Failover(region="seoul") >> applied("edge-1") >> after(12.0)
    assert share(story.fleet, "seoul") == 100
    assert story >> after(10.0) << like(OperationEnded, outcome=Outcome.FAILED)


@pytest.mark.parametrize("steps", range(4))
def test_an_operator_turns_it_round_at_every_step(steps: int) -> None:
    """It goes back from where it stands, step by step, and ends where it began."""
    story = two() >> Failover(region="seoul")
    for _ in range(steps):
        proved(story) >> after(2.0)
    before = share(story.fleet, "seoul")
    story >> Failback(region="seoul", steps=2)
    story << like(OperationEnded, outcome=Outcome.ROLLED_BACK) << OperationBegan
    assert share(story.fleet, "seoul") == pytest.approx((before + 100) / 2, abs=0.5)
    through(story)
    assert story.fleet.evacuations == {}
    assert ended(story).outcome is Outcome.DONE


@pytest.mark.parametrize("turns", range(1, 4))
@pytest.mark.parametrize("steps", range(4))
def test_what_was_turned_round_and_then_does_harm_ends_where_the_first_began(turns: int, steps: int) -> None:
    """However often it is turned: half-way is no place to stay, and what somebody stopped is not completed."""
    story = two() >> Failover(region="seoul")
    for _ in range(steps):
        proved(story) >> after(2.0)
    for turn in range(turns):
        story >> (Failover(region="seoul") if turn % 2 else Failback(region="seoul"))
    story >> TrafficWorsened(operation=next(iter(story.fleet.operations)), why="bad")
    assert proved(story).fleet.evacuations == {}
    assert ended(story).outcome is Outcome.ROLLED_BACK


def test_a_failback_that_was_turned_round_and_then_does_harm_leaves_the_region_evacuated() -> None:
    """That is what the failback found."""
    story = two() >> Failover(region="seoul", steps=1, pause=0.0)
    through(story)
    found = story.fleet.evacuations["seoul"]
    proved(story >> Failback(region="seoul")) >> after(2.0)
    story >> Request(command=Failover(region="seoul"), by="bob")
    story >> TrafficWorsened(operation=next(iter(story.fleet.operations)), why="bad")
    assert proved(story).fleet.evacuations["seoul"] == found


def successor(story: Script, gap: float) -> Script:
    """The daemon is killed, and after `gap` seconds another takes charge of what runs."""
    fleet = decode_fleet(encode(story.fleet))
    alive = tuple(node.launch for node in fleet.nodes.values() if node.launch)
    again = Script(fleet, story.mono + gap)
    return again.take(recover(fleet, Found(alive=alive), Arrival(pid=2, version="1", gap=gap), again.now))


@pytest.mark.parametrize("gap", [0.0, 5.0, 900.0])
@pytest.mark.parametrize("steps", range(4))
def test_kill_9_of_the_daemon_at_every_step_goes_on_from_there(steps: int, gap: float) -> None:
    """The journal holds the operation and what was moved; the next daemon watches that step for its whole time."""
    story = two() >> Failover(region="seoul", pause=60.0)
    for _ in range(steps):
        proved(story) >> after(60.0)
    here = share(story.fleet, "seoul")
    again = proved(successor(proved(story) >> after(50.0), gap)) >> after(59.9)
    assert share(again.fleet, "seoul") == here
    seen = through(again >> after(0.1), seconds=60.0)
    assert seen == [75, 50, 25, 0][steps + 1 :]
    assert ended(again).outcome is Outcome.DONE
    assert share(again.fleet, "seoul") == 0


def test_what_nobody_watched_is_not_held_against_it() -> None:
    """A node of those that receive it that was just coming back, and a way back that was not proved yet."""
    story = proved(two() >> Failover(region="seoul")) >> after(1.0) >> exited("osaka-1", signal=9)
    again = successor(proved(story) >> after(5.0), 60.0) >> spawned("osaka-1") >> healthy("osaka-1")
    through(again)
    assert ended(again).outcome is Outcome.DONE
    story = two() >> Failover(region="seoul")
    story >> TrafficWorsened(operation=next(iter(story.fleet.operations)), why="bad")
    proved(successor(story, 60.0)) << like(OperationEnded, outcome=Outcome.ROLLED_BACK)


def test_a_reboot_in_the_middle_takes_it_back() -> None:
    """Operations do not outlive a boot, and half-way is no place to stay."""
    story = two() >> Failover(region="seoul")
    decision = recover(story.fleet, Found(), Arrival(pid=2, version="1", gap=5.0), at(10.0, boot="another"))
    assert decision.fleet.evacuations == {}
    assert decision.fleet.operations == {}


def test_down_in_the_middle_takes_it_back_and_a_finished_failover_outlives_it() -> None:
    assert (two() >> Failover(region="seoul") >> Down()).fleet.evacuations == {}
    story = two() >> Failover(region="seoul", steps=1, pause=0.0)
    through(story)
    assert (story >> Down()).fleet.evacuations["seoul"].keep == 0


def test_nobody_to_take_over_is_a_refusal() -> None:
    rejected = (two() >> SetWeight(regions=("osaka",), weight=0)).refuses(Failover(region="seoul"))
    assert rejected.message == "no region could take over from 'seoul'"
    assert rejected.guard
    assert "no region 'busan'" in two().refuses(Failover(region="busan")).message


def test_those_who_receive_have_to_be_whole_unless_somebody_means_it() -> None:
    story = two() >> exited("osaka-1", signal=9)
    rejected = story.refuses(Failover(region="seoul"))
    assert rejected.message == "osaka would have to carry its traffic without 'osaka-1'"
    assert (rejected.guard, rejected.hint) == (True, "if you mean it: --confirm default")
    story >> Request(command=Failover(region="seoul"), by="alice", confirm="default")
    assert through(story) == [75, 50, 25, 0]


def test_a_failback_needs_somebody_who_serves_there() -> None:
    story = two() >> Failover(region="seoul", steps=1, pause=0.0)
    through(story)
    story >> exited("seoul-1", signal=9)
    assert story.refuses(Failback(region="seoul")).message == "seoul would have to carry its traffic without 'seoul-1'"
    story >> exited("seoul-2", signal=9)
    assert story.refuses(Failback(region="seoul")).message == "no node in 'seoul' is serving"


def test_what_is_there_already_is_a_refusal() -> None:
    story = two()
    assert story.refuses(Failback(region="seoul")).message == "'seoul' already has all its traffic"
    story >> Failover(region="seoul", steps=1, pause=0.0)
    through(story)
    assert story.refuses(Failover(region="seoul")).message == "'seoul' already takes no traffic"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (Failover(region="seoul", steps=0), "0 steps are outside 1..100"),
        (Failover(region="seoul", pause=-1.0), "-1 s between two steps is outside 0..3600"),
        (Failback(region="seoul", steps=101), "101 steps are outside 1..100"),
    ],
)
def test_senseless_numbers_are_refused(command: Failover | Failback, message: str) -> None:
    assert two().refuses(command).message == message


def test_one_thing_at_a_time() -> None:
    """Two regions are never moved at once, nor one while a configuration comes into force; and the reverse."""
    story = two() >> Failover(region="seoul")
    rejected = story.refuses(Failover(region="osaka"))
    assert "is in progress: move the traffic of seoul away" in rejected.message
    assert rejected.hint.startswith("hactl failback seoul reverses it; or: hactl wait --operation op-")
    coming = a_proposal(story.fleet, a_spec(regions=2, nodes=3, standby=True))
    rejected = story.refuses(Request(command=Apply(text=""), by="bob", proposal=coming))
    assert "is in progress" in rejected.message
    other = two()
    proposal = a_proposal(other.fleet, a_spec(regions=2, nodes=3, standby=True))
    other >> Request(command=Apply(text=""), by="bob", proposal=proposal)
    assert "is in progress: apply a configuration" in other.refuses(Failover(region="seoul")).message


def test_what_faltered_and_is_then_moved_away_goes_back_to_that_when_it_does_harm() -> None:
    """A failover is taken back to what it found."""
    found = Evacuation(region="seoul", keep=10, cause=EvacuationCause.FALTERED, why="slow")
    story = proved(Script(evolve(two().fleet, RegionEvacuated(evacuation=found))) >> Failover(region="seoul"))
    story >> TrafficWorsened(operation=next(iter(story.fleet.operations)), why="bad")
    assert story.fleet.evacuations["seoul"] == found


def test_orders_to_nodes_go_on_meanwhile() -> None:
    """A node of the region that is left may be stopped: nothing is waited for there."""
    story = proved(two() >> Failover(region="seoul")) >> Stop(nodes=("seoul-1",))
    through(story)
    assert share(story.fleet, "osaka") == 100

"""Stories of fleets, and what they are worth telling: the table of alerts."""

from support.alerts import watched
from support.build import a_spec, founded
from support.script import Script, after, applied, drilling, exited, healthy, refused, serving, spawned, unhealthy
from support.world import MemoryWorld

from hactl.core.alert import AlertKind, Severity
from hactl.core.alerting import Notice, notices
from hactl.core.commands import (
    Command,
    Down,
    Drain,
    Failback,
    Failover,
    Kill,
    Pause,
    Restart,
    SetWeight,
    Start,
    Stop,
    TryAlert,
    Unpause,
)
from hactl.core.draft import evolve
from hactl.core.events import DaemonStarted, GapRecorded, JournalFilled, OperationEnded
from hactl.core.model import Fleet
from hactl.core.observations import AlertTried
from hactl.core.operation import Outcome
from hactl.core.value import replace

K = AlertKind


def told(story: Script, *causes: object) -> list[tuple[AlertKind, str]]:
    """What playing `causes` is worth, all together."""
    return [(notice.kind, notice.subject) for notice in all_notices(story, *causes)]


def all_notices(story: Script, *causes: object) -> list[Notice]:
    found: list[Notice] = []
    for cause in causes:
        before, known = story.fleet, len(story.events)
        story >> cause  # type: ignore[operator]
        found += notices(before, story.events[known:], story.fleet)
    return found


def moved(story: Script) -> list[object]:
    """Every edge confirms the newest plan."""
    return [applied(edge.name) for edge in story.fleet.edges if edge.serviceable]


def revived(story: Script, name: str) -> list[object]:
    return [spawned(name), healthy(name)]


def test_a_node_that_dies_is_down_then_moved_away_from_then_back() -> None:
    """The three moments of a failover, each with its own word."""
    story = Script(serving())
    assert told(story, exited("seoul-1", signal=9)) == [(K.NODE_DOWN, "seoul-1")]
    assert told(story, *moved(story)) == [(K.FAILOVER, "seoul-1")]
    assert told(story, *revived(story, "seoul-1")) == []
    assert told(story, *moved(story)) == [(K.NODE_BACK, "seoul-1")]


def test_the_sentence_says_what_happened_and_the_hint_where_to_look() -> None:
    story = Script(serving())
    first = all_notices(story, exited("seoul-1", signal=9))[0]
    assert first.sentence == "seoul-1 is down: killed by signal 9"
    assert first.hint == "hactl logs seoul-1"
    assert first.severity is Severity.WARNING
    assert type(story.events[-1]).__name__ == "FailoverBegan"
    assert first.seq == story.fleet.seq


def test_a_region_is_lost_with_its_last_node_and_back_with_its_first() -> None:
    """Once each, however many nodes it has."""
    story = Script(serving(a_spec(regions=2, nodes=2)))
    assert (K.REGION_LOST, "osaka") not in told(story, exited("osaka-1", signal=9))
    lost = all_notices(story, exited("osaka-2", signal=9))
    assert (lost[0].kind, lost[0].subject, lost[0].severity) == (K.REGION_LOST, "osaka", Severity.CRITICAL)
    assert (K.REGION_BACK, "osaka") in told(story, *revived(story, "osaka-2"))
    assert (K.REGION_BACK, "osaka") not in told(story, *revived(story, "osaka-1"))


def test_a_fleet_that_nobody_answers_for_is_down_and_back_with_the_first_node() -> None:
    """The gravest news goes first."""
    story = Script(serving(a_spec(nodes=2)))
    told(story, exited("seoul-1", signal=9))
    found = all_notices(story, exited("seoul-2", signal=9))
    assert [notice.kind for notice in found] == [K.FLEET_DOWN, K.REGION_LOST, K.NODE_DOWN]
    assert found[0].sentence == "fleet default is not serving any requests: no node serves"
    assert told(story, *revived(story, "seoul-1")) == [(K.FLEET_BACK, "default"), (K.REGION_BACK, "seoul")]


def test_an_edge_is_lost_and_back_and_the_last_one_is_critical() -> None:
    story = Script(serving())
    first = all_notices(story, exited("edge-1", signal=9))
    assert [(notice.kind, notice.severity) for notice in first] == [(K.EDGE_LOST, Severity.WARNING)]
    assert first[0].sentence == (
        "edge-1 is lost with an unknown number of connections: killed by signal 9; 1 of 2 edges serving"
    )
    second = all_notices(story, exited("edge-2", signal=9))
    assert [(notice.kind, notice.severity) for notice in second] == [
        (K.FLEET_DOWN, Severity.CRITICAL),
        (K.EDGE_LOST, Severity.CRITICAL),
    ]
    assert told(story, *revived(story, "edge-1")) == [(K.FLEET_BACK, "default")]
    assert told(story, applied("edge-1")) == [(K.EDGE_BACK, "edge-1")], "not before it has proved the plan"


def test_an_edge_that_is_only_unwell_is_lost_without_a_price() -> None:
    """Its process lives and has its connections still: it does not serve, then it does again."""
    story = Script(serving())
    found = all_notices(story, unhealthy("edge-1", "it answers 503"))
    assert [notice.sentence for notice in found] == ["edge-1 is lost: it answers 503; 1 of 2 edges serving"]
    assert told(story, healthy("edge-1")) == [(K.EDGE_BACK, "edge-1")]


def test_a_whole_outage_ends_for_receivers_also_when_an_operator_repairs_it() -> None:
    """Whoever was woken by it is told that it is over."""
    story = Script(serving(a_spec(nodes=2, edges=2, restart={"budget": 1, "initial": 0.0})))
    for name in ("seoul-1", "seoul-2"):
        told(story, exited(name, code=3), *revived(story, name))
        lost = told(story, exited(name, code=3))
    assert lost == [(K.FLEET_DOWN, "default"), (K.REGION_LOST, "seoul"), (K.CRASH_LOOP, "seoul-2"), *lost[3:]]
    assert told(story, Start(nodes=("seoul-1", "seoul-2"))) == []
    assert told(story, *revived(story, "seoul-1"), *moved(story)) == [
        (K.FLEET_BACK, "default"),
        (K.REGION_BACK, "seoul"),
        (K.NODE_BACK, "seoul-1"),
    ]
    assert told(story, *revived(story, "seoul-2"), *moved(story)) == [(K.NODE_BACK, "seoul-2")]


def test_an_edge_that_kept_crashing_is_back_when_an_operator_has_started_it() -> None:
    """And its loss, which ends the same moment it is seen, is told once, with its price."""
    story = Script(serving(a_spec(edges=2, restart={"budget": 1, "initial": 0.0})))
    told(story, exited("edge-1", code=3), *revived(story, "edge-1"), applied("edge-1"))
    found = all_notices(story, exited("edge-1", code=3))
    assert [notice.kind for notice in found] == [K.CRASH_LOOP, K.EDGE_LOST]
    assert "an unknown number of connections" in found[1].sentence
    assert told(story, Start(nodes=("edge-1",)), *revived(story, "edge-1")) == [(K.EDGE_BACK, "edge-1")]
    assert told(story, applied("edge-1")) == []


def test_a_region_that_was_killed_and_held_down_is_back_when_it_is_started() -> None:
    story = Script(serving(a_spec(regions=2, nodes=1)))
    lost = told(story, Kill(nodes=("osaka-1",), hold=True), exited("osaka-1", signal=9))
    assert (K.REGION_LOST, "osaka") in lost
    back = told(story, Start(nodes=("osaka-1",)), *revived(story, "osaka-1"), *moved(story))
    assert back == [(K.REGION_BACK, "osaka"), (K.NODE_BACK, "osaka-1")]


def test_a_node_that_nobody_waited_for_is_back_all_the_same() -> None:
    """After a crash loop, which is retried slowly, and after a pause; there is no duration to tell then."""
    story = Script(serving(a_spec(restart={"budget": 1, "initial": 0.0})))
    told(story, exited("seoul-1", code=3), *revived(story, "seoul-1"), *moved(story))
    told(story, exited("seoul-1", code=3), *moved(story))
    retry = story.node("seoul-1").deadline
    assert retry is not None
    assert told(story, after(retry.at - story.mono)) == []
    found = all_notices(story, *revived(story, "seoul-1"))
    assert [(notice.kind, notice.sentence) for notice in found] == [(K.NODE_BACK, "seoul-1 is serving again")]
    assert told(story, *moved(story)) == []

    story = Script(serving())
    assert told(story, Pause(), exited("seoul-1", signal=9)) == [(K.NODE_DOWN, "seoul-1")]
    assert told(story, *moved(story), Unpause()) == [(K.FAILOVER, "seoul-1")]
    assert told(story, *revived(story, "seoul-1"), *moved(story)) == [(K.NODE_BACK, "seoul-1")]


def test_a_spare_in_its_place_does_not_make_a_node_serve_again() -> None:
    story = Script(MemoryWorld(founded(a_spec(nodes=1, spares=1))).begin().fleet)
    assert told(story, exited("seoul-1", signal=9)) == [(K.NODE_DOWN, "seoul-1")]
    assert told(story, *moved(story)) == [(K.FAILOVER, "seoul-1")]
    assert story.fleet.failovers == {}
    found = all_notices(story, *revived(story, "seoul-1"))
    assert [(notice.kind, notice.sentence) for notice in found] == [(K.NODE_BACK, "seoul-1 is back, on standby")]


def test_what_an_operator_ordered_is_no_alert() -> None:
    """Drained, stopped, restarted, weighed, started, taken down: whoever did it knows."""
    orders: list[Command] = [
        Drain(nodes=("seoul-1",)),
        Stop(nodes=("seoul-1", "edge-1")),
        Restart(nodes=("seoul-1", "edge-1")),
        SetWeight(nodes=("seoul-1",), weight=0),
        Down(),
    ]
    for order in orders:
        world = MemoryWorld(a_fleet()).begin()
        before, known = world.fleet, len(world.journal)
        world.submit(order)
        world.settle()
        if isinstance(order, Stop):
            world.submit(Start(nodes=order.nodes))
            world.settle()
        assert stepwise(before, world, known) == [], order


def test_what_a_fleet_that_is_taken_down_cuts_short_is_no_alert() -> None:
    story = Script(serving()) >> Restart(nodes=("seoul-1",))
    assert told(story, Down()) == []
    assert any(isinstance(event, OperationEnded) for event in story.events)


def test_a_kill_is_taken_for_a_crash() -> None:
    """That is what it is for; the sentence says who did it."""
    story = Script(serving())
    found = all_notices(story, Kill(nodes=("seoul-1",)), exited("seoul-1", signal=9))
    assert [(notice.kind, notice.sentence) for notice in found] == [(K.NODE_DOWN, "seoul-1 is down: killed by alice")]


def test_a_region_drained_in_part_is_lost_when_the_rest_dies() -> None:
    """Not only the last one counts: that somebody else is out on purpose makes it no less of a loss."""
    story = Script(serving(a_spec(regions=2, nodes=2)))
    assert told(story, Drain(nodes=("osaka-1",))) == []
    assert (K.REGION_LOST, "osaka") in told(story, exited("osaka-2", signal=9))


def test_a_crash_loop_needs_a_person() -> None:
    story = Script(serving(a_spec(restart={"budget": 1, "initial": 0.0})))
    told(story, exited("seoul-1", code=3), *revived(story, "seoul-1"))
    found = all_notices(story, exited("seoul-1", code=3))
    assert (found[0].kind, found[0].severity) == (K.CRASH_LOOP, Severity.CRITICAL)
    assert found[0].sentence.startswith("seoul-1 keeps dying, most recently: exited with code 3")


def test_a_hang_is_told_once_and_by_its_name() -> None:
    story = Script(serving())
    assert told(story, unhealthy("seoul-1", "stopped", hung=True)) == [(K.HUNG, "seoul-1"), (K.NODE_DOWN, "seoul-1")]
    assert told(story, exited("seoul-1", signal=9)) == []


def test_a_plan_that_an_edge_refuses() -> None:
    story = Script(serving())
    told(story, exited("seoul-1", signal=9))
    found = all_notices(story, refused("edge-1", "no room"))
    assert [(notice.kind, notice.subject) for notice in found] == [(K.PLAN_REJECTED, "edge-1")]
    assert "no room" in found[0].sentence


def test_a_change_that_was_taken_back_is_told_by_what_it_was() -> None:
    story = Script(serving())
    found = all_notices(story, SetWeight(nodes=("seoul-1",), weight=50), refused("edge-1", "no room"))
    back = next(notice for notice in found if notice.kind is K.CONFIG_ROLLED_BACK)
    assert back.subject == "weight"
    assert back.sentence == "weight of seoul-1 = 50 (by alice) was rolled back: edge-1 rejected it: no room"


def test_a_drill_that_was_taken_back_has_failed() -> None:
    """No configuration was rolled back, and nobody who waits for that is woken."""
    story, _ = drilling("seoul-1")
    found = all_notices(story, after(60.0))
    assert [(notice.kind, notice.subject) for notice in found] == [(K.OPERATION_FAILED, "drill")]
    assert found[0].sentence == (
        "drill game-day on seoul-1 (by alice) was taken back:"
        " its runner has been silent for 10 s; everything it touched has been restored"
    )


def test_an_operation_that_failed() -> None:
    """One that never comes to its end, too: the deadline is an end."""
    story = Script(serving(a_spec(gateway={"start_timeout": 5.0})))
    told(story, Stop(nodes=("seoul-1",)))
    before, known = story.fleet, len(story.events)
    story >> after(3600.0)
    ended = next(event for event in story.events[known:] if isinstance(event, OperationEnded))
    assert ended.outcome is Outcome.FAILED
    (failed,) = notices(before, (ended,), evolve(before, ended))
    assert (failed.kind, failed.subject) == (K.OPERATION_FAILED, "stop")


def test_a_failed_test_of_an_alert_is_no_alert() -> None:
    """Whoever asked for it is told; a receiver that is away would be sent the news of its own absence."""
    story = Script(serving(watched()))
    story >> TryAlert(alert="ops")
    (alert,) = story.fleet.alerts.waiting("ops")
    assert told(story, AlertTried(id=alert.id, delivered=False, attempts=1, why="away")) == []


def test_what_concerns_the_daemon_and_its_journal() -> None:
    fleet = serving()
    gap = DaemonStarted(pid=2, version="0", boot=fleet.boot, gap=12.5, at_most=True)
    assert [notice.kind for notice in of(fleet, gap)] == [K.SUPERVISION_GAP]
    assert of(fleet, gap)[0].sentence == "the fleet was unsupervised for up to 12.5 s"
    assert of(fleet, replace(gap, at_most=False))[0].sentence == "the fleet was unsupervised for 12.5 s"
    assert of(fleet, replace(gap, gap=None)) == ()
    assert [notice.kind for notice in of(fleet, JournalFilled(waiting=7))] == [K.JOURNAL_FULL]
    assert [notice.kind for notice in of(fleet, GapRecorded(lost=7, why="full"))] == [K.JOURNAL_FULL]


def test_a_fleet_that_comes_up_for_the_first_time_is_no_news() -> None:
    world = MemoryWorld(a_fleet())
    before = world.fleet
    world.begin()
    assert stepwise(before, world, 0) == []


def a_fleet() -> Fleet:
    return founded(a_spec(regions=2, nodes=2))


def of(fleet: Fleet, event: DaemonStarted | JournalFilled | GapRecorded) -> tuple[Notice, ...]:
    return notices(fleet, (event,), evolve(fleet, event))


def stepwise(before: Fleet, world: MemoryWorld, known: int) -> list[Notice]:
    """What each event since would be worth, one after another."""
    found: list[Notice] = []
    for event in world.journal[known:]:
        after_ = evolve(before, event)
        found += notices(before, (event,), after_)
        before = after_
    return found


def test_a_lost_region_says_who_carries_its_traffic_and_that_it_waits() -> None:
    story = Script(serving(a_spec(regions=2, nodes=1, standby=True)))
    lost = told(story, exited("seoul-1", signal=9))
    assert lost == [(K.REGION_LOST, "seoul"), (K.NODE_DOWN, "seoul-1")]
    moving = all_notices(story, *moved(story))
    assert moving[-1].sentence == "traffic of region seoul moved to osaka after 0 ms"
    (back,) = (notice for notice in all_notices(story, *revived(story, "seoul-1")) if notice.kind is K.REGION_BACK)
    assert back.sentence == "region seoul is back: seoul-1 serving; seoul takes no traffic until: hactl failback seoul"


def test_a_failover_that_is_taken_back_has_failed_and_one_that_is_turned_round_has_not() -> None:
    """Nothing of the configuration has changed; and what an operator wants is no alert."""
    two = serving(a_spec(regions=2, nodes=1, standby=True))
    story = Script(two) >> Failover(region="seoul")
    found = all_notices(story, exited("osaka-1", signal=9), *moved(story))
    failed = next(notice for notice in found if notice.kind is K.OPERATION_FAILED)
    assert failed.subject == "failover"
    assert failed.sentence == (
        "move the traffic of seoul away (by alice) was rolled back: no region can take over from seoul any more"
    )
    assert told(Script(two) >> Failover(region="seoul"), Failback(region="seoul")) == []

"""Stories of receivers: who is owed what, what is held back, and what a crash or a long silence does to it."""

import pytest
from support.alerts import a_receiver, watched
from support.build import founded
from support.script import NOTHING, Script, after, applied, exited, healthy, like, serving, spawned
from support.world import MemoryWorld

from hactl.core.alert import AlertKind
from hactl.core.alert_events import AlertDelivered, AlertExpired, AlertFailed, AlertRaised, AlertSuppressed
from hactl.core.alert_queue import LONGEST_QUEUE, NEWS_FOR
from hactl.core.commands import Down, Kill, TryAlert
from hactl.core.effects import DeliverAlerts
from hactl.core.events import (
    NodeChanged,
    OperationBegan,
    OperationEnded,
)
from hactl.core.observations import AlertTooOld, AlertTried
from hactl.core.operation import Outcome
from hactl.core.value import replace

DOWN_ONLY = a_receiver(on=(AlertKind.NODE_DOWN,), throttle=300.0)


def dies(story: Script, name: str = "seoul-1") -> Script:
    """Dies, and comes back on every edge."""
    story >> exited(name, signal=9)
    decided = story.outcomes
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    waits = story.node(name).deadline
    if waits is not None and not story.node(name).state.alive:
        story >> after(waits.at - story.mono)
    story >> spawned(name) >> healthy(name)
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    story.outcomes = decided
    return story


def test_an_alert_is_raised_in_the_same_step_as_its_cause() -> None:
    """One transaction of the journal has both: no crash can come between them."""
    story = Script(serving(watched()))
    story >> exited("seoul-1", signal=9) << NodeChanged << like(AlertRaised, alert__kind=AlertKind.NODE_DOWN)
    story << DeliverAlerts
    (alert,) = story.fleet.alerts.waiting("ops")
    assert (alert.fleet, alert.subject, alert.suppressed) == ("default", "seoul-1", 0)
    assert alert.seq < story.fleet.seq, "the cause comes before the alert"
    assert alert.id == f"f1-{story.fleet.seq}"


def test_without_a_receiver_nothing_is_decided() -> None:
    story = Script(serving())
    story >> exited("seoul-1", signal=9)
    assert not [event for event in story.events if isinstance(event, AlertRaised | AlertSuppressed)]


def test_each_receiver_is_told_what_it_wants_to_know() -> None:
    """A second one makes no difference to the first."""
    pager = a_receiver("pager", on=(AlertKind.REGION_LOST, AlertKind.FLEET_DOWN))
    story = Script(serving(watched(a_receiver(), pager, nodes=1)))
    story >> exited("seoul-1", signal=9)
    assert {alert.kind for alert in story.fleet.alerts.waiting("pager")} == {
        AlertKind.REGION_LOST,
        AlertKind.FLEET_DOWN,
    }
    assert len(story.fleet.alerts.waiting("ops")) == 3


def test_one_kind_about_one_subject_is_told_once_in_a_while_and_the_next_one_counts_the_rest() -> None:
    """What was held back is never forgotten silently."""
    story = Script(serving(watched(DOWN_ONLY)))
    dies(story) << AlertRaised
    dies(story) << like(AlertSuppressed, subject="seoul-1", count=1)
    dies(story) << like(AlertSuppressed, count=2)
    dies(story, "seoul-2") << like(AlertRaised, alert__subject="seoul-2", alert__suppressed=0)
    story >> after(300.0)
    dies(story) << like(AlertRaised, alert__subject="seoul-1", alert__suppressed=2)
    dies(story) << like(AlertSuppressed, count=1)
    assert story.replayed() == story.fleet


def test_a_wall_clock_that_was_put_back_holds_up_no_alert() -> None:
    story = Script(serving(watched(DOWN_ONLY)))
    dies(story) << AlertRaised
    windows = story.fleet.alerts.windows
    late = {key: replace(window, until=window.until + 86_400.0) for key, window in windows.items()}
    story.fleet = replace(story.fleet, alerts=replace(story.fleet.alerts, windows=late))
    dies(story) << AlertRaised


def test_a_receiver_that_is_owed_too_much_is_owed_no_more() -> None:
    """A queue has an end; what does not fit is counted for the next one about the same subject."""
    story = Script(serving(watched(restart={"budget": 1000, "initial": 0.0})))
    while len(story.fleet.alerts.waiting("ops")) < LONGEST_QUEUE:
        dies(story) << AlertRaised
    dies(story) << like(AlertSuppressed, subject="seoul-1", count=1, why=f"{LONGEST_QUEUE} others are already queued")
    assert len(story.fleet.alerts.waiting("ops")) == LONGEST_QUEUE
    for alert in story.fleet.alerts.waiting("ops"):
        story >> AlertTried(id=alert.id, delivered=True, attempts=1)
    story >> exited("seoul-1", signal=9)
    (alert,) = [each for each in story.fleet.alerts.waiting("ops") if each.kind is AlertKind.NODE_DOWN]
    assert alert.suppressed == 1


def test_delivered_or_failed_it_is_owed_no_longer() -> None:
    """And what is reported twice, or of an alert nobody knows, is late news."""
    story = Script(serving(watched()))
    story >> exited("seoul-1", signal=9)
    (alert,) = story.fleet.alerts.waiting("ops")
    went_well = AlertTried(id=alert.id, delivered=True, attempts=2)
    story >> went_well << like(AlertDelivered, id=alert.id, to="ops", attempts=2)
    story >> went_well << NOTHING
    story >> AlertTooOld(id=alert.id) << NOTHING
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    (moved,) = story.fleet.alerts.waiting("ops")
    story >> AlertTried(id=moved.id, delivered=False, attempts=4, why="answered 500", hint="look there")
    story << like(AlertFailed, attempts=4, why="answered 500", hint="look there")
    assert story.fleet.alerts.pending == {}


def test_a_test_is_sent_at_once_and_its_delivery_ends_the_operation() -> None:
    story = Script(serving(watched(replace(DOWN_ONLY, throttle=300.0))))
    for _ in range(2):
        story >> TryAlert(alert="ops") << OperationBegan << like(AlertRaised, alert__kind=AlertKind.TEST)
        (alert,) = story.fleet.alerts.waiting("ops")
        assert "test" in alert.sentence
        story >> AlertTried(id=alert.id, delivered=True, attempts=1) << AlertDelivered
        told = "'ops' accepted the test alert"
        story << like(OperationEnded, id=alert.operation, outcome=Outcome.DONE, sentence=told)
    assert story.fleet.operations == {}


def test_a_test_that_was_not_delivered_says_why() -> None:
    story = Script(serving(watched()))
    story >> TryAlert(alert="ops")
    (alert,) = story.fleet.alerts.waiting("ops")
    story >> AlertTried(id=alert.id, delivered=False, attempts=4, why="answered 500", hint="look there")
    story << like(OperationEnded, outcome=Outcome.FAILED, sentence="'ops': answered 500 (attempt 4)", hint="look there")


def test_a_test_that_nobody_answers_ends_at_its_deadline() -> None:
    story = Script(serving(watched()))
    story >> TryAlert(alert="ops") >> after(3600.0)
    story << like(OperationEnded, outcome=Outcome.FAILED, sentence="still waiting for the receiver at the deadline")
    (alert,) = story.fleet.alerts.waiting("ops")
    story >> AlertTried(id=alert.id, delivered=True, attempts=1) << AlertDelivered
    assert len([event for event in story.events if isinstance(event, OperationEnded)]) == 1


def test_a_test_for_nobody_is_refused_and_names_who_there_is() -> None:
    refusal = Script(serving(watched())).refuses(TryAlert(alert="op"))
    assert (refusal.message, refusal.hint) == ("no alert 'op' in fleet 'default'", "known: ops")
    assert "[[alert]]" in Script(serving()).refuses(TryAlert(alert="ops")).hint


def test_a_fleet_that_goes_down_ends_a_test_in_progress() -> None:
    story = Script(serving(watched())) >> TryAlert(alert="ops") >> Down()
    story << like(OperationEnded, outcome=Outcome.FAILED)


@pytest.mark.parametrize("turns", range(12))
def test_a_daemon_killed_at_any_moment_leaves_its_alerts_to_the_next_one(turns: int) -> None:
    """Whatever was decided is delivered, at least once; nobody is told of a thing that did not happen."""
    world = MemoryWorld(founded(watched(nodes=2))).begin()
    world.submit(Kill(nodes=("seoul-1",)))
    world.run(turns)
    world.crash()
    world.recover()
    world.settle()
    raised = {event.alert.id for event in world.journal if isinstance(event, AlertRaised)}
    delivered = [event.id for event in world.journal if isinstance(event, AlertDelivered)]
    assert sorted(delivered) == sorted(raised), "each is settled once"
    assert {alert.id for alert in world.told} == raised
    kinds = {alert.kind for alert in world.told}
    assert kinds >= {AlertKind.NODE_DOWN, AlertKind.NODE_BACK, AlertKind.SUPERVISION_GAP}
    assert world.fleet.alerts.pending == {}


def test_after_a_long_silence_old_news_is_given_up_and_new_news_is_not() -> None:
    """Whoever comes back from a long outage is not flooded with what was."""
    world = MemoryWorld(founded(watched(nodes=2)))
    world.deaf = {"ops"}
    world.begin()
    world.submit(Kill(nodes=("seoul-1",)))
    world.submit(TryAlert(alert="ops"))
    world.settle()
    owed = {alert.id for alert in world.fleet.alerts.waiting("ops")}
    assert owed
    world.crash()
    world.deaf = set()
    world.recover(gap=NEWS_FOR + 60.0)
    world.settle()
    expired = {event.id: event.age for event in world.journal if isinstance(event, AlertExpired)}
    assert set(expired) == owed
    assert min(expired.values()) > NEWS_FOR
    assert [alert.kind for alert in world.told] == [AlertKind.SUPERVISION_GAP]
    assert world.fleet.operations == {}


def test_a_receiver_that_is_away_changes_nothing_in_the_life_of_a_fleet() -> None:
    """The same causes lead to the same fleet, whether or not anybody is told."""
    fleets = []
    for receivers in ((), (a_receiver(),)):
        world = MemoryWorld(founded(replace(watched(nodes=2), alerts=receivers)))
        world.deaf = {"ops"}
        world.begin()
        for name in ("seoul-1", "seoul-2", "seoul-1"):
            world.submit(Kill(nodes=(name,)), confirm="default")
            world.settle()
        fleets.append((world.spawns, [plan.version for plan in world.plans], world.fleet.plan))
    assert fleets[0] == fleets[1]

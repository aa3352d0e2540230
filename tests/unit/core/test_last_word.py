"""Receivers of a fleet that comes and goes: told seldom, and never left with what is not true."""

from support.alerts import a_receiver, watched
from support.build import at
from support.script import Script, after, applied, exited, healthy, like, serving, spawned

from hactl.core.alert import AlertKind
from hactl.core.alert_events import AlertRaised, AlertSuppressed
from hactl.core.alert_queue import NEWS_FOR
from hactl.core.deadlines import soonest
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.value import replace

K = AlertKind
PAGER = a_receiver("pager", on=(K.FLEET_DOWN, K.FLEET_BACK), throttle=300.0)


def watched_by(**changes: object) -> Script:
    return Script(serving(watched(replace(PAGER, **changes), nodes=1)))


def goes(story: Script) -> Script:
    """The only node dies."""
    return story >> exited("seoul-1", signal=9)


def comes(story: Script) -> Script:
    waits = story.node("seoul-1").deadline
    if waits is not None and not story.node("seoul-1").state.alive:
        story >> after(waits.at - story.mono)
    story >> spawned("seoul-1") >> healthy("seoul-1")
    served = story.outcomes
    for edge in story.fleet.edges:
        story >> applied(edge.name)
    story.outcomes = served
    return story


def said(story: Script) -> list[AlertKind]:
    return [event.alert.kind for event in story.events if isinstance(event, AlertRaised)]


def test_a_fleet_that_is_down_again_within_the_throttle_and_stays_so_is_told_at_its_end() -> None:
    """The good news was the last word; it must not remain so."""
    story = goes(watched_by())
    comes(story)
    assert said(story) == [K.FLEET_DOWN, K.FLEET_BACK]
    goes(story >> after(60.0)) << like(AlertSuppressed, count=1, kept__kind=K.FLEET_DOWN)
    story >> after(200.0)
    assert said(story) == [K.FLEET_DOWN, K.FLEET_BACK]
    story >> after(60.0)
    assert said(story) == [K.FLEET_DOWN, K.FLEET_BACK, K.FLEET_DOWN]
    story >> after(900.0)
    assert said(story) == [K.FLEET_DOWN, K.FLEET_BACK, K.FLEET_DOWN], "once"
    assert story.replayed() == story.fleet


def test_what_comes_and_goes_is_told_once_each() -> None:
    """At the end it serves, and that was said: nothing more is due, and no alarm rings for it."""
    story = watched_by()
    for _ in range(3):
        comes(goes(story))
    assert said(story) == [K.FLEET_DOWN, K.FLEET_BACK]
    assert soonest(story.fleet) is None
    story >> after(900.0)
    assert said(story) == [K.FLEET_DOWN, K.FLEET_BACK]


def test_good_news_that_was_held_back_follows_too() -> None:
    story = comes(goes(watched_by()) >> after(200.0))
    goes(story >> after(150.0)) << like(AlertRaised, alert__kind=K.FLEET_DOWN)
    comes(story) << like(AlertSuppressed, count=1, kept__kind=K.FLEET_BACK)
    story >> after(300.0)
    assert said(story) == [K.FLEET_DOWN, K.FLEET_BACK, K.FLEET_DOWN, K.FLEET_BACK]


def test_whoever_is_not_told_of_the_return_is_told_of_one_loss() -> None:
    """The last word is true still."""
    story = comes(goes(watched_by(on=(K.FLEET_DOWN,))))
    goes(story >> after(60.0)) >> after(900.0)
    assert said(story) == [K.FLEET_DOWN]


def test_a_reboot_keeps_what_is_to_follow_and_a_long_absence_does_not() -> None:
    """The clock of another boot says nothing of when; what is old by then would only confuse."""
    story = comes(goes(watched_by()))
    goes(story)
    for gap, kept in ((10.0, True), (NEWS_FOR + 10.0, False)):
        now = replace(at(5.0), wall=story.now.wall + gap, boot="another")
        decision = recover(story.fleet, Found(), Arrival(pid=2, version="0"), now)
        window = decision.fleet.alerts.windows["pager fleet-down default"]
        assert (window.kept is not None) is kept
        assert window.due == (5.0 + window.until - now.wall if kept else 0.0)

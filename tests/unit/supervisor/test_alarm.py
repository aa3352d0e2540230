"""The alarm: one timer for all deadlines, set to the soonest, never too early, never for one that is gone."""

import asyncio
from collections.abc import Callable

import pytest
from support.build import a_node, a_spec, founded
from support.script import Script, applied, serving

from hactl.core.model import Fleet, Paused
from hactl.core.node import Deadline, DeadlineKind, NodeState
from hactl.core.observations import Observation, RegionFaltered, RegionRecovered, Ticked, Woke
from hactl.core.operation import Operation, Verb
from hactl.core.value import replace
from hactl.supervisor.alarm import GRACE, Alarm


class Timer:
    """One call that a loop was asked for."""

    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualLoop:
    """The one thing an alarm asks of a loop, in virtual time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + delay, call))
        return self.timers[-1]

    @property
    def waiting(self) -> list[float]:
        """When something will be called."""
        return [timer.at for timer in self.timers if not timer.cancelled]

    def turn(self, *, early: float = 0.0) -> None:
        """Let the time of the next timer come (or nearly), and call it."""
        timer = min((timer for timer in self.timers if not timer.cancelled), key=lambda timer: timer.at)
        self.timers.remove(timer)
        self.now = max(self.now, timer.at - early)
        timer.call()


class Bell:
    """An alarm, and what it rang for."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.rang: list[list[Observation]] = []
        self.alarm = Alarm(self.loop, lambda: self.loop.now, self.rang.append)  # type: ignore[arg-type]


def waiting(**nodes: float) -> Fleet:
    """Nodes that come back at some time; 0 for one that waits for nothing."""
    fleet = founded()
    changed = {
        name.replace("_", "-"): a_node(
            NodeState.BACKOFF,
            name.replace("_", "-"),
            deadline=Deadline(kind=DeadlineKind.BACKOFF, at=at) if at else None,
        )
        for name, at in nodes.items()
    }
    return replace(fleet, nodes=fleet.nodes | changed)


def woke(name: str) -> Woke:
    return Woke(node=name, deadline=DeadlineKind.BACKOFF)


@pytest.fixture
def bell() -> Bell:
    return Bell()


def test_it_is_set_to_the_soonest_deadline(bell: Bell) -> None:
    """One timer, however many processes wait."""
    bell.alarm.set(waiting(seoul_1=107.0, seoul_2=103.0, seoul_3=0))
    assert bell.loop.waiting == [103.0]
    bell.loop.turn()
    assert bell.rang == [[woke("seoul-2")]]


def test_everything_that_is_due_rings_at_once(bell: Bell) -> None:
    """A loop that was a little late catches up with all of it."""
    bell.alarm.set(waiting(seoul_1=101.0, seoul_2=101.2, seoul_3=109.0))
    bell.loop.now = 101.4
    bell.loop.turn()
    assert bell.rang == [[woke("seoul-1"), woke("seoul-2")]]


def test_who_was_held_up_hears_first_what_has_happened(bell: Bell) -> None:
    """Whoever made it in time has a moment to be heard; whoever did not is rung for then, once."""
    bell.alarm.set(waiting(seoul_1=101.0, seoul_2=102.0, seoul_3=109.0))
    bell.loop.now = 105.0
    bell.loop.turn()
    assert bell.rang == []
    bell.alarm.set(waiting(seoul_1=0, seoul_2=102.0, seoul_3=109.0))  # seoul-1 had long been ready
    assert bell.loop.waiting == [105.0 + GRACE]
    bell.loop.turn()
    assert bell.rang == [[woke("seoul-2")]]
    bell.alarm.set(waiting(seoul_1=0, seoul_2=0, seoul_3=109.0))
    assert bell.loop.waiting == [109.0]


def test_news_that_comes_before_the_alarm_does_not_hide_that_it_is_late(bell: Bell) -> None:
    """After a stop the ends of processes are seen first, and change deadlines: the others still have their moment."""
    bell.alarm.set(waiting(seoul_1=101.0, seoul_2=102.0))
    bell.loop.now = 105.0
    bell.alarm.set(waiting(seoul_1=0, seoul_2=102.0))
    assert bell.loop.waiting == [105.0 + GRACE]
    bell.alarm.set(waiting(seoul_1=0, seoul_2=0))
    bell.loop.turn()
    assert bell.rang == []
    assert bell.loop.waiting == []


def test_a_newer_fleet_replaces_the_older_ones_deadlines(bell: Bell) -> None:
    """A deadline that was lifted never rings; a sooner one is not slept through."""
    bell.alarm.set(waiting(seoul_1=105.0))
    bell.alarm.set(waiting(seoul_1=103.0))
    assert bell.loop.waiting == [103.0]
    bell.alarm.set(waiting(seoul_1=108.0))
    assert bell.loop.waiting == [108.0]
    bell.alarm.set(waiting(seoul_1=0))
    assert bell.loop.waiting == []


def test_the_same_deadline_is_not_set_twice(bell: Bell) -> None:
    """Most changes of a fleet move no deadline: the timer stays."""
    bell.alarm.set(waiting(seoul_1=105.0))
    bell.alarm.set(replace(waiting(seoul_1=105.0), seq=99))
    assert len(bell.loop.timers) == 1


def test_too_early_is_not_due(bell: Bell) -> None:
    """A timer may fire a hair too soon: then it waits for the rest, and rings once."""
    bell.alarm.set(waiting(seoul_1=105.0))
    bell.loop.turn(early=0.001)
    assert bell.rang == []
    bell.loop.turn()
    assert bell.rang == [[woke("seoul-1")]]


def test_a_deadline_in_the_past_rings_at_the_next_opportunity(bell: Bell) -> None:
    """After a start some may have passed; it never rings from inside `set`."""
    bell.alarm.set(waiting(seoul_1=50.0))
    assert bell.rang == []
    assert bell.loop.waiting == [100.0]
    bell.loop.turn()
    assert bell.rang == [[woke("seoul-1")]]


def test_an_operation_out_of_time_is_a_tick(bell: Bell) -> None:
    """Operations have deadlines, too; whose it was is the core's to find out."""
    operation = Operation(id="op-1", verb=Verb.WEIGHT, by="alice", began=90.0, wall=0.0, deadline=104.0)
    bell.alarm.set(replace(waiting(seoul_1=110.0), operations={"op-1": operation}))
    assert bell.loop.waiting == [104.0]
    bell.loop.turn()
    assert bell.rang == [[Ticked()]]


def test_stopped_it_is_silent(bell: Bell) -> None:
    """A daemon that leaves is not called back."""
    bell.alarm.set(waiting(seoul_1=105.0))
    bell.alarm.stop()
    assert bell.loop.waiting == []


async def test_it_rings_in_a_real_loop() -> None:
    """The same with asyncio's own timers."""
    loop, rang = asyncio.get_running_loop(), asyncio.Event()
    alarm = Alarm(loop, loop.time, lambda due: rang.set())
    alarm.set(waiting(seoul_1=loop.time() + 0.001))
    async with asyncio.timeout(20):
        await rang.wait()
    alarm.stop()


def test_the_end_of_a_pause_is_a_tick(bell: Bell) -> None:
    """A pause that ends by itself wakes the core like a deadline; one without an end, or lifted, does not."""
    paused = Paused(by="alice", since=0.0, until=1e9, ends=104.0)
    bell.alarm.set(replace(waiting(seoul_1=110.0), paused=paused))
    assert bell.loop.waiting == [104.0]
    bell.loop.turn()
    assert bell.rang == [[Ticked()]]
    bell.alarm.set(replace(waiting(seoul_1=110.0), paused=Paused(by="alice", since=0.0)))
    assert bell.loop.waiting == [110.0]


def test_it_rings_when_a_region_may_get_traffic_back() -> None:
    """Once for what is due; while something else must come first it waits for that, and not in a circle."""
    fleet = serving(a_spec(regions=2, nodes=2, stable_for=20.0))
    story = Script(fleet, 100.0) >> RegionFaltered(region="seoul", why="slow")
    bell = Bell()
    bell.alarm.set(story.fleet)
    assert bell.loop.waiting == []
    story >> RegionRecovered(region="seoul", why="well")
    bell.alarm.set(story.fleet)
    assert bell.loop.waiting == []  # the edges have not even followed the first move
    story >> applied("edge-1") >> applied("edge-2")
    bell.alarm.set(story.fleet)
    assert bell.loop.waiting == [120.0]
    bell.loop.turn()
    assert bell.rang == [[Ticked()]]

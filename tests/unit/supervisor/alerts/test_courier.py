"""One worker, one receiver: order, tries, pauses, and what is reported; with a receiver in memory and no waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from support.alerts import a_receiver, an_alert

from hactl.core.alert import Alert, AlertBook, AlertKind, AlertSpec
from hactl.core.alert_queue import NEWS_FOR
from hactl.core.errors import HactlError
from hactl.core.model import Fleet, Now
from hactl.core.observations import AlertTooOld, AlertTried, Observation
from hactl.core.spec import FleetSpec
from hactl.core.value import replace
from hactl.supervisor.alerts.courier import BREATH, LONGEST_PAUSE, Courier, Undelivered, pause

PATIENCE = 30.0
Deed = Callable[[Alert], None]


class Desk:
    """A fleet that owes alerts, a receiver that does as it is told, a clock that moves when somebody sleeps."""

    def __init__(self, *alerts: Alert, to: AlertSpec | None = None) -> None:
        pending = {alert.id: alert for alert in alerts}
        spec = FleetSpec(alerts=(a_receiver() if to is None else to,))
        self.fleet = Fleet(spec=spec, alerts=AlertBook(pending=pending))
        self.deeds: list[Deed] = []
        """What each attempt comes to; after the last one all goes well."""
        self.handed: list[str] = []
        self.said: asyncio.Queue[Observation] = asyncio.Queue()
        self.slept: list[float] = []
        self.prepared = asyncio.Event()
        self.leaving = False
        self.wall = an_alert().at + BREATH
        self.hangs = False

    async def prepare(self, to: AlertSpec) -> None:
        self.prepared.set()

    async def hand_over(self, alert: Alert, to: AlertSpec) -> None:
        self.handed.append(alert.id)
        if self.hangs:
            await asyncio.Event().wait()
        if self.deeds:
            self.deeds.pop(0)(alert)

    def deliver(self, saw: Observation) -> None:
        if not self.leaving and isinstance(saw, AlertTried | AlertTooOld):
            left = {key: alert for key, alert in self.fleet.alerts.pending.items() if key != saw.id}
            self.fleet = replace(self.fleet, alerts=AlertBook(pending=left))
        self.said.put_nowait(saw)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.slept.append(seconds)
        self.wall += seconds

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Courier]:
        courier = Courier(
            "ops",
            self,
            look=lambda: self.fleet,
            deliver=self.deliver,
            clock=lambda: Now(mono=0.0, wall=self.wall),
            sleep=self.sleep,
        )
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            task = group.create_task(courier.run())
            courier.tell()
            yield courier
            task.cancel()


def fails(error: HactlError) -> Deed:
    def deed(_: Alert) -> None:
        raise error

    return deed


BUSY = Undelivered("answered 503")


async def test_alerts_go_out_one_by_one_the_oldest_first_and_a_test_before_all() -> None:
    desk = Desk(an_alert(id="a"), an_alert(id="b"), an_alert(id="c", kind=AlertKind.TEST), an_alert(id="d", to="x"))
    async with desk.at_work():
        said = [await desk.said.get() for _ in range(3)]
    assert desk.handed == ["c", "a", "b"]
    assert said == [AlertTried(id=each, delivered=True, attempts=1) for each in ("c", "a", "b")]
    assert desk.prepared.is_set()


async def test_what_comes_later_is_delivered_when_it_is_told_of() -> None:
    desk = Desk()
    async with desk.at_work() as courier:
        desk.fleet = replace(desk.fleet, alerts=AlertBook(pending={"a": an_alert(id="a")}))
        courier.tell()
        assert await desk.said.get() == AlertTried(id="a", delivered=True, attempts=1)


async def test_the_failover_comes_first_and_then_the_news_of_it() -> None:
    """An alert that has just been raised waits for a moment, those behind it no longer than that; a test does not."""
    desk = Desk(*(an_alert(id=each) for each in "ab"), an_alert(id="c", kind=AlertKind.TEST))
    desk.wall = an_alert().at + 0.1
    async with desk.at_work():
        assert [(await desk.said.get()).id for _ in range(3)] == ["c", "a", "b"]  # type: ignore[union-attr]
    assert desk.slept == [pytest.approx(BREATH - 0.1), 0.0]


async def test_a_wall_clock_that_jumps_does_not_hold_up_the_news() -> None:
    desk = Desk(an_alert())
    desk.wall = an_alert().at - 86_400.0
    async with desk.at_work():
        await desk.said.get()
    assert desk.slept == [BREATH]


async def test_it_is_tried_again_with_longer_and_longer_pauses() -> None:
    desk = Desk(an_alert())
    desk.deeds = [fails(BUSY)] * 3
    async with desk.at_work():
        assert await desk.said.get() == AlertTried(id="f1-1043", delivered=True, attempts=4)
    assert len(desk.slept) == 4
    for number, slept in enumerate(desk.slept[1:]):
        assert 0.5 * 2**number <= slept <= 2**number


async def test_after_the_last_try_it_is_given_up_and_the_next_one_has_its_turn() -> None:
    desk = Desk(an_alert(id="a"), an_alert(id="b"), to=a_receiver(retries=1))
    desk.deeds = [fails(BUSY), fails(Undelivered("answered 500", "look there"))]
    async with desk.at_work():
        gone = await desk.said.get()
        assert gone == AlertTried(id="a", delivered=False, attempts=2, why="answered 500", hint="look there")
        assert await desk.said.get() == AlertTried(id="b", delivered=True, attempts=1)


@pytest.mark.parametrize("error", [Undelivered("answered 404", again=False), HactlError("there is no program")])
async def test_what_no_try_can_change_is_not_tried_again(error: HactlError) -> None:
    desk = Desk(an_alert())
    desk.deeds = [fails(error)]
    async with desk.at_work():
        said = await desk.said.get()
    assert said == AlertTried(id="f1-1043", delivered=False, attempts=1, why=error.message)
    assert desk.slept == [0.0]


async def test_a_receiver_that_never_answers_costs_its_time_and_no_more() -> None:
    desk = Desk(an_alert(), to=a_receiver(timeout=0.01, retries=2))
    desk.hangs = True
    async with desk.at_work():
        said = await desk.said.get()
    assert isinstance(said, AlertTried)
    assert (said.delivered, said.attempts, said.why) == (False, 3, "no answer within 0.01 s")


async def test_it_waits_as_long_as_the_receiver_asks_within_reason() -> None:
    desk = Desk(an_alert())
    desk.deeds = [fails(Undelivered("answered 429", after=20.0)), fails(Undelivered("answered 429", after=1e9))]
    async with desk.at_work():
        await desk.said.get()
    assert desk.slept == [0.0, 20.0, LONGEST_PAUSE]


async def test_a_fleet_does_not_die_of_an_alert() -> None:
    """Whatever goes wrong is recorded; a machine that is short of something may have it again in a moment."""

    def short_of_descriptors(_: Alert) -> None:
        raise OSError(24, "Too many open files")

    def defect(_: Alert) -> None:
        raise ValueError("https://example.com/T0KEN")

    desk = Desk(an_alert())
    desk.deeds = [short_of_descriptors, defect]
    async with desk.at_work():
        said = await desk.said.get()
    assert isinstance(said, AlertTried)
    assert (said.attempts, said.why) == (2, "internal error in the daemon: ValueError")


async def test_a_receiver_that_left_the_configuration_gets_nothing() -> None:
    desk = Desk(an_alert())
    desk.fleet = replace(desk.fleet, spec=FleetSpec())
    async with desk.at_work():
        said = await desk.said.get()
    assert said == AlertTried(id="f1-1043", delivered=False, attempts=1, why="it is no longer in the configuration")
    assert desk.handed == []


async def test_what_has_become_old_while_it_waited_is_not_sent() -> None:
    desk = Desk(an_alert(id="a"), an_alert(id="b"))
    desk.deeds = [fails(BUSY)]
    desk.wall += NEWS_FOR - BREATH - 0.1
    async with desk.at_work():
        assert [await desk.said.get() for _ in range(2)] == [AlertTooOld(id="a"), AlertTooOld(id="b")]
    assert desk.handed == ["a"]


async def test_when_nobody_takes_reports_any_more_nothing_is_sent_twice() -> None:
    """The daemon leaves: whoever comes next delivers it again, but this one does not go round in circles."""
    desk = Desk(an_alert(id="a"), an_alert(id="b"))
    desk.leaving = True
    async with desk.at_work() as courier:
        await desk.said.get()
        await asyncio.sleep(0)
        assert desk.handed == ["a"]
        desk.leaving = False
        courier.tell()
        assert [(await desk.said.get()).id for _ in range(2)] == ["a", "b"]  # type: ignore[union-attr]


def test_pauses_differ_from_alert_to_alert() -> None:
    """So that many do not come back at the same moment."""
    assert len({pause(f"f1-{number}", 1, BUSY) for number in range(10)}) == 10
    assert pause("a", 50, BUSY) <= LONGEST_PAUSE

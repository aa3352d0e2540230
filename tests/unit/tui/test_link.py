"""The thread from the daemon to the screen: it never ends by itself, and nothing is told twice."""

import asyncio
from contextlib import suppress

from support.controller import MemoryController
from support.pictures import AT, a_fleet, a_snapshot, a_view

from hactl.core.errors import HactlError, Unreachable
from hactl.core.events import WeightsChanged
from hactl.core.talk import Update
from hactl.core.value import replace
from hactl.tui.link import Last, Link, nothing
from hactl.tui.picture import Picture, View


class Held:
    """A link that runs, and its picture."""

    def __init__(self, controller: MemoryController, last: Last = nothing) -> None:
        self.picture = Picture()
        self.news = asyncio.Event()
        self._link = Link(
            controller,
            self.picture,
            clock=lambda: 5.0,
            changed=self.news.set,
            last=last,
            wall=lambda: AT + 60.0,
            retry=0.01,
        )

    async def __aenter__(self) -> "Held":
        self._task = asyncio.get_running_loop().create_task(self._link.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def filled(self) -> None:
        """The disk has been looked at."""
        assert self._link._filling is not None
        await self._link._filling

    async def until(self, what: object) -> None:
        async with asyncio.timeout(20):
            while not what():
                self.news.clear()
                await self.news.wait()


async def test_the_picture_begins_with_what_was_before():
    controller = MemoryController(a_fleet())
    controller.happen(WeightsChanged(nodes={"seoul-1": 7}))
    async with Held(controller) as held:
        await held.until(lambda: held.picture.records)
        assert [record.seq for record in held.picture.records] == [controller.snapshot.fleet.seq]
        assert held.picture.heard == 5.0


async def test_it_comes_back_and_goes_on_where_it_was():
    controller = MemoryController(a_fleet())
    controller.snapshot = a_snapshot()
    async with Held(controller) as held:
        await held.until(lambda: held.picture.snapshot is not None)
        controller.failure = Unreachable("no daemon answers", "hactl up")
        controller.let_go()
        await held.until(lambda: held.picture.trouble)
        assert held.picture.snapshot is not None
        controller.happen(WeightsChanged(nodes={"seoul-1": 7}))
        controller.failure = None
        await held.until(lambda: held.picture.records)
        assert held.picture.trouble == ""
        assert held.picture.snapshot.fleet.nodes["seoul-1"].weight == 7
        assert len(held.picture.records) == 1


class Forgetful(MemoryController):
    """A daemon that no longer remembers what somebody has missed."""

    def _first(self, after: int) -> Update:
        return self.snapshot


async def test_what_the_daemon_no_longer_remembers_is_read_in_the_journal():
    controller = Forgetful(a_fleet())
    controller.happen(WeightsChanged(nodes={"seoul-1": 7}))
    async with Held(controller) as held:
        await held.until(lambda: held.picture.records)
        controller.failure = Unreachable("no daemon answers", "hactl up")
        controller.let_go()
        await held.until(lambda: held.picture.trouble)
        controller.happen(WeightsChanged(nodes={"seoul-1": 8}), WeightsChanged(nodes={"seoul-1": 9}))
        controller.failure = None
        await held.until(lambda: held.picture.seq == 4 and not held.picture.behind)
        assert [record.seq for record in held.picture.records] == [2, 3, 4]


async def test_whoever_stops_it_leaves_no_subscription_behind():
    controller = MemoryController(a_fleet())
    async with Held(controller) as held:
        await held.until(lambda: held.picture.snapshot is not None)
        assert controller.watchers == 1
    await controller.until_watchers(0)


async def test_what_was_measured_before_it_was_opened_comes_from_the_disk():
    """Without keeping anything waiting; and once."""
    asked = []

    def last() -> View:
        asked.append(True)
        return replace(a_view(), rates={"seoul-1": [20.0, 21.0]}, spread=[{"seoul": 40.0}, {"seoul": 42.0}])

    controller = MemoryController(a_fleet())
    controller.snapshot = replace(a_snapshot(), at=AT + 1.0)
    async with Held(controller, last) as held:
        await held.until(lambda: len(held.picture.now().spread) > 1)
        view = held.picture.now()
        assert list(view.rates["seoul-1"]) == [20.0, 21.0, 25.0]
        assert [moment["seoul"] for moment in view.spread] == [40.0, 42.0, 50.0]
        controller.let_go()
        await controller.until_watchers(1)
    assert len(asked) == 1


async def test_a_disk_that_cannot_be_read_changes_nothing():
    def last() -> View:
        raise PermissionError("not yours")

    controller = MemoryController(a_fleet())
    controller.snapshot = a_snapshot()
    async with Held(controller, last) as held:
        await held.until(lambda: held.picture.snapshot is not None)
        await asyncio.wait_for(held.filled(), 20)
        assert len(held.picture.now().spread) == 1


def away() -> MemoryController:
    """A fleet whose daemon does not answer."""
    controller = MemoryController()
    controller.snapshot = a_snapshot(replace(a_fleet(), seq=3))
    controller.failure = Unreachable("no daemon answers", "hactl up")
    return controller


async def test_without_a_daemon_it_begins_with_what_was_known_last_as_old_as_that_is():
    async with Held(away(), last=lambda: a_view(None, WeightsChanged(nodes={"seoul-1": 7}))) as held:
        await held.until(lambda: held.picture.snapshot is not None)
        assert held.picture.snapshot.fleet.nodes["seoul-1"].weight == 7
        assert len(held.picture.records) == 1
        assert held.picture.heard == 5.0 - 60.0
        assert held.picture.trouble.startswith("no daemon answers")


async def test_and_what_a_daemon_says_then_takes_its_place_altogether():
    """It may be another fleet of the same name: nothing is resumed from what nobody has confirmed."""
    controller = away()
    async with Held(controller, last=lambda: a_view(None, WeightsChanged(nodes={"seoul-1": 7}))) as held:
        await held.until(lambda: held.picture.snapshot is not None)
        assert held.picture.seq == 0
        controller.failure = None
        await held.until(lambda: held.picture.seq == 3)
        assert held.picture.snapshot == controller.snapshot
        assert not held.picture.records
        assert held.picture.heard == 5.0


async def test_a_disk_that_cannot_be_read_is_no_end_and_is_looked_at_again():
    """Neither without a daemon nor with one."""
    troubles = [PermissionError("not yours"), HactlError("another process writes to the journal")]

    def last() -> View:
        if troubles:
            raise troubles.pop(0)
        return a_view(None, WeightsChanged(nodes={"seoul-1": 7}))

    async with Held(away(), last) as held:
        await held.until(lambda: held.picture.snapshot is not None)
        assert held.picture.snapshot.fleet.nodes["seoul-1"].weight == 7
        assert not troubles


async def test_a_fleet_that_has_left_nothing_is_an_empty_picture():
    def gone() -> None:
        raise HactlError("nothing is recorded yet")

    controller = away()
    async with Held(controller, last=gone) as held:
        await held.until(lambda: held.picture.trouble)
        controller.failure = None
        await held.until(lambda: held.picture.seq == 3)

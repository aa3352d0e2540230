"""A fleet that is followed: nothing is missed, whatever becomes of the stream."""

import pytest
from support.controller import MemoryController

from hactl.core.errors import HactlError
from hactl.core.events import FleetClosing, OperationEnded
from hactl.core.operation import Outcome
from hactl.drill.following import Follower

ENDED = OperationEnded(id="op-1", outcome=Outcome.DONE, sentence="done")


async def test_what_happens_is_known_and_waited_for() -> None:
    controller = MemoryController()
    follower = Follower(controller, controller.snapshot.fleet)
    async with follower.following():
        await controller.until_watchers(1)
        controller.happen(FleetClosing())
        assert await follower.until(lambda: follower.fleet.closing, 10.0)
        controller.happen(ENDED)
        assert await follower.ended("op-1", 10.0) == ENDED
    assert [record.seq for record in follower.records] == [1, 2]
    assert not follower.began.closing


async def test_a_stream_that_breaks_is_taken_up_again_and_nothing_is_missed() -> None:
    """What happened while nobody watched comes from the journal."""
    controller = MemoryController()
    follower = Follower(controller, controller.snapshot.fleet)
    async with follower.following():
        await controller.until_watchers(1)
        controller.let_go()
        await controller.until_watchers(0)
        controller.happen(FleetClosing(), ENDED)
        assert await follower.ended("op-1", 10.0) == ENDED
    assert [record.seq for record in follower.records] == [1, 2]


async def test_patience_is_limited() -> None:
    controller = MemoryController()
    follower = Follower(controller, controller.snapshot.fleet)
    async with follower.following():
        assert not await follower.until(lambda: False, 0.01)
        assert await follower.ended("op-1", 0.01) is None


async def test_who_stops_following_leaves_no_watch_open_and_gets_its_own_error() -> None:
    """Not a group of errors, nor a connection that only a collector would free."""
    controller = MemoryController()

    async def follow() -> None:
        async with Follower(controller, controller.snapshot.fleet).following():
            await controller.until_watchers(1)
            raise HactlError("not so")

    with pytest.raises(HactlError, match="not so"):
        await follow()
    assert controller.watchers == 0

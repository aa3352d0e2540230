"""A fleet that is followed: nothing is missed, whatever becomes of the stream."""

import asyncio

import pytest
from support.build import a_spec
from support.controller import MemoryController
from support.script import serving

from hactl.core.drill_events import DrillKept
from hactl.core.errors import HactlError
from hactl.core.events import FleetClosing, OperationEnded
from hactl.core.model import Sample
from hactl.core.operation import Outcome
from hactl.core.talk import Measured
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


async def test_signs_of_life_are_followed_and_not_kept() -> None:
    """There are more of them than of all else, and everybody who waits for something looks through what is kept."""
    controller = MemoryController()
    follower = Follower(controller, controller.snapshot.fleet)
    async with follower.following():
        await controller.until_watchers(1)
        controller.happen(DrillKept(id="op-1", expires=9.0, canary=1), ENDED)
        assert await follower.ended("op-1", 10.0) == ENDED
    assert [record.seq for record in follower.records] == [2]
    assert follower.fleet.seq == 2


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


async def test_what_the_edges_did_is_kept_second_by_second() -> None:
    """Of those of this fleet; a measurement without any says nothing about them."""
    controller = MemoryController(serving(a_spec()))
    follower = Follower(controller, controller.snapshot.fleet)
    edge = follower.fleet.edges[0].name
    async with follower.following():
        await controller.until_watchers(1)
        controller.tell(Measured(at=1.0, samples=(Sample(node="a-1", at=1.0, requests=5.0),)))
        controller.tell(Measured(at=2.0, samples=(Sample(node=edge, at=2.0, requests=5.0, retries=2.0),)))
        assert await follower.until(lambda: bool(follower.rates), 10.0)
    assert [(rate.requests, rate.retries) for rate in follower.rates] == [(5.0, 2.0)]


async def test_what_comes_next_is_waited_for() -> None:
    """All of it that is not known yet, and at once where there is some."""
    controller = MemoryController()
    follower = Follower(controller, controller.snapshot.fleet)
    async with follower.following(), asyncio.TaskGroup() as tasks:
        await controller.until_watchers(1)
        waiting = tasks.create_task(follower.beyond(0))
        controller.happen(FleetClosing(), ENDED)
        assert [record.seq for record in await waiting] == [1, 2]
        assert [record.seq for record in await follower.beyond(1)] == [2]


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

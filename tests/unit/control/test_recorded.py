"""A fleet that was can be looked at and not be touched."""

import asyncio

import pytest
from support.build import founded

from hactl.control.recorded import Recorded
from hactl.core.commands import Kill
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.talk import Query, Snapshot

LAST = Snapshot(fleet=founded(), at=1.0, mono=1.0)


async def test_it_shows_how_it_was_in_the_end_and_nothing_comes_behind_it():
    recorded = Recorded(LAST)
    assert await recorded.fleet() == LAST
    assert await recorded.history(Query()) == []
    updates = recorded.watch()
    assert await anext(updates) == LAST
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await anext(updates)


async def test_nothing_is_done_any_more():
    with pytest.raises(CommandRejected, match="cannot kill: this is a recording"):
        await Recorded(LAST).submit(Kill(nodes=("seoul-1",)), by="ann")


async def test_logs_are_somewhere_else():
    with pytest.raises(HactlError, match="not part of a recording") as caught:
        await Recorded(LAST).log("seoul-1")
    assert caught.value.hint == "hactl logs seoul-1"

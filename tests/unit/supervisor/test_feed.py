"""The feed: snapshot first, nothing missed, nobody waited for."""

import asyncio

from hactl.core.events import PolicyChanged, Record
from hactl.core.model import Fleet
from hactl.core.spec import Policy
from hactl.core.talk import Measured, News, Snapshot, Update
from hactl.supervisor.feed import BACKLOG, Feed


def record(seq: int) -> Record:
    return Record(seq=seq, wall=0.0, mono=0.0, event=PolicyChanged(policy=Policy.RANDOM))


def feed_at(seq: int = 0) -> Feed:
    return Feed(lambda: Snapshot(fleet=Fleet(seq=seq), at=0.0, mono=0.0))


async def test_first_a_snapshot_then_everything_that_happens() -> None:
    """A watcher starts with the whole picture and then misses nothing."""
    feed = feed_at(seq=4)
    watching = feed.watch()
    first = await anext(watching)
    assert isinstance(first, Snapshot)
    assert first.fleet.seq == 4
    feed.publish(News(records=(record(5),)))
    feed.publish(Measured(at=1.0))
    assert await anext(watching) == News(records=(record(5),))
    assert await anext(watching) == Measured(at=1.0)
    await watching.aclose()
    assert feed.watchers == 0


async def test_a_watcher_that_comes_back_gets_what_it_missed_before_the_snapshot() -> None:
    """Resuming by `seq` loses nothing that is still remembered."""
    feed = feed_at(seq=9)
    feed.publish(News(records=(record(7), record(8), record(9))))
    watching = feed.watch(after=7)
    assert await anext(watching) == News(records=(record(8), record(9)))
    assert isinstance(await anext(watching), Snapshot)
    await watching.aclose()


async def test_what_is_no_longer_remembered_is_left_to_the_journal() -> None:
    """A hole is never papered over: with records missing, the snapshot stands alone."""
    feed = feed_at(seq=9)
    feed.publish(News(records=(record(8), record(9))))
    watching = feed.watch(after=3)
    assert isinstance(await anext(watching), Snapshot)
    await watching.aclose()


async def test_a_slow_watcher_is_let_go_and_others_are_not() -> None:
    """Nobody waits for a watcher: too far behind, its stream simply ends."""
    feed = feed_at()
    slow, quick = feed.watch(), feed.watch()
    await anext(slow)
    await anext(quick)
    for number in range(BACKLOG + 1):
        feed.publish(Measured(at=float(number)))
        assert isinstance(await anext(quick), Measured)
    assert [update async for update in slow] == []
    feed.publish(Measured(at=-1.0))
    assert await anext(quick) == Measured(at=-1.0)
    await quick.aclose()


async def test_closing_lets_everybody_have_what_is_there() -> None:
    """The last words of a daemon that leaves reach its watchers."""
    feed = feed_at()
    watching = feed.watch()
    await anext(watching)
    feed.publish(News(records=(record(1),)))
    feed.close()
    left: list[Update] = []
    async with asyncio.TaskGroup() as group:

        async def read() -> None:
            left.extend([update async for update in watching])

        group.create_task(read())
        await feed.emptied()
    assert left == [News(records=(record(1),))]
    assert [update async for update in feed.watch()] == []

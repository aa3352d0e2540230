"""A log that is followed: from its end, in whole, and of nobody else."""

import asyncio

import pytest
from support.controller import MemoryController

from hactl.core.errors import HactlError
from hactl.core.talk import LogPage
from hactl.tui.lines import Line, plain
from hactl.tui.tail import BURST, FIRST, PAGE, Tail


def numbered(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"line {number}" for number in range(first, last))


def text(lines: tuple[Line, ...] | None) -> list[str]:
    assert lines is not None
    return [plain(each) for each in lines]


async def test_it_begins_at_the_end_and_goes_on_from_there():
    controller, tail = MemoryController(), Tail()
    controller.logs["seoul-1"] = numbered(0, 5000)
    assert tail.turn_to("seoul-1")
    assert text(await tail.read(controller)) == list(numbered(5000 - FIRST, 5000))
    assert await tail.read(controller) == ()
    controller.logs["seoul-1"] += numbered(5000, 5003)
    assert text(await tail.read(controller)) == list(numbered(5000, 5003))


async def test_nothing_of_a_burst_is_passed_over():
    controller, tail = MemoryController(), Tail()
    controller.logs["seoul-1"] = ()
    tail.turn_to("seoul-1")
    await tail.read(controller)
    many = PAGE * BURST + 250
    controller.logs["seoul-1"] = numbered(0, many)
    read = [*text(await tail.read(controller)), *text(await tail.read(controller))]
    assert read == list(numbered(0, many))


async def test_a_file_that_was_cut_is_said():
    class Cut(MemoryController):
        async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
            return LogPage(node=node, lines=("again",), after=5, truncated=True)

    tail = Tail()
    tail.turn_to("seoul-1")
    assert text(await tail.read(Cut())) == ["-- the file was cut here: lines may be missing --", "again"]


async def test_what_cannot_be_read_is_said_until_it_can():
    controller, tail = MemoryController(), Tail()
    tail.turn_to("seoul-1")
    assert await tail.read(controller) == ()
    assert tail.trouble == "no process is called 'seoul-1'"
    controller.logs["seoul-1"] = ("hello",)
    assert text(await tail.read(controller)) == ["hello"]
    assert tail.trouble == ""


async def test_an_answer_that_comes_after_one_has_turned_away_is_nobodys():
    """Neither its lines nor its trouble belong to the log that is shown by now."""
    asked, held = asyncio.Event(), asyncio.Event()

    class Slow(MemoryController):
        async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
            asked.set()
            await held.wait()
            if node == "seoul-1":
                return LogPage(node=node, lines=("old",), after=9)
            raise HactlError("gone")

    tail = Tail()
    for first, second in (("seoul-1", "seoul-2"), ("osaka-1", "seoul-1")):
        asked.clear()
        held.clear()
        tail.turn_to(first)
        reading = asyncio.gather(tail.read(Slow()))
        await asked.wait()
        tail.turn_to(second)
        held.set()
        assert await reading == [None]
        assert tail.trouble == ""


@pytest.mark.parametrize("error", [None, HactlError("gone")])
async def test_nor_is_one_that_comes_when_one_is_back(error: HactlError | None):
    """The log begins at its end again, and has its lines."""
    asked, held = asyncio.Event(), asyncio.Event()

    class Slow(MemoryController):
        async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
            asked.set()
            if not held.is_set():
                await held.wait()
                if error is not None:
                    raise error
            return await super().log(node, after, lines)

    controller, tail = Slow(), Tail()
    controller.logs["seoul-1"] = numbered(0, 3)
    tail.turn_to("seoul-1")
    reading = asyncio.gather(tail.read(controller))
    await asked.wait()
    tail.turn_to("seoul-2")
    tail.turn_to("seoul-1")
    held.set()
    assert await reading == [None]
    assert tail.trouble == ""
    assert text(await tail.read(controller)) == list(numbered(0, 3))


async def test_of_nobody_there_is_nothing_to_read():
    assert await Tail().read(MemoryController()) == ()
    tail = Tail()
    assert tail.turn_to("a")
    assert not tail.turn_to("a")

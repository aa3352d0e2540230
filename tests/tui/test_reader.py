"""Lines that grow: whoever reads is left alone, whoever follows follows, and memory is bounded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.scrollbar import ScrollTo

from hactl.tui.lines import Line, line
from hactl.tui.look import Look
from hactl.tui.theme import DEFAULT, read, shipped
from hactl.tui.widgets.reader import ROOM, Reader


class Bench(App[None]):
    """One reader and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader(Look(read(shipped()[DEFAULT])))

    def compose(self) -> ComposeResult:
        yield self.reader

    def on_mount(self) -> None:
        self.reader.focus()


@asynccontextmanager
async def bench(count: int) -> AsyncIterator[tuple[Reader, Pilot[None]]]:
    app = Bench()
    async with app.run_test(size=(30, 6)) as pilot:
        app.reader.add(numbered(0, count))
        await pilot.pause()
        yield app.reader, pilot


def numbered(first: int, count: int) -> tuple[Line, ...]:
    return tuple(line(f"line {number}") for number in range(first, first + count))


def screen(reader: Reader) -> list[str]:
    return [reader.render_line(y).text.rstrip() for y in range(reader.size.height)]


async def test_it_follows_until_somebody_goes_back():
    async with bench(20) as (reader, pilot):
        assert screen(reader)[-1] == "line 19"
        reader.add(numbered(20, 5))
        await pilot.pause()
        assert screen(reader)[-1] == "line 24"


async def test_new_lines_never_drag_a_reader_away():
    async with bench(20) as (reader, pilot):
        await pilot.press("up", "up")
        await pilot.pause()
        before = screen(reader)
        reader.add(numbered(20, 50))
        await pilot.pause()
        assert screen(reader) == before
        assert not reader.following
        await pilot.press("f")
        await pilot.pause()
        assert screen(reader)[-1] == "line 69"
        assert reader.following


async def test_reaching_the_end_follows_again():
    async with bench(20) as (reader, pilot):
        await pilot.press("up")
        assert not reader.following
        await pilot.press("down")
        assert reader.following


@pytest.mark.parametrize("keys", [("up", "up", "down"), ("pageup", "pageup", "pagedown")])
async def test_on_the_way_down_it_does_not_follow_before_the_end_is_there(keys):
    async with bench(40) as (reader, pilot):
        await pilot.press(*keys)
        before = screen(reader)
        assert before[-1] != "line 39"
        assert not reader.following
        reader.add(numbered(40, 1))
        await pilot.pause()
        assert screen(reader) == before


async def test_a_wheel_leaves_the_end_and_comes_back_to_it_as_keys_do():
    async with bench(40) as (reader, pilot):

        async def wheel(event: type[events.MouseEvent], turns: int) -> None:
            for _ in range(turns):
                await pilot._post_mouse_events([event], reader, button=0)
            await pilot.pause()

        await wheel(events.MouseScrollUp, 3)
        before = screen(reader)
        assert before[-1] != "line 39"
        assert not reader.following
        reader.add(numbered(40, 1))
        await pilot.pause()
        assert screen(reader) == before
        await wheel(events.MouseScrollDown, 5)
        assert reader.following
        reader.add(numbered(41, 1))
        await pilot.pause()
        assert screen(reader)[-1] == "line 41"


async def test_a_bar_that_is_dragged_leaves_the_end_as_well():
    async with bench(40) as (reader, pilot):
        for top, follows in ((7, False), (34, True), (33, False)):
            reader.post_message(ScrollTo(y=top, animate=False))
            await pilot.pause()
            assert reader.scroll_offset.y == top
            assert reader.following is follows


async def test_a_search_that_leads_to_the_last_lines_is_not_dragged_on_with_them():
    """They are on the last screen, but it is the match that is read; also where the window is enlarged."""
    async with bench(20) as (reader, pilot):
        reader.search("line 19")
        assert not reader.following
        await pilot.resize_terminal(30, 10)
        assert not reader.following


async def test_where_nothing_is_searched_for_nothing_is_found():
    """To take a search back leads nowhere, and ends no following."""
    async with bench(20) as (reader, pilot):
        reader.search("")
        assert reader.following
        assert reader.found == ""
        reader.add(numbered(20, 1))
        await pilot.pause()
        assert screen(reader)[-1] == "line 20"


async def test_other_lines_are_read_on_from_the_same_one():
    """With fewer of them behind it, more of them before it, and from the end where it is not among them any more."""
    async with bench(40) as (reader, pilot):
        reader.instead(numbered(0, 30))
        await pilot.pause()
        assert screen(reader)[-1] == "line 29"
        assert reader.following
        await pilot.press("g", *["down"] * 3)
        for lines in (numbered(0, 20), numbered(-15, 60)):
            reader.instead(lines)
            await pilot.pause()
            assert screen(reader)[0] == "line 3"
            assert not reader.following
        reader.instead(numbered(-15, 10))
        await pilot.pause()
        assert screen(reader)[-1] == "line -6"


async def test_the_oldest_go_and_what_is_read_stays_in_place():
    async with bench(ROOM) as (reader, pilot):
        await pilot.press("pageup", "pageup")
        await pilot.pause()
        before = screen(reader)
        reader.add(numbered(ROOM, 100))
        await pilot.pause()
        assert reader.total == ROOM
        assert screen(reader) == before


async def test_a_filter_cuts_and_can_be_inverted():
    async with bench(20) as (reader, pilot):
        reader.only("LINE 1")
        assert len(reader.shown) == 11
        reader.add(numbered(100, 2))
        assert len(reader.shown) == 13
        reader.only("!line 1")
        assert len(reader.shown) == 9
        reader.only("")
        assert len(reader.shown) == 22
        await pilot.pause()


async def test_a_search_keeps_what_stands_around():
    async with bench(30) as (reader, pilot):
        reader.search("line 7")
        await pilot.pause()
        assert screen(reader)[0] == "line 7"
        assert screen(reader)[1] == "line 8"
        await pilot.press("g")
        reader.search("line 1")
        await pilot.pause()
        assert screen(reader)[0] == "line 1"
        await pilot.press("n")
        await pilot.pause()
        assert screen(reader)[0] == "line 10"
        await pilot.press("N")
        await pilot.pause()
        assert screen(reader)[0] == "line 1"


async def test_a_search_says_which_match_of_how_many_it_is_at():
    async with bench(30) as (reader, pilot):
        assert reader.found == ""
        reader.search("line 2")
        assert reader.found == "11 of 11"
        await pilot.press("N", "N")
        assert reader.found == "9 of 11"
        await pilot.press(*"n" * 5)
        assert reader.found == "11 of 11"
        reader.search("kyoto")
        assert reader.found == "no match"


async def test_a_long_line_is_cut_with_a_mark_and_read_whole_where_it_is_wrapped():
    """Whether its end is behind words that can be broken, or within one that cannot."""
    async with bench(8) as (reader, pilot):
        words = "[2026-11-25 20:00:00.000][7][warning] upstream reset: connection refused"
        reader.add((line(words), line("x" * 60)))
        await pilot.pause()
        assert screen(reader)[-2:] == ["[2026-11-25 20:00:00.000][7…", "x" * 27 + "…"]
        await pilot.press("w")
        await pilot.pause()
        assert (
            screen(reader)
            == [
                "[2026-11-25",
                "  20:00:00.000][7][warning]",
                "  upstream reset: connection",
                "  refused",
                *("x" * 28, "  " + "x" * 26, "  xxxxxx"),
            ][-6:]
        )
        await pilot.press("home", "end", "w")
        await pilot.pause()
        assert screen(reader)[-2] == "[2026-11-25 20:00:00.000][7…"


async def test_wrapping_stays_where_one_reads_and_forgets_old_rows_with_their_lines():
    async with bench(0) as (reader, pilot):
        reader.add(tuple(line(f"line {number} and {'more ' * 6}") for number in range(ROOM)))
        await pilot.press("home", *["down"] * 4)
        await pilot.press("w")
        await pilot.pause()
        assert screen(reader)[0].startswith("line 4 and")
        assert not reader.following
        reader.add(numbered(ROOM, 2))
        await pilot.pause()
        assert screen(reader)[0].startswith("line 4 and")
        await pilot.press("w")
        await pilot.pause()
        assert screen(reader)[0].startswith("line 4 and")


async def test_another_text_begins_anew():
    async with bench(20) as (reader, _):
        reader.clear()
        assert screen(reader) == [""] * 6
        assert reader.total == 0


async def test_every_key_that_scrolls():
    """Each to where it leads, from where the one before has led."""
    async with bench(100) as (reader, pilot):
        page, last = reader.size.height - 1, 100 - reader.size.height
        for key, top in (
            ("g", 0), ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("up", 0), ("space", page), ("pagedown", 2 * page),
            ("pageup", page), ("G", last), ("home", 0), ("end", last), ("space", last), ("g", 0), ("f", last),
        ):  # fmt: skip
            await pilot.press(key)
            assert reader.scroll_offset.y == top, key
            assert reader.following is (top == last), key

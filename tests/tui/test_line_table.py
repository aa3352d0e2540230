"""The table of live rows: the cursor stays with its row whatever rows do, and only what changed is drawn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from hactl.core.value import replace
from hactl.tui.look import Look
from hactl.tui.meaning import Meaning
from hactl.tui.rows import Arrangement, Cell, Column, Row
from hactl.tui.theme import DEFAULT, read, shipped
from hactl.tui.widgets.line_table import LineTable

COLUMNS = (
    Column(title="NAME", keep=9),
    Column(title="RATE", right=True, keep=5),
    Column(title="WHY", keep=7, stretch=True, least=4),
)


def a_row(name: str, rate: float = 1.0) -> Row:
    return Row(key=name, cells=(Cell(text=name), Cell(text=f"{rate:.0f}", order=rate), Cell(text=f"about {name}")))


def rows(*names: str) -> tuple[Row, ...]:
    return tuple(a_row(name, float(place)) for place, name in enumerate(names))


class Drawn(LineTable):
    """A table that remembers which lines it wanted drawn."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, Look(read(shipped()[DEFAULT])))
        self.drawn: list[list[int]] = []

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        self.drawn.append([region.y for region in regions])
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Bench(App[None]):
    """One table and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Drawn()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        self.chosen.append(message.key)


@asynccontextmanager
async def bench(*names: str, size: tuple[int, int] = (40, 10)) -> AsyncIterator[tuple[Drawn, Pilot[None]]]:
    app = Bench()
    async with app.run_test(size=size) as pilot:
        app.table.show(rows(*names))
        await pilot.pause()
        yield app.table, pilot


def screen(table: LineTable) -> list[str]:
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


async def test_rows_stand_below_their_titles():
    async with bench("seoul-1", "seoul-2") as (table, _):
        assert screen(table)[:3] == [
            "  NAME     RATE WHY",
            "▸ seoul-1     0 about seoul-1",
            "  seoul-2     1 about seoul-2",
        ]


async def test_the_cursor_follows_its_row_through_sorting_filtering_and_departures():
    async with bench("a", "b", "c", "d") as (table, pilot):
        await pilot.press("down", "down")
        assert table.cursor == "c"
        table.rearrange(Arrangement(sort=1, reverse=True))
        assert table.cursor == "c"
        table.show(rows("x", "y", "a", "c", "d"))
        assert table.cursor == "c"
        table.rearrange(Arrangement(filter="c"))
        table.rearrange(Arrangement())
        assert table.cursor == "c"


async def test_a_row_that_goes_hands_the_cursor_to_its_neighbour():
    async with bench("a", "b", "c") as (table, pilot):
        await pilot.press("down")
        table.show(rows("a", "c"))
        assert table.cursor == "c"
        table.show(rows("a"))
        assert table.cursor == "a"
        table.show(())
        assert table.cursor == ""
        await pilot.press("down", "enter", "space", "pagedown", "G")
        table.show(rows("z"))
        assert table.cursor == "z"


async def test_the_cursor_is_always_on_the_screen():
    async with bench(*(f"n{number:02}" for number in range(40)), size=(40, 8)) as (table, pilot):
        await pilot.press("G")
        await pilot.pause()
        assert "▸ n39" in "\n".join(screen(table))
        assert screen(table)[0].startswith("  NAME")
        await pilot.press("g")
        await pilot.pause()
        assert "▸ n00" in "\n".join(screen(table))
        await pilot.press("pagedown")
        await pilot.pause()
        assert f"▸ {table.cursor}" in "\n".join(screen(table))


async def test_the_cursor_is_on_the_screen_whatever_is_done_to_its_rows():
    """Ordered by something else, no longer filtered, measured anew, in a smaller window: what a key strikes is seen."""
    names = [f"n{number:02}" for number in range(40)]
    async with bench(*names, size=(40, 20)) as (table, pilot):

        async def seen() -> bool:
            await pilot.pause()
            return any(line.startswith(f"▸ {table.cursor} ") for line in screen(table))

        await pilot.press(*["down"] * 10)
        table.rearrange(Arrangement(sort=1, reverse=True))
        assert await seen()
        table.rearrange(Arrangement(filter="n3"))
        await pilot.press("G")
        table.rearrange(Arrangement())
        assert await seen()
        table.rearrange(Arrangement(sort=1))
        table.show(tuple(a_row(name, -float(place)) for place, name in enumerate(names)))
        assert await seen()
        await pilot.press("g", *["down"] * 18)
        await pilot.resize_terminal(40, 8)
        assert await seen()


async def test_a_wheel_that_led_away_from_the_cursor_is_not_turned_back_by_what_comes():
    async with bench(*(f"n{number:02}" for number in range(40)), size=(40, 8)) as (table, pilot):
        table.scroll_to(y=20, animate=False)
        await pilot.pause()
        table.show(tuple(a_row(f"n{number:02}", number + 1.0) for number in range(40)))
        await pilot.resize_terminal(40, 9)
        await pilot.pause()
        assert table.scroll_offset.y == 20
        await pilot.press("down")
        assert table.scroll_offset.y < 20


async def test_marks_stay_with_their_rows_and_go_with_them():
    async with bench("a", "b", "c") as (table, pilot):
        await pilot.press("space", "space")
        assert table.marks == {"a", "b"}
        table.show(rows("b", "c"))
        assert table.marks == {"b"}
        await pilot.press("ctrl+backslash")
        assert table.marks == frozenset()


async def test_sorting_by_keys():
    async with bench("b", "a") as (table, pilot):
        await pilot.press("right")
        assert [row.key for row in table.shown] == ["a", "b"]
        assert "NAME▲" in screen(table)[0]
        await pilot.press("o")
        assert [row.key for row in table.shown] == ["b", "a"]
        await pilot.press("left")
        assert table.arrangement.sort is None


async def test_enter_goes_in():
    async with bench("a", "b") as (table, pilot):
        await pilot.press("down", "enter")
        await pilot.pause()
        assert table.app.chosen == ["b"]


async def test_only_lines_that_changed_are_drawn_again():
    async with bench("a", "b", "c") as (table, pilot):
        await pilot.pause()
        before = len(table.drawn)
        table.show((a_row("a", 0.0), a_row("b", 7.0), a_row("c", 2.0)))
        assert table.drawn[before:] == [[2]]
        table.show((a_row("a", 0.0), a_row("b", 7.0), a_row("c", 2.0)))
        assert table.drawn[before:] == [[2]]


async def test_old_rows_look_old():
    async with bench("a") as (table, _):
        table.show(rows("a"), stale=True)
        looks = {segment.style for segment in table.render_line(1) if "about" in segment.text}
        assert looks
        assert all(look.italic for look in looks)
        assert read(shipped()[DEFAULT]).style(Meaning.STALE).italic


async def test_foreign_text_is_text():
    async with bench("a") as (table, _):
        bad = a_row("a")
        table.show((replace(bad, cells=(Cell(text="[red]x[/nope]"), *bad.cells[1:])),))
        assert "[red]x[/nope]" in screen(table)[1]


async def test_every_key_that_moves_the_cursor():
    async with bench(*(f"n{number}" for number in range(30))) as (table, pilot):
        for key, to in (
            ("down", 1), ("j", 2), ("k", 1), ("up", 0), ("up", 0), ("pagedown", 8), ("pageup", 0), ("end", 29),
            ("down", 29), ("home", 0), ("G", 29), ("g", 0),
        ):  # fmt: skip
            await pilot.press(key)
            assert table.cursor == f"n{to}", key
            assert any(line.startswith(f"▸ n{to} ") for line in screen(table)), f"{key}: it can be seen"

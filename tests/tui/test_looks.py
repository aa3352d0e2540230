"""Another theme while the console is open: by its name, and when its file is edited. What is no use changes nothing."""

import os
import re
import sys
from pathlib import Path

import pytest
from support.pictures import a_snapshot
from support.stage import Stage, stage
from support.terminal import Terminal

from hactl.tui.meaning import Meaning
from hactl.tui.theme import read, shipped
from hactl.tui.themes import Themes


def colors(now: Stage) -> set[str]:
    """Every colour of text on the screen, as the compositor would send it."""
    strips = now.app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    return {style.color.triplet.hex for style in styles if style.color is not None and style.color.triplet}


def color(name: str, meaning: Meaning) -> str:
    found = read(shipped()[name]).style(meaning).color
    assert found is not None
    assert found.triplet is not None
    return found.triplet.hex


DARK, LIGHT = color("dark", Meaning.SERVING), color("light", Meaning.SERVING)


async def test_a_theme_is_chosen_by_name_on_the_command_line():
    async with stage() as now:
        assert DARK in colors(now)
        await now.press(":", *"theme li", "tab", "enter")
        await now.until_drawn()
        assert LIGHT in colors(now)
        assert DARK not in colors(now)
        assert now.ran == []


SCRIPT = """
from support.controller import MemoryController
from support.pictures import a_snapshot

from hactl.cli.console import choose_theme
from hactl.tui.app import Console
from hactl.tui.themes import Themes

controller = MemoryController()
controller.snapshot = a_snapshot()
Console(controller, choose_theme(Themes(), ""), fleet="t", by="ann").run()
"""
LOOKS = re.compile(rb"\x1b\[([0-9;]*)m")


def colours(sent: bytes) -> list[bytes]:
    """Orders to a terminal that are about colours, of all orders about looks."""
    coloured = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
    return [found[0] for found in LOOKS.finditer(sent) if coloured & {int(part or 0) for part in found[1].split(b";")}]


def sent_with(tmp_path: Path, **environment: str) -> bytes:
    """All that a console sends to a real terminal until it is left."""
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[1])}
    env.pop("NO_COLOR", None)
    argv = [sys.executable, "-c", SCRIPT]
    with Terminal(argv, columns=100, lines=30, env=env | environment, cwd=tmp_path) as seen:
        seen.until("OK 4 nodes and 2 edges serve", "▸ ● 2/2")
        seen.type("q")
        assert seen.until_it_ends() == 0
        return bytes(seen.raw)


def test_where_no_colour_is_wanted_none_is_sent_and_the_cursor_is_seen_all_the_same(tmp_path: Path):
    """It is a row the other way round; another console would have sent colours."""
    sent = sent_with(tmp_path, NO_COLOR="1")
    assert colours(sent) == []
    before = LOOKS.findall(sent[: sent.index("▸".encode())])
    assert b"7" in before[-1].split(b";"), "reverse"
    assert colours(sent_with(tmp_path))


async def test_screens_that_were_drawn_before_look_alike_when_one_comes_back_to_them():
    async with stage() as now:
        await now.press("e")
        now.app.action_theme("light")
        await now.until_drawn()
        await now.press("1")
        await now.until_drawn()
        assert LIGHT in colors(now)
        assert DARK not in colors(now)


@pytest.mark.parametrize("name", ["mono", "ansi"])
async def test_to_the_terminals_own_colours_and_back(name):
    async with stage() as now:
        now.app.action_theme(name)
        await now.until_drawn()
        assert DARK not in colors(now)
        assert now.app.native_ansi_color
        now.app.action_theme("dark")
        await now.until_drawn()
        assert DARK in colors(now)
        assert not now.app.native_ansi_color


async def test_an_unknown_theme_is_a_message_and_the_look_stays():
    async with stage() as now:
        await now.press(":", *"theme drak", "enter")
        await now.until_drawn()
        assert any("no theme 'drak'" in said for said in now.notices)
        assert DARK in colors(now)


async def test_a_reader_may_change_the_look_and_nothing_else():
    async with stage(read_only=True) as now:
        await now.press(":", *"theme light", "enter")
        await now.until_drawn()
        assert LIGHT in colors(now)
        await now.press(":", *"kill seoul-1", "enter")
        assert now.ran == []
        assert any("read-only" in said for said in now.notices)


class TestFiles:
    """A user's own theme, edited while it is looked at."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(shipped()["dark"].read_text())
        return path

    async def test_an_edited_one_is_put_on_at_once(self, file):
        async with stage(themes=Themes(file.parent)) as now:
            now.app.action_theme("mine")
            await now.until_drawn()
            file.write_text(file.read_text().replace(DARK, "#123456"))
            now.app._appearance.look_again()
            await now.until_drawn()
            assert "#123456" in colors(now)
            assert DARK not in colors(now)

    async def test_a_broken_one_is_said_once_and_the_look_stays(self, file):
        async with stage(themes=Themes(file.parent)) as now:
            now.app.action_theme("mine")
            whole = file.read_text()
            for broken in ('serving = "nonsense"', "not toml at all ["):
                file.write_text(whole + broken)
                now.app._appearance.look_again()
                now.app._appearance.look_again()
                await now.until_drawn()
                assert DARK in colors(now)
            complaints = [said for said in now.notices if str(file) in said]
            assert len(complaints) == 2
            file.write_text(whole.replace(DARK, "#123456"))
            now.app._appearance.look_again()
            await now.until_drawn()
            assert "#123456" in colors(now)

    async def test_one_that_is_gone_for_a_moment_says_nothing(self, file):
        async with stage(themes=Themes(file.parent)) as now:
            now.app.action_theme("mine")
            whole = file.read_text()
            file.unlink()
            now.app._appearance.look_again()
            await now.until_drawn()
            assert now.notices == []
            assert DARK in colors(now)
            file.write_text(whole)
            now.app._appearance.look_again()
            await now.until_drawn()
            assert DARK in colors(now)


async def test_rows_are_drawn_anew_though_they_have_not_changed():
    async with stage() as now:
        for name, wanted in (("light", LIGHT), ("dark", DARK), ("light", LIGHT)):
            now.app.action_theme(name)
            await now.until_drawn()
            assert now.app.picture.snapshot == a_snapshot()
            assert wanted in colors(now)

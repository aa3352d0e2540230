"""The order of rows and the theme that were chosen are those of the next console."""

from pathlib import Path

from support.stage import stage

from hactl.tui.settings import Settings, SettingsFile, load


async def test_an_order_that_was_chosen_is_that_of_the_next_console(tmp_path: Path):
    file = tmp_path / "console.toml"
    async with stage(settings=SettingsFile(file)) as now:
        await now.press("right", "right", "o", "q")
    assert load(file) == Settings(sort="NAME", reverse=True)
    async with stage(settings=SettingsFile(file)) as now:
        assert [row.key for row in now.app.screen.table.shown][:3] == ["[edges]", "edge-2", "edge-1"]
        await now.press("o", "q")
    assert load(file) == Settings(sort="NAME")


async def test_a_theme_that_was_chosen_is_kept_and_one_that_was_not_is_no_news(tmp_path: Path):
    file = tmp_path / "console.toml"
    async with stage(settings=SettingsFile(file)) as now:
        await now.press("q")
    assert not file.exists()
    async with stage(settings=SettingsFile(file)) as now:
        await now.press(":", *"theme light", "enter")
        await now.press(":", *"theme drak", "enter")
        await now.press("q")
    assert load(file) == Settings(theme="light")


async def test_it_is_written_while_the_console_is_open(tmp_path: Path):
    """A terminal may be closed at any time."""
    file = tmp_path / "console.toml"
    async with stage(settings=SettingsFile(file)) as now:
        await now.press("right")
        await now.until(file.exists)
        assert load(file) == Settings(sort="STATE")


async def test_a_column_that_is_gone_is_none():
    found = SettingsFile()
    found.settings = Settings(sort="ZONE", reverse=True)
    async with stage(settings=found) as now:
        assert now.app.screen.table.arrangement.sort is None
        assert not now.app.screen.table.arrangement.reverse


async def test_damage_is_said_and_where_nothing_can_be_kept_that_is_said_once(tmp_path: Path):
    file = tmp_path / "console.toml"
    file.mkdir()
    async with stage(settings=SettingsFile(file)) as now:
        assert [said for said in now.notices if str(file) in said]
        before = len(now.notices)
        await now.press("right")
        now.app._remember()
        now.app._remember()
        await now.pilot.pause()
        assert len([said for said in now.notices[before:] if "cannot write" in said]) == 1

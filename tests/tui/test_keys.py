"""Every key of every screen is pressed: none of them stumbles, and one always finds back."""

from support.stage import Stage, stage

from hactl.tui.bindings import PAGES
from hactl.tui.lifetime import Ends
from hactl.tui.screens.page import Page
from hactl.tui.screens.sheet import Sheet


def keys_of(now: Stage) -> list[str]:
    """Those of the screen and of what has the focus; those that work everywhere only on the first screen."""
    everywhere = PAGES[0] == now.app.screen.NAME
    return [key for key, active in now.app.screen.active_bindings.items() if everywhere or active.node is not now.app]


async def test_no_key_stumbles():
    """With a row, an edge or a log under the cursor, whatever that has to say to it."""
    pressed: set[str] = set()
    async with stage(ends=Ends.ASKED) as now:
        await now.go_to("seoul-1")
        for digit, name in enumerate(PAGES, start=1):
            await now.press(str(digit))
            for key in keys_of(now):
                await now.press(key)
                pressed.add(key)
                while not isinstance(now.app.screen, Page):
                    await now.press("escape")
                if name != now.app.screen.NAME or now.app.screen.query("Input:focus"):
                    await now.press("escape", str(digit))
                assert name == now.app.screen.NAME, key
                assert not [said for said in now.notices if "internal console error" in said], key
        assert now.app.is_running
    assert {"K", "W", "left_square_bracket", "less_than_sign", "slash", "pagedown", "q", "ctrl+p"} <= pressed


async def test_every_way_out_of_a_sheet():
    async with stage() as now:
        for key in ("escape", "q", "enter", "question_mark"):
            await now.press("question_mark")
            assert isinstance(now.app.screen, Sheet)
            await now.press(key)
            assert isinstance(now.app.screen, Page), key

"""Numbers that are turned: weights with a preview of who would get what, counts of nodes with what the daemon says."""

import pytest
from support.controller import MemoryController
from support.pictures import a_fleet, a_snapshot, with_node
from support.stage import Stage, stage

from hactl.core.commands import Scale, SetWeight
from hactl.core.errors import Unreachable
from hactl.core.talk import Receipt
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.dial import Dial
from hactl.tui.screens.fleet import FleetPage


def sent(now: Stage) -> list[object]:
    """Commands that were sent in earnest; those tried dry are the first ones here."""
    return [request.command for request in now.controller.requests[now.controller.dry_runs :]]


class TestWeights:
    async def test_arrows_letters_and_digits(self):
        """Every key turns or types, and enter takes what stands there."""
        typed = {
            ("left",): 99, ("minus",): 99, ("h",): 99,
            ("right", "right"): 102, ("plus",): 101, ("l",): 101,
            ("down",): 90, ("shift+left",): 90, ("j",): 90,
            ("up",): 110, ("shift+right",): 110, ("k",): 110,
            ("4", "2"): 42, ("5", "0", "left"): 49, ("backspace",): 10,
            ("9", "9", "9", "9", "9"): 1000, ("1", "0", "0", "0", "0"): 1000,
            ("0",): 0, ("0", "left"): 0,
        }  # fmt: skip
        async with stage() as now:
            await now.go_to("seoul-1")
            for keys, weight in typed.items():
                now.controller.requests.clear()
                await now.press("W", *keys, "enter")
                assert sent(now) == [SetWeight(weight=weight, nodes=("seoul-1",))], keys
                assert isinstance(now.app.screen, FleetPage)
                assert any(f"$ hactl weight seoul-1 {weight}   u undoes it" in notice for notice in now.notices)

    async def test_marked_rows_are_made_alike_though_the_first_weighs_that_already(self):
        controller = MemoryController()
        controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-2", weight=10))
        async with stage(controller=controller) as now:
            await now.go_to("seoul-1")
            await now.press("space", "space", "W", *"100", "enter")
            assert sent(now) == [SetWeight(weight=100, nodes=("seoul-1", "seoul-2"))]

    async def test_what_is_typed_in_one_burst_is_typed_there(self):
        """Nobody waits for a dialog whose keys are in the fingers: not one digit goes elsewhere."""
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.burst("W", *"30", "enter")
            await now.until_drawn()
            assert sent(now) == [SetWeight(weight=30, nodes=("seoul-1",))]
            assert isinstance(now.app.screen, FleetPage)

    async def test_who_would_get_what_is_seen_beforehand(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("W")
            assert "Weight of seoul-1" in now.text("#question")
            await now.press("0")
            said = now.text("#question").splitlines()
            assert any(line.startswith("seoul-1") and line.endswith(" 25% →   0%") for line in said)
            assert any(line.startswith("seoul-2") and line.endswith(" 25% →  50%") for line in said)
            assert "$ hactl weight seoul-1 0" in now.text("#question")
            assert now.controller.requests == [], "nobody was asked for that"

    async def test_a_region_is_weighed_against_the_others(self):
        async with stage() as now:
            await now.go_to("[osaka]")
            await now.press("W", *"300")
            said = now.text("#question").splitlines()
            assert any(line.startswith("osaka") and line.endswith(" 50% →  75%") for line in said)
            await now.press("enter")
            assert sent(now) == [SetWeight(weight=300, regions=("osaka",))]

    @pytest.mark.parametrize("keys", [("escape",), ("q",), ("right", "escape"), ("enter",), ("right", "left", "enter")])
    async def test_what_is_left_or_left_as_it_is_changes_nothing(self, keys):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("W", *keys)
            assert now.controller.requests == []
            assert isinstance(now.app.screen, FleetPage)

    async def test_a_weight_that_breaks_a_rule_wants_the_name_of_the_fleet(self):
        async with stage() as now:
            now.controller.reply = now.controller.refused
            await now.go_to("seoul-1")
            await now.press("W", "0", "enter")
            assert isinstance(now.app.screen, Confirm)
            assert "Weight 0 for seoul-1?" in now.text("#question")
            await now.press(*"default", "enter")
            assert now.controller.requests[-1].confirm == "default"

    async def test_several_weights_are_taken_back_to_what_each_was(self):
        controller = MemoryController()
        controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-2", weight=40))
        async with stage(controller=controller) as now:
            await now.go_to("seoul-1")
            await now.press("space", "space", "W", *"70", "enter")
            assert sent(now) == [SetWeight(weight=70, nodes=("seoul-1", "seoul-2"))]
            after = with_node(with_node(a_fleet(), "seoul-2", weight=70), "seoul-1", weight=70)
            controller.snapshot = a_snapshot(after)
            await now.press("u")
            assert sent(now)[1:] == [
                SetWeight(weight=40, nodes=("seoul-2",)),
                SetWeight(weight=100, nodes=("seoul-1",)),
            ]


class TestSizes:
    async def test_a_region_is_scaled_after_a_question(self):
        async with stage() as now:
            now.controller.reply = Receipt(seq=1, steps=("add seoul-3",))
            await now.go_to("seoul-1")
            await now.press("S", "right")
            assert isinstance(now.app.screen, Dial)
            assert "add seoul-3" in now.text("#question")
            await now.press("enter")
            assert isinstance(now.app.screen, Confirm), "enter chooses the number and confirms nothing"
            assert "Scale seoul to 3 nodes?" in now.text("#question")
            await now.press("enter")
            assert sent(now) == []
            await now.press("S", "3", "enter", "y")
            assert sent(now) == [Scale(region="seoul", count=3)]

    async def test_no_region_is_scaled_to_nothing(self):
        async with stage() as now:
            await now.go_to("[seoul]")
            await now.press("S", "0", "enter", "y")
            assert sent(now) == [Scale(region="seoul", count=1)]

    async def test_what_the_daemon_does_not_answer_is_said_in_the_dialog(self):
        async with stage() as now:
            now.controller.reply = Unreachable("no daemon answers on 'x'", "hactl up")
            await now.go_to("seoul-1")
            await now.press("S", "right")
            assert "no daemon answers on 'x' (hactl up)" in now.text("#question")
            await now.press("enter")
            assert isinstance(now.app.screen, FleetPage)
            assert "no daemon answers on 'x'\ntry: hactl up" in now.notices

    async def test_a_slow_answer_is_not_taken_for_one_about_a_newer_number(self):
        """While one preview is on its way only the newest number is asked about next."""
        async with stage() as now:
            now.controller.reply = lambda request, _: Receipt(seq=1, steps=(f"as many as {request.command.count}",))
            held = now.controller.hold()
            await now.go_to("seoul-1")
            await now.press("S", "right", "right", "right")
            held.set()
            await now.pilot.pause()
            await now.pilot.pause()
            assert "as many as 5" in now.text("#question")
            assert [request.command.count for request in now.controller.requests] == [2, 5]

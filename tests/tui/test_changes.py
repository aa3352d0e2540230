"""Upper-case keys from the press to the outcome: every rung of the ladder, and what goes wrong at each step."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from support.build import a_launch
from support.controller import MemoryController
from support.pictures import AT, a_fleet, a_snapshot, with_node
from support.stage import Stage, stage
from textual.widgets._toast import Toast

from hactl.core.commands import (
    Drain,
    Failover,
    Freeze,
    Kill,
    Pause,
    Request,
    Restart,
    Resume,
    SetWeight,
    Start,
    Stop,
    Thaw,
    Unpause,
)
from hactl.core.errors import CommandRejected, Unreachable
from hactl.core.events import FailoverEnded, FailoverMoved, OperationBegan, OperationEnded
from hactl.core.model import Failover as Loss
from hactl.core.model import Fleet, Paused
from hactl.core.node import Goal, NodeState, Reason, ReasonCode
from hactl.core.operation import Operation, Outcome, Verb
from hactl.core.plan import Share
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.tui.keys import WRITES
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.drills import DrillsPage
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.node import NodePage
from hactl.tui.screens.page import Page
from hactl.tui.screens.sheet import Sheet
from hactl.tui.shell import Ran
from hactl.tui.widgets.lines_view import Paragraphs

AWAY = Unreachable("no daemon answers on 'x'", "hactl up")


def over(fleet: Fleet) -> MemoryController:
    controller = MemoryController()
    controller.snapshot = a_snapshot(fleet)
    return controller


def done(now: Stage) -> list[object]:
    """Commands that were sent in earnest."""
    return [request.command for request in now.controller.requests[now.controller.dry_runs :]]


class TestTheLadder:
    @pytest.mark.parametrize(
        ("key", "command"), [("K", Kill), ("ctrl+k", Kill), ("T", Stop), ("R", Restart), ("D", Drain), ("Z", Freeze)]
    )
    async def test_a_key_asks_and_y_does_it(self, key, command):
        async with stage() as now:
            now.controller.reply = Receipt(seq=1, shares=(Share(node="seoul-2", region="seoul", part=0.5),))
            await now.go_to("seoul-1")
            await now.press(key)
            assert isinstance(now.app.screen, Confirm)
            assert "seoul-2 25% → 50%" in now.text("#question")
            assert now.controller.dry_runs == len(now.controller.requests) == 1
            await now.press("y")
            assert now.controller.requests[-1].command == command(nodes=("seoul-1",))
            assert now.controller.requests[-1].by == "ann"
            assert len(now.controller.requests) == 2
            assert isinstance(now.app.screen, FleetPage)

    @pytest.mark.parametrize("key", ["enter", "escape", "n", "q"])
    async def test_everything_else_cancels(self, key):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("K", key)
            assert isinstance(now.app.screen, FleetPage)
            assert len(now.controller.requests) == now.controller.dry_runs == 1

    @pytest.mark.parametrize(
        ("key", "change", "command"),
        [
            ("D", {"state": NodeState.DRAINING, "drained": True}, Resume),
            ("Z", {"frozen": "bob"}, Thaw),
            ("T", {"state": NodeState.STOPPED, "goal": Goal.DOWN, "launch": None}, Start),
            ("R", {"state": NodeState.FAILED, "launch": None}, Start),
        ],
    )
    async def test_what_only_gives_back_is_done_without_asking(self, key, change, command):
        async with stage(controller=over(with_node(a_fleet(), "seoul-1", **change))) as now:
            await now.go_to("seoul-1")
            await now.press(key)
            assert [request.command for request in now.controller.requests] == [command(nodes=("seoul-1",))]
            assert now.controller.dry_runs == 0

    async def test_elsewhere_the_command_for_a_shell_names_its_fleet(self):
        """Where a bare one would mean another fleet: before and after, and while a number is turned."""
        async with stage(program=("hactl", "--fleet", "prod")) as now:
            await now.go_to("seoul-1")
            await now.press("K")
            assert "$ hactl --fleet prod kill seoul-1" in now.text("#question")
            await now.press("y")
            assert any(notice.endswith("$ hactl --fleet prod kill seoul-1") for notice in now.notices)
            await now.press("W", "5")
            assert "$ hactl --fleet prod weight seoul-1 5" in now.text("#question")

    async def test_a_broken_rule_wants_the_name_of_the_fleet_typed(self):
        async with stage() as now:
            now.controller.reply = now.controller.refused
            await now.go_to("seoul-1")
            await now.press("K")
            assert "violates a rule: 1 node would be left" in now.text("#question")
            assert "$ hactl kill seoul-1 --confirm default" in now.text("#question")
            assert "carries 25% of the traffic" in now.text("#question"), "also where it breaks a rule"
            await now.press("y", "enter")
            assert isinstance(now.app.screen, Confirm)
            assert done(now) == []
            await now.press("backspace", *"default", "enter")
            assert done(now) == [Kill(nodes=("seoul-1",))]
            assert now.controller.requests[-1].confirm == "default"

    async def test_a_mild_change_that_breaks_a_rule_climbs_the_ladder(self):
        async with stage(controller=over(with_node(a_fleet(), "seoul-1", frozen="bob"))) as now:
            now.controller.reply = now.controller.refused
            await now.go_to("seoul-1")
            await now.press("Z")
            assert "violates a rule: 1 node would be left" in now.text("#question")
            await now.press(*"default", "enter")
            assert now.controller.requests[-1] == Request(command=Thaw(nodes=("seoul-1",)), by="ann", confirm="default")

    async def test_a_rule_that_no_name_lifts_is_a_message(self):
        async with stage() as now:
            now.controller.reply = CommandRejected("fleet 'default' is read-only", "set it otherwise", guard=True)
            await now.go_to("seoul-1")
            await now.press("K")
            assert isinstance(now.app.screen, FleetPage)
            assert any("is read-only\ntry: set it otherwise" in notice for notice in now.notices)
            assert done(now) == []

    async def test_a_command_that_does_not_fit_is_a_message(self):
        async with stage() as now:
            now.controller.reply = CommandRejected("'seoul-1' is already being stopped", "hactl wait seoul-1")
            await now.go_to("seoul-1")
            await now.press("K")
            assert isinstance(now.app.screen, FleetPage)
            assert any("already being stopped" in notice for notice in now.notices)

    async def test_what_is_typed_before_the_daemon_has_answered_confirms_nothing(self):
        """A filter typed too early is no yes, and a second question cannot come over the first."""
        async with stage() as now:
            held = now.controller.hold()
            await now.go_to("seoul-1")
            await now.press("K", *"/ty", "K")
            assert isinstance(now.app.screen, Confirm)
            assert "asking the daemon" in now.text("#question")
            assert sum(isinstance(screen, Confirm) for screen in now.app.screen_stack) == 1
            held.set()
            await now.pilot.pause()
            assert "Kill seoul-1?" in now.text("#question")
            assert len(now.controller.requests) == now.controller.dry_runs == 1
            await now.press("escape")
            assert len(now.controller.requests) == 1


class TestQuestions:
    """A question stays until it is answered, whatever the key before it still has to do."""

    async def test_another_process_and_a_key_close_behind(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("2")
            await now.burst("greater_than_sign", "K")
            assert "Kill seoul-2?" in now.text("#question")
            await now.press("y")
            assert done(now) == [Kill(nodes=("seoul-2",))]
            assert isinstance(now.app.screen, NodePage)

    async def test_back_to_the_fleet_and_a_key_close_behind(self):
        """It is about the row under the cursor there, not about the log that was left."""
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("4", ">")
            await now.burst("escape", "K")
            assert "Kill seoul-1?" in now.text("#question")
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)

    async def test_a_screen_that_is_turned_to_meanwhile_waits(self):
        async with stage() as now:
            await now.press("M")
            await now.app.run_action("page('drills')")
            await now.until_drawn()
            assert "Pause the fleet?" in now.text("#question")
            await now.press("y")
            assert done(now) == [Pause()]
            await now.until_drawn()
            assert isinstance(now.app.screen, DrillsPage)
            assert sum(isinstance(screen, Page) for screen in now.app.screen_stack) == 1


class TestTargets:
    """Whoever was meant when the key was pressed is hit, or nobody."""

    async def test_a_process_that_has_changed_since_the_key_is_never_hit(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("K")
            node = a_fleet().nodes["seoul-1"]
            again = with_node(a_fleet(), "seoul-1", launch=replace(a_launch("seoul-1", 2), at=node.launch.at))
            now.controller.snapshot = a_snapshot(again)  # the console has not heard of it yet
            await now.press("y")
            assert done(now) == []
            assert any("seoul-1: a different process by now, nothing was done" in notice for notice in now.notices)

    @pytest.mark.parametrize(("key", "change"), [("D", {"drained": True}), ("Z", {"frozen": "bob"})])
    async def test_what_somebody_else_has_done_unseen_is_not_undone_by_the_key_that_should_do_it(self, key, change):
        """Taking back is done without asking: a picture that is not drawn yet must not turn a key into that."""
        async with stage() as now:
            await now.go_to("seoul-1")
            now.controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-1", **change))
            now.app.picture.take(now.controller.snapshot, 10.0)
            await now.app.run_action(f"change({key!r})")
            await now.pilot.pause()
            assert now.controller.requests == []
            assert now.notices[-1].startswith(f"changed meanwhile, nothing was done: {key} would ")
            await now.until_drawn()
            await now.press(key)
            assert len(done(now)) == 1

    async def test_a_crash_loop_is_stopped_whatever_it_is_at_when_the_answer_comes(self):
        """It is asked about, as every stop is, and has another process every second."""
        waiting = with_node(a_fleet(), "seoul-1", state=NodeState.BACKOFF, launch=None)
        async with stage(controller=over(waiting)) as now:
            await now.go_to("seoul-1")
            await now.press("T")
            assert "Stop seoul-1?" in now.text("#question")
            trying = with_node(waiting, "seoul-1", state=NodeState.STARTING, launch=a_launch("seoul-1", 7))
            now.controller.snapshot = a_snapshot(trying)
            await now.press("y")
            assert done(now) == [Stop(nodes=("seoul-1",))]

    async def test_rows_that_move_between_key_and_answer_change_nothing(self):
        async with stage() as now:
            await now.go_to("seoul-2")
            await now.press("K")
            fleet = a_fleet()
            gone = {name: node for name, node in fleet.nodes.items() if name not in ("seoul-1", "edge-1")}
            now.controller.snapshot = a_snapshot(replace(fleet, nodes=gone))
            now.app.picture.take(now.controller.snapshot, 10.0)
            now.app._draw()
            await now.press("y")
            assert done(now) == [Kill(nodes=("seoul-2",))]

    async def test_sorting_and_filtering_keep_the_one_that_is_meant(self):
        async with stage() as now:
            await now.go_to("seoul-2")
            await now.press("right", "right", "o", "/", *"seoul", "enter", "K", "y")
            assert done(now) == [Kill(nodes=("seoul-2",))]

    async def test_marked_rows_are_hit_together(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("space")
            await now.go_to("osaka-2")
            await now.press("space")
            await now.go_to("edge-1")
            await now.until_drawn()
            assert "2 marked, ctrl+\\ clears" in now.text("#keys")
            await now.press("K")
            assert "Kill 2 nodes: seoul-1, osaka-2?" in now.text("#question")
            assert "carries 50% of the traffic, 50 requests/s, 2 in flight" in now.text("#question")
            await now.press("y")
            assert done(now) == [Kill(nodes=("seoul-1", "osaka-2"))]

    async def test_one_of_several_that_has_changed_saves_them_all(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("space", "space", "K")
            now.controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-2", launch=a_launch("seoul-2", 2)))
            await now.press("y")
            assert done(now) == []
            assert any(notice.startswith("seoul-2: a different process by now") for notice in now.notices)

    async def test_a_region_means_all_its_nodes(self):
        async with stage() as now:
            await now.go_to("[osaka]")
            await now.press("T", "y")
            assert done(now) == [Stop(nodes=("osaka-1", "osaka-2"))]

    async def test_a_node_that_goes_takes_its_mark_with_it(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("space", "space")
            fleet = a_fleet()
            left = {name: node for name, node in fleet.nodes.items() if name != "seoul-1"}
            now.controller.snapshot = a_snapshot(replace(fleet, nodes=left))
            now.app.picture.take(now.controller.snapshot, 10.0)
            await now.until_drawn()
            await now.press("K", "y")
            assert done(now) == [Kill(nodes=("seoul-2",))]


class TestRegionsAndTheFleet:
    async def test_the_traffic_of_a_region_is_moved_after_a_question(self):
        async with stage() as now:
            now.controller.reply = Receipt(seq=1, steps=("seoul keeps 75 %", "seoul keeps 0 %"))
            await now.go_to("seoul-2")
            await now.press("F")
            assert "Fail over seoul?" in now.text("#question")
            assert "steps   seoul keeps 75 %" in now.text("#question")
            await now.press("y")
            assert done(now) == [Failover(region="seoul")]

    async def test_a_pause_is_asked_about_and_its_end_is_not(self):
        async with stage() as now:
            await now.press("M")
            assert "Pause the fleet?" in now.text("#question")
            await now.press("y")
            assert done(now) == [Pause()]
        async with stage(controller=over(a_fleet(paused=Paused(by="bob", since=AT)))) as now:
            await now.press("M")
            assert [request.command for request in now.controller.requests] == [Unpause()]


class TestMarks:
    async def test_what_a_filter_hides_is_not_struck(self):
        """Its mark is told of and stays: it counts again when it is seen again."""
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("space", "slash", *"osaka-1", "enter")
            await now.until_drawn()
            assert "1 marked out of sight, ctrl+\\ clears" in now.text("#keys")
            await now.press("K")
            assert "Kill osaka-1?" in now.text("#question")
            await now.press("escape", "escape")
            await now.until_drawn()
            assert "1 marked, ctrl+\\ clears" in now.text("#keys")
            await now.go_to("osaka-1")
            await now.press("K")
            assert "Kill seoul-1?" in now.text("#question")


class TestUndo:
    async def test_a_resume_is_taken_back_for_a_while(self):
        drained = with_node(a_fleet(), "seoul-1", state=NodeState.DRAINING, drained=True)
        async with stage(controller=over(drained)) as now:
            await now.go_to("seoul-1")
            await now.press("D")
            assert any("u undoes it within 10 s" in notice for notice in now.notices)
            now.controller.snapshot = a_snapshot()
            await now.press("u")
            assert [request.command for request in now.controller.requests] == [
                Resume(nodes=("seoul-1",)),
                Drain(nodes=("seoul-1",)),
            ]
            assert now.controller.dry_runs == 0
            await now.press("u")
            assert any("nothing to undo" in notice for notice in now.notices)

    async def test_what_could_not_be_taken_back_can_be_tried_again(self):
        """The daemon was away: that is no reason to have changed one's mind."""
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("W", *"50", "enter")
            now.controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-1", weight=50))
            now.controller.failure = AWAY
            await now.press("u")
            assert any("no daemon answers on 'x'" in notice for notice in now.errors)
            now.controller.failure = None
            await now.press("u", "u")
            assert [request.command.weight for request in now.controller.requests] == [50, 100]
            assert "nothing to undo" in now.notices[-1]

    async def test_too_late_is_too_late(self):
        clock = [10.0]
        drained = with_node(a_fleet(), "seoul-1", state=NodeState.DRAINING, drained=True)
        async with stage(controller=over(drained), clock=lambda: clock[0]) as now:
            await now.go_to("seoul-1")
            await now.press("D")
            clock[0] += 10.1
            await now.press("u")
            assert len(now.controller.requests) == 1
            assert any("nothing to undo" in notice for notice in now.notices)

    async def test_what_somebody_else_has_changed_since_is_not_undone(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("W", "left", "enter")
            assert done(now) == [SetWeight(weight=99, nodes=("seoul-1",))]
            now.controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-1", weight=7))
            await now.press("u")
            assert len(now.controller.requests) == 1
            assert any("someone else has just changed the weight of seoul-1" in notice for notice in now.notices)


class TestOutcomes:
    """Whatever was sent is followed until it has ended."""

    def operation(self, sentence: str = "kill seoul-1") -> Operation:
        return Operation(id="op-1", verb=Verb.KILL, by="ann", began=0.0, wall=0.0, deadline=9.0, sentence=sentence)

    async def sent(self, now: Stage) -> None:
        seq = now.controller.snapshot.fleet.seq
        now.controller.reply = Receipt(seq=seq + 1, operation="op-1", sentence="kill seoul-1")
        await now.go_to("seoul-1")
        await now.press("K", "y")
        now.controller.happen(OperationBegan(operation=self.operation()))
        await now.until_drawn()

    async def test_a_kill_ends_in_measured_times(self):
        async with stage() as now:
            await self.sent(now)
            await now.until_said("kill seoul-1   $ hactl kill seoul-1")
            loss = Loss(node="seoul-1", cause=Reason(code=ReasonCode.KILLED), seen=1.0, version=2)
            now.controller.happen(
                FailoverMoved(failover=loss, ms=9.2),
                FailoverEnded(node="seoul-1", moved_ms=9.2, back_ms=71.4),
                OperationEnded(id="op-1", outcome=Outcome.DONE, sentence="kill seoul-1", ms=80.0),
            )
            told = "killed seoul-1: routed around after 9 ms, back after 71 ms"
            await now.until_said(told)
            await now.until_drawn()
            assert [notice.message for notice in now.app._notifications] == [told], "in the place of that it was sent"
            assert now.notices.count(told) == 1

    async def test_what_is_said_covers_neither_numbers_nor_the_newest_event(self):
        async with stage((80, 24)) as now:
            await self.sent(now)
            await now.until_said("kill seoul-1   $ hactl kill seoul-1")
            await now.pilot.pause()
            (toast,) = now.app.screen.query(Toast)
            events = now.app.screen.query_one("#events")
            assert toast.region.height == 1
            assert toast.region.y > events.region.y
            assert "kill seoul-1   $ hactl kill seoul-1" in str(toast.render())

    async def test_what_is_said_does_not_cover_what_is_typed(self):
        async with stage((80, 24)) as now:
            await self.sent(now)
            await now.press(":", "w")
            await now.pilot.pause()
            (toast,) = now.app.screen.query(Toast)
            assert not toast.region.overlaps(now.app.screen.prompt.region)
            await now.press("escape")
            await now.pilot.pause()
            assert toast.region.bottom == now.app.screen.query_one("#keys").region.y

    async def test_a_failure_is_seen(self):
        async with stage() as now:
            await self.sent(now)
            now.controller.happen(
                OperationEnded(id="op-1", outcome=Outcome.FAILED, sentence="still waiting", hint="hactl status")
            )
            await now.until_said("kill seoul-1 failed: still waiting\ntry: hactl status")
            assert now.errors == now.notices[-1:]

    async def test_an_end_that_the_journal_cannot_tell_now_is_told_later(self):
        async with stage() as now:
            await self.sent(now)
            now.controller.failure = AWAY
            now.controller.happen(OperationEnded(id="op-1", outcome=Outcome.DONE, sentence="kill seoul-1", ms=80.0))
            await now.until_drawn()
            assert "kill seoul-1; done after 80 ms" not in now.notices
            now.controller.failure = None
            await now.until_said("kill seoul-1; done after 80 ms")


class TestTrouble:
    """The daemon goes away at each step: nothing is done, and that is said."""

    async def test_it_cannot_be_tried(self):
        async with stage() as now:
            now.controller.reply = AWAY
            await now.go_to("seoul-1")
            await now.press("K")
            assert isinstance(now.app.screen, FleetPage)
            assert "no daemon answers on 'x'\ntry: hactl up" in now.notices

    async def test_it_goes_while_the_question_is_open(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("K")
            now.controller.failure = AWAY
            await now.press("y")
            assert done(now) == []
            assert "no daemon answers on 'x'\ntry: hactl up" in now.notices

    async def test_it_goes_right_before_it_is_sent(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("K")
            now.controller.reply = AWAY
            await now.press("y")
            assert "no daemon answers on 'x'\ntry: hactl up" in now.notices
            assert not any("$ hactl kill" in notice for notice in now.notices)

    async def test_what_has_gone_before_it_could_be_asked_about_is_said(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("space")
            fleet = a_fleet()
            gone = {name: node for name, node in fleet.nodes.items() if name != "seoul-1"}
            held = now.controller.hold()
            await now.press("K")
            now.controller.snapshot = a_snapshot(replace(fleet, nodes=gone))
            held.set()
            await now.press("y")
            assert done(now) == []
            assert "seoul-1 is gone: nothing was done" in now.notices


class TestWhereNothingCanBeChanged:
    @pytest.mark.parametrize(
        ("how", "prepare", "why"),
        [
            ({"read_only": True}, lambda now: None, "this console is read-only"),
            ({}, lambda now: now.app.moments.hold(), "this is the past: p goes back to live"),
            ({}, lambda now: now.app.picture.lost("no daemon answers"), "without the daemon: no daemon answers"),
        ],
        ids=["read-only", "past", "away"],
    )
    async def test_every_key_says_why(self, how: dict[str, Any], prepare: Callable[[Stage], None], why: str):
        async with stage(**how) as now:
            await now.go_to("seoul-1")
            prepare(now)
            for key in WRITES:
                now.app.clear_notifications()
                await now.press(key)
                assert any(why in notice for notice in now.notices), key
                assert isinstance(now.app.screen, FleetPage), key
            assert now.controller.requests == []

    async def test_a_key_that_fits_no_row_says_why(self):
        async with stage() as now:
            await now.go_to("edge-1")
            await now.press("D")
            assert "'edge-1' is an edge: it has no share to change" in now.notices

    async def test_the_foot_dims_what_would_do_nothing_and_names_what_would_be_done(self):
        async with stage((160, 48)) as now:
            await now.go_to("edge-1")
            await now.until_drawn()
            view = now.app.screen.query_one("#keys")
            looks = {span.text.strip(): span.meaning.value for span in view.lines[0]}
            assert looks["K"] == "key"
            assert looks["D"] == looks["drain"] == looks["W"] == "muted"
        stopped = with_node(a_fleet(), "seoul-1", state=NodeState.STOPPED, launch=None)
        async with stage(controller=over(stopped)) as now:
            await now.go_to("seoul-1")
            await now.until_drawn()
            assert "T start" in now.text("#keys")
            assert now.text("#keys").rstrip().endswith("? help  q quit")


async def read_all(now: Stage, key: str) -> None:
    """To the end of what is asked."""
    while now.app.screen.query_one("#question", Paragraphs).hidden:
        await now.press(key)


class TestSmallScreens:
    async def test_what_can_be_answered_is_always_seen(self):
        async with stage((60, 15)) as now:
            now.controller.reply = Receipt(seq=1, steps=tuple(f"step {number}" for number in range(9)))
            await now.go_to("[seoul]")
            await now.press("T")
            dialog = now.app.screen.query_one("#dialog")
            assert dialog.region.height <= 15
            said = now.text("#question").splitlines()
            assert said[0] == "Stop 2 nodes: seoul-1, seoul-2?"
            assert said[-1] == "[ Cancel: esc ]   y confirms"
            assert any("more lines: scroll down" in line for line in said)
            await now.press("y")
            assert done(now) == [], "nobody has seen all of what it does"
            await read_all(now, "j")
            said = now.text("#question").splitlines()
            assert any("more steps" in line for line in said), said
            assert not any("more lines" in line for line in said)
            await now.press("k")
            assert any("more lines" in line for line in now.text("#question").splitlines())
            await now.press("down", "up", "down", "y")
            assert done(now) == [Stop(nodes=("seoul-1", "seoul-2"))]

    async def test_a_name_that_is_typed_is_none_before_all_was_read(self):
        async with stage((60, 15)) as now:
            steps = Receipt(seq=1, steps=tuple(f"step {number}" for number in range(9)))
            refused = now.controller.refused
            now.controller.reply = lambda request, dry: steps if request.confirm == "default" else refused(request, dry)
            await now.go_to("[seoul]")
            await now.press("T", *"default", "enter")
            assert done(now) == []
            await read_all(now, "down")
            await now.press("enter")
            assert done(now) == [Stop(nodes=("seoul-1", "seoul-2"))]

    async def test_a_window_that_shrinks_takes_the_answer_away(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("K")
            await now.pilot.resize_terminal(50, 12)
            await now.press("y")
            assert isinstance(now.app.screen, Confirm)
            assert done(now) == []
            said = " ".join(now.text("#question").split())
            assert "enlarge the window to 60x15 to answer" in said
            assert "y confirms" not in said
            await now.pilot.resize_terminal(80, 24)
            assert "y confirms" in now.text("#question")
            await now.press("y")
            assert done(now) == [Kill(nodes=("seoul-1",))]

    @pytest.mark.parametrize("key", ["K", "W", "u", "ctrl+p"])
    async def test_a_key_says_why_it_does_nothing(self, key):
        async with stage((50, 12)) as now:
            await now.press(key)
            assert isinstance(now.app.screen, FleetPage)
            assert any("the window is too small" in notice for notice in now.notices)


class TestInterleavings:
    """Answers come when they come: what was said to mean one thing never means another."""

    async def test_an_undo_is_of_the_newest_change_or_of_none(self):
        """While the second change is on its way there is nothing yet that could be undone."""
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("W", *"50", "enter")
            gate = now.controller.hold()
            await now.go_to("seoul-2")
            await now.pilot.press("W", *"60", "enter")
            await now.pilot.press("u")
            gate.set()
            await now.until_said("nothing to undo: weights and resumes can be undone for 10 s")
            await now.until_drawn()
            assert [request.command.weight for request in now.controller.requests] == [50, 60]

    async def test_an_undo_that_may_not_be_done_now_is_not_lost(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            await now.press("W", *"50", "enter")
            now.controller.snapshot = a_snapshot(with_node(a_fleet(), "seoul-1", weight=50))
            await now.press("p", "u", "p", "u")
            assert [request.command.weight for request in now.controller.requests] == [50, 100]

    async def test_a_question_that_was_left_before_the_daemon_answered_is_not_told_the_answer(self):
        async with stage() as now:
            await now.go_to("seoul-1")
            gate = now.controller.hold()
            await now.pilot.press("K", "escape")
            gate.set()
            await now.until(lambda: now.controller.requests)
            assert now.notices == []
            assert isinstance(now.app.screen, FleetPage)
            assert done(now) == []

    async def test_a_question_that_was_left_does_not_come_back_when_the_daemon_answers(self):
        async with stage() as now:
            gate = now.controller.hold()
            await now.go_to("seoul-1")
            await now.pilot.press("K")
            dialog = now.app.screen
            assert isinstance(dialog, Confirm)
            gate.set()
            dialog.action_no()
            await now.until_drawn()
            assert isinstance(now.app.screen, FleetPage)

    async def test_what_lies_over_a_question_stays_when_there_is_nothing_to_ask(self):
        gate = asyncio.Event()

        async def run(words: Sequence[str], fleet: str) -> Ran:
            await gate.wait()
            return Ran(shell="hactl where", code=0, text="\n".join("abcdefghijk"))

        async with stage(run=run) as now:
            held = now.controller.hold()
            await now.go_to("seoul-1")
            await now.pilot.press(":", *"where", "enter")
            await now.pilot.press("K")
            gate.set()
            await now.until(lambda: isinstance(now.app.screen, Sheet))
            now.controller.reply = AWAY
            held.set()
            await now.until(lambda: now.errors)
            assert isinstance(now.app.screen, Sheet), "it is still being read"
            await now.press("escape")
            await now.until_drawn()
            assert isinstance(now.app.screen, FleetPage), "and nothing is asked behind it"

    async def test_a_mark_that_has_gone_is_not_replaced_by_the_row_under_the_cursor(self):
        fleet = with_node(a_fleet(), "seoul-1", frozen="bob")
        controller = MemoryController()
        controller.snapshot = a_snapshot(fleet)
        async with stage(controller=controller) as now:
            await now.go_to("seoul-2")
            await now.press("space")
            await now.go_to("seoul-1")
            left = {name: node for name, node in fleet.nodes.items() if name != "seoul-2"}
            now.app.picture.take(a_snapshot(replace(fleet, nodes=left)), 10.0)
            now.app.action_change("Z")  # before that is drawn
            await now.until_drawn()
            assert controller.requests == []

    async def test_a_size_that_somebody_else_has_changed_is_not_overwritten(self):
        async with stage() as now:
            await now.go_to("[seoul]")
            await now.press("S", "right", "enter")
            fleet = a_fleet()
            regions = tuple(
                replace(region, nodes=8) if region.name == "seoul" else region for region in fleet.spec.regions
            )
            now.controller.snapshot = a_snapshot(replace(fleet, spec=replace(fleet.spec, regions=regions)))
            before = len(now.controller.requests)
            await now.press("y")
            await now.until_said("someone else has just changed the size of seoul: nothing was done")
            assert len(now.controller.requests) == before

"""Drills in the console: a run is looked at whoever runs it, X runs one after a question, A stops one without."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.controller import MemoryController
from support.courses import FAULT, NODE_KILL, RUN, begin, course, filed, keep
from support.pictures import AT, MONO, a_fleet, a_snapshot, with_node
from support.stage import PATIENCE, Stage, stage
from textual.widgets._toast import Toast

from hactl.core.commands import BeginDrill, ContinueDrill, EndDrill, Kill, Request
from hactl.core.drill import Baseline, DrillBook, DrillLock, Lease
from hactl.core.drill_events import DrillAnswered, DrillAsked
from hactl.core.errors import CommandRejected, Unreachable
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.operation import Operation, Verb
from hactl.core.talk import News, Receipt
from hactl.core.value import replace
from hactl.drill.runs import Run
from hactl.drill.verdict import Verdict
from hactl.tui.drill_desk import DrillDesk
from hactl.tui.drills import Means
from hactl.tui.keys import PAST
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.drill_choice import DrillChoice
from hactl.tui.screens.drills import DrillsPage
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.screens.page import TOO_SMALL
from hactl.tui.screens.reports import ReportsPage
from hactl.tui.screens.sheet import Sheet
from hactl.tui.widgets.line_table import LineTable
from hactl.tui.widgets.reader import Reader

SEED = 7
LENT = Operation(
    id="op-7",
    verb=Verb.DRILL,
    by="bob",
    began=1.0,
    wall=1.0,
    deadline=999.0,
    sentence="drill node-kill",
    drill=Lease(name="node-kill", term=15.0, expires=100.0, until=120.0, baseline=Baseline()),
)


DONE = ContinueDrill(id="op-7", question="pull the plug of rack 3")


class Started:
    """A command that was started; it runs until the test says how it ended."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.text = ""
        self.left = False

    def ended(self) -> int | None:
        return self.code

    def said(self) -> str:
        return self.text

    def let_go(self) -> None:
        self.left = True


class Shop:
    """Where commands are started."""

    def __init__(self) -> None:
        self.words: list[tuple[str, ...]] = []
        self.started = Started()

    def __call__(self, words: Sequence[str], fleet: str) -> Started:
        assert fleet == "default"
        self.words.append(tuple(words))
        return self.started


def before(fleet=None) -> MemoryController:
    controller = MemoryController()
    controller.snapshot = a_snapshot(fleet)
    return controller


def lent(back: str = "", question: str = "") -> MemoryController:
    lease = replace(LENT.drill, question=question)
    return before(a_fleet(operations={LENT.id: replace(LENT, back=back, drill=lease)}))


def locked() -> MemoryController:
    return before(a_fleet(drills=DrillBook(lock=DrillLock(by="bob", since=AT, reason="a sale"))))


def hands(shop: Shop, root: Path, **how: object) -> dict[str, object]:
    """What a console is given that can run drills."""
    return {"drills": Means(root=root, launch=shop, chance=lambda: SEED), **how}


async def choose(now: Stage, name: str) -> None:
    """X, and that drill."""
    await now.press("X")
    assert isinstance(now.app.screen, DrillChoice)
    table = now.app.screen.query_one(LineTable)
    await now.until(lambda: table.shown)
    await now.press("g", *["down"] * [row.key for row in table.shown].index(name), "enter")


async def asked(now: Stage) -> str:
    """The whole question, once it is asked."""
    assert isinstance(now.app.screen, Confirm)
    await now.until(lambda: "y confirms" in now.text("#question"))
    return now.text("#question")


async def aimed_at(now: Stage) -> str:
    """The node that node-kill, which is chosen and asked about, would kill."""
    await choose(now, "node-kill")
    await asked(now)
    order = now.controller.requests[-1].command
    assert isinstance(order, Kill)
    (node,) = order.nodes
    return node


async def agree(now: Stage, fleet: Fleet) -> None:
    """y, when the fleet is another one than was asked about; something is said against it."""
    now.controller.snapshot = a_snapshot(fleet)
    await now.press("y")
    await now.until(lambda: now.errors)


class TestRunning:
    """X: a drill is chosen, asked about, and run as a process of its own."""

    @pytest.mark.parametrize("page", ["", "6"])
    async def test_y_runs_what_was_asked_about(self, page: str, tmp_path: Path) -> None:
        shop = Shop()
        async with stage(**hands(shop, tmp_path)) as now:
            await now.press(*page)
            await choose(now, "node-kill")
            question = await asked(now)
            assert "Run drill node-kill?" in question
            assert f"$ hactl drill run node-kill --seed {SEED}" in question
            begin, order = (request.command for request in now.controller.requests)
            assert isinstance(begin, BeginDrill)
            assert isinstance(order, Kill)
            assert f"strikes process.kill of {order.nodes[0]}" in question
            assert now.controller.dry_runs == 2, "nothing is done by asking"
            await now.press("y")
            await now.until(lambda: shop.words)
            assert shop.words == [("drill", "run", "node-kill", "--seed", "7", "--input")]
            await now.until(lambda: isinstance(now.app.screen, DrillsPage))
            assert any("it continues if this console is closed" in notice for notice in now.notices)

    async def test_all_that_a_drill_shows_is_read_before_it_is_chosen(self, tmp_path: Path) -> None:
        """Below the rows, which have no room for it in a small window; of the row under the cursor."""
        async with stage((80, 24), **hands(Shop(), tmp_path)) as now:
            await now.press("X")
            table = now.app.screen.query_one(LineTable)
            await now.until(lambda: table.shown)
            for row in table.shown[:3]:
                await now.until(lambda: row.cells[-1].text in " ".join(now.text("#chosen").split()))  # noqa: B023 - awaited here
                await now.press("down")

    async def test_everything_else_runs_nothing(self, tmp_path: Path) -> None:
        shop = Shop()
        async with stage(**hands(shop, tmp_path)) as now:
            for key in ("escape", "n", "enter", "q"):
                await choose(now, "node-kill")
                await asked(now)
                await now.press(key)
                assert isinstance(now.app.screen, FleetPage)
            await now.pilot.press("X", "escape")  # before it is known what each would do
            await now.press("escape")
            assert isinstance(now.app.screen, FleetPage)
            assert shop.words == []
            assert now.errors == []

    async def test_what_may_not_be_run_says_why_and_is_not_asked_about(self, tmp_path: Path) -> None:
        shop = Shop()
        ill = with_node(a_fleet(), "seoul-1", state=NodeState.BACKOFF, launch=None)
        async with stage(controller=before(ill), **hands(shop, tmp_path)) as now:
            await choose(now, "node-kill")
            await now.until(lambda: now.notices)
            assert "node-kill cannot be run: everything serves:" in now.notices[0]
            assert now.controller.requests == []
            assert isinstance(now.app.screen, FleetPage)

    async def test_what_the_daemon_forbids_is_not_asked_about(self, tmp_path: Path) -> None:
        """A drill cannot lift the rules of hactl.toml."""
        shop, controller = Shop(), before()
        controller.reply = CommandRejected("1 node would be left", "hactl status", guard=True)
        async with stage(controller=controller, **hands(shop, tmp_path)) as now:
            await choose(now, "node-kill")
            await now.until(lambda: now.errors)
            assert "1 node would be left" in now.errors[0]
            await now.until(lambda: isinstance(now.app.screen, FleetPage))
            assert shop.words == []

    async def test_another_process_under_the_name_is_not_struck(self, tmp_path: Path) -> None:
        """Targets are frozen when it is asked, and looked at again after the answer."""
        shop = Shop()
        async with stage(**hands(shop, tmp_path)) as now:
            node = await aimed_at(now)
            fleet = now.controller.snapshot.fleet
            launch = fleet.nodes[node].launch
            assert launch is not None
            other = replace(launch, pid=1, instance="another")
            await agree(now, with_node(fleet, node, launch=other))
            assert now.errors == [f"{node}: a different process by now, nothing was done"]
            assert shop.words == []

    async def test_a_fleet_that_is_not_well_any_more_is_left_alone(self, tmp_path: Path) -> None:
        shop = Shop()
        async with stage(**hands(shop, tmp_path)) as now:
            node = await aimed_at(now)
            fleet = now.controller.snapshot.fleet
            other = next(each.name for each in fleet.gateways if each.name != node)
            await agree(now, with_node(fleet, other, state=NodeState.BACKOFF, launch=None))
            assert "would strike other targets: nothing was done" in now.errors[0]
            assert shop.words == []

    @pytest.mark.parametrize(
        ("how", "why"),
        [
            ({"read_only": True}, "read-only"),
            ({"size": (59, 14)}, "too small"),
            ({"drills": Means()}, "drills run on the fleet's machine"),
            ({"controller": lent()}, "drill node-kill is in progress: A stops it"),
            ({"controller": locked()}, "drills are locked by bob (a sale): :drill unlock"),
        ],
    )
    async def test_where_none_can_be_run_it_says_so(self, how: dict, why: str, tmp_path: Path) -> None:
        shop = Shop()
        async with stage(**{**hands(shop, tmp_path), **how}) as now:
            await now.press("X")
            assert not isinstance(now.app.screen, DrillChoice)
            assert any(why in notice for notice in now.notices)

    async def test_a_run_that_never_began_says_why(self, tmp_path: Path) -> None:
        shop = Shop()
        shop.started.code, shop.started.text = 6, "hactl: no daemon answers"
        async with stage(**hands(shop, tmp_path)) as now:
            await choose(now, "node-kill")
            await asked(now)
            await now.press("y")
            await now.until(lambda: now.errors)
            assert now.errors == ["$ hactl drill run node-kill --seed 7\nhactl: no daemon answers\nexit code 6"]
            await now.until(lambda: shop.started.left)

    async def test_until_its_run_is_there_the_one_before_is_not_taken_for_it(self, tmp_path: Path) -> None:
        shop = Shop()
        keep(tmp_path, filed())
        async with stage(**hands(shop, tmp_path)) as now:
            await now.press("5")
            await now.until(lambda: now.app.desk.course)
            now.app._drills.start(("drill", "run", "region-loss"))
            await now.until_drawn()
            assert now.text("#drill") == " $ hactl drill run region-loss  begins ..."
            assert now.text("#text") == ""
            begin(tmp_path, "20240101-000000-region-loss")
            await now.until(lambda: not now.app.desk.starting)
            await now.until_drawn()
            assert "20240101-000000-region-loss" in now.text("#drill")
            shop.started.code = 0
            await now.until(lambda: shop.started.left)
            assert now.errors == []

    async def test_a_drill_that_is_typed_goes_on_as_well(self, tmp_path: Path) -> None:
        """Commands end with the patience of the command line; a drill takes longer than that."""
        shop = Shop()
        async with stage(**hands(shop, tmp_path)) as now:
            await now.press("colon", *"drill run ./mine.toml", "enter")
            await now.until(lambda: shop.words)
            assert shop.words == [("drill", "run", "./mine.toml", "--input")]
            assert now.ran == []
            await now.until(lambda: isinstance(now.app.screen, DrillsPage))


class TestStopping:
    """A: one key, everywhere, without a question."""

    async def test_a_drill_is_stopped_whoever_runs_it(self, tmp_path: Path) -> None:
        async with stage(controller=lent(), **hands(Shop(), tmp_path)) as now:
            for count, page in enumerate("123456", start=1):
                await now.press(page, "A")
                await now.until(lambda: len(now.controller.requests) == count)  # noqa: B023 - awaited here
            assert {(each.command, each.by) for each in now.controller.requests} == {(EndDrill(id="op-7"), "ann")}
            assert "drill node-kill: stopped, restoring everything   $ hactl drill stop" in now.notices

    async def test_it_works_where_nothing_else_does(self, tmp_path: Path) -> None:
        """In the past, and in a window that is too small: it only puts back."""
        async with stage((50, 12), controller=lent(), **hands(Shop(), tmp_path)) as now:
            await now.press("p", "A")
            await now.until(lambda: now.controller.requests)
            assert now.controller.requests[0].command == EndDrill(id="op-7")

    @pytest.mark.parametrize(
        ("controller", "how", "why"),
        [
            (before, {}, "no drill is in progress: X runs one"),
            (lambda: lent("ended by bob"), {}, "already over (ended by bob)"),
            (lent, {"read_only": True}, "read-only"),
        ],
    )
    async def test_where_there_is_nothing_to_stop_it_says_so(
        self, controller: Callable[[], MemoryController], how: dict, why: str, tmp_path: Path
    ) -> None:
        async with stage(controller=controller(), **hands(Shop(), tmp_path, **how)) as now:
            await now.press("A")
            assert now.controller.requests == []
            assert any(why in notice for notice in now.notices)

    async def test_without_a_daemon_it_says_what_else_there_is(self, tmp_path: Path) -> None:
        async with stage(controller=lent(), **hands(Shop(), tmp_path)) as now:
            now.controller.failure = Unreachable("no daemon answers", "hactl up")
            now.controller.let_go()
            await now.until(lambda: now.app.picture.trouble)
            await now.press("A")
            assert any(":drill stop tries as well" in notice for notice in now.notices)

    async def test_what_the_daemon_says_against_it_is_said(self, tmp_path: Path) -> None:
        controller = lent()
        controller.reply = CommandRejected("no drill 'op-7' is in progress", "hactl drill list")
        async with stage(controller=controller, **hands(Shop(), tmp_path)) as now:
            await now.press("A")
            await now.until(lambda: now.errors)
            assert "no drill 'op-7' is in progress" in now.errors[0]

    async def test_a_letter_that_is_typed_stops_nothing(self, tmp_path: Path) -> None:
        async with stage(controller=lent(), **hands(Shop(), tmp_path)) as now:
            await now.press("colon", "A", "escape", "slash", "A", "escape")
            assert now.controller.requests == []


class TestByHand:
    """C: what a drill waits for is done, and it goes on."""

    async def test_a_step_by_hand_is_asked_for_and_answered(self) -> None:
        waits = lent(question="pull the plug of rack 3")
        async with stage(controller=waits) as now:
            asked = "drill node-kill is waiting for you: pull the plug of rack 3\nC once it is done"
            await now.until_said(asked)
            await now.press("5")
            now.app.desk.course = course(110.0)
            await now.until_drawn()
            assert "WAITING FOR YOU: pull the plug of rack 3   C once it is done" in now.text("#drill")
            await now.press("C")
            await now.until(lambda: now.controller.requests)
            assert now.controller.requests == [Request(command=DONE, by="ann")]
            await now.until_said("drill node-kill continues: pull the plug of rack 3   $ hactl drill continue")
            assert now.notices.count(asked) == 1

    async def test_on_its_own_screen_nothing_lies_over_the_drill(self) -> None:
        """What it waits for stands there already."""
        async with stage(controller=lent()) as now:
            await now.press("5")
            now.app.desk.course = course(110.0)
            now.controller.tell(lent(question="pull the plug").snapshot)
            await now.until(lambda: "WAITING FOR YOU: pull the plug" in now.text("#drill"))
            now.app._keep_up()
            assert not any("is waiting for you" in notice for notice in now.notices)

    async def test_a_question_drives_no_terminal(self) -> None:
        """Whatever stands in somebody's drill file, a notice of it is text."""
        async with stage(controller=lent(question="plug \x1b]0;x\x1b\\ \x9b31m out")) as now:
            await now.until(lambda: now.app.screen.query(Toast))
            strips = now.app.screen._compositor.render_strips()
            shown = "".join(segment.text for strip in strips for segment in strip)
            assert "plug \N{REPLACEMENT CHARACTER}]0;x" in shown
            assert "\x1b" not in shown
            assert "\x9b" not in shown

    @pytest.mark.parametrize(
        ("controller", "why"),
        [(lent, "drill node-kill is not waiting for anyone"), (before, "no drill is in progress: X runs one")],
    )
    async def test_where_nothing_is_waited_for_it_says_so(
        self, controller: Callable[[], MemoryController], why: str, tmp_path: Path
    ) -> None:
        async with stage(controller=controller(), **hands(Shop(), tmp_path)) as now:
            await now.press("C")
            assert why in now.notices
            assert now.controller.requests == []

    async def test_an_answer_that_is_refused_is_said(self, tmp_path: Path) -> None:
        waits = lent(question="x")
        waits.reply = CommandRejected("it waits for nobody", "hactl status")
        async with stage(controller=waits, **hands(Shop(), tmp_path)) as now:
            await now.until_said("drill node-kill is waiting for you: x\nC once it is done")
            for again in (1, 2):
                await now.press("C")
                await now.until(lambda again=again: len(now.errors) == again)
            assert "it waits for nobody" in now.errors[1]

    async def test_a_second_press_answers_nothing_until_the_answer_is_seen(self) -> None:
        """And then not what was asked in between and was not to be read yet: that is said first."""
        waits = lent(question="pull the plug of rack 3")
        waits.reply = Receipt(seq=waits.snapshot.fleet.seq + 1)
        async with stage(controller=waits) as now:
            await now.until_said("drill node-kill is waiting for you: pull the plug of rack 3\nC once it is done")
            held = waits.hold()
            await now.pilot.press("C", "C")
            held.set()
            await now.until(lambda: waits.requests)
            await now.press("C")
            assert now.notices[-1] == "drill node-kill was told already"
            assert [request.command for request in waits.requests] == [DONE]
            events = (DrillAnswered(id=LENT.id), DrillAsked(id=LENT.id, question="and back"))
            new = tuple(
                Record(seq=seq, wall=AT, mono=MONO, event=event)
                for seq, event in enumerate(events, now.app.picture.seq + 1)
            )
            now.app.picture.take(News(records=new), 10.0)
            now.app.action_go_on()  # at once: nothing was drawn since
            assert now.notices[-1] == "drill node-kill is waiting for you: and back\nC once it is done"
            assert [request.command for request in waits.requests] == [DONE]
            await now.press("C")
            assert waits.requests[-1].command == ContinueDrill(id="op-7", question="and back")

    @pytest.mark.parametrize(("size", "held"), [((120, 40), True), ((40, 10), False)])
    async def test_from_where_one_does_not_see_what_it_waits_for_nothing_is_answered(self, size, held) -> None:
        """Of the past, or in a window in which there is nothing to be read."""
        async with stage(controller=lent(question="pull the plug of rack 3")) as now:
            await now.until_said("drill node-kill is waiting for you: pull the plug of rack 3\nC once it is done")
            await now.pilot.resize_terminal(*size)
            await now.press(*(["p"] if held else []))
            await now.press("C")
            assert now.notices[-1] == (PAST if held else TOO_SMALL)
            assert now.controller.requests == []


class TestWithoutADaemon:
    """What lies on the disk is shown whoever answers."""

    async def test_the_newest_run_and_all_runs_are_there_with_their_age(self, tmp_path: Path) -> None:
        """Also where nothing is known of the fleet at all; the board is judged as ever."""
        away = MemoryController()
        away.failure = Unreachable("no daemon answers", "hactl up")
        keep(tmp_path, filed(began=AT - 3600.0))
        async with stage(controller=away, **hands(Shop(), tmp_path)) as now:
            await now.press("5")
            await now.until(lambda: now.app.desk.course)
            assert "PASS  all 6 objectives met  1h ago" in now.text("#drill")
            await now.press("6")
            await now.until(lambda: now.app.desk.board)
            assert isinstance(now.app.screen, ReportsPage)
            (row,) = now.app.screen.table.shown
            assert [row.cells[at].text for at in (0, 1, 5)] == ["node-kill", "pass", "1h"]
            assert "readiness: 1 of" in now.text("#text")
            await now.press("enter")
            await now.until(lambda: isinstance(now.app.screen, Sheet))
            await now.press("escape", "X")
            assert any("without the daemon: no daemon answers" in notice for notice in now.notices)


class TestLookingOn:
    """Screen 5."""

    async def test_a_run_of_another_terminal_is_seen_from_its_files(self, tmp_path: Path) -> None:
        keep(tmp_path, filed())
        async with stage(**hands(Shop(), tmp_path)) as now:
            await now.press("5")
            await now.until(lambda: now.app.desk.course)
            await now.until_drawn()
            assert "node-kill  Clients do not notice that a node dies" in now.text("#drill")
            assert "PASS  all 6 objectives met" in now.text("#drill")
            assert "RTO 310 ms (<= 500 ms)  met" in now.text("#clocks")
            assert "baseline" in now.text("#text")
            await now.press("y")
            assert now.notices[-1] == "copied: hactl drill run node-kill --seed 1"
            await now.press("enter")
            await now.until(lambda: isinstance(now.app.screen, Sheet))
            assert now.app.screen.query_one(Reader).total > 10

    async def test_its_clock_runs_faster_than_everything_else(self) -> None:
        """Between two drawings only the clocks are drawn anew."""
        clock = [109.1]
        async with stage(clock=lambda: clock[0]) as now:
            await now.press("5")
            now.app.desk.course = course(109.1, failed={108: 20, 109: 20})
            await now.until_drawn()
            assert "RTO 2100 ms" in now.text("#clocks")
            drawn = now.text("#text")
            clock[0] = FAULT + 2.3
            page = now.app.screen
            assert isinstance(page, DrillsPage)
            page._tick()
            assert "RTO 2300 ms (<= 500 ms)  running, over its limit" in now.text("#clocks")
            assert now.text("#text") == drawn

    async def test_the_end_of_a_drill_is_said_on_every_screen(self, tmp_path: Path) -> None:
        run = keep(tmp_path, filed(Verdict.FAIL, why="rto 810 ms, wanted <= 500 ms"))
        async with stage(controller=lent(), **hands(Shop(), tmp_path)) as now:
            now.app.desk.course = replace(course(110.0), run=run.name)
            await now.until(lambda: now.errors)
            assert now.errors == ["drill node-kill: fail: rto 810 ms, wanted <= 500 ms"]

    async def test_a_runner_that_is_gone_is_bad_news(self, tmp_path: Path) -> None:
        run = keep(tmp_path, filed())
        (run.directory / "report.json").unlink()
        async with stage(controller=lent(), **hands(Shop(), tmp_path)) as now:
            now.app.desk.course = replace(course(110.0), run=run.name)
            await now.until(lambda: now.errors)
            assert "its runner is gone" in now.errors[0]
            await now.press("5")
            await now.until_drawn()
            assert ":drill recover" in now.text("#drill")

    async def test_a_run_that_cannot_be_read_says_so(self, tmp_path: Path) -> None:
        run = keep(tmp_path, filed())
        (run.directory / "run.json").write_text("{")
        async with stage(**hands(Shop(), tmp_path)) as now:
            await now.press("5")
            await now.until(lambda: now.app.desk.trouble)
            await now.until_drawn()
            assert "cannot read" in now.text("#text")
            assert "no drill has been run from here" in now.text("#text")
            await now.press("enter", "y", "escape")
            assert isinstance(now.app.screen, FleetPage)

    async def test_on_a_small_terminal_it_is_whole(self, tmp_path: Path) -> None:
        keep(tmp_path, filed())
        async with stage((80, 24), **hands(Shop(), tmp_path)) as now:
            await now.press("5")
            await now.until(lambda: now.app.desk.course)
            await now.until_drawn()
            for part in ("baseline", "inject", "detect", "reroute", "recover", "capacity", "observe", "settle",
                         "failback", "verify", "good", "failed", "fault", "targets", "condition"):  # fmt: skip
                assert part in now.text("#text"), part
            assert now.app.screen.query_one("#scroll").max_scroll_y == 0, "nothing is out of sight"


class TestRuns:
    """Screen 6."""

    async def test_runs_are_listed_and_their_reports_read(self, tmp_path: Path) -> None:
        keep(tmp_path, filed(run="20231110-000000-node-kill", began=AT - 90_000.0))
        keep(tmp_path, filed(Verdict.FAIL, rto="810 ms"))
        async with stage(**hands(Shop(), tmp_path)) as now:
            await now.press("6")
            page = now.app.screen
            assert isinstance(page, ReportsPage)
            await now.until(lambda: len(page.table.shown) == 2)
            assert [row.key for row in page.table.shown] == [RUN, "20231110-000000-node-kill"]
            await now.press("down", "y")
            assert now.notices[-1] == "copied: hactl drill report 20231110-000000-node-kill"
            await now.press("enter")
            await now.until(lambda: isinstance(now.app.screen, Sheet))
            await now.press("escape", "escape")
            assert isinstance(now.app.screen, FleetPage)

    async def test_two_that_are_marked_are_compared(self, tmp_path: Path) -> None:
        keep(tmp_path, filed(run="20231110-000000-node-kill", began=AT - 90_000.0))
        keep(tmp_path, filed(Verdict.FAIL, rto="810 ms"))
        async with stage(**hands(Shop(), tmp_path)) as now:
            await now.press("6")
            page = now.app.screen
            assert isinstance(page, ReportsPage)
            await now.until(lambda: len(page.table.shown) == 2)
            await now.press("space", "c")
            assert now.notices[-1] == "two runs are compared, 1 is marked: space marks one"
            await now.press("space", "c")
            await now.until(lambda: isinstance(now.app.screen, Sheet))
            lines = now.app.screen.query_one(Reader)
            shown = "\n".join(lines.render_line(y).text for y in range(lines.size.height))
            assert "20231110-000000-node-kill" in shown
            assert "single run proves no" in shown

    async def test_elsewhere_what_is_copied_and_told_names_its_fleet(self, tmp_path: Path) -> None:
        keep(tmp_path, filed())
        elsewhere = ("hactl", "--fleet", "prod")
        async with stage(**hands(Shop(), tmp_path), controller=lent(), program=elsewhere) as now:
            await now.press("A")
            await now.until_said("drill node-kill: stopped, restoring everything   $ hactl --fleet prod drill stop")
            await now.press("5")
            await now.until(lambda: now.app.desk.course)
            await now.press("y")
            assert now.notices[-1] == "copied: hactl --fleet prod drill run node-kill --seed 1"
            await now.press("6")
            page = now.app.screen
            assert isinstance(page, ReportsPage)
            await now.until(lambda: page.table.shown)
            await now.press("y")
            assert now.notices[-1] == f"copied: hactl --fleet prod drill report {RUN}"
        shop = Shop()
        async with stage(**hands(shop, tmp_path), program=elsewhere) as now:
            await choose(now, "node-kill")
            assert f"$ hactl --fleet prod drill run node-kill --seed {SEED}" in await asked(now)
            await now.press("y")
            await now.until(lambda: shop.words)
            assert now.text("#drill").startswith(" $ hactl --fleet prod drill run node-kill")

    async def test_what_cannot_be_compared_says_why(self, tmp_path: Path) -> None:
        keep(tmp_path, filed(run="20231110-000000-node-kill"))
        run = keep(tmp_path, filed())
        async with stage(**hands(Shop(), tmp_path)) as now:
            await now.press("6")
            page = now.app.screen
            assert isinstance(page, ReportsPage)
            await now.until(lambda: len(page.table.shown) == 2)
            (run.directory / "report.json").unlink()
            await now.press("space", "space", "c")
            await now.until(lambda: now.errors)
            assert f"no run '{RUN}'" in now.errors[0]

    async def test_the_board_stands_below_and_gets_the_screen(self, tmp_path: Path) -> None:
        keep(tmp_path, filed(began=AT - 90_000.0))
        async with stage((80, 24), **hands(Shop(), tmp_path)) as now:
            await now.press("6")
            page = now.app.screen
            assert isinstance(page, ReportsPage)
            await now.until(lambda: now.app.desk.board)
            await now.until_drawn()
            assert "readiness: 1 of " in now.text("#text")
            await now.press("b")
            assert not page.table.display
            assert page.query_one("#scroll").has_focus
            await now.press("b")
            assert page.table.display
            assert page.table.has_focus

    async def test_runs_that_cannot_be_listed_are_listed_once_they_can(self, tmp_path: Path) -> None:
        root = tmp_path / "drills"
        root.write_text("no directory")
        async with stage(**hands(Shop(), root)) as now:
            await now.press("6")
            await now.until(lambda: "cannot read" in now.text("#text"))
            await now.press("X")
            await now.until(lambda: now.errors)
            assert "cannot read" in now.errors[0]
            assert isinstance(now.app.screen, ReportsPage)
            root.unlink()
            keep(root, filed())
            await now.until(lambda: now.app.desk.runs)
            await now.until(lambda: "cannot read" not in now.text("#text"))

    async def test_a_run_without_a_report_says_so(self, tmp_path: Path) -> None:
        run = keep(tmp_path, filed())
        (run.directory / "report.json").unlink()
        async with stage(**hands(Shop(), tmp_path)) as now:
            await now.press("6")
            page = now.app.screen
            assert isinstance(page, ReportsPage)
            await now.until(lambda: page.table.shown)
            await now.press("enter")
            await now.until(lambda: now.errors)
            assert f"run '{RUN}' has no report yet" in now.errors[0]


async def test_a_report_is_the_one_that_lies_on_the_disk(tmp_path: Path) -> None:
    """With the runs before it that it is compared with: whoever reads it here reads what the command shows."""
    keep(tmp_path, filed())
    later = Run.create(tmp_path, NODE_KILL.name, AT)
    later.finish(filed(run=later.name))
    told = await DrillDesk(tmp_path).report(later.name)
    assert told == (later.directory / "report.md").read_text()
    assert "median of the last 1" in told


async def test_a_disk_that_takes_its_time_is_read_once_at_a_time(tmp_path: Path) -> None:
    report = keep(tmp_path, filed()).directory / "report.json"
    real = report.rename(tmp_path / "report")
    os.mkfifo(report)  # whoever reads it waits until somebody writes
    desk = DrillDesk(tmp_path)
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        first = tasks.create_task(desk.judge(AT))
        writer = await asyncio.to_thread(report.open, "wb")
        await desk.judge(AT)
        assert not first.done()
        with writer:
            writer.write(real.rename(report).read_bytes())
    assert [run.run for run in desk.runs] == [RUN]
    assert desk.board


async def test_all_three_stand_in_the_list_of_everything(tmp_path: Path) -> None:
    async with stage(controller=lent(), **hands(Shop(), tmp_path)) as now:
        await now.press("ctrl+p", *"run a drill", "enter")
        assert now.notices[-1] == "drill node-kill is in progress: A stops it"
        await now.press("ctrl+p", *"manual step", "enter")
        assert now.notices[-1] == "drill node-kill is not waiting for anyone"
        await now.press("ctrl+p", *"stop the drill", "enter")
        await now.until(lambda: now.controller.requests)
        assert now.controller.requests == [
            Request(command=EndDrill(id="op-7"), by="ann", reason="stopped from the console")
        ]

"""The screens and windows of drills at three sizes, as they were when somebody looked at them; see `test_snapshots`."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from support.controller import MemoryController
from support.courses import FAULT, RUN, course, filed, keep
from support.pictures import AT, a_fleet, a_snapshot
from support.snapshot import difference, letters, looks, screen_of
from support.stage import Stage, stage

from hactl.core.drill import Baseline, Lease
from hactl.core.operation import Operation, Verb
from hactl.core.value import replace
from hactl.drill import library
from hactl.drill.course import Course, grown
from hactl.drill.evidence import ByHand
from hactl.drill.phases import Phase
from hactl.drill.progress import Entered, Timed, Told
from hactl.drill.report import DrillReport, Ending
from hactl.drill.verdict import Judged, Status, Verdict
from hactl.tui.drills import Means
from hactl.tui.screens.confirm import Confirm
from hactl.tui.screens.sheet import Sheet
from hactl.tui.theme import DEFAULT, read, shipped
from hactl.tui.widgets.line_table import LineTable

KEPT = Path(__file__).parent / "snapshots"
FAILING = {108: 20, 109: 160, 110: 40}
BY_HAND = "pull the plug of rack 3, and wait until its lamp is red"
STOPPED = "ended by ann: stopped from the console"


def left_behind(report: DrillReport) -> DrillReport:
    """The same of a run that was not clean."""
    left = ("seoul-2 is stopped, and was serving", "a fault filter on edge-1")
    return replace(report, clean=False, evidence=replace(report.evidence, leftovers=left))


REPORTS = [
    filed(run="20231111-000000-node-kill", began=AT - 260_000.0),
    filed(
        Verdict.FAIL,
        run="20231113-000000-node-kill",
        began=AT - 90_000.0,
        rto="810 ms",
        why="rto 810 ms, wanted <= 500 ms",
    ),
    left_behind(filed(Verdict.ABORTED, run="20231114-120000-node-kill", began=AT - 36_000.0, why=STOPPED)),
    filed(run=RUN),
]
AT_A_TIME = {
    "drill-begins": 104.2,
    "drill-strikes": 107.15,
    "drill-runs": FAULT + 5.4,
    "drill-settles": 119.3,
    "drill-returns": 122.4,
    "drill-verifies": 124.6,
}
"""A course as it is in each of its phases, by the moment."""


def lent(*, question: str = "", back: str = "") -> MemoryController:
    """A fleet that a drill has borrowed."""
    lease = Lease(name="node-kill", term=15.0, expires=200.0, until=200.0, baseline=Baseline(), question=question)
    operation = Operation(
        id="op-7", verb=Verb.DRILL, by="bob", began=1.0, wall=1.0, deadline=999.0, sentence="drill node-kill",
        drill=lease, back=back,
    )  # fmt: skip
    controller = MemoryController()
    controller.snapshot = a_snapshot(a_fleet(operations={"op-7": operation}))
    return controller


def waiting() -> Course:
    """A step by hand was asked for two seconds after the fault."""
    begun = course(110.4)
    return grown(begun, [Timed(times=begun.times, proofs=begun.proofs, by_hand=(ByHand(step=BY_HAND, asked=109.0),))])


def stopping() -> Course:
    """It was stopped while it observed, and puts everything back."""
    back = [Entered(at=110.2, phase=Phase.FAILBACK), Told(at=110.2, text="failback: returning the fleet")]
    begun = replace(course(110.0, failed=FAILING), ending=Ending(stopped=STOPPED))
    return grown(begun, [Told(at=110.1, text=f"observe: stopped: {STOPPED}"), *back])


def every_kind() -> list[DrillReport]:
    """Runs of several drills, one of each verdict."""
    unmeasured = Judged(name="rto", limit="<= 1.5 s", value="not measured", margin=None, status=Status.UNMEASURED)
    late = "load generator on time: p99 31 ms late (<= 10 ms)"
    return [
        *REPORTS,
        replace(
            filed(Verdict.INCONCLUSIVE, drill=library.load("node-hang"), run="20231114-130000-node-hang", why=late),
            objectives=(unmeasured,),
        ),
        filed(Verdict.ERROR, drill=library.load("edge-kill"), run="20231114-131000-edge-kill", why="no daemon answers"),
        filed(drill=library.load("region-loss"), run="20231114-140000-region-loss", began=AT - 4000.0),
        filed(
            Verdict.ABORTED,
            drill=library.load("region-loss"),
            run="20231114-150000-region-loss",
            began=AT - 400.0,
            why="stop condition: availability below 50 % for 3 s",
        ),
    ]  # fmt: skip


async def phases(size: tuple[int, int]) -> AsyncIterator[tuple[str, Stage]]:
    """A drill from its beginning to its end, as it is looked on."""
    now_is = [0.0]
    async with stage(size, clock=lambda: now_is[0]) as now:
        await now.press("5")
        for name, at in AT_A_TIME.items():
            now_is[0], now.app.picture.heard = at, at - 0.4
            now.app.desk.course = course(at, failed=FAILING)
            await now.until_drawn()
            yield name, now
        for name, verdict, how in (
            ("drill-over", Verdict.PASS, {}),
            ("drill-stopped", Verdict.ABORTED, {"why": STOPPED}),
            ("drill-unclean", Verdict.FAIL, {"why": "rto 810 ms, wanted <= 500 ms", "rto": "810 ms"}),
        ):
            report = filed(verdict, began=AT - 60.0, **how)
            report = left_behind(report) if name == "drill-unclean" else report
            now.app.desk.course = replace(course(130.0), report=report, alive=False)
            await now.until_drawn()
            yield name, now


async def asked_for(size: tuple[int, int]) -> AsyncIterator[tuple[str, Stage]]:
    """A drill that waits for somebody, and one that was stopped."""
    for name, seen, controller in (
        ("drill-waits", waiting(), lent(question=BY_HAND)),
        ("drill-stops", stopping(), lent(back=STOPPED)),
    ):
        async with stage(size, controller, clock=lambda: 111.2) as now:
            now.app.picture.heard = 111.0
            now.app.desk.course = seen
            if name == "drill-waits":
                await now.until(lambda: now.notices)  # said on every other screen
                now.app.clear_notifications()
            await now.press("5")
            await now.until_drawn()
            yield name, now


async def windows(size: tuple[int, int], theme: str = DEFAULT) -> AsyncIterator[tuple[str, Stage]]:
    """Choosing a drill and the question about it; the runs, two of them side by side, a report, and the board."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for report in every_kind():
            keep(root, report)
        means, worn = Means(root=root, chance=lambda: 7), read(shipped()[theme])
        async with stage(size, drills=means, theme=worn) as now:
            await now.press("X")
            await now.until(lambda: now.app.screen.query_one(LineTable).shown)
            yield "drill-choice", now
            table = now.app.screen.query_one(LineTable)
            await now.press("g", *["down"] * [row.key for row in table.shown].index("node-kill"), "enter")
            await now.until(lambda: isinstance(now.app.screen, Confirm) and "y confirms" in now.text("#question"))
            yield "drill-question", now
            await now.press("escape", "6")
            await now.until(lambda: now.app.desk.board)
            yield "runs", now
            await now.press("g", "space", *["down"] * 4, "space", "c")
            await now.until(lambda: isinstance(now.app.screen, Sheet))
            await now.until_drawn()
            yield "compared", now
            await now.press("escape", "enter")
            await now.until(lambda: isinstance(now.app.screen, Sheet))
            await now.until_drawn()
            yield "report", now
            await now.press("escape", "b")
            await now.until_drawn()
            yield "board", now


async def places(size: tuple[int, int]) -> AsyncIterator[tuple[str, Stage]]:
    """The name of each place, when a console stands there."""
    for part in (phases, asked_for, windows):
        async with aclosing(part(size)) as found:
            async for place in found:
                yield place


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48)])
@pytest.mark.parametrize("part", [phases, asked_for, windows], ids=lambda part: part.__name__)
async def test_drills_are_as_they_were_looked_at(
    part: Callable[[tuple[int, int]], AsyncIterator[tuple[str, Stage]]], size: tuple[int, int]
) -> None:
    assert not await changed(part(size), size, DEFAULT)


@pytest.mark.parametrize("theme", ["light", "mono"])
async def test_windows_of_drills_are_as_they_were_looked_at_in_other_themes(theme: str) -> None:
    size = (120, 40)
    assert not await changed(windows(size, theme), size, theme)


async def changed(places: AsyncIterator[tuple[str, Stage]], size: tuple[int, int], theme: str) -> str:
    """What is not as it was looked at."""
    folder, found = KEPT / f"{size[0]}x{size[1]}", [""]
    async with aclosing(places) as each:
        async for place, now in each:
            shown = screen_of(now.app)
            found.append(difference(folder / f"{place}.txt", letters(shown)))
            found.append(difference(folder / f"{place}.{theme}", looks(shown)))
    return "\n".join(part for part in found if part)

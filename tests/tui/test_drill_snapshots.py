"""The screens of drills and of runs at three sizes, as they were when somebody looked at them; see `test_snapshots`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.courses import FAULT, NODE_KILL, RUN, course, filed
from support.pictures import AT
from support.snapshot import difference, letters, looks, screen_of
from support.stage import Stage, stage

from hactl.core.value import replace
from hactl.drill import library
from hactl.drill.board import board
from hactl.drill.history import filed as listed
from hactl.drill.verdict import Verdict

KEPT = Path(__file__).parent / "snapshots"
FAILING = {108: 20, 109: 160, 110: 40}


async def tour(now: Stage) -> AsyncIterator[str]:
    """The name of each place, when the console stands there."""
    desk = now.app.desk
    desk.course = course(112.4, failed=FAILING)
    await now.press("5")
    await now.until_drawn()
    yield "drill-runs"
    desk.course = replace(course(130.0), report=filed(began=AT - 60.0), alive=False)
    await now.until_drawn()
    yield "drill-over"
    reports = [
        filed(run="20231111-000000-node-kill", began=AT - 260_000.0),
        filed(Verdict.FAIL, run="20231113-000000-node-kill", began=AT - 90_000.0, rto="810 ms", why="rto 810 ms"),
        filed(Verdict.ABORTED, run="20231114-120000-node-kill", began=AT - 36_000.0, why="ended by ann", clean=False),
        filed(run=RUN),
    ]
    desk.runs = tuple(listed(report) for report in reversed(reports))
    desk.board = board([NODE_KILL, library.load("region-loss")], reports, AT)
    await now.press("6")
    await now.until_drawn()
    yield "runs"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48)])
async def test_drills_are_as_they_were_looked_at(size: tuple[int, int]) -> None:
    folder = KEPT / f"{size[0]}x{size[1]}"
    changed: list[str] = []
    async with stage(size, clock=lambda: FAULT + 5.4) as now:
        now.app.picture.heard = FAULT + 5.0
        async for place in tour(now):
            shown = screen_of(now.app)
            changed.append(difference(folder / f"{place}.txt", letters(shown)))
            changed.append(difference(folder / f"{place}.dark", looks(shown)))
    assert not any(changed), "\n" + "\n".join(each for each in changed if each)

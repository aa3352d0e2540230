"""The console on a recording: every key that goes through time, on every screen, and none that changes anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.controller import MemoryController
from support.pictures import AT
from support.recorded import Tape
from support.stage import Stage, stage

from hactl.core.events import DaemonStarted, FailoverBegan, FailoverEnded
from hactl.core.model import Failover
from hactl.core.node import Health, NodeState, Reason, ReasonCode
from hactl.tui.lines import plain
from hactl.tui.recording import Recording
from hactl.tui.render import COLUMNS
from hactl.tui.replay import Replay
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.widgets.reader import Reader

DEAD = Reason(code=ReasonCode.EXITED, text="killed by SIGKILL")


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    """Seoul-1 dies at second 30 and is back at second 40."""
    tape = Tape(tmp_path / "s")
    tape.measure(30)
    tape.change("seoul-1", state=NodeState.BACKOFF, health=Health.UNKNOWN, reason=DEAD)
    tape.happen(FailoverBegan(failover=Failover(node="seoul-1", cause=DEAD, seen=1.0, version=4)))
    tape.measure(10)
    tape.change("seoul-1", state=NodeState.SERVING, health=Health.HEALTHY, reason=None)
    tape.happen(FailoverEnded(node="seoul-1", moved_ms=9.0, back_ms=71.0))
    tape.measure(80)
    return tape


class Clock:
    """Goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def replaying(
    tape: Tape, *, second: float = 100.0, size: tuple[int, int] = (120, 40), clock: Clock | None = None
) -> AsyncIterator[Stage]:
    recording = Recording(tape.paths)
    controller = MemoryController()
    controller.snapshot = recording.then(recording.last).snapshot
    clock = clock or Clock()
    async with stage(size, controller, walk=lambda _: Replay(recording, at=AT + second, clock=clock)) as now:
        yield now
    recording.close()


def row(now: Stage, name: str) -> str:
    assert isinstance(now.app.screen, FleetPage)
    shown = next(each for each in now.app.screen.table.shown if each.key == name)
    return " ".join(cell.text for cell in shown.cells)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48)])
async def test_it_says_that_it_is_a_recording_and_which_moment_it_shows(tape, size):
    async with replaying(tape, size=size) as now:
        head = now.text("#header")
        assert "REPLAY 2" in head, "the day is said only where it is another one"
        assert " held " in head
        assert "OK 4 nodes and 2 edges serve" in head
        assert "p play" in now.text("#keys")
        assert "kill" not in now.text("#keys")


async def test_brackets_walk_to_the_death_and_back_out_of_it(tape):
    async with replaying(tape, second=32) as now:
        assert "killed by SIGKILL" in row(now, "seoul-1")
        await now.press("[", "[", "[")
        assert "serving" in row(now, "seoul-1")
        await now.press("]")
        assert "killed by SIGKILL" in row(now, "seoul-1")
        await now.press("}")
        assert "serving" in row(now, "seoul-1")
        await now.press("{", "{", "{", "{")
        assert now.app.moments.view().snapshot.at == AT
        await now.press(*["}"] * 9)
        assert now.app.moments.view().snapshot.at == AT + 120


async def test_n_goes_from_event_to_event(tape):
    async with replaying(tape, second=0) as now:
        await now.press("n")
        assert now.app.moments.view().snapshot.at == AT + 30
        assert "DEGRADED" in now.text("#header")
        await now.press("n")
        assert now.app.moments.view().snapshot.at == AT + 40
        assert "OK" in now.text("#header")
        await now.press("N")
        assert now.app.moments.view().snapshot.at == AT + 30


async def test_p_plays_plus_plays_faster_and_p_holds(tape):
    clock = Clock()
    async with replaying(tape, second=20, clock=clock) as now:
        await now.press("p")
        assert " x1 " in now.text("#header")
        clock.now = 12.0
        await now.until_drawn()
        assert "killed by SIGKILL" in row(now, "seoul-1")
        await now.press("+", "+")
        assert " x5 " in now.text("#header")
        clock.now = 14.0
        await now.until_drawn()
        assert "serving" in row(now, "seoul-1")
        await now.press("-", "p")
        assert " held " in now.text("#header")
        assert now.app.moments.view().snapshot.at == AT + 42


@pytest.mark.parametrize("key", "KTRDZ")
async def test_nothing_can_be_changed_and_that_is_said(tape, key):
    async with replaying(tape) as now:
        await now.go_to("seoul-2")
        await now.press(key, "y", "enter")
        assert now.controller.requests == []
        assert "this is a recording: nothing in it can be changed" in now.notices


async def test_no_command_is_run_but_one_can_leave(tape):
    async with replaying(tape) as now:
        await now.press(":", *"kill seoul-1", "enter")
        assert now.ran == []
        assert "this is a recording: nothing in it can be changed" in now.notices
        await now.press(":", "q", "enter")
        assert now.app.return_code == 0


async def test_events_are_those_until_then(tape):
    async with replaying(tape, second=35) as now:
        await now.press("3")
        await now.until_drawn()
        shown = [plain(line) for line in now.app.screen.reader.shown]
        assert "seoul-1: capacity lost" in shown[-1]
        await now.press("}")
        shown = [plain(line) for line in now.app.screen.reader.shown]
        assert "seoul-1: capacity back after 71 ms" in shown[-1]


async def test_a_node_is_as_it_was(tape):
    async with replaying(tape, second=35) as now:
        await now.go_to("seoul-1")
        await now.press("enter")
        await now.until_drawn()
        assert "backoff for 5s" in now.text("#facts")
        assert "killed by SIGKILL" in now.text("#facts")
        await now.press("}")
        assert "serving" in now.text("#facts")


async def test_logs_of_now_are_not_shown_as_those_of_then(tape):
    """A log has no times to go by: where it is read is said instead."""
    async with replaying(tape) as now:
        now.controller.logs["seoul-1"] = ("today",)
        await now.go_to("seoul-1")
        for key in ("l", "2"):
            await now.press(key)
            await now.until_drawn()
            reader = now.app.screen.query_one(Reader)
            assert reader.total == 0
            assert "logs are not part of a recording: hactl logs seoul-1" in reader.render_line(0).text


async def test_where_nothing_was_measured_that_stands_beside_the_keys(tape):
    tape.at += 100
    tape.cut()
    tape.happen(DaemonStarted(pid=1, version="0", boot="b"))
    tape.measure(5)
    async with replaying(tape, second=180) as now:
        keys = now.text("#keys")
        assert "nothing was measured at that time" in keys
        assert "p play" in keys
        assert "? NOT KNOWN nothing was measured at that time" in now.text("#header")
        assert "OK" not in now.text("#header")
        assert "0.00%" not in now.text("#tiles")
        head = next(each for each in now.app.screen.table.shown if each.key == "[seoul]")
        cells = {column.title: cell.text for column, cell in zip(COLUMNS, head.cells, strict=True)}
        assert (cells["SEEN"], cells["REQ/S"], cells["ERR/S"]) == ("-", "-", "-")


async def test_a_damaged_segment_is_said(tape):
    path = tape.cut()
    tape.measure(5)
    path.write_bytes(b"\0" * 100)
    async with replaying(tape, second=122) as now:
        assert any("are damaged" in notice for notice in now.notices)

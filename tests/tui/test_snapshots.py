"""Every screen at three sizes in three themes, letter by letter and look by look, as it was when somebody looked at it.

A tour of the console is taken for each size and theme, before a fleet in trouble whose clock stands still. After an
intended change: HACTL_WRITE_GOLDEN=1 pytest tests/tui/test_snapshots.py, and read what changed in `snapshots/`.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from support.controller import MemoryController
from support.pictures import AT, MONO, a_fleet, a_snapshot, samples, with_node
from support.snapshot import difference, letters, looks, screen_of
from support.stage import Stage, stage
from textual.widgets import Input

from hactl.core.errors import Unreachable
from hactl.core.events import (
    Event,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    NodeChanged,
    OperationBegan,
    Record,
    TrafficApplied,
    WeightsChanged,
)
from hactl.core.model import Failover, Fleet, Sample
from hactl.core.node import Deadline, DeadlineKind, Goal, Health, NodeState, Reason, ReasonCode, Role
from hactl.core.operation import Operation, Phase, Target, Verb
from hactl.core.plan import Share
from hactl.core.talk import Measured, News, Receipt
from hactl.core.traffic import shares
from hactl.core.value import replace
from hactl.tui.lifetime import Ends
from hactl.tui.theme import read, shipped
from hactl.tui.widgets.reader import Reader

KEPT = Path(__file__).parent / "snapshots"
SIZES = [(80, 24), (120, 40), (160, 48)]
THEMES = ["dark", "light", "mono"]
KILLED = Reason(code=ReasonCode.KILLED, text="killed by signal 9")


def in_trouble() -> Fleet:
    """One of nearly every state, and something under way."""
    fleet = a_fleet(regions=3, nodes=3, sustained=50.0, last_failover_ms=31.4)
    changes: dict[str, dict[str, object]] = {
        "seoul-2": {
            "state": NodeState.BACKOFF,
            "health": Health.UNKNOWN,
            "reason": KILLED,
            "since": AT - 4.0,
            "launch": None,
            "restarts": 2,
            "deadline": Deadline(kind=DeadlineKind.BACKOFF, at=MONO + 3.0),
        },
        "osaka-1": {
            "state": NodeState.DRAINING,
            "drained": True,
            "reason": Reason(code=ReasonCode.OPERATOR, text="drained by ann"),
        },
        "osaka-2": {"reason": Reason(code=ReasonCode.SLOW, text="p50 40 ms, its peers 2 ms")},
        "tokyo-1": {"state": NodeState.STARTING, "health": Health.UNKNOWN, "since": AT - 1.0},
        "tokyo-2": {
            "state": NodeState.STOPPED,
            "goal": Goal.DOWN,
            "health": Health.UNKNOWN,
            "launch": None,
            "reason": Reason(code=ReasonCode.OPERATOR, text="stopped by ann"),
        },
        "tokyo-3": {"weight": 50},
    }
    for name, changed in changes.items():
        fleet = with_node(fleet, name, **changed)
    targets = (
        Target(node="tokyo-2", phase=Phase.DONE),
        Target(node="tokyo-1", phase=Phase.STARTING),
        Target(node="tokyo-3"),
    )
    given = {"by": "ann", "began": MONO - 2.0, "wall": AT - 2.0, "deadline": MONO + 60.0}
    operation = Operation(id="op-7", verb=Verb.RESTART, targets=targets, sentence="restart tokyo one by one", **given)
    return replace(fleet, operations={"op-7": operation})


def carried(fleet: Fleet, second: int = 0) -> tuple[Sample, ...]:
    """What is meant, measured; until nine seconds ago by all alike."""
    parts = {share.node: share.part for share in shares(fleet)} if second > -9 else {}
    return tuple(
        each
        if fleet.nodes[each.node].role is Role.EDGE or not parts
        else replace(each, requests=300.0 * parts[each.node], share=parts[each.node] * 0.97)
        for each in samples(fleet, 300.0)
    )


def the_daemon() -> MemoryController:
    """What it knows and has written."""
    controller = MemoryController()
    fleet = in_trouble()
    controller.snapshot = a_snapshot(fleet, carried(fleet))
    controller.logs = dict.fromkeys(fleet.nodes, ()) | {
        "daemon": tuple(f"[info] beat {number} [/not markup]" for number in range(40)),
        "seoul-2": ("[warning] upstream reset", "[critical] caught signal, goodbye"),
    }
    after = (Share(node="seoul-3", region="seoul", part=0.33),)
    controller.reply = Receipt(seq=9, shares=after, steps=("move its traffic away",))
    return controller


def what_happened(first: int) -> tuple[Record, ...]:
    """A node has died by an operator's hand, and one has come back before."""
    nodes = in_trouble().nodes
    lost = Failover(node="seoul-2", cause=KILLED, seen=MONO - 4.0, version=3)
    before = replace(lost, node="seoul-1", seen=MONO - 90.0)
    kill = Operation(
        id="op-6",
        verb=Verb.KILL,
        by="ann",
        began=MONO - 4.002,
        wall=AT,
        deadline=MONO,
        targets=(Target(node="seoul-2"),),
        sentence="kill seoul-2 with SIGKILL",
    )
    events: list[tuple[float, Event]] = [
        (-90.0, FailoverBegan(failover=before)),
        (-89.99, FailoverMoved(failover=before, ms=12.0)),
        (-89.93, FailoverEnded(node="seoul-1", moved_ms=12.0, back_ms=71.2)),
        (-60.0, WeightsChanged(nodes={"tokyo-3": 50})),
        (-4.002, OperationBegan(operation=kill)),
        (-4.0, NodeChanged(was=NodeState.SERVING, node=nodes["seoul-2"], why="killed by signal 9")),
        (-4.0, FailoverBegan(failover=lost)),
        (-3.99, TrafficApplied(edge="edge-1", version=3, ms=8.0)),
        (-3.97, FailoverMoved(failover=lost, ms=31.4)),
    ]
    return tuple(
        Record(
            seq=seq, wall=AT + at, mono=MONO + at, event=event, by="ann" if isinstance(event, OperationBegan) else ""
        )
        for seq, (at, event) in enumerate(events, first)
    )


async def settled(now: Stage, true: Callable[[], bool] = lambda: True) -> None:
    """Drawn in full, with what is waited for."""
    await now.until_drawn()
    await now.until(true)


def heard(now: Stage) -> bool:
    """The log has come."""
    return now.app.screen.query_one(Reader).total > 0


async def become_known(now: Stage) -> None:
    """What has happened until now, and what was measured."""
    picture, fleet = now.app.picture, in_trouble()
    for second in range(-90, 0):
        picture.take(Measured(at=AT + second, samples=carried(fleet, second), pulse=picture.snapshot.pulse), 9.8)
    picture.take(News(records=what_happened(picture.seq + 1)), 9.8)
    picture.take(replace(now.controller.snapshot, fleet=replace(fleet, seq=picture.seq)), 9.8)


async def tour(now: Stage) -> AsyncIterator[str]:
    """The name of each place, when the console stands there."""
    await now.go_to("seoul-2")
    await settled(now)
    yield "fleet"
    await now.press("v")
    await settled(now)
    yield "fleet-by-node"
    await now.press("v", "z")
    await settled(now)
    yield "fleet-only-bad"
    now.app.screen.query_one("#filter", Input).cursor_blink = False
    await now.press("z", "slash", *"kyoto")
    await settled(now)
    yield "fleet-nothing-fits"
    await now.press("enter", "escape")
    await now.go_to("seoul-1")
    await now.press("K")
    await settled(now, lambda: "hactl kill" in now.text("#question"))
    yield "confirm"
    await now.press("escape", "W", *"30")
    await settled(now, lambda: "seoul-1 30" in now.text("#question"))
    yield "weight"
    await now.press("escape", "ctrl+p", *"fail")
    now.app.screen.query_one("#sought", Input).cursor_blink = False
    await settled(now)
    yield "palette"
    await now.press("escape", "question_mark")
    await settled(now)
    yield "help"
    await now.press("escape")
    await now.go_to("seoul-2")
    await now.press("enter")
    await settled(now, lambda: heard(now))
    yield "node"
    await now.press("3")
    await settled(now)
    yield "events"
    await now.press("4")
    await settled(now, lambda: heard(now))
    yield "logs"
    await now.press("5")
    await settled(now)
    yield "drills"
    await now.press("6")
    await settled(now)
    yield "reports"
    await now.press("1", "[", "[")
    await settled(now)
    yield "past"
    await now.press("p")
    now.controller.failure = Unreachable("no daemon answers on '/run/x.sock'", "hactl up")
    now.controller.let_go()
    await settled(now, lambda: bool(now.app.picture.trouble))
    yield "stale"
    await now.pilot.resize_terminal(50, 12)
    await settled(now, lambda: "has 50x12" in now.text("#header"))
    yield "small"


async def asides(now: Stage) -> AsyncIterator[str]:
    """Places that are looked at in one size and one theme."""
    await now.go_to("[seoul]")
    await now.press("enter")
    await settled(now)
    yield "region"
    await now.press("<")
    await settled(now, lambda: heard(now))
    yield "daemon"
    await now.press("1")
    now.controller.reply = now.controller.refused
    await now.go_to("seoul-1")
    await now.press("K")
    await settled(now, lambda: "violates a rule" in now.text("#question"))
    now.app.screen.query_one("#name", Input).cursor_blink = False
    await settled(now)
    yield "severe"
    await now.press("escape", "q")
    await settled(now)
    yield "quit"


async def changed(places: AsyncIterator[str], now: Stage, size: tuple[int, int], theme: str) -> str:
    """What is not as it was looked at."""
    folder, found = KEPT / f"{size[0]}x{size[1]}", [""]
    async for place in places:
        shown = screen_of(now.app)
        found.append(difference(folder / f"{place}.txt", letters(shown)))
        found.append(difference(folder / f"{place}.{theme}", looks(shown)))
    return "\n".join(each for each in found if each)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_is_as_it_was_looked_at(size: tuple[int, int], theme: str):
    async with stage(size, the_daemon(), theme=read(shipped()[theme])) as now:
        await become_known(now)
        assert not await changed(tour(now), now, size, theme)


async def test_what_is_seen_now_and_then_is_as_it_was_looked_at():
    size, theme = SIZES[1], THEMES[0]
    async with stage(size, the_daemon(), theme=read(shipped()[theme]), ends=Ends.ASKED) as now:
        await become_known(now)
        assert not await changed(asides(now), now, size, theme)

"""What is above and below the fleet table: the verdict, the key figures, operations in progress. Pure."""

import time
from collections.abc import Iterator
from itertools import islice

from hactl.core.events import FleetClosing
from hactl.core.figures import figures
from hactl.core.headroom import CapacityVerdict, headroom
from hactl.core.load import measured
from hactl.core.model import Fleet
from hactl.core.node import Goal
from hactl.core.operation import Operation, Phase
from hactl.core.plural import counted
from hactl.core.reading import Verdict, age, explain, moved, read
from hactl.core.talk import Snapshot
from hactl.core.telling import tell_step
from hactl.core.value import Value
from hactl.tui.fresh import STALE
from hactl.tui.keys import ONLY_READS
from hactl.tui.lines import Line, Span, length, line, spread
from hactl.tui.losses import losses, took
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import MINUTE, View
from hactl.tui.render import SPARK, spark
from hactl.tui.rows import Arrangement

_VERDICT = {
    Verdict.OK: Meaning.SERVING,
    Verdict.DEGRADED: Meaning.DEGRADED,
    Verdict.DOWN: Meaning.DOWN,
    Verdict.STARTING: Meaning.STARTING,
}


class Tile(Value):
    """One number with its name."""

    title: str
    value: str
    meaning: Meaning = Meaning.TEXT
    short: str = ""
    """Its title where room is short; "" for the same."""
    more: str = ""
    """What belongs to it, where there is room."""


def header(view: View, *, now: float, wall: float, width: int, glyphs: Glyphs) -> Line:
    """Which fleet, how old the picture is, and the verdict."""
    guard = " READ-ONLY " if view.refusal == ONLY_READS else " "
    clock = Span(text=time.strftime("%H:%M:%S ", time.localtime(wall)), meaning=Meaning.MUTED)
    if view.snapshot is None:
        waiting = view.trouble or "waiting for the first picture"
        early = line(
            Span(text=" hactl", meaning=Meaning.TITLE), Span(text=guard, meaning=Meaning.DEGRADED), " ", waiting
        )
        return spread(early, (clock,), width)
    snapshot, fleet = view.snapshot, view.snapshot.fleet
    reading = read(fleet)
    old = now - view.heard
    stale = view.live and (bool(view.trouble) or old > STALE)
    live = Span(text=f"LIVE {old:.1f}s", meaning=Meaning.MUTED)
    if view.speed is not None:
        shown, today = time.localtime(snapshot.at), time.localtime(wall)
        when = time.strftime("%H:%M:%S" if shown[:3] == today[:3] else "%m-%d %H:%M:%S", shown)
        plays = f"x{view.speed:.0f}" if view.speed else "held"
        live = Span(text=f"REPLAY {when} {plays}", meaning=Meaning.DEGRADED)
    elif not view.live:
        when = time.strftime("%H:%M:%S", time.localtime(snapshot.at))
        live = Span(text=f"AS OF {when}, {age(wall - snapshot.at)} ago", meaning=Meaning.DEGRADED)
    elif stale:
        live = Span(text=f"STALE {age(old)}", meaning=Meaning.DOWN)
    meaning = _VERDICT[reading.verdict]
    glyph = {Verdict.OK: glyphs.serving, Verdict.DOWN: glyphs.down}.get(reading.verdict, glyphs.degraded)
    sentence = f"{reading.sentence}{_since(snapshot, reading.sentence)}"
    said = Span(text=f"{glyph} {reading.verdict.upper()} {sentence}", meaning=meaning)
    if stale:  # whatever it was, nobody knows how it is
        said = Span(text=f"was {reading.verdict.upper()} {age(old)} ago: {sentence}", meaning=Meaning.DEGRADED)
    if not view.measured:
        said = Span(text=f"? NOT KNOWN {view.trouble}", meaning=Meaning.STALE)
    if end := ended(view):
        live = Span(text=f"STOPPED {age(old)} ago", meaning=Meaning.STOPPED)
        said = Span(text=f"{glyphs.stopped} {end}", meaning=Meaning.STOPPED)
    guard = " READ-ONLY " if snapshot.pulse.read_only else guard
    paused = (Span(text="REPAIRS PAUSED ", meaning=Meaning.DEGRADED),) if fleet.paused is not None else ()
    left = line(
        Span(text=f" hactl {fleet.name}", meaning=Meaning.TITLE), Span(text=guard, meaning=Meaning.DEGRADED), " ",
        *paused, *_drills(fleet), live, "  ", said,
    )  # fmt: skip
    if length(left) > width:  # the verdict comes before names that one knows
        left = (Span(text=f" {fleet.name}", meaning=Meaning.TITLE), *left[1:])
    return spread(left, (clock,) if length(left) + length((clock,)) < width else (), width)


def _drills(fleet: Fleet) -> Iterator[Span]:
    """What stands in the way of drills, or a drill waits for."""
    if fleet.drills.lock is not None:
        yield Span(text="DRILLS LOCKED ", meaning=Meaning.DEGRADED)
    if any(operation.question for operation in fleet.operations.values()):
        yield Span(text="DRILL WAITING ", meaning=Meaning.DEGRADED)


def ended(view: View) -> str:
    """Who has stopped the whole fleet and when, once nothing of it runs; "" when nobody has."""
    snapshot = view.snapshot
    if snapshot is None or not (view.live and view.trouble and snapshot.fleet.closing):
        return ""
    if any(node.state.alive for node in snapshot.fleet.nodes.values()):
        return ""
    order = next((record for record in reversed(view.records) if isinstance(record.event, FleetClosing)), None)
    if order is None:
        return "stopped on purpose; hactl up"
    by = f" by {order.by}" if order.by else ""
    return f"stopped on purpose{by} at {time.strftime('%H:%M:%S', time.localtime(order.wall))}; hactl up"


def _since(snapshot: Snapshot, said: str) -> str:
    """Why the first process is out that should not be, and for how long; or the age of the last move that is `said`."""
    for node in snapshot.fleet.nodes.values():
        if node.goal is Goal.UP and not (node.drained or node.serviceable or node.standing_by) and node.reason:
            return f" ({explain(node)}, {age(snapshot.at - node.since)})"
    last = next(reversed(snapshot.fleet.evacuations.values()), None)
    return f" ({age(snapshot.at - last.since)})" if last is not None and said.endswith(moved(last)) else ""


def tiles(view: View, glyphs: Glyphs, room: Tile | None = None) -> tuple[Tile, ...]:
    """The numbers of the whole fleet; `room` is what `headroom_tile` said, for those who asked it already."""
    snapshot = view.snapshot
    if snapshot is None:
        return ()
    fleet = snapshot.fleet
    found = figures(snapshot)
    bad = Meaning.DOWN if found.errors else Meaning.TEXT
    failover = "none yet" if fleet.last_failover_ms is None else took(fleet.last_failover_ms)
    newest = list(islice(reversed(view.spread), MINUTE))[::-1]
    minute = spark([sum(moment.values()) if moment else None for moment in newest], SPARK, glyphs)
    shown = (
        Tile(title="REQUESTS/S", short="req/s", value=f"{found.requests:,.0f}", more=minute),
        Tile(title="ERRORS", short="err", value=f"{found.failing:.2%}" if found.requests else "-", meaning=bad),
        Tile(title="P50 / P99", short="p50/p99", value=f"{_ms(found.p50)} / {_ms(found.p99)} ms"),
        room or headroom_tile(snapshot),
        Tile(title="LAST FAILOVER", short="failover", value=failover, more=_back(view)),
    )  # fmt: skip
    known = any(sample.requests is not None for sample in snapshot.samples)
    unknown = 0 if known else 3 if view.measured else 4
    return (*(_unknown(tile) for tile in shown[:unknown]), *shown[unknown:])


def _unknown(tile: Tile) -> Tile:
    """The same without a number: nothing was measured."""
    return Tile(title=tile.title, short=tile.short, value="-", meaning=Meaning.MUTED, more=tile.more)


def headroom_tile(snapshot: Snapshot) -> Tile:
    """What would be left without any one node. With many nodes this takes a while: not to be asked at every turn."""
    value, meaning, without = _room(snapshot)
    return Tile(title="N-1 HEADROOM", short="n-1", value=value, meaning=meaning, more=without)


def _room(snapshot: Snapshot) -> tuple[str, Meaning, str]:
    """What would be left without the node whose loss is worst, in as few words as it takes; and which node that is."""
    load = measured(snapshot.fleet, snapshot.samples, snapshot.at)
    left = headroom(snapshot.fleet, load).n_minus_1
    if left is None and snapshot.fleet.closing:
        return "-", Meaning.MUTED, ""
    if left is None or not left.nodes:
        return "NONE", Meaning.DOWN, ""
    without = f"without {left.without[0]}" if left.without else ""
    if left.verdict is CapacityVerdict.SHORT:
        return "SHORT", Meaning.DOWN, without
    if load is None or (not load.total and carries(snapshot)):
        return "not known yet", Meaning.MUTED, ""
    if not load.total:
        return "no traffic", Meaning.MUTED, ""
    if left.room is None or left.verdict is CapacityVerdict.UNPROVED:
        return "unproved", Meaning.DEGRADED, without
    return f"{left.room:.0%} left", Meaning.SERVING, without


def carries(snapshot: Snapshot) -> bool:
    """True when anything was asked of anybody, as last measured."""
    return any(sample.requests for sample in snapshot.samples)


def _back(view: View) -> str:
    """How long the last failover took to its end, as far as it is known."""
    last = next((loss for loss in reversed(losses(view.records)) if loss.moved_ms is not None), None)
    if last is None:
        return ""
    if last.back_ms is not None:
        return f"back {took(last.back_ms)}"
    return "" if last.over else "not back yet"


def tile_line(shown: tuple[Tile, ...]) -> Line:
    """All of them in one line, for small screens."""
    parts: list[str | Span] = []
    for tile in shown:
        parts += [" ", Span(text=tile.short or tile.title.lower(), meaning=Meaning.MUTED), " "]
        parts += [Span(text=tile.value, meaning=tile.meaning), " "]
    return line(*parts)


def tile_boxes(shown: tuple[Tile, ...], width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """A box for each, side by side in exactly `width` cells, for screens with room."""
    if not shown:
        return ()
    each, rest = divmod(width, len(shown))
    top: list[str | Span] = []
    middle: list[str | Span] = []
    bottom: list[str | Span] = []
    for number, tile in enumerate(shown):
        inner = each + (number < rest) - 2
        title = f" {tile.title} "[:inner]
        top.append(Span(text=f"╭{title}{'─' * (inner - len(title))}╮", meaning=Meaning.MUTED))
        value = f" {tile.value[: inner - 2]}"
        more = f"{tile.more} " if len(value) + len(tile.more) + 3 <= inner else ""
        side = Span(text="│", meaning=Meaning.MUTED)
        looks = Meaning.GRAPH if tile.more.strip(glyphs.bars) == "" else Meaning.MUTED
        middle += [
            side,
            Span(text=value, meaning=tile.meaning),
            Span(text=more.rjust(inner - len(value)), meaning=looks),
            side,
        ]
        bottom.append(Span(text=f"╰{'─' * inner}╯", meaning=Meaning.MUTED))
    return (line(*top), line(*middle), line(*bottom))


def operations(snapshot: Snapshot, glyphs: Glyphs) -> tuple[Line, ...]:
    """What is under way: a line for each, and its steps below it where there is more than one."""
    lines: list[Line] = []
    for operation in snapshot.fleet.operations.values():
        so_far = f"{operation.done}/{len(operation.targets)} done, {max(0.0, snapshot.mono - operation.began):.1f} s"
        back = (Span(text=f"rolling back: {operation.back} ", meaning=Meaning.DEGRADED),) if operation.back else ()
        lines.append(
            line(
                Span(text=f" {glyphs.starting} {operation.id} ", meaning=Meaning.STARTING),
                f"{operation.sentence} ",
                *back,
                Span(text=so_far, meaning=Meaning.MUTED),
            )
        )
        if len(operation.targets) > 1:
            lines.append(_steps(operation, glyphs))
    return tuple(lines)


def _steps(operation: Operation, glyphs: Glyphs) -> Line:
    """Each of its steps with how far it is; of those that are done only the last one, so that what goes on is seen."""
    looks = {
        Phase.DONE: (glyphs.serving, Meaning.MUTED),
        Phase.WAITING: (".", Meaning.MUTED),
        Phase.STOPPING: (glyphs.starting, Meaning.STARTING),
        Phase.STARTING: (glyphs.starting, Meaning.STARTING),
    }
    begun = max(0, operation.done - 1)
    parts: list[str | Span] = ["   "]
    for target in operation.targets[begun:]:
        glyph, meaning = looks[target.phase]
        busy = "" if target.phase in (Phase.WAITING, Phase.DONE) else f" {target.phase}"
        parts.append(Span(text=f"{glyph} {tell_step(target)}{busy}  ", meaning=meaning))
    return line(*parts)


def nothing(view: View, chosen: Arrangement) -> tuple[Line, ...]:
    """Why no row is shown, and what to try."""
    if view.snapshot is None:
        return (
            (),
            line(Span(text=f"  {view.trouble or 'waiting for the first picture'}", meaning=Meaning.TITLE)),
            line(Span(text="  retrying twice a second; q quits", meaning=Meaning.MUTED)),
        )
    known = len(view.snapshot.fleet.nodes)
    if not known:
        return ((), line("  this fleet has no processes: hactl up, or add a [[region]] to hactl.toml"))
    if chosen.filter:
        what = f"none of {counted(known, 'process', 'processes')} matches '{chosen.filter.removeprefix('!')}'"
        if chosen.filter.startswith("!"):
            what = f"all {counted(known, 'process', 'processes')} match '{chosen.filter.removeprefix('!')}'"
        what += " and is in trouble" if chosen.bad else ""
    else:
        what = f"none of {counted(known, 'process', 'processes')} is in trouble"
    return ((), line(f"  {what}: ", Span(text="esc", meaning=Meaning.KEY), " shows all again"))


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 10 else f"{value:.0f}"

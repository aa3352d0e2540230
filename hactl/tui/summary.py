"""What stands above and below the table of a fleet: the verdict, the numbers that matter, what is under way. Pure."""

import time

from hactl.core.events import Record
from hactl.core.headroom import CapacityVerdict, headroom
from hactl.core.load import measured
from hactl.core.model import Sample
from hactl.core.node import Role
from hactl.core.reading import Verdict, age, read
from hactl.core.talk import Snapshot
from hactl.core.telling import tell
from hactl.core.value import Value
from hactl.tui.lines import Line, Span, line, spread
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View

STALE = 3.0
"""Seconds without any news, measurements included, after which a picture is old; they come once a second."""

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


def header(view: View, *, now: float, wall: float, width: int, glyphs: Glyphs) -> Line:
    """Which fleet, how old the picture is, and the verdict."""
    clock = Span(text=time.strftime("%H:%M:%S ", time.localtime(wall)), meaning=Meaning.MUTED)
    if view.snapshot is None:
        waiting = view.trouble or "waiting for the first picture"
        return spread(line(Span(text=" hactl", meaning=Meaning.TITLE), "  ", waiting), (clock,), width)
    snapshot, fleet = view.snapshot, view.snapshot.fleet
    reading = read(fleet)
    old = now - view.heard
    live = Span(text=f"LIVE {old:.1f}s", meaning=Meaning.MUTED)
    if view.speed is not None:
        shown, today = time.localtime(snapshot.at), time.localtime(wall)
        when = time.strftime("%H:%M:%S" if shown[:3] == today[:3] else "%m-%d %H:%M:%S", shown)
        plays = f"x{view.speed:.0f}" if view.speed else "held"
        live = Span(text=f"REPLAY {when} {plays}", meaning=Meaning.DEGRADED)
    elif not view.live:
        when = time.strftime("%H:%M:%S", time.localtime(snapshot.at))
        live = Span(text=f"AS OF {when}, {age(wall - snapshot.at)} ago", meaning=Meaning.DEGRADED)
    elif view.trouble or old > STALE:
        live = Span(text=f"STALE {age(old)}", meaning=Meaning.DOWN)
    meaning = _VERDICT[reading.verdict]
    glyph = {Verdict.OK: glyphs.serving, Verdict.DOWN: glyphs.down}.get(reading.verdict, glyphs.degraded)
    said = Span(text=f"{glyph} {reading.verdict.upper()} {reading.sentence}", meaning=meaning)
    guard = " READ-ONLY " if snapshot.pulse.read_only else " "
    paused = (Span(text="PAUSED ", meaning=Meaning.DEGRADED),) if fleet.paused is not None else ()
    left = line(
        Span(text=f" hactl {fleet.name}", meaning=Meaning.TITLE), Span(text=guard, meaning=Meaning.DEGRADED), " ",
        *paused, live, "  ", said,
    )  # fmt: skip
    return spread(left, (clock,), width)


def tiles(view: View) -> tuple[Tile, ...]:
    """The numbers of the whole fleet."""
    snapshot = view.snapshot
    if snapshot is None:
        return ()
    fleet = snapshot.fleet
    edges = [sample for sample in snapshot.samples if _is(snapshot, sample, Role.EDGE)]
    nodes = [sample for sample in snapshot.samples if _is(snapshot, sample, Role.GATEWAY)]
    requests = sum(sample.requests or 0.0 for sample in edges)
    errors = sum(sample.errors or 0.0 for sample in edges)
    part = errors / requests if requests else 0.0
    slow = [sample.p99_ms for sample in nodes if sample.p99_ms is not None]
    usual = [sample for sample in nodes if sample.p50_ms is not None and sample.requests]
    weight = sum(sample.requests or 0.0 for sample in usual)
    p50 = sum((sample.p50_ms or 0.0) * (sample.requests or 0.0) for sample in usual) / weight if weight else None
    room, meaning = _room(snapshot)
    failover = fleet.last_failover_ms
    return (
        Tile(title="REQUESTS/S", value=f"{requests:,.0f}"),
        Tile(title="ERRORS", value=f"{part:.2%}", meaning=Meaning.DOWN if errors else Meaning.TEXT),
        Tile(title="P50 / P99", value=f"{_ms(p50)} / {_ms(max(slow, default=None))} ms"),
        Tile(title="N-1 HEADROOM", value=room, meaning=meaning),
        Tile(title="LAST FAILOVER", value="none yet" if failover is None else f"{failover:.0f} ms"),
    )  # fmt: skip


def _room(snapshot: Snapshot) -> tuple[str, Meaning]:
    """What would be left without the node whose loss is worst, in as few words as it takes."""
    load = measured(snapshot.fleet, snapshot.samples, snapshot.at)
    left = headroom(snapshot.fleet, load).n_minus_1
    if left is None or not left.nodes:
        return "NONE", Meaning.DOWN
    if left.verdict is CapacityVerdict.SHORT:
        return "SHORT", Meaning.DOWN
    if load is not None and not load.total:
        return "no traffic", Meaning.MUTED
    if left.room is None or left.verdict is CapacityVerdict.UNPROVED:
        return "unproved", Meaning.DEGRADED
    return f"{left.room:.0%}", Meaning.SERVING


def tile_line(shown: tuple[Tile, ...]) -> Line:
    """All of them in one line, for small screens."""
    parts: list[str | Span] = []
    for tile in shown:
        parts += [" ", Span(text=tile.title.lower(), meaning=Meaning.MUTED), " "]
        parts += [Span(text=tile.value, meaning=tile.meaning), " "]
    return line(*parts)


def tile_boxes(shown: tuple[Tile, ...], width: int) -> tuple[Line, ...]:
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
        value = tile.value[: inner - 2]
        side = Span(text="│", meaning=Meaning.MUTED)
        middle += [side, Span(text=f" {value:<{inner - 1}}", meaning=tile.meaning), side]
        bottom.append(Span(text=f"╰{'─' * inner}╯", meaning=Meaning.MUTED))
    return (line(*top), line(*middle), line(*bottom))


def operations(snapshot: Snapshot) -> tuple[Line, ...]:
    """What is under way, one line each."""
    return tuple(
        line(
            Span(text=f" {operation.id} ", meaning=Meaning.KEY),
            f"{operation.sentence} ",
            Span(
                text=f"{operation.done}/{len(operation.targets)} done, {snapshot.mono - operation.began:.1f} s",
                meaning=Meaning.MUTED,
            ),
        )
        for operation in snapshot.fleet.operations.values()
    )


def happened(record: Record) -> Line:
    """One record."""
    when = time.strftime("%H:%M:%S", time.localtime(record.wall))
    by = (Span(text=f"  by {record.by}", meaning=Meaning.MUTED),) if record.by else ()
    return line(
        Span(text=f" {when}.{int(record.wall % 1 * 1000):03d} ", meaning=Meaning.MUTED), tell(record.event), *by
    )


def _is(snapshot: Snapshot, sample: Sample, role: Role) -> bool:
    node = snapshot.fleet.nodes.get(sample.node)
    return node is not None and node.role is role


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 10 else f"{value:.0f}"

"""A picture of the fleet in rows, words and marks. Pure: it knows no terminal and keeps nothing.

What the words mean comes from `core.reading`; here they get their places, glyphs and meanings.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import assert_never

from hactl.core.model import Sample
from hactl.core.node import DeadlineKind, Goal, Health, Node, NodeState, Role
from hactl.core.reading import age, explain, moved, word
from hactl.core.talk import Snapshot
from hactl.core.traffic import shares
from hactl.core.unfinished import sentence
from hactl.core.value import Value
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import MINUTE, View
from hactl.tui.rows import Cell, Column, Row

EDGES = "edges"
"""The group of the edges; all others are regions."""
SPARK = 12
"""Cells of a minute."""
DRIFT = 0.05
"""A measured share that differs from the intended one by more than this is marked ..."""
CHANCE = 3.0
"""... if it is also more than so many standard deviations of what chance does at this rate."""

WORD = max(map(len, (*NodeState, "unhealthy", "drained")))
"""Cells of the longest word for a state: a column is as wide from the beginning, so that nothing moves aside when a
node fails, which is when somebody reads it."""

COLUMNS = (
    Column(title="STATE", keep=100, least=2 + WORD),
    Column(title="NAME", keep=100),
    Column(title="WGT", right=True, keep=60),
    Column(title="SHARE", right=True, keep=90),
    Column(title="SEEN", right=True, keep=80),
    Column(title="DRIFT", right=True, keep=32),
    Column(title="REQ/S", right=True, keep=85),
    Column(title="ERR/S", right=True, keep=70),
    Column(title="P50", right=True, keep=18, least=6),
    Column(title="P99", right=True, keep=65, least=6),
    Column(title="CPU", right=True, keep=40),
    Column(title="MEM", right=True, keep=20, least=5),
    Column(title="RST", right=True, keep=35),
    Column(title="LAST 60s", keep=50, least=SPARK),
    Column(title="UP", right=True, keep=15),
    Column(title="FOR", right=True, keep=92),
    Column(title="WHY", keep=95, stretch=True, least=18),
)
"""SHARE is meant, SEEN is measured; FOR is the age of the state, UP that of the process."""

_NOTHING = Cell(text="-", meaning=Meaning.MUTED, order=-1.0)


class _Measured(Value):
    """What rows are made of."""

    view: View
    snapshot: Snapshot
    samples: dict[str, Sample]
    parts: dict[str, float]
    """Intended share of each gateway node."""
    total: float
    """Requests per second of all of them."""
    glyphs: Glyphs


def fleet_rows(view: View, glyphs: Glyphs) -> tuple[Row, ...]:
    """Edges, then each region with its nodes."""
    if view.snapshot is None:
        return ()
    snapshot = view.snapshot
    fleet = snapshot.fleet
    samples = {sample.node: sample for sample in snapshot.samples}
    measured = _Measured(
        view=view,
        snapshot=snapshot,
        samples=samples,
        parts={share.node: share.part for share in shares(fleet)},
        total=sum(samples[node.name].requests or 0.0 for node in fleet.gateways if node.name in samples),
        glyphs=glyphs,
    )
    rows = [_head(EDGES, fleet.edges, measured)] if fleet.edges else []
    rows += [_process(edge, EDGES, measured) for edge in fleet.edges]
    for region in dict.fromkeys(node.region for node in fleet.gateways):
        nodes = fleet.in_region(region)
        rows.append(_head(region, nodes, measured, weight=fleet.region_weight(region)))
        rows += [_process(node, region, measured) for node in nodes]
    return tuple(rows)


def _process(node: Node, group: str, measured: _Measured) -> Row:
    snapshot, glyphs = measured.snapshot, measured.glyphs
    sample = measured.samples.get(node.name, Sample(node=node.name, at=snapshot.at))
    part = measured.parts.get(node.name, 0.0) if node.role is Role.GATEWAY else None
    glyph, state, meaning = looks(node, glyphs)
    edge = node.role is Role.EDGE
    share = None if edge else sample.share
    drifts = part is not None and share is not None and drifting(part, share, measured.total)
    since = snapshot.at - node.since if node.since else None
    up = snapshot.mono - node.launch.at if node.launch is not None else None
    why = reason(node, snapshot.mono)
    return Row(
        key=node.name,
        group=group,
        bad=troubled(node) or drifts or bool(sample.errors),
        cells=(
            Cell(text=f"{glyph} {state}", meaning=meaning, order=state),
            Cell(text=node.name, meaning=Meaning.TEXT),
            _NOTHING if edge else Cell(text=str(node.weight), order=float(node.weight)),
            _NOTHING if part is None else _percent(part),
            _NOTHING if share is None else _percent(share, Meaning.DEGRADED if drifts else Meaning.TEXT),
            _NOTHING if share is None or part is None else _drift(share - part, drifts),
            _number(sample.requests, 0),
            _number(sample.errors, 1, bad=True),
            _latency(sample.p50_ms),
            _latency(sample.p99_ms),
            _NOTHING if sample.cpu is None else _percent(sample.cpu),
            _NOTHING if sample.rss is None else Cell(text=f"{sample.rss >> 20}M", order=float(sample.rss)),
            Cell(
                text=str(node.restarts),
                meaning=Meaning.TEXT if node.restarts else Meaning.MUTED,
                order=float(node.restarts),
            ),
            Cell(text=spark(measured.view.rates.get(node.name, ()), SPARK, glyphs), meaning=Meaning.GRAPH),
            _NOTHING if up is None else Cell(text=age(up), order=up),
            _NOTHING if since is None else Cell(text=age(since), order=since),
            Cell(text=why, meaning=meaning if why else Meaning.MUTED),
        ),
    )


def _head(name: str, members: Sequence[Node], measured: _Measured, weight: int | None = None) -> Row:
    """The line of a region with its weight, or without one that of the edges."""
    glyphs = measured.glyphs
    glyph, serve, meaning = condition(members, glyphs)
    seen = [measured.samples[node.name] for node in members if node.name in measured.samples]
    share = sum(measured.parts.get(node.name, 0.0) for node in members)
    gets = total(sample.share for sample in seen)
    gateways = weight is not None
    empty = Cell()
    return Row(
        key=f"[{name}]",
        group=name,
        head=True,
        cells=(
            Cell(text=f"{glyph} {serve}", meaning=meaning),
            Cell(text=name, meaning=Meaning.TITLE),
            _NOTHING if weight is None else Cell(text=str(weight)),
            _percent(share) if gateways else empty,
            empty if not gateways else _NOTHING if gets is None else _percent(gets),
            empty,
            _number(total(sample.requests for sample in seen), 0),
            _number(total(sample.errors for sample in seen), 1, bad=True),
            *[empty] * 7,
            *_since_and_why(name, measured.snapshot),
        ),
    )


def _since_and_why(region: str, snapshot: Snapshot) -> tuple[Cell, Cell]:
    """For how long a region has been lost, or without all its traffic, and why; nothing of one that is well."""
    fleet = snapshot.fleet
    evacuation, loss = fleet.evacuations.get(region), fleet.region_losses.get(region)
    if evacuation is not None:
        since = snapshot.at - evacuation.since
        why = moved(evacuation).removeprefix(f"{region} ") + (f" ({evacuation.why})" if evacuation.why else "")
    elif loss is not None:
        since, why = snapshot.mono - loss.seen, f"lost: {loss.cause.text}"
    elif fleet.falters(region):
        brownout = fleet.brownouts[region]
        since, why = snapshot.mono - brownout.heard, sentence("responses far worse than usual", brownout.why)
    else:
        return Cell(), Cell()
    return Cell(text=age(since), order=since), Cell(text=why, meaning=Meaning.DEGRADED)


def condition(members: Sequence[Node], glyphs: Glyphs) -> tuple[str, str, Meaning]:
    """Glyph, how many of how many serve, and what that means, of the processes of a region or of the edges."""
    well = sum(node.serviceable for node in members)
    wanted = sum(node.state is not NodeState.STANDBY for node in members)
    glyph, meaning = glyphs.serving, Meaning.SERVING
    if well < wanted:
        glyph, meaning = (glyphs.degraded, Meaning.DEGRADED) if well else (glyphs.down, Meaning.DOWN)
    if members and all(node.state is NodeState.STOPPED for node in members):
        glyph, meaning = glyphs.stopped, Meaning.STOPPED  # which is nobody's failure: that has other states
    return glyph, f"{well}/{wanted}", meaning


def total(values: Iterable[float | None]) -> float | None:
    """The sum of those that are known; None when none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def troubled(node: Node) -> bool:
    """Whether somebody should look at it: it is out although it is wanted, or something is wrong with it."""
    if node.goal is Goal.DOWN and node.state is NodeState.STOPPED:
        return False
    return not node.standing_by and (not node.serviceable or node.reason is not None)


def drifting(part: float, share: float, total: float) -> bool:
    """Whether a node gets another share than it is meant to, by more than chance explains at `total` requests/s."""
    if total <= 0:
        return False
    chance = CHANCE * math.sqrt(part * (1 - part) / total)
    return abs(part - share) > max(DRIFT, chance)


def reason(node: Node, mono: float) -> str:
    """Why it is out, and when it is tried again; "" when all is well."""
    again = node.deadline is not None and node.deadline.kind in (DeadlineKind.BACKOFF, DeadlineKind.RETRY)
    if node.deadline is None or not again:
        return explain(node)
    return sentence(explain(node), f"restarts in {max(0.0, node.deadline.at - mono):.0f}s")


def looks(node: Node, glyphs: Glyphs) -> tuple[str, str, Meaning]:
    """Glyph, word and meaning of the state of one process."""
    state = word(node)
    match node.state:
        case NodeState.SERVING if node.health is Health.HEALTHY and (node.reason or node.impaired):
            return glyphs.degraded, state, Meaning.DEGRADED
        case NodeState.SERVING if node.health is Health.HEALTHY:
            return glyphs.serving, state, Meaning.SERVING
        case NodeState.STANDBY:
            return glyphs.draining, state, Meaning.DRAINING
        case NodeState.DRAINING:
            return glyphs.draining, state, Meaning.DRAINING
        case NodeState.STARTING:
            return glyphs.starting, state, Meaning.STARTING
        case NodeState.STOPPING | NodeState.STOPPED:
            return glyphs.stopped, state, Meaning.STOPPED
        case NodeState.SERVING | NodeState.BACKOFF | NodeState.FAILED:
            return glyphs.down, state, Meaning.DOWN
        case _:
            assert_never(node.state)


def spark(values: Sequence[float | None], width: int, glyphs: Glyphs) -> str:
    """A minute in `width` cells, newest to the right, against the highest value in it; blank where nothing is known."""
    newest = list(islice(reversed(values), MINUTE))
    each = max(1, math.ceil(MINUTE / width))
    pieces = [newest[at : at + each] for at in range(0, len(newest), each)][width - 1 :: -1]
    means = [_mean(piece) for piece in pieces]
    top = max((mean for mean in means if mean is not None), default=0.0)
    bars = glyphs.bars
    scale = (len(bars) - 2) / top if top > 0 else 0.0
    return "".join([" " if mean is None else bars[1 + round(mean * scale)] for mean in means]).rjust(width)


def _mean(piece: Sequence[float | None]) -> float | None:
    known = [value for value in piece if value is not None]
    return sum(known) / len(known) if known else None


def figure(value: float | None, digits: int) -> str:
    """A number with so many digits behind the point; what is not known is a dash."""
    return "-" if value is None else f"{value:,.{digits}f}"


def _percent(part: float, meaning: Meaning = Meaning.TEXT) -> Cell:
    return Cell(text=f"{part * 100:.0f}%", meaning=meaning if part else Meaning.MUTED, order=part)


def _drift(by: float, marked: bool) -> Cell:
    points = round(by * 100)
    text = (f"{points:+d}" if points else "0") + ("!" if marked else "")
    return Cell(text=text, meaning=Meaning.DEGRADED if marked else Meaning.MUTED, order=abs(by))


def _latency(ms: float | None) -> Cell:
    return _number(ms, 1 if ms is None or ms < 1000 else 0)


def _number(value: float | None, digits: int, *, bad: bool = False) -> Cell:
    if value is None:
        return _NOTHING
    meaning = Meaning.DOWN if bad and value > 0 else Meaning.TEXT if value else Meaning.MUTED
    return Cell(text=figure(value, digits), meaning=meaning, order=value)

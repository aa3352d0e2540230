"""A picture of the fleet in rows, words and marks. Pure: it knows no terminal and keeps nothing.

What the words mean comes from `core.reading`; here they get their places, glyphs and meanings.
"""

import math
from collections.abc import Iterable, Sequence

from hactl.core.model import Sample
from hactl.core.node import Health, Node, NodeState, Role
from hactl.core.reading import age, explain, word
from hactl.core.talk import Snapshot
from hactl.core.traffic import shares
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.rows import Cell, Column, Row

SPARK = 12
"""Cells of a minute."""
DRIFT = 0.05
"""A measured share that differs from the intended one by more than this is marked."""

COLUMNS = (
    Column(title="STATE", keep=100),
    Column(title="NAME", keep=100),
    Column(title="WEIGHT", right=True, keep=60),
    Column(title="SHARE", right=True, keep=90),
    Column(title="SEEN", right=True, keep=80),
    Column(title="REQ/S", right=True, keep=85),
    Column(title="ERR/S", right=True, keep=70),
    Column(title="P50", right=True, keep=30),
    Column(title="P99", right=True, keep=65),
    Column(title="CPU", right=True, keep=40),
    Column(title="MEM", right=True, keep=20),
    Column(title="RST", right=True, keep=35),
    Column(title="LAST 60s", keep=50, least=SPARK),
    Column(title="FOR", right=True, keep=75),
    Column(title="WHY", keep=95, stretch=True, least=16),
)

_NOTHING = Cell(text="-", meaning=Meaning.MUTED, order=-1.0)


def fleet_rows(view: View, glyphs: Glyphs) -> tuple[Row, ...]:
    """Edges, then each region with its nodes."""
    if view.snapshot is None:
        return ()
    snapshot = view.snapshot
    fleet = snapshot.fleet
    samples = {sample.node: sample for sample in snapshot.samples}
    parts = {share.node: share.part for share in shares(fleet)}
    rows = [_head("edges", "edges", fleet.edges, samples, None, glyphs)]
    rows += [_process(edge, "edges", samples, None, view, snapshot, glyphs) for edge in fleet.edges]
    for region in dict.fromkeys(node.region for node in fleet.gateways):
        nodes = fleet.in_region(region)
        rows.append(_head(region, region, nodes, samples, parts, glyphs, weight=fleet.region_weight(region)))
        rows += [_process(node, region, samples, parts.get(node.name, 0.0), view, snapshot, glyphs) for node in nodes]
    return tuple(rows)


def _process(
    node: Node,
    group: str,
    samples: dict[str, Sample],
    part: float | None,
    view: View,
    snapshot: Snapshot,
    glyphs: Glyphs,
) -> Row:
    sample = samples.get(node.name, Sample(node=node.name, at=snapshot.at))
    glyph, state, meaning = looks(node, glyphs)
    edge = node.role is Role.EDGE
    share = None if edge else sample.share
    drifts = part is not None and share is not None and abs(part - share) > DRIFT
    since = snapshot.at - node.since if node.since else None
    why = explain(node)
    return Row(
        key=node.name,
        group=group,
        cells=(
            Cell(text=f"{glyph} {state}", meaning=meaning, order=state),
            Cell(text=node.name, meaning=Meaning.TEXT),
            _NOTHING if edge else Cell(text=str(node.weight), order=float(node.weight)),
            _NOTHING if part is None else _percent(part),
            _NOTHING if share is None else _percent(share, Meaning.DEGRADED if drifts else Meaning.TEXT),
            _number(sample.requests, 0),
            _number(sample.errors, 1, bad=True),
            _number(sample.p50_ms, 1),
            _number(sample.p99_ms, 1),
            _NOTHING if sample.cpu is None else _percent(sample.cpu),
            _NOTHING if sample.rss is None else Cell(text=f"{sample.rss >> 20}M", order=float(sample.rss)),
            Cell(
                text=str(node.restarts),
                meaning=Meaning.TEXT if node.restarts else Meaning.MUTED,
                order=float(node.restarts),
            ),
            Cell(text=spark(view.rates.get(node.name, ()), SPARK, glyphs), meaning=Meaning.GRAPH),
            _NOTHING if since is None else Cell(text=age(since), order=since),
            Cell(text=why, meaning=meaning if why else Meaning.MUTED),
        ),
    )


def _head(
    key: str,
    name: str,
    members: Sequence[Node],
    samples: dict[str, Sample],
    parts: dict[str, float] | None,
    glyphs: Glyphs,
    weight: int | None = None,
) -> Row:
    well = sum(node.serviceable for node in members)
    wanted = sum(node.state is not NodeState.STANDBY for node in members)
    glyph, meaning = glyphs.serving, Meaning.SERVING
    if well < wanted:
        glyph, meaning = (glyphs.degraded, Meaning.DEGRADED) if well else (glyphs.down, Meaning.DOWN)
    seen = [samples[node.name] for node in members if node.name in samples]
    gateways = parts is not None
    share = sum(parts.get(node.name, 0.0) for node in members) if parts is not None else 0.0
    measured = sum(sample.share or 0.0 for sample in seen)
    empty = Cell()
    return Row(
        key=f"[{key}]",
        group=key,
        head=True,
        cells=(
            Cell(text=f"{glyph} {well}/{wanted}", meaning=meaning),
            Cell(text=name, meaning=Meaning.TITLE),
            _NOTHING if weight is None else Cell(text=str(weight)),
            _percent(share) if gateways else empty,
            _percent(measured) if gateways else empty,
            _number(sum(sample.requests or 0.0 for sample in seen), 0),
            _number(sum(sample.errors or 0.0 for sample in seen), 1, bad=True),
            *[empty] * 8,
        ),
    )


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


def spark(values: Iterable[float], width: int, glyphs: Glyphs) -> str:
    """A minute in `width` cells, newest to the right, against the highest value in it; blank where nothing is known."""
    known = list(values)
    if not known:
        return " " * width
    each = max(1, math.ceil(60 / width))
    pieces = [known[max(0, end - each) : end] for end in range(len(known), 0, -each)][:width]
    means = [sum(piece) / len(piece) for piece in reversed(pieces)]
    top = max(means)
    bars = glyphs.bars
    steps = [1 if top <= 0 else 1 + round(mean / top * (len(bars) - 2)) for mean in means]
    return "".join(bars[step] for step in steps).rjust(width)


def figure(value: float | None, digits: int) -> str:
    """A number with so many digits behind the point; what is not known is a dash."""
    return "-" if value is None else f"{value:,.{digits}f}"


def _percent(part: float, meaning: Meaning = Meaning.TEXT) -> Cell:
    return Cell(text=f"{part * 100:.0f}%", meaning=meaning if part else Meaning.MUTED, order=part)


def _number(value: float | None, digits: int, *, bad: bool = False) -> Cell:
    if value is None:
        return _NOTHING
    meaning = Meaning.DOWN if bad and value > 0 else Meaning.TEXT if value else Meaning.MUTED
    return Cell(text=figure(value, digits), meaning=meaning, order=value)

"""One process in full, as lines: what it is, how it is, why, and what the edges and the kernel say of it. Pure."""

import time

from hactl.core.model import Sample
from hactl.core.node import Node
from hactl.core.reading import age, explain
from hactl.core.talk import Snapshot
from hactl.core.telling import tell
from hactl.core.traffic import shares
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.render import figure, looks, spark

PAST = 30
"""Records that are told; the rest is on the screen of events."""
_LABEL = 12
"""Cells of the names of facts."""


def facts(view: View, name: str, glyphs: Glyphs, width: int) -> tuple[Line, ...]:
    """Everything about the process called `name`."""
    snapshot = view.snapshot
    node = snapshot.fleet.nodes.get(name) if snapshot is not None else None
    if snapshot is None or node is None:
        what = f"no process '{name}' any more" if name else "no process chosen"
        return (line(Span(text=f" {what}; 1 goes back to the fleet", meaning=Meaning.MUTED)),)
    sample = next((each for each in snapshot.samples if each.node == name), Sample(node=name, at=snapshot.at))
    minute = spark(view.rates.get(name, ()), min(60, width - _LABEL - 4), glyphs)
    return (
        *_state(snapshot, node, glyphs),
        (),
        *_traffic(snapshot, node, sample),
        _fact("last 60 s", Span(text=minute, meaning=Meaning.GRAPH)),
        (),
        *_process(snapshot, node, sample),
        (),
        line(Span(text=" what happened to it", meaning=Meaning.TITLE)),
        *_past(view, name),
    )


def _state(snapshot: Snapshot, node: Node, glyphs: Glyphs) -> tuple[Line, ...]:
    glyph, word, meaning = looks(node, glyphs)
    since = f" for {age(snapshot.at - node.since)}" if node.since else ""
    why = explain(node)
    lines = [
        line(Span(text=f" {node.name} ", meaning=Meaning.TITLE), Span(text=f"{glyph} {word}", meaning=meaning), since),
        _fact("why", why) if why else (),
        _fact("wanted", node.goal, ", drained by an operator" if node.drained else ""),
        _fact("health", node.health, f", {node.unready}" if node.unready else ""),
    ]
    if node.deadline is not None:
        left = node.deadline.at - snapshot.mono
        lines.append(_fact("waits for", f"{node.deadline.kind}, {max(0.0, left):.1f} s left"))
    return tuple(each for each in lines if each)


def _traffic(snapshot: Snapshot, node: Node, sample: Sample) -> tuple[Line, ...]:
    part = next((share.part for share in shares(snapshot.fleet) if share.node == node.name), None)
    meant = "-" if part is None else f"{part:.1%}"
    seen = "-" if sample.share is None else f"{sample.share:.1%}"
    return (
        _fact("weight", str(node.weight), f", meant to get {meant}, gets {seen}"),
        _fact("requests/s", figure(sample.requests, 0), f", errors/s {figure(sample.errors, 1)}"),
        _fact("latency", f"p50 {figure(sample.p50_ms, 1)} ms, p99 {figure(sample.p99_ms, 1)} ms"),
        _fact("in flight", "-" if sample.active is None else str(sample.active)),
    )


def _process(snapshot: Snapshot, node: Node, sample: Sample) -> tuple[Line, ...]:
    launch = node.launch
    lines = [_fact("listens on", f"{node.address}:{node.port}")]
    if launch is not None:
        lines.append(_fact("process", f"pid {launch.pid}, up {age(snapshot.mono - launch.at)}, {launch.instance}"))
    cpu = "-" if sample.cpu is None else f"{sample.cpu:.1%} of a core"
    memory = "-" if sample.rss is None else f"{sample.rss / (1 << 20):.0f} MiB"
    lines.append(_fact("takes", f"{cpu}, {memory}"))
    lines.append(_fact("restarts", f"{node.restarts}, launches {node.launches}"))
    return tuple(lines)


def _past(view: View, name: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    for record in reversed(view.records):
        if len(lines) == PAST:
            break
        said = tell(record.event)
        if name in said.replace(",", " ").replace(":", " ").split():
            when = time.strftime("%H:%M:%S", time.localtime(record.wall))
            lines.append(line(Span(text=f" {when} ", meaning=Meaning.MUTED), said))
    return tuple(lines)


def _fact(label: str, *said: str | Span) -> Line:
    return line(Span(text=f" {label:<{_LABEL}} ", meaning=Meaning.MUTED), *said)

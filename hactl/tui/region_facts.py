"""One region in full, or the edges together, as lines: who serves, what it is meant to carry and does, and why. Pure.

A single process is `node_facts`.
"""

from collections.abc import Collection, Sequence

from hactl.core.headroom import CapacityVerdict, Carrying, carrying, worst
from hactl.core.load import measured
from hactl.core.model import Fleet, Sample
from hactl.core.node import Node, Role
from hactl.core.reading import age, explain
from hactl.core.talk import Snapshot
from hactl.core.traffic import shares
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.render import EDGES, condition, figure, looks, total

_LOOKS = {
    CapacityVerdict.ROOM: Meaning.TEXT,
    CapacityVerdict.UNPROVED: Meaning.DEGRADED,
    CapacityVerdict.SHORT: Meaning.DOWN,
}
LABEL = 11
"""Cells of the names of facts."""
INDENT = LABEL + 2
"""Cells that the rest of a long fact begins further in: below its beginning, behind its name."""


def members(fleet: Fleet, key: str) -> Sequence[Node]:
    """The processes below a head such as [seoul] or [edges]; () for what is no head of this fleet."""
    if not key.startswith("["):
        return ()
    name = key[1:-1]
    return fleet.edges if name == EDGES else [node for node in fleet.gateways if node.region == name]


def region_facts(view: View, key: str, glyphs: Glyphs) -> tuple[Line, ...]:
    """Everything about the region whose head is `key`, such as [seoul], or about the edges; () for what is no head."""
    snapshot = view.snapshot
    found = members(snapshot.fleet, key) if snapshot is not None else ()
    if snapshot is None or not found:
        return ()
    glyph, said, meaning = condition(found, glyphs)
    name = key[1:-1]
    known = {sample.node: sample for sample in snapshot.samples}
    seen = [known[node.name] for node in found if node.name in known]
    head = line(
        Span(text=f" {name} ", meaning=Meaning.TITLE), Span(text=f"{glyph} {said}", meaning=meaning), " serving"
    )
    return (
        head,
        *(_meant(snapshot, name, found, seen) if found[0].role is Role.GATEWAY else ()),
        fact("requests/s", figure(total(sample.requests for sample in seen), 0)),
        fact("errors/s", figure(total(sample.errors for sample in seen), 1)),
        fact("in flight", figure(total(sample.active for sample in seen), 0)),
        (),
        line(Span(text=" processes", meaning=Meaning.TITLE)),
        *(_process(node, snapshot, glyphs) for node in found),
    )


def _meant(snapshot: Snapshot, name: str, found: Sequence[Node], seen: Sequence[Sample]) -> tuple[Line, ...]:
    """What it is meant to carry beside what it does, and who has moved its traffic away."""
    fleet = snapshot.fleet
    names = {node.name for node in found}
    part = sum(share.part for share in shares(fleet) if share.node in names)
    gets = total(sample.share for sample in seen)
    lines = [
        fact(
            "weight",
            f"{fleet.region_weight(name)}, share {part:.1%}, seen {'-' if gets is None else f'{gets:.1%}'}",
        )
    ]
    if (moved := fleet.evacuations.get(name)) is not None:
        keeps = f", keeps {moved.keep} % of its share" if moved.keep else ""
        since = f" for {age(snapshot.at - moved.since)}" if moved.since else ""
        told = f"failed over{since} {moved.who}{keeps}"
        lines.append(fact("traffic", Span(text=told, meaning=Meaning.DEGRADED)))
        if moved.why:
            lines.append(fact("why", moved.why))
    return (*lines, *_headroom(snapshot, names, part))


def _headroom(snapshot: Snapshot, names: Collection[str], part: float) -> tuple[Line, ...]:
    """What would be left without the node of it whose loss is worst, and without all of it; nothing of an idle one."""
    fleet = snapshot.fleet
    if not part:
        return ()
    load = measured(fleet, snapshot.samples, snapshot.at)
    up = [share for share in shares(fleet) if share.node in names and fleet.nodes[share.node].serviceable]
    alike = {round(share.part, 9): share.node for share in up}  # nodes of one share are missed alike
    one = worst(carrying(fleet, load, (name,)) for name in alike.values())
    left = [("less one", one)] if one is not None else []
    if len(fleet.spec.regions) > 1:
        left.append(("without it", carrying(fleet, load, names)))
    return tuple(fact(label, Span(text=_room(each), meaning=_LOOKS[each.verdict])) for label, each in left)


def _room(left: Carrying) -> str:
    """How much, as far as it is known, before who would carry what."""
    if left.needed and left.verdict is CapacityVerdict.UNPROVED:
        return f"unproved: {left.sentence}"
    if left.room is None:
        return left.sentence
    return f"{'SHORT' if left.room < 0 else f'{left.room:.0%} left'}: {left.sentence}"


def _process(node: Node, snapshot: Snapshot, glyphs: Glyphs) -> Line:
    glyph, state, meaning = looks(node, glyphs)
    since = age(snapshot.at - node.since) if node.since else ""
    looks_like = Span(text=f"{glyph} {state}", meaning=meaning)
    return line(f" {node.name:<{LABEL}} ", looks_like, f" {since}", f" {explain(node)}")


def fact(label: str, *said: str | Span) -> Line:
    """A line that begins with what it is about."""
    return line(Span(text=f" {label:<{LABEL}} ", meaning=Meaning.MUTED), *said)

"""What a weight would do before it is set: the intended shares of all nodes, before and after. Pure; queries nothing.

It is what the daemon itself would come to: the fleet with that weight, and the same function that makes its plans.
"""

from hactl.core.commands import SetWeight
from hactl.core.draft import evolve
from hactl.core.events import WeightsChanged
from hactl.core.headroom import burden
from hactl.core.load import measured
from hactl.core.model import Fleet
from hactl.core.plan import Share
from hactl.core.talk import Snapshot
from hactl.core.traffic import shares
from hactl.tui.consequences import fact
from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Glyphs, Meaning

MOST = 12
"""Rows shown; those whose weight it is come first, then those whose share changes most."""
BAR = 24
"""Cells of a whole."""


def weighed(snapshot: Snapshot, command: SetWeight, glyphs: Glyphs) -> tuple[Line, ...]:
    """Who would get what."""
    fleet = snapshot.fleet
    changed = WeightsChanged(
        nodes=dict.fromkeys(command.nodes, command.weight), regions=dict.fromkeys(command.regions, command.weight)
    )
    then = evolve(fleet, changed)
    now, after = _parts(fleet, command), _parts(then, command)
    meant = {*command.nodes, *command.regions}
    order = sorted(after, key=lambda name: (name not in meant, -abs(after[name] - now.get(name, 0.0))))
    width = max((len(name) for name in order), default=0)
    lines = [
        _row(name, now.get(name, 0.0), after[name], width, glyphs.bars[-1], ours=name in meant) for name in order[:MOST]
    ]
    if len(order) > MOST:
        lines.append(line(Span(text=f"and {len(order) - MOST} more", meaning=Meaning.MUTED)))
    left = burden(fleet, then, measured(fleet, snapshot.samples, snapshot.at))
    lines += [(), fact("rest", left.sentence)]
    if command.nodes and not fleet.policy.honours_node_weights:
        deaf = f"policy {fleet.policy} ignores the weights of nodes"
        lines.append(fact("but", Span(text=deaf, meaning=Meaning.DEGRADED)))
    return tuple(lines)


def _parts(fleet: Fleet, command: SetWeight) -> dict[str, float]:
    """The intended share of each region when regions are weighed, and else of each node."""
    parts: dict[str, float] = {}
    for share in shares(fleet):
        name = _name(share, regions=bool(command.regions))
        parts[name] = parts.get(name, 0.0) + share.part
    return parts


def _name(share: Share, *, regions: bool) -> str:
    return share.region if regions else share.node


def _row(name: str, now: float, then: float, width: int, glyph: str, *, ours: bool) -> Line:
    meaning = Meaning.KEY if ours else Meaning.TEXT
    bar = (glyph * round(then * BAR)).ljust(BAR)
    return line(
        Span(text=f"{name:<{width}}  ", meaning=meaning),
        Span(text=bar, meaning=Meaning.GRAPH),
        f"  {now:>4.0%} → ",
        Span(text=f"{then:>4.0%}", meaning=Meaning.TITLE if then != now else Meaning.TEXT),
    )

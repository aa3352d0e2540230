"""The help on the screens of drills and reports: how to run a drill, and losses measured without one. Pure."""

import time
from collections.abc import Sequence
from statistics import median

from hactl.tui.lines import Line, Span, line
from hactl.tui.losses import Loss, course, losses, took
from hactl.tui.meaning import Meaning
from hactl.tui.picture import View

_WHAT = (
    "a drill breaks something on purpose while requests flow, and measures from the clients' side",
    "how long recovery took (RTO) and what was lost (RPO); in the end it restores everything",
)
_WAYS = (
    ("X", "choose a drill: what it would strike, and if it is allowed; y runs it"),
    ("hactl drill run NAME", "in a shell, here or elsewhere: it is also shown here"),
    (":drill show NAME", "the definition of a drill, to start your own from"),
)
_HOW = "X runs a drill"
_ALWAYS = "whenever a node, an edge or a region is lost, the recovery is measured"


def how_to_drill() -> tuple[Line, ...]:
    """How to get a drill."""
    return (
        line(Span(text=" no drill has been run from here", meaning=Meaning.TITLE)),
        (),
        *(line(Span(text=f" {text}", meaning=Meaning.MUTED)) for text in _WHAT),
        (),
        *(line(Span(text=f" {way:<22} ", meaning=Meaning.KEY), what) for way, what in _WAYS),
    )


def reports(view: View, room: int) -> tuple[Line, ...]:
    """The losses of which the journal's newest records tell, with what each took, in `room` lines."""
    found = losses(view.records)
    if not found:
        return (
            line(Span(text=" no loss in the records at hand", meaning=Meaning.TITLE)),
            (),
            line(Span(text=f" {_ALWAYS}: ", meaning=Meaning.MUTED), _HOW),
        )
    lines = [
        line(Span(text=f" measured losses: {len(found)}", meaning=Meaning.TITLE), f"   {_HOW}"),
        (),
        *_medians(found),
        (),
    ]
    for loss in reversed(found[-max(1, room - len(lines)) :]):
        when = time.strftime("%m-%d %H:%M:%S", time.localtime(loss.wall))
        lines.append(
            line(
                Span(text=f" {when}  ", meaning=Meaning.MUTED),
                f"{loss.what:<14} ",
                *course(loss, aligned=True),
                loss.cause,
            )
        )
    return tuple(lines)


def _medians(found: Sequence[Loss]) -> list[Line]:
    """Median and worst of each part, where it was measured at all."""
    lines = []
    parts = {
        "seen": [loss.seen_ms for loss in found if loss.seen_ms is not None],
        "moved": [loss.moved_ms for loss in found if loss.moved_ms is not None],
        "back": [loss.back_ms for loss in found if loss.back_ms is not None],
    }
    what = {
        "seen": "from the kill or freeze command until it was detected",
        "moved": "from detection until every edge sent its traffic elsewhere",
        "back": "from detection until it served again",
    }
    for name, measured in parts.items():
        if measured:
            figures = f"median {took(median(measured))}, worst {took(max(measured))}, of {len(measured)}"
            lines.append(line(f" {name:<6} {figures:<42} ", Span(text=what[name], meaning=Meaning.MUTED)))
    return lines

"""All keys and what they do, those of the screen one looks at first. Pure; they are shown in a `screens.sheet`.

Keys that time has on the way through a recording stand with those that work everywhere.
"""

from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

_EVERYWHERE = "everywhere"
_TABLES = "in tables"
_ONE = "about one process"
_TEXTS = "in texts"
_CHANGES = "changes, of a region where its head is chosen"
_DRILLS = "drills"
_ASKED = "when it asks"

HELP = {
    _EVERYWHERE: (
        ("1 2 3 4 5 6", "fleet, node, events, logs, drills, reports"),
        (":", "a command as in a shell; tab completes; theme NAME"),
        ("ctrl+p", "everything that can be done, found by typing"),
        ("e l", "events; the log of the process that is chosen"),
        ("y", "copy the row or line to the terminal's clipboard"),
        ("p", "hold the view, and back to now"),
        ("[ ]  { }", "back and forward in time, by 1 s and by 30 s"),
        ("n N", "to the next event worth a stop, or the one before"),
        ("+ -", "play a recording faster, slower; p plays, holds it"),
        ("?", "this"),
        ("q", "leave; the fleet goes on (ctrl+c does not leave)"),
    ),
    _TABLES: (
        ("j k g G", "down, up, first, last; or arrows, home, end"),
        ("enter", "go in"),
        ("/", "filter; !text leaves out what has it; esc clears"),
        ("left right o", "sort by another column, the other way round"),
        ("space  ctrl+\\", "mark, clear marks: changes are of all marked rows"),
        ("z", "only rows somebody should look at, and all again"),
        ("v", "the traffic of regions, or of the nodes of one"),
    ),
    _ONE: (("< >", "the one before, the next: daemon, edges, nodes"),),
    _TEXTS: (
        ("/ s n N", "filter, search, next and previous match"),
        ("f w", "follow; wrap long lines, or cut them"),
        ("j k g G", "down, up, first, last; or arrows, home, end"),
    ),
    _CHANGES: (
        ("K  ctrl+k", "kill: SIGKILL, as a crash"),
        ("T R", "stop or start; restart, one at a time"),
        ("D Z", "drain or resume; freeze or thaw"),
        ("W", "weight of nodes or of regions: arrows, or type it"),
        ("S F", "number of nodes; move the traffic away, or back"),
        ("M", "of the fleet: repair nothing, or go on"),
        ("u", "undo a weight or a resume, for 10 s"),
    ),
    _DRILLS: (
        ("A", "stop the drill in progress: everything is put back"),
        ("X", "run a drill: choose one, see whom it would strike"),
        ("C", "what it waits for is done by hand"),
        ("enter", "the report on a run"),
        ("space c", "mark two runs; put them side by side"),
        ("b", "the readiness board, and the runs again"),
    ),
    _ASKED: (
        ("y", "does it; everything else leaves it as it is"),
        ("a name", "of the fleet, where a safety rule would break"),
    ),
}
"""Under each heading keys and what they do."""

_HERE = {
    "fleet": (_TABLES, _CHANGES),
    "node": (_ONE, _CHANGES, _TEXTS),
    "events": (_TEXTS,),
    "logs": (_TEXTS, _ONE),
    "drills": (_DRILLS,),
    "reports": (_DRILLS, _TABLES),
}
"""Headings under which the keys of a screen stand; screens that have none of their own are left out."""


def help_lines(page: str = "") -> tuple[Line, ...]:
    """All keys, those of `page` first."""
    here = _HERE.get(page, ())
    lines: list[Line] = []
    for heading in (*here, *(each for each in HELP if each not in here)):
        where = (Span(text=f"   on this screen: {page}", meaning=Meaning.MUTED),) if heading in here[:1] else ()
        lines += [(), line(Span(text=heading, meaning=Meaning.TITLE), *where)]
        lines += [line("  ", Span(text=f"{keys:<16}", meaning=Meaning.KEY), what) for keys, what in HELP[heading]]
    return tuple(lines[1:])

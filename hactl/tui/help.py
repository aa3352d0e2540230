"""All keys and what they do, those of the current screen first. Pure; shown in a `screens.sheet`.

Keys that time has on the way through a recording stand with those that work everywhere.
"""

from hactl.tui.lines import Line, Span, line
from hactl.tui.meaning import Meaning

_EVERYWHERE = "everywhere"
_TABLES = "in tables"
_ONE = "about one process"
_TEXTS = "in texts"
_CHANGES = "changes, to a region if its heading is selected"
_DRILLS = "drills"
_ASKED = "when it asks"

HELP = {
    _EVERYWHERE: (
        ("1 2 3 4 5 6", "fleet, node, events, logs, drills, reports"),
        (":", "a command as in a shell; tab completes; theme NAME"),
        ("ctrl+p", "all actions, found by typing"),
        ("e l", "events; the log of the selected process"),
        ("y", "copy the row or line to the terminal's clipboard"),
        ("p", "freeze the view, and back to live"),
        ("[ ]  { }", "back and forward in time, by 1 s and by 30 s"),
        ("n N", "to the next notable event, or the previous one"),
        ("+ -", "play a recording faster, slower; p plays, pauses"),
        ("?", "this"),
        ("q", "quit; the fleet keeps running (ctrl+c does not)"),
    ),
    _TABLES: (
        ("j k g G", "down, up, first, last; or arrows, home, end"),
        ("enter", "open"),
        ("/", "filter; !text hides matches; esc clears"),
        ("left right o", "sort by another column, reverse the order"),
        ("space  ctrl+\\", "mark, clear marks: changes apply to all marked rows"),
        ("z", "only rows that need attention, and all again"),
        ("v", "traffic by region, or by node of one region"),
    ),
    _ONE: (("< >", "previous, next: daemon, edges, nodes"),),
    _TEXTS: (
        ("/ s n N", "filter, search, next and previous match"),
        ("f w", "follow; wrap long lines, or cut them"),
        ("j k g G", "down, up, first, last; or arrows, home, end"),
    ),
    _CHANGES: (
        ("K  ctrl+k", "kill: SIGKILL, like a crash"),
        ("T R", "stop or start; restart one at a time, or start"),
        ("D Z", "drain or resume; freeze or thaw"),
        ("W", "weight of nodes or regions: arrows, or type it"),
        ("S F", "number of nodes; move the traffic away, or back"),
        ("M", "pause automatic repairs of the fleet, or resume"),
        ("u", "undo a weight or a resume, for 10 s"),
    ),
    _DRILLS: (
        ("A", "stop the drill in progress and restore everything"),
        ("X", "run a drill: choose one, see what it would strike"),
        ("C", "confirm its manual step"),
        ("enter", "the report of a run"),
        ("space c", "mark two runs; compare them"),
        ("b", "the readiness board, and the runs again"),
    ),
    _ASKED: (
        ("y", "confirm; any other key cancels"),
        ("a name", "of the fleet, if a safety rule would be broken"),
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

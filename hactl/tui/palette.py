"""All available actions in one list that is searched by typing: changes, screens, commands. Pure.

What cannot be done now stays in the list and says why. Changes are frozen when the list is opened, as by a key.
"""

from collections.abc import Container, Iterator, Sequence

from hactl.core.value import Value, replace
from hactl.tui import keys
from hactl.tui.actions import Action
from hactl.tui.keys import Rows
from hactl.tui.picture import View
from hactl.tui.shell import READS

SHIFTED = {
    "K": "ends it at once, like a crash",
    "T": "drains, then stops",
    "R": "one at a time",
    "D": "out of rotation, or back",
    "W": "its share of the traffic",
    "S": "how many nodes a region has",
    "F": "moves the traffic of a region, or gives it back",
    "Z": "like a hang, or let it continue",
    "M": "pause automatic repairs, or resume",
}
"""What the keys that change something do, in other words than their names."""

_OF_PROCESSES = "KTRDWZ"
_OF_REGIONS = "WSF"


class Entry(Value):
    """One thing that can be done."""

    title: str
    keys: str = ""
    """What else does it."""
    action: Action | None = None
    """The change that it begins."""
    run: str = ""
    """Or the action of the application."""
    why_not: str = ""
    """Why it cannot be done now; "" when it can."""


OTHERS = (
    Entry(title="stop the drill in progress", keys="A", run="abort"),
    Entry(title="run a drill", keys="X", run="drill"),
    Entry(title="confirm the manual step of a drill", keys="C", run="go_on"),
    Entry(title="undo the last weight or resume", keys="u", run="undo"),
    Entry(title="copy the selected row or line", keys="y", run="copy"),
    Entry(title="freeze the view, or back to live", keys="p", run="hold"),
    Entry(title="back in time", keys="[ {", run="walk(-1)"),
    Entry(title="forward in time", keys="] }", run="walk(1)"),
    Entry(title="type a command", keys=":", run="command"),
    Entry(title="all keys", keys="?", run="help"),
    Entry(title="quit the console; the fleet keeps running", keys="q", run="quit"),
)
"""What can be done on every screen, whatever is chosen."""


def entries(
    view: View, meant: Rows, *, pages: Sequence[str], verbs: Sequence[str], themes: Sequence[str]
) -> tuple[Entry, ...]:
    """The whole list: changes of what is `meant`, everything else, the commands, and changes of all that is not meant.

    Who types 'drain tokyo-1' finds it wherever the cursor is.
    """
    blocked = keys.forbidden(view)
    changes = tuple(_change(view, meant, key, blocked) for key in keys.WRITES)
    return (
        *changes,
        *(Entry(title=f"screen {page}", keys=str(at), run=f"page('{page}')") for at, page in enumerate(pages, start=1)),
        *OTHERS,
        *(Entry(title=f"theme {theme}", run=f"theme({theme!r})") for theme in themes),
        *(Entry(title=f":{verb} ...", run=f"command('{verb} ')", why_not=_closed(view, verb)) for verb in verbs),
        *(() if blocked else _elsewhere(view, {entry.title for entry in changes})),
    )


def _elsewhere(view: View, known: Container[str]) -> Iterator[Entry]:
    """What can be done to each process and each region, but for what is `known`."""
    if view.snapshot is None:
        return
    fleet = view.snapshot.fleet
    processes = [(Rows(nodes=(node,), single=(node,)), _OF_PROCESSES) for node in fleet.nodes.values()]
    regions = [(keys.rows(fleet, f"[{region.name}]"), _OF_REGIONS) for region in fleet.spec.regions]
    for meant, possible in (*processes, *regions):
        for key in possible:
            entry = _change(view, meant, key, "")
            if entry.action is not None and entry.title not in known:
                yield replace(entry, keys="")  # the key is about another row


def _closed(view: View, verb: str) -> str:
    """Why that command is not run whatever stands behind it; "" when it may be: that is judged when it is typed."""
    return "" if view.refusal == keys.ONLY_READS and verb in READS else view.refusal


def _change(view: View, meant: Rows, key: str, blocked: str) -> Entry:
    name, more = keys.WRITES[key], SHIFTED[key]
    if blocked or view.snapshot is None:
        return Entry(title=f"{name}: {more}", keys=key, why_not=blocked)
    choice = keys.choose(key, view.snapshot, meant)
    if choice.action is None:
        return Entry(title=f"{name}: {more}", keys=key, why_not=choice.why_not)
    said = choice.action.verb if choice.action.number is not None else choice.action.title
    whom = f" of {choice.action.whom}" if choice.action.number is not None else ""
    return Entry(title=f"{said}{whom}: {more}", keys=key, action=choice.action)


def narrowed(known: tuple[Entry, ...], typed: str) -> tuple[Entry, ...]:
    """Those that have every word that was typed; what begins with the first one comes first."""
    words = typed.casefold().split()
    if not words:
        return known
    found = [entry for entry in known if all(word in entry.title.casefold() for word in words)]
    return tuple(sorted(found, key=lambda entry: not entry.title.casefold().lstrip(":").startswith(words[0])))

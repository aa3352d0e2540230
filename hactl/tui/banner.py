"""The line in place of the keys while no daemon answers: for how long, why, and what to try. Pure.

What to try stands last and is never cut: paths lose their beginning first, then the reason loses its end.
"""

import re

from hactl.core.reading import age
from hactl.tui.lines import Line, Span, cut, length, line
from hactl.tui.meaning import Meaning

_PATH = re.compile(r"'/[^']*/([^'/]+)'")


def banner(trouble: str, since: float, width: int) -> Line:
    """`trouble` as one line of at most `width` cells; it has been so for `since` seconds, of which 0 says nothing."""
    reason, bracket, hint = trouble.partition(" (")
    lasting = f" for {age(since)}" if since else ""
    last = (Span(text=f"{bracket}{hint}", meaning=Meaning.DOWN),)
    for asking in (f" retrying twice a second{lasting}: ", f" retrying{lasting}: "):
        for why in (reason, _PATH.sub(r"'…/\1'", reason)):
            first = line(Span(text=f"{asking}{why}", meaning=Meaning.DOWN))
            if length(first) + length(last) <= width:
                return (*first, *last)
    return cut((*cut(first, max(0, width - length(last))), *last), width)

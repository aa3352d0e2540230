"""What a colour says. Widgets name meanings; which colour that is stands in a theme file (`theme`).

Colour is never the only sign: every state has a glyph and a word besides.
"""

from enum import StrEnum

from hactl.core.value import Value


class Meaning(StrEnum):
    """What a piece of text is, as far as its looks go."""

    TEXT = "text"
    MUTED = "muted"
    """Less important: ages, units, what is switched off."""
    TITLE = "title"
    SERVING = "serving"
    DEGRADED = "degraded"
    """It serves, but not well; also warnings."""
    DOWN = "down"
    DRAINING = "draining"
    STARTING = "starting"
    STOPPED = "stopped"
    """On purpose: intent is not failure."""
    STALE = "stale"
    """Not known any more, or never."""
    GRAPH = "graph"
    KEY = "key"
    """A key that does something now."""
    CURSOR = "cursor"
    """Laid over the row under the cursor."""
    MARK = "mark"


class Glyphs(Value):
    """One character for each state and sign, for those who cannot tell colours apart."""

    serving: str = "●"
    degraded: str = "▲"
    down: str = "✖"
    draining: str = "◐"
    stopped: str = "■"
    starting: str = "◌"
    news: str = "◆"
    """Something has come where nobody looks ..."""
    silence: str = "◇"
    """... or nothing comes there any more."""
    bars: str = " ▁▂▃▄▅▆▇"
    """From nothing to full, which is a little less than a cell: lines below each other stay apart."""


ASCII = Glyphs(
    serving="+", degraded="!", down="x", draining="d", stopped="-", starting="s", news="*", silence="~", bars=" .:-=+*#"
)
"""For terminals and fonts that have no more."""

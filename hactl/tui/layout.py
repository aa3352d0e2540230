"""How the lines of the fleet screen are divided among its parts. Pure.

The table gets what its rows need, as long as something is left for what happens below it; then the plot grows, and
what is left over goes to the events. Nothing changes its place when a window grows, there is only more of it.
"""

from hactl.core.value import Value

ROOMY = (110, 36)
"""Columns and lines from which numbers get boxes, and the traffic a plot."""
SIDE = 150
"""Columns from which the row under the cursor is told in full beside the table."""
PLOT = (6, 11)
"""Lines of a plot, at least and at most, without the line above it."""
EVENTS = (2, 6)
"""Lines for events that are kept free whatever the number of rows: on small screens, on roomy ones."""
_RULE = 1
"""The line above a part."""


class Heights(Value):
    """Lines of each part, those above them included."""

    table: int
    plot: int
    operations: int
    below: int
    """Operations and events together."""


def heights(room: int, *, rows: int, operations: int, roomy: bool) -> Heights:
    """Share out `room` lines among `rows` rows with their head, a plot where it is `roomy`, and what happens."""
    shown = min(operations, max(0, room // 4))
    below = _RULE + EVENTS[roomy] + shown
    plot = _RULE + PLOT[0] if roomy else 0
    table = max(3, min(rows + 1, room - below - plot))
    left = max(0, room - table - plot - below)
    grown = min(left, PLOT[1] - PLOT[0]) if roomy else 0
    return Heights(table=table, plot=plot + grown, operations=shown, below=below + left - grown)

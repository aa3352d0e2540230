"""Which records say that somebody has touched a fleet.

A fleet at rest goes on writing of itself: a probe came late, a node has proved more than before. Tests that promise
that nothing was changed mean none of that, and look for what a command or another daemon would have left.
"""

from collections.abc import Iterable

from hactl.core.events import DaemonStarted, DaemonStopped, Record


def touches(records: Iterable[Record]) -> list[Record]:
    """Those that somebody caused, in order; daemons that come and go name nobody and are counted all the same."""
    return [record for record in records if record.by or isinstance(record.event, DaemonStarted | DaemonStopped)]

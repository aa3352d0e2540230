"""How long tests take that take their time: `HACTL_LONG=short` is for every build, without it all is as promised.

`HACTL_LONG=all` is for stories that are told with every build, of a drill's phases one after another: all of them.
"""

import os

import pytest

SHORT = os.environ.get("HACTL_LONG") == "short"
takes_minutes = pytest.mark.skipif(SHORT, reason="takes minutes")


def some(*phases: str) -> list[str]:
    """All of them with `HACTL_LONG=all`, else every third: a build has no time for more."""
    return list(phases if os.environ.get("HACTL_LONG") == "all" else phases[::3])

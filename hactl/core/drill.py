"""A drill in progress, as the daemon sees it: what is lent to it, until when, and how everything was before.

Values only; what follows from them is `drills`. What a drill does and what it measures is no concern of the daemon.
"""

from hactl.core.evacuation import Evacuation
from hactl.core.node import Goal
from hactl.core.spec import FleetSpec
from hactl.core.value import Value


class Before(Value):
    """What is restored of one process."""

    goal: Goal
    weight: int
    drained: bool


class Baseline(Value):
    """How everything was that a drill may touch, journaled before its first fault."""

    nodes: dict[str, Before] = {}
    """By name, edges included."""
    weights: dict[str, int] = {}
    """Of regions, by name."""
    evacuations: dict[str, Evacuation | None] = {}
    """By region; None for a region that had all its traffic."""
    revision: int = 0
    """Number of the configuration in force, when the drill may change it; 0 when it may not."""
    spec: FleetSpec | None = None
    """What that configuration says."""
    services: tuple[str, ...] = ()
    """To which the hops are to be as they were: undisturbed."""


class Lease(Value):
    """How long the fleet is lent to a drill: its runner has to be heard of again and again."""

    name: str
    """The drill's."""
    term: float
    """Seconds that each sign of life is good for."""
    expires: float
    """Monotonic seconds at which the term is over."""
    until: float
    """Monotonic seconds at which the drill is over, whatever its runner says."""
    baseline: Baseline
    canary: int = 0
    """Number of the newest canary that the runner has written; 0 before the first."""
    restarts_nodes: bool = False
    """A configuration that came in its time has changed what nodes are started with, so going back does as well."""
    restarts_edges: bool = False
    undoing: str = ""
    """The operation that brings back the configuration from before; "" while none has been needed."""
    returned: bool = False
    """Somebody has said that it is over; else its time was, or nobody was heard of."""
    question: str = ""
    """What a person has to do before it goes on; "" when it waits for nobody."""


class DrillLock(Value):
    """While it lasts no drill may begin, whoever asks; it outlives daemons, `down` and reboots."""

    by: str
    since: float
    """Unix time at which drills were locked first, however often that was said again."""
    reason: str = ""

    @property
    def who(self) -> str:
        """The sentence that explains what may not begin."""
        why = f" ({self.reason})" if self.reason else ""
        return f"drills are locked{f' by {self.by}' if self.by else ''}{why}"


class Turn(Value):
    """The last time a schedule came, and what became of it."""

    at: float
    """Unix time at which it was due."""
    skipped: str = ""
    """Why nothing was run; "" when something was."""
    over: bool = False
    """Its run has ended."""
    code: int | None = None
    """The exit code of its run; None when that is not known."""
    why: str = ""
    """Why there was no run after all."""


class DrillBook(Value):
    """What is known about drills besides the one in progress."""

    lock: DrillLock | None = None
    turns: dict[str, Turn] = {}
    """By schedule."""

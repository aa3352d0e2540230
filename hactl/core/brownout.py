"""A brown-out: a region that answers, but far worse than it should. A value; what follows from it is in `brownouts`."""

from hactl.core.value import Value


class Answers(Value):
    """Some answers taken together."""

    count: float = 0.0
    errors: float = 0.0
    """How many of them failed, attempts without an answer included."""
    p50_ms: float | None = None

    @property
    def faulty(self) -> float:
        """The part of them that failed (0..1): of attempts, when more failed than were answered."""
        most = max(self.count, self.errors)
        return self.errors / most if most else 0.0


class Brownout(Value):
    """One region's, from the first bad news until long after it was over: a region that degrades again waits longer."""

    region: str
    why: str = ""
    """What was measured, for people."""
    usual: Answers | None = None
    """What was measured was compared with this: how its answers should be. None: an older hactl did not note it."""
    faltering: bool = True
    """The last news was bad."""
    load: float | None = None
    """Requests per second that all nodes carried then; None when they were not known."""
    began: float = 0.0
    """Unix time of the first bad news."""
    heard: float = 0.0
    """Monotonic seconds of the last news: degraded since, or healthy since."""
    moved: bool = False
    """Most of its traffic has been taken away for this, and not all of it is back."""
    wait: float = 0.0
    """Seconds it must have been healthy before it gets anything back; doubles each time it degrades again."""
    resume: float | None = None
    """Monotonic seconds of the next step back, once every edge has taken the one before."""
    vain: str = ""
    """Why moving its traffic did not help; "" as long as it may."""
    barred: float | None = None
    """Monotonic seconds before which its traffic is not moved again: it would not help."""
    bar: float = 0.0
    """Seconds from the last useless attempt to the next; doubles each time."""
    yielded: bool = False
    """An operator has taken it in hand: nothing is done for it until it has once been well."""
    over: float | None = None
    """Monotonic seconds since which it has all its traffic and is well."""

"""Judges one process by the answers to its probes: the answers go in, crossings come out. Knows no clock but the one
it is told, and takes nobody out: the core decides what a crossing means.
"""

from hactl.core.node import Health
from hactl.core.spec import HealthSpec
from hactl.core.value import Value

EXCUSED = 30.0
"""Seconds of one silence for which a process is excused. It may also hang in one thread while another wants to run."""


class Verdict(Value):
    """What to tell the core: whether a process is well, why not, and whether it hangs."""

    healthy: bool
    why: str = ""
    hung: bool = False


class Judgement:
    """Consecutive answers of one process in, crossings out; each crossing once."""

    def __init__(self) -> None:
        self._said = Health.UNKNOWN
        self._said_hung = False
        self._good = 0
        self._bad = 0
        self._silent_since: float | None = None
        self._mute_since: float | None = None
        self._excused_since: float | None = None

    def well(self, spec: HealthSpec, *, starting: bool) -> Verdict | None:
        """A good answer. The first one is enough for a process that is starting."""
        self._good += 1
        self._bad = 0
        self.discard()
        if self._said is Health.HEALTHY or self._good < (1 if starting else spec.healthy_threshold):
            return None
        self._said, self._said_hung = Health.HEALTHY, False
        return Verdict(healthy=True)

    def missed(self, spec: HealthSpec, why: str, *, silence: tuple[float, float] | None) -> Verdict | None:
        """A wrong answer, or none: then `silence` says from when until when (monotonic) it was waited for."""
        self._good = 0
        self._bad += 1
        if silence is None:
            self.discard()
        elif self._silent_since is None:
            self._silent_since = silence[0]
        if silence is not None and self._silent_since is not None:
            mute = silence[1] - self._silent_since
            if mute >= spec.hang_grace:
                return self.stuck(f"silent for {mute:.1f} s")
        if self._said is Health.UNHEALTHY or self._bad < spec.unhealthy_threshold:
            return None
        self._said = Health.UNHEALTHY
        return Verdict(healthy=False, why=why)

    def stuck(self, why: str) -> Verdict | None:
        """It will not answer any more, that much is certain."""
        self._good = 0
        if self._said_hung:
            return None
        self._said, self._said_hung = Health.UNHEALTHY, True
        return Verdict(healthy=False, why=why, hung=True)

    def resumed(self) -> None:
        """It had been stopped and runs again: another silence is news again."""
        self._said_hung = False
        self.discard()

    def unanswered(self, began: float) -> float:
        """A probe sent at `began` was not answered. From when on none has been, excused or not (monotonic)."""
        self._mute_since = began if self._mute_since is None else self._mute_since
        return self._mute_since

    def excused(self, now: float, late: float = 0.0) -> bool:
        """It may not be to blame: then nothing can be said about the silence so far. No silence is excused for ever.

        `late` is for how long we did not look ourselves, seconds that do not count.
        """
        self._excused_since = now if self._excused_since is None else self._excused_since + late
        if now - self._excused_since >= EXCUSED:
            return False
        self._silent_since = None
        return True

    def discard(self) -> None:
        """Nothing can be said about the silence so far, if there was one."""
        self._silent_since = self._mute_since = self._excused_since = None

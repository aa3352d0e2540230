"""Recent answers, and for how long a condition has held: shared by everything that judges by measurements.

Not the measuring (`sampler`), nor what is too slow or too faulty (`slowness`, `brownout`). Time is an argument.
"""

from collections import deque
from collections.abc import Iterable

from hactl.core.brownout import Answers
from hactl.core.model import Fleet, Now, Sample
from hactl.core.node import Node

LONGEST = 30.0
"""Seconds after which an answer says nothing any more about how things are."""
WARM = 10.0
"""Seconds from its coming into service in which a node is not judged: caches and connections are cold."""
LATE = 0.25
"""Seconds of delay in our own loop beyond which a measurement is passed over: the machine is starved, not a node."""


class Recent:
    """The newest measurements of a node, or of all nodes of a region; each is of about a second."""

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._seconds: deque[tuple[float, Sample]] = deque()

    @classmethod
    def merged(cls, parts: "Iterable[Recent]") -> "Recent":
        """Those of several, in the order of time."""
        whole = cls()
        whole._seconds.extend(sorted((each for part in parts for each in part._seconds), key=lambda each: each[0]))
        return whole

    def add(self, samples: Iterable[Sample], now: float, *, hold: float = 0.0) -> None:
        """Take what was measured up to `now`, in monotonic seconds; where nothing could be read nothing is known.

        The newest `hold` answers are kept however old they are.
        """
        self._seconds.extend((now, sample) for sample in samples if sample.requests is not None)
        while self._seconds and self._seconds[0][0] <= now - self._longest:
            oldest = self._seconds.popleft()
            if hold and self._most() < hold:
                self._seconds.appendleft(oldest)
                break

    def _most(self) -> float:
        """All answers in it, or all attempts that failed when these are more."""
        counts = ((sample.requests or 0.0, sample.errors or 0.0) for _, sample in self._seconds)
        requests, errors = map(sum, zip(*counts, strict=True)) if self._seconds else (0.0, 0.0)
        return max(requests, errors)

    def over(self, now: float, enough: float, *, seconds: float, part: float = 0.5) -> Answers | None:
        """The newest answers: those of `seconds` at least, of more when these are not `enough`; None: too few.

        Their median is that of the medians of each second, weighed by how many answers it stands for; with another
        `part` (0..1), the median that so many of the answers had at most in their second.
        """
        count, errors, latest = 0.0, 0.0, now
        medians: list[tuple[float, float]] = []
        for at, sample in reversed(self._seconds):
            if at < latest and at <= now - seconds and max(count, errors) >= enough:
                break
            latest = at
            count += sample.requests or 0.0
            errors += sample.errors or 0.0
            if sample.p50_ms is not None and sample.requests:
                medians.append((sample.p50_ms, sample.requests))
        if max(count, errors) < enough:
            return None
        return Answers(count=count, errors=errors, p50_ms=weighted_quantile(medians, part))


class Held:
    """For how long something has been true without a break."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def true(self) -> bool:
        """Whether it was true the last time."""
        return self._since is not None

    def during(self, true: bool, now: float) -> float:
        """Seconds it has been true by now; 0 when it is not."""
        if not true:
            self._since = None
            return 0.0
        if self._since is None:
            self._since = now
        return now - self._since


def warm(fleet: Fleet, node: Node, now: Now) -> bool:
    """True when a node has served long enough to be compared with others."""
    return now.wall - node.since >= max(WARM, fleet.spec.health.slow_start)


def slower(own: float, usual: float, *, times: float, more: float, part: float = 1.0) -> bool:
    """Whether `own` ms are beyond `part` of so many times `usual` and of so many ms more."""
    return own >= times * part * usual and own - usual >= more * part


def weighted_quantile(weighed: Iterable[tuple[float, float]], part: float = 0.5) -> float | None:
    """The value up to which this part (0..1) of the weight lies, the median unless another is asked for; None when
    nothing weighs anything. (value, weight)"""
    values = sorted(weighed)
    left = sum(weight for _, weight in values) * part
    for value, weight in values:
        left -= weight
        if left <= 0 < weight:
            return value
    return None

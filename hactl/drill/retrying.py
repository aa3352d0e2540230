"""What a real client does about a failed request: it retries, a little later, not too often and in time. Pure.

Not who sends: that is `load`. The pauses grow and are drawn by chance, so that clients which failed together do not
come back together; and only what does no harm when it is done twice is asked again.
"""

from random import Random

from hactl.core.value import Value

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
TRANSIENT = frozenset({429, 502, 503, 504})
"""Answers that say that another attempt may succeed."""


class RetryPolicy(Value):
    """How often, how soon and for how long a client asks again."""

    retries: int
    """Attempts after the first."""
    deadline: float
    """Seconds that all attempts and pauses may take together; the first has only its part of them."""
    base: float = 0.025
    """Seconds: the longest first pause. Each further one may be twice as long."""
    longest: float = 0.25
    """Seconds: the longest pause of all."""

    def __str__(self) -> str:
        again = f"up to {self.retries} retries where safe, after pauses of up to {self.base * 1000:g} ms"
        return f"{again} that double, all within {self.deadline:g} s"

    def attempt(self, spent: float) -> float:
        """Seconds that one attempt may take when `spent` of the deadline are gone."""
        return max(0.0, min(self.deadline / (self.retries + 1), self.deadline - spent))

    def pause(self, method: str, attempts: int, status: int, spent: float, chance: Random) -> float | None:
        """Seconds until the next attempt, after so many; None when there is none. `status` 0 is no answer at all."""
        if method not in IDEMPOTENT or attempts > self.retries or (status and status not in TRANSIENT):
            return None
        pause = chance.uniform(0.0, min(self.longest, self.base * 2 ** (attempts - 1)))
        return pause if spent + pause < self.deadline else None

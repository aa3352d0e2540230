"""What a drill makes a gateway node do to the requests it gets: take longer, or fail some. Values only.

The rules that follow from it stand in `impairing`. It is a fault of one process and ends with it: the next process of
the same node begins without.
"""

from enum import StrEnum
from typing import assert_never

from hactl.core.value import Value

LONGEST_DELAY = 60.0
"""Seconds."""
ALL = 100
"""Per cent."""
UNAVAILABLE = 503
LOWEST_STATUS, HIGHEST_STATUS = 200, 599
"""Of what a request can be answered with."""


class Impairment(Value):
    """How requests from clients are treated before the node does anything with them; its own checks are not."""

    delay: float = 0.0
    """Seconds that a request is held before it goes on; 0 for no delay."""
    delayed: int = 0
    """Per cent of the requests that are held."""
    status: int = UNAVAILABLE
    """HTTP status of those that fail."""
    failed: int = 0
    """Per cent of the requests that are answered with that status, held or not."""

    def __str__(self) -> str:
        parts = []
        if self.delayed:
            parts.append(f"+{self.delay * 1000:g} ms on {self.delayed} %")
        if self.failed:
            parts.append(f"{self.status} for {self.failed} %")
        return ", ".join(parts) or "nothing"


class ImpairmentPhase(StrEnum):
    """How far an impairment has come."""

    ORDERED = "ordered"
    EFFECTIVE = "effective"
    """Read back from the process."""
    LIFTING = "lifting"
    """It is over, and the process has not proved that yet."""


class Impaired(Value):
    """That a node is impaired, by whom, and how far that has come."""

    fault: Impairment
    by: str
    """For people: the drill."""
    phase: ImpairmentPhase = ImpairmentPhase.ORDERED

    def __str__(self) -> str:
        match self.phase:
            case ImpairmentPhase.ORDERED:
                return f"about to be impaired by {self.by}: {self.fault}"
            case ImpairmentPhase.EFFECTIVE:
                return f"impaired by {self.by}: {self.fault}"
            case ImpairmentPhase.LIFTING:
                return f"impairment by {self.by} is being lifted (not yet confirmed)"
            case _:
                assert_never(self.phase)

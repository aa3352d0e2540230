"""What a run reports about itself while it lasts, for onlookers: a file that only grows, one step a line.

A drill is run by one process and looked at by others: by a console that has started it, or by one in another room. So
it is told on disk, and nobody has to be there. Nothing is judged by it; what counts stands in the report.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.drill.evidence import ByHand, Times
from hactl.drill.faults import Proof
from hactl.drill.load_plan import Progress
from hactl.drill.phases import Phase

HEAL = "heal"
"""How a line for people begins that says that a fault was taken back at its time."""


class Entered(Value, tag=True, tag_field="step"):
    """A phase began; monotonic seconds, here and below."""

    at: float
    phase: Phase


class Told(Value, tag=True, tag_field="step"):
    """A line for people."""

    at: float
    text: str


class Asked(Value, tag=True, tag_field="step"):
    """How the load stands, about once a second."""

    at: float
    progress: Progress


class Timed(Value, tag=True, tag_field="step"):
    """What is known by now of when each thing happened, and to whom."""

    times: Times
    proofs: tuple[Proof, ...] = ()
    by_hand: tuple[ByHand, ...] = ()


Step = Entered | Told | Asked | Timed


class Feed:
    """The writer's end. It never fails: a drill goes on whether anybody can look on or not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._timed: Timed | None = None

    def told(self, say: Callable[[str], None]) -> Callable[[str], None]:
        """`say` for a line to people, which is added as well."""

        def tell(text: str) -> None:
            self.say(Told(at=time.monotonic(), text=text))
            say(text)

        return tell

    def say(self, step: Step) -> None:
        """Add a step; when things happened is only added when it is news."""
        if isinstance(step, Timed):
            if step == self._timed:
                return
            self._timed = step
        with suppress(OSError), self._path.open("ab") as file:
            file.write(codec.encode(step) + b"\n")


class Tail:
    """Whole lines of a file that grows, each once. Of a file that is not there, none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def lines(self) -> list[bytes]:
        """Those that have come since they were read last."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                whole, end, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        self._read += len(whole) + len(end)
        return whole.split(b"\n") if whole else []


def steps(lines: list[bytes]) -> Iterator[Step]:
    """What they say. A line that an older or newer hactl has written otherwise is passed over: it is talk."""
    for line in lines:
        with suppress(HactlError):
            yield codec.decode(line, Step)  # type: ignore[arg-type]  # a union is as good as a type here

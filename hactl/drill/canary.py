"""Canaries: numbered records that a drill leaves in the journal, and the ledger that remembers which were acknowledged.

The ledger is a file outside the fleet's state, and an acknowledgement is in it, on the disk, before the next canary is
written: whatever the fleet forgets, this does not. What became of each is told afterwards by reading all of them back.
Only what was acknowledged can be lost; what was not may be there or not.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hactl.core.drill_events import DrillKept
from hactl.core.errors import HactlError, os_reason
from hactl.core.events import Record
from hactl.core.value import Value

LEAST = 100
"""Acknowledged canaries before the fault without which nothing is said about loss."""
_LISTED = 50
"""Lost numbers that a report names."""


class Written(Value):
    """One canary, as its writer knows it; monotonic seconds."""

    number: int
    sent: float
    acknowledged: float | None = None
    """When the receipt came; None when none did."""


class Losses(Value):
    """What became of the canaries of one store."""

    store: str
    acknowledged: int
    before: int
    """Of these, before the fault."""
    kept: int
    lost: tuple[int, ...]
    """Acknowledged and missing: the first of them, by number."""
    lost_count: int
    ghosts: int
    """Not acknowledged, and there."""
    rejected: int
    """Not acknowledged, and not there."""
    duplicates: int
    window: float
    """Seconds between the newest record of the prefix that is whole and the fault; 0 when nothing is lost."""
    resolution: float
    """Seconds between two canaries: no loss shorter than that is seen in time; 0 where every record is known."""
    least: int = LEAST
    """How many have to be acknowledged before the fault to speak of loss; 0 where every record is known."""

    @property
    def enough(self) -> bool:
        """True when enough were acknowledged before the fault to speak of loss."""
        return self.before >= self.least


class Ledger:
    """Acknowledgements, each on the disk before the next canary is written."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self._fd = -1

    @contextmanager
    def kept_in(self, path: Path) -> Iterator[None]:
        """Write to the file at `path` for as long as the context is entered. Raises HactlError when it cannot be."""
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(error) from error
        try:
            yield
        finally:
            os.close(self._fd)
            self._fd = -1

    def note(self, canary: Written) -> None:
        """Remember what became of one; an acknowledgement is on the disk when this returns. Raises HactlError when it
        cannot be written."""
        self.written.append(canary)
        acknowledged = "-" if canary.acknowledged is None else f"{canary.acknowledged:.6f}"
        line = f"{canary.number} {canary.sent:.6f} {acknowledged}\n".encode()
        try:
            while line:
                line = line[os.write(self._fd, line) :]
            if canary.acknowledged is not None:
                os.fdatasync(self._fd)
        except OSError as error:
            raise _unwritable(error) from error


def _unwritable(error: OSError) -> HactlError:
    return HactlError(f"the ledger of canaries cannot be written: {os_reason(error)}", "df -h")


def read_ledger(path: Path) -> list[Written]:
    """What a ledger remembers, nothing when there is none; a last line that was cut short was never acknowledged to
    anybody. Raises HactlError when it cannot be read."""
    try:
        lines = path.read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise HactlError(f"the ledger of canaries cannot be read: {error}") from error
    return [written for line in lines if line.endswith("\n") and (written := read_line(line)) is not None]


def read_line(line: str) -> Written | None:
    """What one whole line of a ledger remembers; None for what is none."""
    parts = line.split()
    if len(parts) != 3:
        return None
    try:
        acknowledged = None if parts[2] == "-" else float(parts[2])
        return Written(number=int(parts[0]), sent=float(parts[1]), acknowledged=acknowledged)
    except ValueError:
        return None


def present(records: Iterable[Record], operation: str) -> Iterator[int]:
    """The numbers of the canaries of one drill that are in the journal."""
    for record in records:
        if isinstance(record.event, DrillKept) and record.event.id == operation and record.event.canary:
            yield record.event.canary


def classify(written: Iterable[Written], found: Iterable[int], fault: float, rate: float, store: str) -> Losses:
    """What became of each. `found` are the numbers found afterwards, `fault` is monotonic seconds."""
    found = Counter(found)
    everything = sorted(written, key=lambda canary: canary.number)
    known = [canary for canary in everything if canary.acknowledged is not None]
    unknown = [canary for canary in everything if canary.acknowledged is None]
    lost = [canary for canary in known if not found[canary.number]]
    window = 0.0
    if lost:
        whole = [canary.acknowledged for canary in known if canary.number < lost[0].number]
        newest = max((moment for moment in whole if moment is not None), default=known[0].sent)
        window = max(0.0, fault - newest)
    return Losses(
        store=store,
        acknowledged=len(known),
        before=sum(canary.acknowledged is not None and canary.acknowledged <= fault for canary in known),
        kept=len(known) - len(lost),
        lost=tuple(canary.number for canary in lost[:_LISTED]),
        lost_count=len(lost),
        ghosts=sum(found[canary.number] > 0 for canary in unknown),
        rejected=sum(not found[canary.number] for canary in unknown),
        duplicates=sum(count - 1 for count in found.values() if count > 1),
        window=window,
        resolution=1 / rate,
    )


def compare(before: dict[int, str], after: dict[int, str], store: str) -> Losses:
    """What became of records that were all known before the fault, by number and digest: an altered one is lost."""
    lost = [number for number, digest in sorted(before.items()) if after.get(number) != digest]
    return Losses(
        store=store,
        acknowledged=len(before),
        before=len(before),
        kept=len(before) - len(lost),
        lost=tuple(lost[:_LISTED]),
        lost_count=len(lost),
        ghosts=0,
        rejected=0,
        duplicates=0,
        window=0.0,
        resolution=0.0,
        least=0,
    )

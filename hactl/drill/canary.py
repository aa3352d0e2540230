"""Canaries: numbered records that a fleet has acknowledged, and the ledger of a drill that remembers them.

The ledger is a file outside the fleet's state, and an acknowledgement is in it, on the disk, before the next canary is
written: whatever the fleet forgets, this does not. What became of each is told afterwards by reading all of them back.
Only what was acknowledged can be lost; what was not may be there or not. Where they are read back is `stores`.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.core.value import Value
from hactl.drill.definition import CanaryStore

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
    store: CanaryStore = CanaryStore.JOURNAL
    digest: str = ""
    """Of what it says; "" where its number is all that it says."""


class Found(Value):
    """One that a store has, as it was read back."""

    number: int
    digest: str = ""
    """Of what it says; "" where its number is all that it says."""


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
    altered: tuple[int, ...] = ()
    """Acknowledged and there, but not as they were: the first of them, by number."""
    altered_count: int = 0

    @property
    def broken(self) -> int:
        """Those that are not there as they were acknowledged, once."""
        return self.lost_count + self.altered_count + self.duplicates

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

    def note(self, *canaries: Written) -> None:
        """Remember what became of these; acknowledgements are on the disk when this returns, which waits for it once.
        Raises HactlError when they cannot be written."""
        self.written += canaries
        lines = "".join(map(_line, canaries)).encode()
        try:
            while lines:
                lines = lines[os.write(self._fd, lines) :]
            if any(canary.acknowledged is not None for canary in canaries):
                os.fdatasync(self._fd)
        except OSError as error:
            raise _unwritable(error) from error


def _line(canary: Written) -> str:
    acknowledged = "-" if canary.acknowledged is None else f"{canary.acknowledged:.6f}"
    more = "" if canary.store is CanaryStore.JOURNAL else f" {canary.store} {canary.digest}"
    return f"{canary.number} {canary.sent:.6f} {acknowledged}{more}\n"


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
    if len(parts) not in (3, 5):
        return None
    store, digest = parts[3:] or (CanaryStore.JOURNAL, "")
    try:
        return Written(
            number=int(parts[0]),
            sent=float(parts[1]),
            acknowledged=None if parts[2] == "-" else float(parts[2]),
            store=CanaryStore(store),
            digest=digest,
        )
    except ValueError:
        return None


def classify(
    written: Iterable[Written], found: Iterable[Found], fault: float, rate: float | None, store: CanaryStore
) -> Losses:
    """What became of each in one store. `found` is what that has afterwards, `fault` is monotonic seconds; `rate` is
    how many a second the drill wrote, None where it wrote none: then a single one is enough to speak of loss."""
    everything = sorted((canary for canary in written if canary.store is store), key=lambda canary: canary.number)
    there = list(found)
    copies, digests = Counter(one.number for one in there), {one.number: one.digest for one in there}
    known = [canary for canary in everything if canary.acknowledged is not None]
    unknown = [canary for canary in everything if canary.acknowledged is None]
    lost = [canary for canary in known if not copies[canary.number]]
    altered = [canary for canary in known if copies[canary.number] and digests[canary.number] != canary.digest]
    window = 0.0
    if lost:
        whole = [canary.acknowledged for canary in known if canary.number < lost[0].number]
        newest = max((moment for moment in whole if moment is not None), default=known[0].sent)
        window = max(0.0, fault - newest)
    return Losses(
        store=store,
        acknowledged=len(known),
        before=sum(canary.acknowledged is not None and canary.acknowledged <= fault for canary in known),
        kept=len(known) - len(lost) - len(altered),
        lost=tuple(canary.number for canary in lost[:_LISTED]),
        lost_count=len(lost),
        ghosts=sum(copies[canary.number] > 0 for canary in unknown),
        rejected=sum(not copies[canary.number] for canary in unknown),
        duplicates=sum(count - 1 for count in copies.values() if count > 1),
        window=window,
        resolution=1 / rate if rate is not None else 0.0,
        least=LEAST if rate is not None else 0,
        altered=tuple(canary.number for canary in altered[:_LISTED]),
        altered_count=len(altered),
    )

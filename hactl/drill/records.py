"""What a load generator saw, one row per request, in columns. Not the judgement: that is `measure`.

Times are seconds of CLOCK_MONOTONIC, the daemon's own clock, so rows compare with journal records of the same boot.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hactl.core import codec
from hactl.core.value import Value

UNSENT = "not sent: too many requests in flight"
"""The error of a request the generator itself gave up; it says nothing about the server."""


class Row(NamedTuple):
    """One request."""

    intended: float
    """When it was due."""
    sent: float
    done: float
    """When its last byte had arrived, or it had failed."""
    status: int
    """0 when there was no complete answer."""
    node: str
    """Which node answered; "" when the answer does not say."""
    error: str
    """Why there was no complete answer; "" when there was one."""
    attempts: int = 1
    """How often it was sent; more than once by clients that try again, and then the last one is what it came to."""

    @property
    def ok(self) -> bool:
        """True for a complete answer of 2xx."""
        return 200 <= self.status <= 299


class _Columns(Value):
    intended: tuple[float, ...]
    sent: tuple[float, ...]
    done: tuple[float, ...]
    status: tuple[int, ...]
    node: tuple[int, ...]
    error: tuple[int, ...]
    names: tuple[str, ...]
    attempts: tuple[int, ...] = ()
    """() when nobody tried again."""


class Records:
    """Rows in the order in which they were done, 32 bytes each: an hour at 1,000/s fits into 116 MB."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._times = (array("d"), array("d"), array("d"))
        self._status = array("h")
        self._node = array("h")
        self._error = array("h")
        self._attempts = array("h")
        self._names: dict[str, int] = {"": 0}
        self.failed = 0
        """How many rows are not ok, kept up to date for progress lines."""
        self.last_failed: float | None = None
        """When the last request that failed was due."""
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Append one row."""
        for column, moment in zip(self._times, (row.intended, row.sent, row.done), strict=True):
            column.append(moment)
        self._status.append(row.status)
        self._node.append(self._names.setdefault(row.node, len(self._names)))
        self._error.append(self._names.setdefault(row.error, len(self._names)))
        self._attempts.append(row.attempts)
        if not row.ok:
            self.failed += 1
            self.last_failed = max(row.intended, self.last_failed or row.intended)

    def latencies(self, after: int) -> list[float]:
        """Seconds from when each was due until it was done, of the rows behind the first `after`."""
        due, _, done = (column[after:] for column in self._times)
        return [end - begin for begin, end in zip(due, done, strict=True)]

    def __len__(self) -> int:
        return len(self._status)

    def __iter__(self) -> Iterator[Row]:
        names = tuple(self._names)
        for intended, sent, done, status, node, error, attempts in zip(
            *self._times, self._status, self._node, self._error, self._attempts, strict=True
        ):
            yield Row(intended, sent, done, status, names[node], names[error], attempts)

    def encode(self) -> bytes:
        """As JSON, column by column."""
        intended, sent, done = (tuple(column) for column in self._times)
        return codec.encode(
            _Columns(
                intended=intended,
                sent=sent,
                done=done,
                status=tuple(self._status),
                node=tuple(self._node),
                error=tuple(self._error),
                names=tuple(self._names),
                attempts=tuple(self._attempts) if any(attempts > 1 for attempts in self._attempts) else (),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> "Records":
        """What `encode` made. Raises HactlError when it is something else."""
        columns = codec.decode(data, _Columns)
        times = zip(columns.intended, columns.sent, columns.done, strict=True)
        attempts = columns.attempts or (1,) * len(columns.status)
        marks = zip(columns.status, columns.node, columns.error, attempts, strict=True)
        names = columns.names
        return cls(
            Row(*moment, status, names[node], names[error], tries)
            for moment, (status, node, error, tries) in zip(times, marks, strict=True)
        )

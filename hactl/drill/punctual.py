"""Whether a load was sent when it was due: as a whole, and in each second from the fault on. Pure; a part of `judging`.

A run is long beside a stall: 200 ms are no hundredth of it, and hide an outage as long. So what was sent late is looked
at where it hides something as well, second by second, wherever such a second may begin.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from hactl.core.value import Value
from hactl.drill.gate import Check
from hactl.drill.measure import LAG_LIMIT_MS, UNSENT_LIMIT, Report, judge
from hactl.drill.records import UNSENT, Row

LATE = 0.05
"""Seconds by which a request may be late. A busy machine holds up a few by as much, and a stall all of them."""
PART = 0.1
"""Part of the requests of a second that may be later, or not sent: a stall of 150 ms makes it more."""
EACH_SECOND = "in each second"
"""How the check of the seconds is called, behind what the one of the whole is."""
_SECOND = 1.0
_SLACK = 1e-9


class Second(Value):
    """The requests due in one second."""

    begin: float
    """Monotonic seconds."""
    due: int
    late: int
    """Those that were sent too late, or not."""
    worst: float
    """Seconds by which the latest of them was sent late; 0 when none of them was sent."""

    @property
    def bad(self) -> bool:
        """Too many of them; a single one is no stall."""
        return self.late > max(1, PART * self.due)


def generator(rows: Sequence[Row], whole: Report, fault: float | None, since: float | None) -> Iterator[Check]:
    """Of the clients that are judged: `whole` is what `rows` come to; `fault` is when it was in effect, and from
    `since` on each second counts (monotonic seconds; without a fault there are none)."""
    unsent = whole.unsent / whole.requests if whole.requests else 1.0
    name = "load generator on time"
    yield Check(
        name=name,
        value=f"{whole.lag_p99_ms:.1f} ms late at p99",
        limit=f"<= {LAG_LIMIT_MS:g} ms",
        ok=whole.requests > 0 and whole.lag_p99_ms <= LAG_LIMIT_MS,
    )
    yield Check(
        name="requests not sent",
        value=f"{unsent * 100:.2f} %",
        limit=f"<= {UNSENT_LIMIT * 100:g} %",
        ok=unsent <= UNSENT_LIMIT,
    )
    yield from _seconds(name, rows, fault, since)


def others(name: str, rows: Sequence[Row], fault: float | None, since: float | None) -> Iterator[Check]:
    """Of a stream beside them; of one without requests nothing is said."""
    if not rows:
        return
    whole = judge(rows)
    yield Check(
        name=f"{name} on time",
        value=f"{whole.lag_p99_ms:.1f} ms late at p99, {whole.unsent} not sent",
        limit=f"<= {LAG_LIMIT_MS:g} ms, <= {UNSENT_LIMIT * 100:g} %",
        ok=not whole.late,
    )
    yield from _seconds(f"{name} on time", rows, fault, since)


def worst_second(rows: Sequence[Row], since: float) -> Second | None:
    """The one of which the largest part was late, of all that begin with a request of `rows`, which are sorted, due at
    `since` or later, but for those that end when nothing was due any more. None without any."""
    rows = [row for row in rows if row.intended >= since]
    if not rows:
        return None
    late = [0, *accumulate(_late(row) for row in rows)]
    found, end, part = (0, 0), 0, -1.0
    for begin, row in enumerate(rows):
        while end < len(rows) and rows[end].intended < row.intended + _SECOND - _SLACK:
            end += 1
        if (now := (late[end] - late[begin]) / (end - begin)) > part:
            found, part = (begin, end), now
        if end == len(rows):
            break
    begin, end = found
    return Second(
        begin=rows[begin].intended,
        due=end - begin,
        late=late[end] - late[begin],
        worst=max((row.sent - row.intended for row in rows[begin:end] if row.error != UNSENT), default=0.0),
    )


def _seconds(name: str, rows: Sequence[Row], fault: float | None, since: float | None) -> Iterator[Check]:
    if fault is None or since is None:
        return
    worst = worst_second(rows, since)
    yield Check(
        name=f"{name} {EACH_SECOND}",
        value="no request" if worst is None else _told(worst, fault),
        limit=f"<= {PART * 100:g} % from the fault on",
        ok=worst is not None and not worst.bad,
    )


def _told(second: Second, fault: float) -> str:
    if not second.late:
        return "none late"
    at = round(second.begin - fault, 1) + 0.0  # no second begins at -0.0
    many = f"{second.late} of {second.due} more than {LATE * 1000:g} ms late or not sent"
    return f"{many} ({second.worst * 1000:.0f} ms at worst) in the second from {at:+.1f} s"


def _late(row: Row) -> bool:
    return row.error == UNSENT or row.sent - row.intended > LATE

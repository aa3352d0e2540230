"""Which moments a schedule has, in its own time zone. Pure calendar; who acts on one is `scheduling`.

A moment that was missed is not made up for: what is due is due for a short while. Where clocks are put forward, a time
that there is not on that day comes an hour later, or not at all where others come by then; where they are put back, it
comes once, the first time.
"""

import datetime

from hactl.core.jitter import fraction
from hactl.core.schedule import ScheduleSpec
from hactl.core.value import Value

GRACE = 90.0
"""Seconds for which a moment is due; a daemon that comes later lets it pass."""
HORIZON = 400
"""Days that are looked ahead."""
SET_BACK = 86400.0
"""Seconds by which a clock may be set back without what it had come to being due again. By more, it was wrong."""
_MINUTE = datetime.timedelta(minutes=1)


class Moment(Value):
    """One time at which a run is to begin."""

    at: float
    """Unix time."""
    blocked: str = ""
    """The date on which nothing is to be begun; "" when it is none."""


def due(spec: ScheduleSpec, zone: datetime.tzinfo, now: float, last: float) -> Moment | None:
    """The moment that has come, if there is one: not one before `last`, which was the last one taken, and not one that
    is long over. `now` and `last` are Unix time; a `last` of a clock that was far ahead counts for nothing."""
    if last > now + SET_BACK:
        last = 0.0
    today = datetime.datetime.fromtimestamp(now, zone).date()
    found = None
    for day in (today - datetime.timedelta(days=1), today):
        for moment in _on(spec, zone, day):
            if max(last, now - GRACE) < moment.at <= now:
                found = moment
    return found


def upcoming(spec: ScheduleSpec, zone: datetime.tzinfo, now: float, count: int) -> list[Moment]:
    """The next moments after `now`, as many as there are, `count` at most; those on blocked dates are left out."""
    found: list[Moment] = []
    today = datetime.datetime.fromtimestamp(now, zone).date()
    for ahead in range(-1, HORIZON):  # what is late by its jitter may be of yesterday
        for moment in _on(spec, zone, today + datetime.timedelta(days=ahead)):
            if moment.at > now and not moment.blocked:
                found.append(moment)
            if len(found) == count:
                return found
    return found


def _on(spec: ScheduleSpec, zone: datetime.tzinfo, day: datetime.date) -> list[Moment]:
    """The moments of one day, in order."""
    hours = spec.at
    if day.weekday() not in hours.days:
        return []
    date = day.isoformat()
    blocked = date if any(one.first <= date <= one.last for one in spec.blocked) else ""
    found = []
    for minute, at in _times(spec, zone, day):
        late = spec.jitter * fraction(spec.name, date, f"{minute:g}")
        if hours.end > hours.begin:
            late = min(late, (hours.end - minute) * 60)
        found.append(Moment(at=at + late, blocked=blocked))
    return sorted(found, key=lambda moment: moment.at)


def _times(spec: ScheduleSpec, zone: datetime.tzinfo, day: datetime.date) -> list[tuple[float, float]]:
    """Each minute after midnight at which a run is to begin, and the Unix time that it comes to. Of many that there are
    not on that day only those that there are count: an hour later others come already."""
    midnight = datetime.datetime.combine(day, datetime.time(), zone)
    minutes = [float(spec.at.begin)]
    while spec.every and minutes[-1] + spec.every / 60 <= spec.at.end:
        minutes.append(minutes[-1] + spec.every / 60)
    # Not by adding to Unix time: an hour of the clock is what is meant, whatever the day does to it.
    times = [(minute, (midnight + minute * _MINUTE).replace(fold=0)) for minute in minutes]
    there = [(minute, local) for minute, local in times if _exists(local, zone)]
    return [(minute, local.timestamp()) for minute, local in there or times]


def _exists(local: datetime.datetime, zone: datetime.tzinfo) -> bool:
    """False for a time that a clock which is put forward leaves out."""
    back = datetime.datetime.fromtimestamp(local.timestamp(), zone)
    return back.replace(tzinfo=None) == local.replace(tzinfo=None)

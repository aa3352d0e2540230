"""The keys of `[[schedule]]` and the kinds of value only they have: hours, dates, time zones."""

import datetime
import re
from collections.abc import Sequence

from hactl.config import kinds, quantities
from hactl.config.kinds import Kind
from hactl.config.table import Key, Table
from hactl.config.traffic_keys import name
from hactl.config.unfit import unfit
from hactl.config.zones import zone
from hactl.core.schedule import DAYS, Blocked, Hours, ScheduleSpec

_TIME = "([01][0-9]|2[0-3]):([0-5][0-9])"
_DAY = "|".join(DAYS)
_HOURS = re.compile(rf"(?:((?:{_DAY})(?:\.\.(?:{_DAY}))?(?:,(?:{_DAY})(?:\.\.(?:{_DAY}))?)*) )?{_TIME}(?:\.\.{_TIME})?")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def _hours() -> Kind:
    wants = 'days and hours, like "Mon..Fri 02:00..04:00", "Sat,Sun 03:30" or "02:00"'

    def read(raw: object) -> Hours:
        match = _HOURS.fullmatch(raw) if isinstance(raw, str) else None
        if match is None:
            late = isinstance(raw, str) and "24:00" in raw
            raise unfit(wants, raw, "a day ends at 23:59" if late else "")
        days, *times = match.groups()
        begin = int(times[0]) * 60 + int(times[1])
        end = begin if times[2] is None else int(times[2]) * 60 + int(times[3])
        if end < begin or (times[2] is not None and end == begin):
            raise unfit(wants, raw, "the end is later on the same day; use two schedules to span midnight")
        return Hours(days=_days(days) if days else Hours().days, begin=begin, end=end)

    def write(hours: Hours) -> str:
        days = "" if hours.days == Hours().days else ",".join(DAYS[day] for day in hours.days) + " "
        end = f"..{_clock(hours.end)}" if hours.end > hours.begin else ""
        return f"{days}{_clock(hours.begin)}{end}"

    return Kind(wants=wants, read=read, write=write, schema={"type": "string", "pattern": f"^{_HOURS.pattern}$"})


def _days(text: str) -> tuple[int, ...]:
    """`Mon..Wed,Sun`; a span may go over the end of the week."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("..")
        day = DAYS.index(first)
        found.add(day)
        while day != DAYS.index(last or first):
            day = (day + 1) % 7
            found.add(day)
    return tuple(sorted(found))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _blocked() -> Kind:
    wants = 'a date or two, like "2026-12-24" or "2026-12-24..2027-01-02"'

    def read(raw: object) -> Blocked:
        dates = raw.split("..") if isinstance(raw, str) and re.fullmatch(rf"{_DATE}(?:\.\.{_DATE})?", raw) else []
        if not _exist(dates) or dates[0] > dates[-1]:
            raise unfit(wants, raw)
        return Blocked(first=dates[0], last=dates[-1])

    def write(days: Blocked) -> str:
        return days.first if days.first == days.last else f"{days.first}..{days.last}"

    return Kind(
        wants=wants, read=read, write=write, schema={"type": "string", "pattern": rf"^{_DATE}(?:\.\.{_DATE})?$"}
    )


def _exist(dates: Sequence[str]) -> bool:
    try:
        return bool([datetime.date.fromisoformat(date) for date in dates])
    except ValueError:
        return False


def _zone() -> Kind:
    wants = 'the name of a time zone, like "UTC" or "Europe/Berlin"'

    def read(raw: object) -> str:
        if not isinstance(raw, str) or zone(raw) is None:
            raise unfit(wants, raw, "as this machine knows it: /usr/share/zoneinfo, or pip install tzdata")
        return raw

    return Kind(wants=wants, read=read, schema={"type": "string"})


SCHEDULE = Table(
    name="schedule",
    doc="A drill or suite that runs on a schedule, if safety.scheduled_drills allows it. One table for each.",
    blank=ScheduleSpec(),
    into="schedules",
    repeated=True,
    keys=(
        Key(name="name", kind=name, doc="its name in commands", required=True, example="nightly"),
        Key(
            name="drill",
            kind=kinds.text("the name of a drill, or the path of a file", r"[^\x00-\x1f\x7f]{0,200}"),
            doc="what is run; either this or suite; a relative path is relative to this file",
            example="node-kill",
        ),
        Key(
            name="suite",
            kind=kinds.text("the name of a suite, or the path of a file", r"[^\x00-\x1f\x7f]{0,200}"),
            doc="the same for a suite of drills",
        ),
        Key(
            name="at",
            kind=_hours(),
            doc="days and hours in which it starts; with a single time, at that time",
            required=True,
            example=Hours(days=(0, 1, 2, 3, 4), begin=120, end=240),
        ),
        Key(
            name="every",
            kind=quantities.duration("0s", "1d"),
            doc='repeated this often within these hours; "0s": once, when they begin',
        ),
        Key(
            name="jitter",
            kind=quantities.duration("0s", "12h"),
            doc="each run starts later by up to this, derived from name and date",
        ),
        Key(
            name="blocked",
            kind=kinds.many(_blocked(), "dates"),
            doc='dates on which it does not run, like ["2026-12-24..2027-01-02"]',
        ),
        Key(name="zone", kind=_zone(), doc="the time zone of hours and dates"),
    ),
)

"""Schedules: drills, suites and time zones that are not there when the time comes, and those that nobody allows."""

from collections.abc import Iterator

from hactl.cli.checks.finding import Finding, Subject
from hactl.core.errors import ConfigError


def schedules(subject: Subject) -> Iterator[Finding]:
    """What each schedule will need."""
    from hactl.config.zones import zone
    from hactl.drill import library, suite

    for one in subject.spec.schedules:
        check = f"schedule {one.name}"
        try:
            if one.suite:
                suite.load(one.suite).load()
            else:
                library.load(one.drill)
        except ConfigError as error:
            yield Finding(check=check, ok=False, found=error.message, mend=error.hint)
            continue
        if zone(one.zone) is None:
            yield Finding(check=check, ok=False, found=f"time zone {one.zone} is not known here", mend="install tzdata")
        elif not subject.spec.safety.scheduled_drills:
            off = "safety.scheduled_drills = false: nothing is run"
            yield Finding(check=check, ok=False, found=off, mend="set it to true in hactl.toml, or remove the schedule")
        else:
            yield Finding(check=check, ok=True, found=f"{one.what} is there", mend="hactl drill schedule")

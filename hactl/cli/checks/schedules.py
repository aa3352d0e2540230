"""Schedules: drills, suites and time zones that are not there when the time comes, and those that nobody allows."""

from collections.abc import Iterator

from hactl.cli.checks.finding import Finding, Subject


def schedules(subject: Subject) -> Iterator[Finding]:
    """What each schedule will need."""
    from hactl.config.zones import zone
    from hactl.drill.schedules import missing

    for one in subject.spec.schedules:
        check = f"schedule {one.name}"
        if (error := missing(one)) is not None:
            yield Finding(check=check, ok=False, found=error.message, mend=error.hint)
        elif zone(one.zone) is None:
            yield Finding(
                check=check, ok=False, found=f"time zone {one.zone} is unknown on this machine", mend="install tzdata"
            )
        elif not subject.spec.safety.scheduled_drills:
            off = "not run: safety.scheduled_drills = false"
            yield Finding(check=check, ok=False, found=off, mend="set it to true in hactl.toml, or remove the schedule")
        else:
            yield Finding(check=check, ok=True, found=f"{one.what} exists", mend="hactl drill schedule")

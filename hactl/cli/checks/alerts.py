"""Alerts: programs and secrets that are not there when they are needed. Whether a receiver answers says a test."""

from collections.abc import Iterator

from hactl.cli.checks.finding import Finding, Subject
from hactl.core.errors import HactlError


def receivers(subject: Subject) -> Iterator[Finding]:
    """What each alert will need."""
    from hactl.supervisor.alerts.secrets import look_up
    from hactl.supervisor.programs import find, minimal_environment

    for alert in subject.spec.alerts:
        check = f"alert {alert.name}"
        try:
            if alert.exec:
                find(alert.exec[0], minimal_environment()["PATH"])
            for value in (alert.webhook, *alert.headers.values()):
                if value.startswith("file:"):  # what is in the environment only the daemon knows
                    look_up(value)
        except HactlError as error:
            yield Finding(check=check, ok=False, found=error.message, mend=error.hint)
        else:
            yield Finding(check=check, ok=True, found="ready", mend=f"hactl alert test {alert.name}")

"""Alerts: programs and secrets that are not there when they are needed. Whether a receiver answers says a test."""

import os
from collections.abc import Iterator

from hactl.cli.checks.finding import Finding, Subject
from hactl.core.errors import HactlError


def receivers(subject: Subject) -> Iterator[Finding]:
    """What each alert will need."""
    from hactl.supervisor.alerts.program import find
    from hactl.supervisor.alerts.secrets import look_up

    for alert in subject.spec.alerts:
        check = f"alert {alert.name}"
        try:
            if alert.exec:
                find(alert.exec[0], os.environ.get("PATH", os.defpath))
            for value in (alert.webhook, *alert.headers.values()):
                if value.startswith("file:"):  # what is in the environment only the daemon knows
                    look_up(value)
        except HactlError as error:
            yield Finding(check=check, ok=False, found=error.message, mend=error.hint)
        else:
            yield Finding(check=check, ok=True, found="ready", mend=f"hactl alert test {alert.name}")

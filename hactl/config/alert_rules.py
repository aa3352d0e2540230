"""What must hold between the keys of alerts, and how they are completed. Not the rules of other tables: `rules`."""

import re
from collections.abc import Iterator
from pathlib import Path

from hactl.config.alert_keys import REFERENCE
from hactl.config.traffic_rules import FRAMING, twice
from hactl.config.unfit import Problem, quoted
from hactl.core.alert import AlertSpec
from hactl.core.spec import FleetSpec
from hactl.core.value import replace

_TELLING = ("auth", "cookie", "key", "password", "secret", "token")
"""Parts of the names of headers whose values are no business of a journal."""


def alerts(spec: FleetSpec) -> Iterator[Problem]:
    """Problems of the alerts."""
    for name in twice([alert.name for alert in spec.alerts]):
        yield Problem(path=f"alert[{name}].name", cause=f"two alerts are called {quoted(name)}")
    for alert in spec.alerts:
        path = f"alert[{alert.name}]"
        yield from _receiver(alert, path)
        yield from _headers(alert, f"{path}.headers")


def named(alerts: tuple[AlertSpec, ...]) -> tuple[AlertSpec, ...]:
    """The same, and those without a name are called by their number, counted from 1."""
    return tuple(
        alert if alert.name else replace(alert, name=f"alert-{number}") for number, alert in enumerate(alerts, 1)
    )


def anchored(alert: AlertSpec, directory: Path) -> AlertSpec:
    """`alert` with its relative paths made absolute: they begin in `directory`, wherever a daemon runs."""

    def place(text: str) -> str:
        kind, found, path = text.partition("file:")
        return f"file:{directory / path}" if found and not kind else text

    # A bare name is looked for where PATH leads, as a shell does.
    program = tuple(str(directory / first) if "/" in first else first for first in alert.exec[:1])
    return replace(
        alert,
        exec=program + alert.exec[1:],
        webhook=place(alert.webhook),
        headers={name: place(value) for name, value in alert.headers.items()},
    )


def _receiver(alert: AlertSpec, path: str) -> Iterator[Problem]:
    if alert.webhook and alert.exec:
        yield Problem(path=path, cause="has both webhook and exec", hint="keep one; two receivers are two tables")
    if not alert.webhook and not alert.exec:
        yield Problem(path=path, cause="has neither webhook nor exec", hint="add one of them")
    if alert.exec and not alert.exec[0]:
        yield Problem(path=f"{path}.exec", cause="the program is empty", hint='like ["./page.sh", "--team", "web"]')
    if alert.exec and not alert.webhook:
        for key in ("headers", "format"):
            if getattr(alert, key) != getattr(AlertSpec(), key):
                yield Problem(path=f"{path}.{key}", cause="conflicts with exec")


def _headers(alert: AlertSpec, path: str) -> Iterator[Problem]:
    for name, value in alert.headers.items():
        if name.lower() in (*FRAMING, "content-type"):
            yield Problem(path=path, cause=f"the header {quoted(name)} cannot be changed")
        literal = not re.fullmatch(REFERENCE, value)
        if literal and any(part in name.lower() for part in _TELLING):
            # Not repeated here: messages are logged.
            cause = f"the value of {quoted(name)} would be kept in the journal"
            yield Problem(path=path, cause=cause, hint='write where it is: "env:NAME" or "file:PATH"')
        elif literal and value.startswith(("env:", "file:")):
            yield Problem(
                path=path, cause=f"{quoted(name)} is not a reference", hint='like "env:TOKEN" or "file:token"'
            )
    for name in twice([name.lower() for name in alert.headers]):
        yield Problem(path=path, cause=f"the header {quoted(name)} appears twice")

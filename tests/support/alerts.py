"""Fleets whose events are watched by receivers of alerts, and one alert to hand over."""

from typing import Any

from support.build import a_spec

from hactl.core.alert import Alert, AlertKind, AlertSpec, Severity
from hactl.core.spec import FleetSpec
from hactl.core.value import replace


def a_receiver(name: str = "ops", **changes: Any) -> AlertSpec:
    """Wants to know everything, at once, every time."""
    given = {"webhook": "http://127.0.0.1:9/hook", "throttle": 0.0, "headers": {}} | changes
    return AlertSpec(name=name, **given)


def watched(*receivers: AlertSpec, **shape: Any) -> FleetSpec:
    """A configuration with receivers; one that wants everything unless others are given."""
    return replace(a_spec(**shape), alerts=receivers or (a_receiver(),))


def an_alert(**changes: Any) -> Alert:
    """What an operator is told of a node that was killed."""
    told = Alert(
        id="f1-1043",
        to="ops",
        fleet="shop",
        kind=AlertKind.NODE_DOWN,
        severity=Severity.WARNING,
        subject="eu-2",
        sentence="eu-2 is down: killed by signal 9",
        hint="hactl logs eu-2",
        seq=1042,
        at=1_772_366_400.123,
    )
    return replace(told, **changes)

"""What must hold between the keys of schedules, and how they are completed. Not the rules of other tables: `rules`."""

from collections.abc import Iterator
from pathlib import Path

from hactl.config.kinds import is_path
from hactl.config.traffic_rules import twice
from hactl.config.unfit import Problem, quoted
from hactl.core.schedule import ScheduleSpec
from hactl.core.spec import FleetSpec
from hactl.core.value import replace

SHORTEST = 300.0
"""Seconds between two runs."""


def schedules(spec: FleetSpec) -> Iterator[Problem]:
    """Problems of the schedules."""
    for name in twice([schedule.name for schedule in spec.schedules]):
        yield Problem(path=f"schedule[{name}].name", cause=f"two schedules are called {quoted(name)}")
    for schedule in spec.schedules:
        path = f"schedule[{schedule.name}]"
        if bool(schedule.drill) == bool(schedule.suite):
            which = "both drill and suite" if schedule.drill else "neither drill nor suite"
            yield Problem(path=path, cause=f"has {which}", hint="give one of them")
        if schedule.every and schedule.at.begin == schedule.at.end:
            yield Problem(path=f"{path}.every", cause="wants hours that end", hint='at = "02:00..04:00"')
        if 0 < schedule.every < SHORTEST:
            yield Problem(path=f"{path}.every", cause="is too often", hint="at least 5m")
        if schedule.every and schedule.jitter >= schedule.every:
            yield Problem(path=f"{path}.jitter", cause="must be shorter than every")


def anchored(schedule: ScheduleSpec, directory: Path) -> ScheduleSpec:
    """`schedule` with the path of its file made absolute: it begins in `directory`, wherever a daemon runs."""

    def place(text: str) -> str:
        return str(directory / text) if is_path(text) else text

    return replace(schedule, drill=place(schedule.drill), suite=place(schedule.suite))

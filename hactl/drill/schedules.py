"""What the schedules of a `hactl.toml` name: whether it exists, and is a drill or a suite. Reads files, runs nothing.

The configuration itself cannot know (`config` stands below), and at night nobody reads that a drill was not found.
"""

from collections.abc import Iterable, Iterator

from hactl.config.reading import refuse
from hactl.config.unfit import Problem
from hactl.core.errors import ConfigError
from hactl.core.schedule import ScheduleSpec
from hactl.drill import library, suite


def missing(schedule: ScheduleSpec) -> ConfigError | None:
    """Why what `schedule` names cannot be run, as far as that can be said without a fleet; None when it can."""
    try:
        if schedule.suite:
            suite.load(schedule.suite).load()
        else:
            library.load(schedule.drill)
    except ConfigError as error:
        return error
    return None


def problems(schedules: Iterable[ScheduleSpec]) -> Iterator[Problem]:
    """What is wrong with those of `schedules` that name nothing that can be run."""
    for one in schedules:
        if (error := missing(one)) is not None:
            key = "suite" if one.suite else "drill"
            yield Problem(path=f"schedule[{one.name}].{key}", cause=error.message, hint=error.hint)


def check(schedules: Iterable[ScheduleSpec], source: str) -> None:
    """Raises ConfigError about all of them that name nothing that can be run; `source` is the file they stand in."""
    if found := list(problems(schedules)):
        refuse(found, source)

"""`hactl drill schedule`: which drills run automatically, when next, and how they last went."""

import datetime
import time
from collections.abc import Sequence

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.exits import Exit
from hactl.cli.options import fleet_option, json_option
from hactl.config import files
from hactl.config.zones import zone
from hactl.core.drill import Turn
from hactl.core.errors import ConfigError, HactlError
from hactl.core.moments import Moment, upcoming
from hactl.core.schedule import ScheduleSpec
from hactl.core.scheduling import why_not
from hactl.drill.schedules import problems

NEXT = 3
"""Moments that are shown of each."""


@click.command()
@fleet_option
@json_option
def schedule(as_json: bool) -> int:
    """Show scheduled drills: when they run next, and how they last went.

    Schedules are defined in hactl.toml ([[schedule]]); the daemon runs them if safety.scheduled_drills is true. Times
    are in each schedule's own time zone.
    """
    chosen = choose()
    fleet = chosen.client.fleet().fleet
    found = fleet.spec.schedules
    allowed = fleet.spec.safety.scheduled_drills
    moments = {one.name: _next(one) for one in found}
    if as_json:
        rows = [
            {"name": one.name, "drill": one.drill, "suite": one.suite, "zone": one.zone,
             "next": [moment.at for moment in moments[one.name] or ()], "last": fleet.drills.turns.get(one.name)}
            for one in found
        ]  # fmt: skip
        output.emit_json({"allowed": allowed, "now": why_not(fleet), "schedules": rows})
        return Exit.OK
    cells = [
        (one.name, one.what, *_when(one, moments[one.name]), _last(one, fleet.drills.turns.get(one.name)))
        for one in found
    ]
    for line in output.table(("NAME", "RUNS", "NEXT", "THEN", "LAST"), cells) if cells else ():
        click.echo(line)
    for problem in problems(found):
        output.complain(ConfigError(problem.sentence, problem.hint))
    if waiting := _waiting(chosen, found):
        output.say(f"not in force yet: {', '.join(waiting)} from {chosen.config}: hactl config apply")
    if not found:
        output.say(
            "nothing is scheduled yet"
            if waiting
            else "nothing is scheduled: see [[schedule]] in hactl.toml (hactl init shows one)"
        )
    elif not allowed:
        output.say("none of them is run: safety.scheduled_drills = false in hactl.toml")
    elif why := why_not(fleet):
        output.say(f"no drill would be started now: {why}")
    return Exit.OK


def _waiting(chosen: Chosen, running: Sequence[ScheduleSpec]) -> list[str]:
    """Schedules in the fleet's file, as far as it can be read, that the daemon does not follow yet, or not in this
    form.
    """
    if chosen.config is None:
        return []
    try:
        return [one.name for one in files.load(chosen.config).schedules if one not in running]
    except HactlError:
        return []  # what is wrong with the file, `config check` says


def _next(one: ScheduleSpec) -> list[Moment] | None:
    """The next moments; None when its time zone is not known here."""
    where = zone(one.zone)
    return None if where is None else upcoming(one, where, time.time(), NEXT)


def _when(one: ScheduleSpec, moments: list[Moment] | None) -> tuple[str, str]:
    """The next moment, and those after it."""
    if moments is None:
        return f"never: time zone {one.zone} is unknown on this machine", ""
    told = [_clock(moment.at, one.zone) for moment in moments]
    return (f"{told[0]} {one.zone}" if told else "never"), ", ".join(told[1:])


def _last(one: ScheduleSpec, turn: Turn | None) -> str:
    if turn is None:
        return "never"
    if turn.skipped:
        became = f"skipped: {turn.skipped}"
    elif not turn.over:
        became = "begun"
    else:
        became = turn.why or ("over" if turn.code is None else _became(turn.code))
    return f"{_clock(turn.at, one.zone)} {became}"


def _became(code: int) -> str:
    """What an exit code of a run says of it."""
    match code:
        case Exit.OK:
            return "pass"
        case Exit.INCONCLUSIVE | Exit.ABORTED | Exit.NOT_CLEAN | Exit.INTERRUPTED | Exit.FAILED | Exit.REFUSED:
            return Exit(code).name.lower().replace("_", " ")
        case _:
            return f"exit code {code}"


def _clock(at: float, name: str) -> str:
    return datetime.datetime.fromtimestamp(at, zone(name)).strftime("%a %Y-%m-%d %H:%M")

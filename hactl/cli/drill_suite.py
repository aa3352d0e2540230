"""`hactl drill run --suite`: drills in sequence, a line for each, and one exit code for all of them.

None is run unless all are allowed: a fleet that does not suit one of them is left alone.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import click

from hactl.cli import output
from hactl.cli.choice import Chosen
from hactl.cli.drill_asking import ask
from hactl.cli.drill_outcome import exit_of, worst
from hactl.cli.drill_sheets import NO_SHEETS, Sheets, without_report
from hactl.cli.exits import Exit, exit_for
from hactl.cli.following import until_true
from hactl.core.errors import CommandRejected, HactlError, TimedOut
from hactl.core.model import Fleet
from hactl.core.plain import one_line
from hactl.core.reading import is_serving
from hactl.core.value import Value, replace
from hactl.drill.definition import Definition
from hactl.drill.report import DrillReport
from hactl.drill.suite import Suite, goes_on
from hactl.drill.suite_report import Result, counted
from hactl.drill.verdict import Verdict

PATIENCE = 30.0
"""Seconds that the fleet has between two drills to serve again as before; then the gate of the next one decides."""


class Line(Value):
    """One drill of a suite, as `--json` has it; a contract."""

    name: str
    verdict: str
    clean: bool
    exit: Exit | None
    """Of that drill alone; None when it was not run."""
    run: str
    seconds: float
    why: str


def run_suite(
    chosen: Chosen,
    suite: Suite,
    drills: tuple[Definition, ...],
    seed: int,
    execute: Callable[[Chosen, Definition, int], DrillReport],
    *,
    again: int,
    as_json: bool,
    sheets: Sheets = NO_SHEETS,
) -> Exit:
    """Run `drills`, those of `suite` that are wanted, and tell how each ended and what that comes to; one that has
    shown nothing is run up to `again` times more. `sheets` say the same at every moment, also of drills still to come.

    Raises CommandRejected before the first when any may not be run, and HactlError when a drill could not even report;
    that and what came before is told all the same, with the exit code that this error is.
    """
    left = [Result(name=one.name) for one in drills]
    done: list[Result] = []
    sheets.begin(left)
    try:
        fleet = _ask_about_all(chosen, suite, drills, seed)
    except HactlError as error:
        sheets.note([replace(one, not_run=error.message) for one in left])
        raise
    began = time.monotonic()
    exits: list[Exit] = []
    broken: Exit | None = None
    width = max(len(one.name) for one in drills)
    try:
        for result in _each(chosen, drills, seed, execute, again):
            done.append(result)
            del left[0]
            sheets.note((*done, *left))
            if not as_json:
                click.echo(_told(result, width))
    except KeyboardInterrupt:
        exits.append(Exit.INTERRUPTED)
    except HactlError as error:
        broken = exit_for(error)
        done.append(without_report(left.pop(0), error))
        if not as_json:
            click.echo(_told(done[-1], width))
        raise
    finally:
        sheets.note((*done, *left))
        exits += [exit_of(one.report) for one in done if one.report is not None]
        outcome = worst(exits) if broken is None else broken
        took = time.monotonic() - began
        if as_json:
            told = {"suite": suite.name, "fleet": fleet.name, "seed": seed, "seconds": took, "exit": outcome}
            lines = [_line(one, broken) for one in done] + [_line(one, None) for one in left]
            output.emit_json({**told, "drills": lines})
        else:
            for result in left:
                click.echo(_told(result, width))
            click.echo(f"suite {suite.name}: {counted((*done, *left))}, {took:.0f} s, seed {seed}")
    return outcome


def _each(
    chosen: Chosen,
    drills: tuple[Definition, ...],
    seed: int,
    execute: Callable[[Chosen, Definition, int], DrillReport],
    again: int,
) -> Iterator[Result]:
    """One drill after the other, each with as many attempts as it may have to show anything; no more after one that
    none may follow."""
    for number, definition in enumerate(drills, start=1):
        for attempt in range(again + 1):
            if number > 1 or attempt:
                _settle(chosen)
            since = time.monotonic()
            output.say(f"{definition.name}: drill {number} of {len(drills)}{', again' if attempt else ''}")
            report = execute(chosen, definition, seed)
            if report.verdict is not Verdict.INCONCLUSIVE or not goes_on(report):
                break
        yield Result(name=definition.name, report=report, seconds=time.monotonic() - since)
        if not goes_on(report):
            return


def _ask_about_all(chosen: Chosen, suite: Suite, drills: tuple[Definition, ...], seed: int) -> Fleet:
    """The fleet, if each of `drills` might be begun now. Raises CommandRejected about the first that might not."""
    client = chosen.client
    fleet = client.fleet().fleet
    for definition in drills:
        try:
            why_not = ask(client, definition, fleet, seed, chosen.paths.state).why_not
        except CommandRejected as error:
            why_not = str(error)
        if why_not:
            hint = f"hactl drill plan {definition.name}; to run the others: --skip {definition.name}"
            told = f"suite '{suite.name}' was not started on fleet '{fleet.name}': {definition.name}: {why_not}"
            raise CommandRejected(told, hint, guard=True)
    return fleet


def _settle(chosen: Chosen) -> None:
    """Let the fleet recover fully before the next drill; if it does not, the gate of that drill says so."""

    def rests(fleet: Fleet) -> bool:
        return is_serving(fleet) and not fleet.operations

    with suppress(TimedOut):
        until_true(chosen.client, rests, PATIENCE, "the fleet to settle")


def _line(result: Result, broken: Exit | None) -> Line:
    report = result.report
    return Line(
        name=result.name,
        verdict=result.verdict,
        clean=report is None or report.clean,
        exit=broken if report is None else exit_of(report),
        run="" if report is None else report.identity.run,
        seconds=result.seconds,
        why=result.why,
    )


def _told(result: Result, width: int) -> str:
    """One drill in one line."""
    return one_line(f"{result.name:<{width}}  {result.verdict.upper():<12}  {result.seconds:3.0f} s  {result.why}")

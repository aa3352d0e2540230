"""`hactl drill run --suite`: drills one after the other, a line for each, and one exit code for all of them.

None is run before all of them may be: a fleet that one of them does not fit is left alone.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import click

from hactl.cli import output
from hactl.cli.choice import Chosen
from hactl.cli.drill_asking import ask
from hactl.cli.drill_outcome import exit_of, worst
from hactl.cli.exits import Exit, exit_for
from hactl.cli.following import until_true
from hactl.core.errors import CommandRejected, HactlError, TimedOut
from hactl.core.model import Fleet
from hactl.core.plain import one_line
from hactl.core.reading import is_serving
from hactl.core.value import Value
from hactl.drill.definition import Definition
from hactl.drill.report import DrillReport
from hactl.drill.suite import Suite, goes_on
from hactl.drill.verdict import Verdict

PATIENCE = 30.0
"""Seconds that the fleet has between two drills to serve again as before; then the gate of the next one decides."""
NOT_RUN = "not run"
_WORDS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.ABORTED: "aborted",
    Verdict.ERROR: "broken",
    NOT_RUN: "not run",
}


class Line(Value):
    """One drill of a suite, as it ended."""

    name: str
    verdict: str = NOT_RUN
    clean: bool = True
    exit: Exit | None = None
    """Of that drill alone; None when it was not run."""
    run: str = ""
    seconds: float = 0.0
    why: str = ""


def run_suite(
    chosen: Chosen,
    suite: Suite,
    drills: tuple[Definition, ...],
    seed: int,
    execute: Callable[[Chosen, Definition, int], DrillReport],
    *,
    again: int,
    as_json: bool,
) -> Exit:
    """Run `drills`, those of `suite` that are wanted, and tell how each ended and what that comes to; one that has
    shown nothing is run up to `again` times more.

    Raises CommandRejected before the first when any may not be run, and HactlError when a drill could not even report;
    that and what came before is told all the same, with the exit code that this error is.
    """
    fleet = _ask_about_all(chosen, suite, drills, seed)
    began = time.monotonic()
    lines: list[Line] = []
    exits: list[Exit] = []
    broken: Exit | None = None
    width = max(len(one.name) for one in drills)
    try:
        for line in _each(chosen, drills, seed, execute, again):
            lines.append(line)
            if not as_json:
                click.echo(_told(line, width))
    except KeyboardInterrupt:
        exits.append(Exit.INTERRUPTED)
    except HactlError as error:
        broken = exit_for(error)
        verdict = NOT_RUN if isinstance(error, CommandRejected) else Verdict.ERROR
        lines.append(Line(name=drills[len(lines)].name, verdict=verdict, exit=broken, why=error.message))
        if not as_json:
            click.echo(_told(lines[-1], width))
        raise
    finally:
        left = [Line(name=one.name, why="the suite had ended") for one in drills[len(lines) :]]
        exits += [line.exit for line in lines if line.exit is not None]
        took, outcome = time.monotonic() - began, worst(exits) if broken is None else broken
        if as_json:
            told = {"suite": suite.name, "fleet": fleet.name, "seed": seed, "seconds": took, "exit": outcome}
            output.emit_json({"version": 1, **told, "drills": (*lines, *left)})
        else:
            for line in left:
                click.echo(_told(line, width))
            click.echo(f"suite {suite.name}: {_counted((*lines, *left))}, {took:.0f} s, seed {seed}")
    return outcome


def _each(
    chosen: Chosen,
    drills: tuple[Definition, ...],
    seed: int,
    execute: Callable[[Chosen, Definition, int], DrillReport],
    again: int,
) -> Iterator[Line]:
    """One drill after the other, each with as many attempts as it may have to show anything; no more after one that
    none may follow."""
    for number, definition in enumerate(drills, start=1):
        for attempt in range(again + 1):
            if number > 1 or attempt:
                _settle(chosen)
            since = time.monotonic()
            output.say(f"{definition.name}: drill {number} of {len(drills)}{', once more' if attempt else ''}")
            report = execute(chosen, definition, seed)
            if report.verdict is not Verdict.INCONCLUSIVE or not goes_on(report):
                break
        yield _line(report, time.monotonic() - since)
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
            hint = f"hactl drill plan {definition.name}; the others alone: --skip {definition.name}"
            told = f"suite '{suite.name}' is not begun on fleet '{fleet.name}': {definition.name}: {why_not}"
            raise CommandRejected(told, hint, guard=True)
    return fleet


def _settle(chosen: Chosen) -> None:
    """Let the fleet become what it was before the next drill; when it does not, the gate of that says so."""

    def rests(fleet: Fleet) -> bool:
        return is_serving(fleet) and not fleet.operations

    with suppress(TimedOut):
        until_true(chosen.client, rests, PATIENCE, "a fleet that serves")


def _line(report: DrillReport, seconds: float) -> Line:
    return Line(
        name=report.definition.name,
        verdict=report.verdict,
        clean=report.clean,
        exit=exit_of(report),
        run=report.identity.run,
        seconds=seconds,
        why=report.why if report.clean else f"not clean: {'; '.join(report.evidence.leftovers)}; {report.why}",
    )


def _told(line: Line, width: int) -> str:
    """One drill in one line."""
    return one_line(f"{line.name:<{width}}  {line.verdict.upper():<12}  {line.seconds:3.0f} s  {line.why}")


def _counted(lines: Iterable[Line]) -> str:
    """How many ended in which way."""
    counted = Counter(line.verdict for line in lines)
    return ", ".join(f"{counted[verdict]} {word}" for verdict, word in _WORDS.items() if counted[verdict])

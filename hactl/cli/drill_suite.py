"""`hactl drill run --suite`: drills in sequence, a line for each, and one exit code for all of them.

None is run unless all are allowed: a fleet that does not suit one of them is left alone.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import click

from hactl.cli import output
from hactl.cli.choice import Chosen
from hactl.cli.drill_asking import ask
from hactl.cli.drill_outcome import exit_of, worst
from hactl.cli.drill_sheets import NO_SHEETS, Sheets, unfinished, without_report
from hactl.cli.exits import Exit, exit_for
from hactl.cli.following import until_true
from hactl.core.errors import CommandRejected, HactlError
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
    """False also when nobody knows: it broke off."""
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
    with _told_of_all(sheets, left):
        fleet = _ask_about_all(chosen, suite, drills, seed)
    began = time.monotonic()
    exits: list[Exit] = []
    broken: Exit | None = None
    width = max(len(one.name) for one in drills)
    try:
        for result, raised in _each(
            chosen,
            drills,
            lambda drill: execute(chosen, drill, seed),
            again,
            lambda begun: sheets.note((*done, begun, *left[1:])),
        ):
            done.append(result)
            del left[0]
            if not as_json:
                click.echo(_told(result, width))
            if raised is not None:
                raise raised
    except KeyboardInterrupt:
        exits.append(Exit.INTERRUPTED)
    except Exception as error:
        broken = exit_for(error) if isinstance(error, HactlError) else Exit.FAILED
        raise
    finally:
        sheets.note((*done, *left))
        exits += [exit_of(one.report) for one in done if one.report is not None]
        outcome = worst(exits) if broken is None else broken
        took = time.monotonic() - began
        if as_json:
            told = {"suite": suite.name, "fleet": fleet.name, "seed": seed, "seconds": took, "exit": outcome}
            lines = [_line(one, broken or Exit.INTERRUPTED) for one in done] + [_line(one, None) for one in left]
            output.emit_json({**told, "drills": lines})
        else:
            for result in left:
                click.echo(_told(result, width))
            click.echo(f"suite {suite.name}: {counted((*done, *left))}, {took:.0f} s, seed {seed}")
    return outcome


def _each(
    chosen: Chosen,
    drills: tuple[Definition, ...],
    run: Callable[[Definition], DrillReport],
    again: int,
    begins: Callable[[Result], None],
) -> Iterator[tuple[Result, BaseException | None]]:
    """One drill after the other, as `_one` has it; no more after one that none may follow. `begins` hears of each
    what there is to say until it has ended."""
    for number, definition in enumerate(drills, start=1):
        if number > 1:
            _settle(chosen)
        begins(unfinished(definition.name))
        where = f"drill {number} of {len(drills)}"
        result, raised = _one(chosen, definition.name, partial(run, definition), again, where)
        yield result, raised
        if result.report is None or not goes_on(result.report):
            return


def _one(
    chosen: Chosen, name: str, run: Callable[[], DrillReport], again: int, where: str
) -> tuple[Result, BaseException | None]:
    """How one drill ended, with as many attempts as it may have to show anything, and what was raised instead of a
    report on the last of them. `where` it stands in the suite is said."""
    result, running, began = Result(name=name), True, time.monotonic()
    try:
        for attempt in range(again + 1):
            if attempt:
                _settle(chosen)
            output.say(f"{name}: {where}{', again' if attempt else ''}")
            running = True
            report = run()
            running = False
            result = Result(name=name, report=report, seconds=time.monotonic() - began)
            if report.verdict is not Verdict.INCONCLUSIVE or not goes_on(report):
                break
    except BaseException as error:
        # A report stands unless another attempt was under way: what that has done may still be in effect.
        if result.report is not None and (not running or isinstance(error, CommandRejected)):
            return result, error
        return replace(_broken(result, error), seconds=time.monotonic() - began), error
    return result, None


def _broken(result: Result, error: BaseException) -> Result:
    """A drill that raised `error`, in its first attempt or after `result`."""
    broken, report = without_report(result.name, error), result.report
    if report is None:
        return broken
    return replace(broken, broke=f"{broken.broke} ({report.verdict} before that: {report.identity.run})")


@contextmanager
def _told_of_all(sheets: Sheets, left: Sequence[Result]) -> Iterator[None]:
    """An error in the block is why none of them is begun."""
    try:
        yield
    except HactlError as error:
        sheets.note([replace(one, not_run=error.message) for one in left])
        raise


def _ask_about_all(chosen: Chosen, suite: Suite, drills: tuple[Definition, ...], seed: int) -> Fleet:
    """The fleet, if each of `drills` might be begun now. Raises CommandRejected about all that might not."""
    client, refused = chosen.client, dict[str, str]()
    fleet = client.fleet().fleet
    for definition in drills:
        try:
            why_not = ask(client, definition, fleet, seed, chosen.paths.state).why_not
        except CommandRejected as error:
            why_not = str(error)
        if why_not:
            refused[definition.name] = why_not
    if refused:
        hint = f"hactl drill plan {next(iter(refused))}"
        if len(refused) < len(drills):
            hint += f"; to run the others: {' '.join(f'--skip {name}' for name in refused)}"
        told = f"suite '{suite.name}' was not started on fleet '{fleet.name}': {_grouped(refused)}"
        raise CommandRejected(told, hint, guard=True)
    return fleet


def _grouped(refused: dict[str, str]) -> str:
    """Which drills may not be begun, and why; what is the same for several is said once."""
    alike: dict[str, list[str]] = {}
    for name, why_not in refused.items():
        alike.setdefault(why_not, []).append(name)
    return "; ".join(f"{', '.join(names)}: {why_not}" for why_not, names in alike.items())


def _settle(chosen: Chosen) -> None:
    """Let the fleet recover fully before the next drill; if it does not, or nobody answers, that drill says so."""

    def rests(fleet: Fleet) -> bool:
        return is_serving(fleet) and not fleet.operations

    with suppress(HactlError):
        until_true(chosen.client, rests, PATIENCE, "the fleet to settle")


def _line(result: Result, broken: Exit | None) -> Line:
    report = result.report
    return Line(
        name=result.name,
        verdict=result.verdict,
        clean=not result.broke if report is None else report.clean,
        exit=broken if report is None else exit_of(report),
        run="" if report is None else report.identity.run,
        seconds=result.seconds,
        why=result.why,
    )


def _told(result: Result, width: int) -> str:
    """One drill in one line."""
    return one_line(f"{result.name:<{width}}  {result.verdict.upper():<12}  {result.seconds:3.0f} s  {result.why}")

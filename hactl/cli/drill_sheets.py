"""`--junit` and `--summary` of `hactl drill run`: files for build servers, correct at every moment.

They are written before the first drill and after each one. A run that is killed in the middle leaves files in which
every drill without a result is an error; their content is made in `suite_report`.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from hactl.cli import output
from hactl.core.errors import CommandRejected, HactlError
from hactl.drill.report import DrillReport
from hactl.drill.stopping import told
from hactl.drill.suite_report import Result, junit, markdown

_file = click.Path(path_type=Path, dir_okay=False)
junit_option = click.option(
    "--junit", type=_file, metavar="FILE", help="Write JUnit XML to FILE: a test suite for each drill, even if not run."
)
summary_option = click.option(
    "--summary", type=_file, metavar="FILE", help="Write a Markdown table of the drills to FILE."
)


class Sheets:
    """The files that are wanted, if any."""

    def __init__(self, title: str = "", junit: Path | None = None, summary: Path | None = None) -> None:
        """`title` stands above the table."""
        self._title = title
        self._junit = junit
        self._summary = summary

    def begin(self, results: Sequence[Result]) -> None:
        """Write them before anything is done. Raises HactlError when that cannot be: better now than afterwards."""
        if self._junit is not None:
            output.write(self._junit, junit(results).encode())
        if self._summary is not None:
            output.write(self._summary, markdown(self._title, results).encode())

    def note(self, results: Sequence[Result]) -> None:
        """Write them again; what cannot be is said, and no reason to end."""
        try:
            self.begin(results)
        except HactlError as error:
            output.complain(error)


NO_SHEETS = Sheets()
"""None are wanted."""


def one_drill(sheets: Sheets, name: str, run: Callable[[], DrillReport]) -> DrillReport:
    """The report on a drill that is no part of a suite, in `sheets` from before its beginning on. Raises as `run`."""
    nothing, began = unfinished(name), time.monotonic()
    sheets.begin([nothing])
    try:
        report = run()
    except BaseException as error:
        sheets.note([without_report(name, error)])
        raise
    sheets.note([Result(name=name, report=report, seconds=time.monotonic() - began)])
    return report


def unfinished(name: str) -> Result:
    """A drill that has begun, as long as there is nothing else to say of it."""
    return Result(name=name, broke="it has not finished")


def without_report(name: str, error: BaseException) -> Result:
    """The result of a drill that raised `error`: refused, interrupted, or broken."""
    match error:
        case CommandRejected():
            return Result(name=name, not_run=error.message)
        case HactlError():
            broke = error.message
        case Exception():
            broke = told(error)
        case _:
            broke = "interrupted; the daemon restores everything"
    return Result(name=name, broke=broke)

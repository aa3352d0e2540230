"""`hactl drill recover|report`: the drills that were run."""

from collections.abc import Iterator

import click

from hactl.cli import output
from hactl.cli.choice import Chosen, choose
from hactl.cli.exits import Exit
from hactl.cli.following import pages, until_ended
from hactl.cli.options import fleet_option, json_option, label, timeout_option
from hactl.cli.records import history
from hactl.core.commands import EndDrill
from hactl.core.errors import CommandRejected, HactlError, Unreachable
from hactl.core.events import OperationEnded, Record
from hactl.core.operation import began_at
from hactl.core.talk import Query
from hactl.drill.canary import present, read_ledger
from hactl.drill.markdown import render
from hactl.drill.recovering import obituary
from hactl.drill.report import DrillReport
from hactl.drill.runs import Run, abandoned, named, runs

_PAGE = 500


@click.command()
@fleet_option
@timeout_option("120s", "How long to wait until everything is put back; then exit code 4.")
@json_option
def recover(timeout: float, as_json: bool) -> int:
    """Finish drills whose runner died.

    Has everything put back now, and files them as aborted. The next `run` does the same.
    """
    chosen = choose()
    reports = [bury(chosen, run, timeout) for run in abandoned(chosen.paths.drills)]
    if as_json:
        output.emit_json({"version": 1, "reports": reports})
    for one in reports:
        output.say(f"{one.identity.run}: {one.verdict}: {one.why}")
    if not reports:
        output.say("every drill has its report: nothing to recover")
    return Exit.OK if all(one.clean for one in reports) else Exit.NOT_CLEAN


@click.command()
@click.argument("run", required=False, default="")
@click.option("--all", "every", is_flag=True, help="List every run instead.")
@fleet_option
@json_option
def report(run: str, every: bool, as_json: bool) -> int:
    """Show the report on a run.

    On RUN, or on the newest one, as Markdown. Works without a daemon.
    """
    root = choose().paths.drills
    if every:
        return _list(runs(root), as_json=as_json)
    chosen = named(root, run)
    filed = chosen.report()
    if filed is None:
        open_run = chosen.read()
        how = "goes on" if open_run.alive else "was left by its runner"
        hint = "hactl drill stop" if open_run.alive else "hactl drill recover"
        raise HactlError(f"run '{chosen.name}' has no report yet: it {how} (phase {open_run.phase})", hint)
    if as_json:
        output.emit_json(filed)
    else:
        click.echo(render(filed), nl=False)
        output.say(str(chosen.directory))
    return Exit.OK


def bury(chosen: Chosen, run: Run, timeout: float) -> DrillReport:
    """File a run as aborted whose runner is gone; what it touched is put back first. Raises Unreachable when it is not
    known how that ended, and no daemon answers."""
    open_run = run.read()
    operation = open_run.identity.operation
    ended = _ending(chosen, operation) if operation else None
    if operation and ended is None:
        ended = _take_back(chosen, operation, timeout)
    filed = obituary(open_run, ended, read_ledger(run.ledger), _canaries(chosen, operation))
    run.finish(filed)
    run.tidy()
    return filed


def _take_back(chosen: Chosen, operation: str, timeout: float) -> OperationEnded | None:
    client = chosen.client
    try:
        client.submit(EndDrill(id=operation), by=label(), reason="its runner is gone")
    except CommandRejected:
        return _ending(chosen, operation)
    return until_ended(client, operation, timeout)


def _ending(chosen: Chosen, operation: str) -> OperationEnded | None:
    """How an operation ended, by the journal; None when it has not, or nobody can say."""
    try:
        for record in _records(chosen, operation, "OperationEnded"):
            if isinstance(record.event, OperationEnded) and record.event.id == operation:
                return record.event
    except Unreachable:
        pass
    return None


def _canaries(chosen: Chosen, operation: str) -> list[int]:
    """Those of a drill that are in the journal."""
    return list(present(_records(chosen, operation, "DrillKept"), operation)) if operation else []


def _records(chosen: Chosen, operation: str, kind: str) -> Iterator[Record]:
    """Those of one kind from the moment on that an operation began. Raises Unreachable."""
    query = Query(after=began_at(operation) - 1, kinds=(kind,), limit=_PAGE)
    for page in pages(lambda asked: history(chosen, asked), query):
        yield from page


def _list(found: list[Run], *, as_json: bool) -> int:
    rows = [_row(run) for run in found]
    if as_json:
        output.emit_json(
            {"version": 1, "runs": [dict(zip(("run", "verdict", "clean", "why"), row, strict=True)) for row in rows]}
        )
    else:
        for line in output.table(("RUN", "VERDICT", "", "WHY"), rows):
            click.echo(line)
    return Exit.OK


def _row(run: Run) -> tuple[str, str, str, str]:
    try:
        if (filed := run.report()) is not None:
            return run.name, str(filed.verdict), "" if filed.clean else "NOT CLEAN", filed.why
        open_run = run.read()
    except HactlError as error:
        return run.name, "unreadable", "", error.message
    if open_run.alive:
        return run.name, f"in progress ({open_run.phase})", "", ""
    return run.name, "abandoned", "", "hactl drill recover"

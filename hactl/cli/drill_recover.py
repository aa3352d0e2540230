"""`hactl drill recover`: drills whose runner died."""

from collections.abc import Iterator
from contextlib import suppress

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
from hactl.core.value import replace
from hactl.drill.canary import Found, read_ledger
from hactl.drill.definition import CanaryStore
from hactl.drill.phases import Phase
from hactl.drill.progress import Tail, steps
from hactl.drill.recovering import lifetime, obituary, unmarked
from hactl.drill.report import DrillReport
from hactl.drill.runs import OpenRun, Run, abandoned, runs
from hactl.drill.stores import STORES, first, further

_PAGE = 500


@click.command()
@fleet_option
@timeout_option("120s", "How long to wait until everything is restored; then exit code 4.")
@json_option
def recover(timeout: float, as_json: bool) -> int:
    """Finish drills whose runner died.

    Everything they touched is restored now, and they are filed as aborted. The next `run` does the same.
    """
    chosen = choose()
    reports = [bury(chosen, run, timeout) for run in abandoned(chosen.paths.drills)]
    if as_json:
        output.emit_json({"reports": reports})
    for one in reports:
        output.say(f"{one.identity.run}: {one.verdict}: {one.why}")
    if not reports:
        output.say("every drill has its report: nothing to recover")
    return Exit.OK if all(one.clean for one in reports) else Exit.NOT_CLEAN


def bury(chosen: Chosen, run: Run, timeout: float) -> DrillReport:
    """File a run as aborted whose runner is gone; what it touched is put back first. Raises Unreachable when it is not
    known how that ended, and no daemon answers."""
    open_run = run.read()
    operation = open_run.identity.operation or _unmarked(chosen, run, open_run)
    open_run = replace(open_run, identity=replace(open_run.identity, operation=operation))
    ended = _ending(chosen, operation) if operation else None
    if operation and ended is None:
        ended = _take_back(chosen, operation, timeout)
    records = tuple(lifetime(_records(chosen, operation), operation)) if operation else ()
    said = steps(Tail(run.progress).lines())
    found = {store: tuple(_found(chosen, store, operation)) for store in open_run.definition.canary.stores}
    filed = run.finish(obituary(open_run, ended, read_ledger(run.ledger), records, said, found), say=output.say)
    run.tidy()
    return filed


def _unmarked(chosen: Chosen, run: Run, left: OpenRun) -> str:
    """The operation that a run does not know of, if it was killed in the moment in which the fleet was lent to it.
    Raises Unreachable, and HactlError while the fleet may just be lent to another run of that drill."""
    if left.phase is not Phase.GATE:
        return ""
    others: list[OpenRun] = []
    for other in runs(chosen.paths.drills):
        with suppress(HactlError):  # one that cannot be read is nobody's
            others += [other.read()] if other.name != run.name else []
    for one in others:
        if one.alive and not one.identity.operation and one.definition.name == left.definition.name:
            raise HactlError(f"{one.identity.run} is just beginning: the fleet may be lent to it", "try again soon")
    began = history(chosen, Query(since=left.identity.began, kinds=("OperationBegan",), limit=_PAGE))
    return unmarked(left, began, {one.identity.operation for one in others})


def _found(chosen: Chosen, store: CanaryStore, operation: str) -> Iterator[Found]:
    """What a store has by now; nothing where the fleet was never borrowed. Raises Unreachable."""
    query = first(store, operation) if operation else None
    while query is not None and (page := history(chosen, query)):
        yield from STORES[store].seen(page, operation)
        query = further(query, page)


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


def _records(chosen: Chosen, operation: str, *kinds: str) -> Iterator[Record]:
    """Those of these kinds, or of all, from the moment on that an operation began. Raises Unreachable."""
    query = Query(after=began_at(operation) - 1, kinds=kinds, limit=_PAGE)
    for page in pages(lambda asked: history(chosen, asked), query):
        yield from page

"""Which drills there are, what each would do to the fleet now, and if it is allowed. Pure, except that it reads files.

What is drawn by chance is drawn here, with the seed that the run is given then: whoever says yes says it to these.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from hactl.core.commands import Command, Freeze, Kill, Restart
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.talk import Receipt, Snapshot
from hactl.core.value import Value
from hactl.drill import library
from hactl.drill.admission import admission
from hactl.drill.definition import Definition
from hactl.drill.faults import borrowing
from hactl.drill.gate import Check
from hactl.drill.history import Filed
from hactl.drill.plan import DrillPlan, plan
from hactl.tui.actions import Action, Target
from hactl.tui.consequences import LABEL, consequences, fact
from hactl.tui.drill_course import VERDICTS
from hactl.tui.lines import Line, Span, line, wrapped
from hactl.tui.meaning import Meaning
from hactl.tui.rows import Cell, Column, Row

FEW = 2
"""Names of processes that a row bears."""


class Offer(Value):
    """One drill, as it would be run here now."""

    drill: Definition
    seed: int
    plan: DrillPlan | None = None
    """None where nobody fits what it asks for."""
    checks: tuple[Check, ...] = ()
    targets: tuple[Target, ...] = ()
    """The processes it would strike."""
    why_not: str = ""
    """Why it may not be run; "" when it may, as far as is known before the daemon was asked."""

    @property
    def words(self) -> tuple[str, ...]:
        """Its command, behind hactl."""
        return ("drill", "run", self.drill.name, "--seed", str(self.seed))

    @property
    def action(self) -> Action:
        """What is looked at again before it is run: whether its targets are still those."""
        if self.plan is None:
            raise AssertionError("only a drill with a plan can be run")
        return Action(command=borrowing(self.plan), targets=self.targets)


def offers(fleet: Fleet, seed: int, state: Path | None) -> tuple[Offer, ...]:
    """All drills that come with hactl, for a fleet that keeps its state in `state`; None where that is unknown.
    Raises ConfigError for one that cannot be read."""
    return tuple(offer(library.load(name), fleet, seed, state) for name in library.names())


def offer(drill: Definition, fleet: Fleet, seed: int, state: Path | None) -> Offer:
    """One drill against a fleet."""
    try:
        drawn = plan(drill, fleet, seed)
    except HactlError as error:
        return Offer(drill=drill, seed=seed, why_not=error.message)
    checks = admission(drill, drawn, fleet, state)
    unmet = [check.unmet for check in checks if not check.ok]
    targets = tuple(Target.of(fleet.nodes[name]) for name in drawn.nodes if name in fleet.nodes)
    return Offer(drill=drill, seed=seed, plan=drawn, checks=checks, targets=targets, why_not="; ".join(unmet))


def same(before: Offer, fleet: Fleet, state: Path | None) -> bool:
    """Whether the same drill with the same seed may still be run and would strike the same now."""
    now = offer(before.drill, fleet, before.seed, state)
    return (
        not now.why_not and now.plan is not None and before.plan is not None and now.plan.strikes == before.plan.strikes
    )


COLUMNS = (
    Column(title="DRILL", keep=100),
    Column(title="TAKES", right=True, keep=50),
    Column(title="STRIKES", keep=85, least=10),
    Column(title="MAY", keep=90),
    Column(title="LAST", keep=60),
    Column(title="WHAT IT SHOWS, OR WHY NOT", keep=80, stretch=True, least=20),
)


def rows(offered: Iterable[Offer], runs: Sequence[Filed]) -> tuple[Row, ...]:
    """A row for each; `runs` are newest first."""
    last: dict[str, Filed] = {}
    for run in runs:
        last.setdefault(run.drill, run)
    return tuple(_row(each, last.get(each.drill.name)) for each in offered)


def _struck(drawn: DrillPlan) -> str:
    """Whom it strikes, in few words."""
    if drawn.regions:
        return f"region {' '.join(drawn.regions)}"
    if len(drawn.nodes) > FEW:
        return f"{len(drawn.nodes)} nodes"
    return ", ".join(drawn.nodes or dict.fromkeys(strike.kind for strike in drawn.strikes))


def _row(each: Offer, last: Filed | None) -> Row:
    may = not each.why_not
    meaning = Meaning.TEXT if may else Meaning.MUTED
    struck = _struck(each.plan) if each.plan is not None else "-"
    cells = (
        Cell(text=each.drill.name, meaning=Meaning.TITLE if may else meaning),
        Cell(text=f"{each.drill.length:.0f} s", meaning=meaning, order=each.drill.length),
        Cell(text=struck, meaning=meaning),
        Cell(text="yes" if may else "no", meaning=Meaning.SERVING if may else Meaning.DOWN),
        Cell(
            text=last.stands if last is not None else "never",
            meaning=VERDICTS[last.verdict] if last is not None and last.verdict is not None else Meaning.MUTED,
        ),
        Cell(text=each.drill.title if may else each.why_not, meaning=meaning),
    )
    return Row(key=each.drill.name, cells=cells)


def details(row: Row, width: int) -> tuple[Line, ...]:
    """What a row says, where there is not room for all of it in one line."""
    said = {column.title: cell for column, cell in zip(COLUMNS, row.cells, strict=True)}
    last = said["WHAT IT SHOWS, OR WHY NOT"]
    more = Span(text=f"  takes {said['TAKES'].text}, last run: {said['LAST'].text}", meaning=Meaning.MUTED)
    return wrapped(line(Span(text=last.text, meaning=last.meaning), more), max(1, width), 2)


def facts(snapshot: Snapshot, each: Offer, receipts: Sequence[tuple[Command, Receipt]]) -> tuple[Line, ...]:
    """What is said before it is run; `receipts` are the daemon's, of every step that could be tried dry."""
    if each.plan is None:
        return ()
    drill, drawn = each.drill, each.plan
    lines = [fact("shows", drill.title)]
    for strike in drawn.strikes:
        kept = ", held down until the failback" if strike.keep_down else ""
        lines.append(fact("strikes", f"{strike} ({strike.why}){kept}"))
    for command, receipt in receipts:
        if isinstance(command, Kill | Freeze | Restart):
            hit = tuple(target for target in each.targets if target.node in command.nodes)
            told = consequences(snapshot, Action(command=command, targets=hit), receipt)
            lines += [one for one in told if not _said(one, "grace")]
    phases = drill.phases
    load = drawn.load.told
    load += f", and {beside.told}" if (beside := drawn.load.beside) is not None else ""
    took = f"baseline {phases.baseline:g} s, hold {phases.hold:g} s, settle {phases.settle:g} s"
    return (
        *lines,
        fact("load", load),
        fact("takes", f"about {drill.length:.0f} s: {took}; never more than {drawn.longest:.0f} s"),
        fact("gate", Span(text=f"all {len(each.checks)} checks met", meaning=Meaning.SERVING)),
        fact("undo", f"by the daemon in any case, at most {drawn.lease:g} s after its runner dies; A stops it"),
    )


def _said(one: Line, label: str) -> bool:
    return bool(one) and one[0].text == f"{label:<{LABEL}}"

"""The runs of a fleet as rows: what came of each, and by how much. Pure; what runs there are is `drill.history`."""

from collections.abc import Iterable

from hactl.core.reading import age
from hactl.drill.history import Filed
from hactl.drill.verdict import CONCLUSIVE
from hactl.tui.drill_course import VERDICTS
from hactl.tui.meaning import Meaning
from hactl.tui.rows import Cell, Column, Row

COLUMNS = (
    Column(title="DRILL", keep=100),
    Column(title="VERDICT", keep=95, least=13),
    Column(title="RTO", right=True, keep=80, least=7),
    Column(title="RPO", right=True, keep=70, least=9),
    Column(title="AVAILABLE", right=True, keep=60),
    Column(title="AGO", right=True, keep=85, least=4),
    Column(title="SEED", right=True, keep=20),
    Column(title="WHY", keep=75, stretch=True, least=20),
)

_NOTHING = Cell(text="-", meaning=Meaning.MUTED, order=-1.0)


def rows(runs: Iterable[Filed], wall: float) -> tuple[Row, ...]:
    """A row for each, in their order; `wall` is Unix time."""
    return tuple(_row(run, wall) for run in runs)


def _row(run: Filed, wall: float) -> Row:
    meaning = VERDICTS[run.verdict] if run.verdict is not None else Meaning.STARTING
    if run.verdict is None and run.stands != "in progress":
        meaning = Meaning.DEGRADED
    stands = run.stands if run.clean else f"{run.stands}, NOT CLEAN"
    old = None if run.began is None else max(0.0, wall - run.began)
    cells = (
        Cell(text=run.drill, meaning=Meaning.TITLE),
        Cell(text=stands, meaning=meaning if run.clean else Meaning.DOWN),
        *(_figure(run, name) for name in ("rto", "rpo_records", "availability")),
        _NOTHING if old is None else Cell(text=age(old), meaning=Meaning.MUTED, order=old),
        _NOTHING if run.seed is None else Cell(text=str(run.seed), meaning=Meaning.MUTED, order=float(run.seed)),
        Cell(text=run.why, meaning=Meaning.TEXT if run.verdict is not None else Meaning.MUTED),
    )
    return Row(key=run.run, cells=cells)


def _figure(run: Filed, name: str) -> Cell:
    """As it was measured; that of a run that has shown nothing is not to catch the eye."""
    if name not in run.figures:
        return _NOTHING
    return Cell(text=run.figures[name], meaning=Meaning.TEXT if run.verdict in CONCLUSIVE else Meaning.MUTED)

"""The runs as rows: verdict in words, figures as measured, nothing made up where there is none."""

from support.pictures import AT

from hactl.drill.history import Filed
from hactl.drill.verdict import Verdict
from hactl.tui.drill_history import rows
from hactl.tui.meaning import Meaning


def test_a_run_is_a_row() -> None:
    figures = {"rto": "310 ms", "rpo_records": "0 records", "availability": "99.950 %"}
    passed = Filed(
        run="r1",
        drill="node-kill",
        stands="pass",
        verdict=Verdict.PASS,
        began=AT - 3600.0,
        why="all met",
        seed=7,
        figures=figures,
    )
    (row,) = rows([passed], AT)
    assert row.key == "r1"
    texts = ["node-kill", "pass", "310 ms", "0 records", "99.950 %", "1h", "7", "all met"]
    assert [cell.text for cell in row.cells] == texts
    assert row.cells[1].meaning is Meaning.SERVING


def test_what_is_not_known_is_not_made_up() -> None:
    going = Filed(run="r2", drill="node-kill", stands="in progress", began=AT - 4.0, why="phase observe")
    broken = Filed(run="r3", drill="node-kill", stands="unreadable")
    left = Filed(run="r4", drill="node-kill", stands="aborted", verdict=Verdict.ABORTED, clean=False)
    first, second, third = rows([going, broken, left], AT)
    assert [cell.text for cell in first.cells][1:6] == ["in progress", "-", "-", "-", "4s"]
    assert second.cells[5].text == "-"
    assert (third.cells[1].text, third.cells[1].meaning) == ("aborted, NOT CLEAN", Meaning.DOWN)


def test_figures_of_a_run_that_has_shown_nothing_do_not_catch_the_eye() -> None:
    """Only those of one that passed or failed say anything about the fleet."""
    for verdict, meaning in (
        *((one, Meaning.TEXT) for one in (Verdict.PASS, Verdict.FAIL)),
        *((one, Meaning.MUTED) for one in (Verdict.INCONCLUSIVE, Verdict.ABORTED, Verdict.ERROR)),
    ):
        run = Filed(run="r", drill="node-kill", stands=str(verdict), verdict=verdict, figures={"rto": "310 ms"})
        (row,) = rows([run], AT)
        assert next(cell.meaning for cell in row.cells if cell.text == "310 ms") is meaning

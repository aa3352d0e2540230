"""A report on a terminal: its tables stand in columns, and what was missed is seen."""

from support.courses import filed

from hactl.drill.markdown import render
from hactl.drill.verdict import Verdict
from hactl.tui.lines import plain
from hactl.tui.markdown import markdown
from hactl.tui.meaning import Meaning


def test_a_report_is_read_without_its_marks() -> None:
    lines = markdown(render(filed(Verdict.FAIL, why="rto 810 ms, wanted <= 500 ms", rto="810 ms")))
    said = [plain(line) for line in lines]
    assert said[0] == "Drill node-kill: FAIL"
    assert lines[0][0].meaning is Meaning.TITLE
    assert not any("|--" in line or "**" in line for line in said)
    rto = next(line for line in lines if plain(line).startswith("  rto"))
    head = next(line for line in said if line.startswith("  objective"))
    assert plain(rto).index("810 ms") == head.index("measured")
    assert next(span.meaning for span in rto if span.text.strip() == "missed") is Meaning.DOWN


def test_foreign_text_stays_what_it_was() -> None:
    (_, cell) = markdown("| a | b |\n|---|---|\n| x \\| y &lt;b> | z |")
    assert "x | y <b>" in plain(cell)
    assert plain(markdown("[/x] `code`")[0]) == "[/x] code"
    assert plain(markdown("\\!\\[x\\](y) \\`z\\` \\\\")[0]) == "![x](y) `z` \\"


def test_nothing_of_it_is_cut_off_and_its_verdict_is_seen() -> None:
    """Sentences go on below in a narrow window; what nobody may overlook looks as what it says."""
    why = "not measured: rto, availability; " * 4
    lines = markdown(render(filed(Verdict.INCONCLUSIVE, why=why.strip())), 40)
    said = [plain(line) for line in lines]
    assert max(len(line) for line in said if not line.startswith("  ")) <= 40, "tables go as far as they can"
    begins = next(at for at, line in enumerate(said) if line.startswith("inconclusive: not measured"))
    assert " ".join(" ".join(said[begins : said.index("", begins)]).split()) == f"inconclusive: {why.strip()}"
    assert lines[begins][0].meaning is Meaning.DEGRADED
    for verdict, meaning in (
        (Verdict.PASS, Meaning.SERVING),
        (Verdict.FAIL, Meaning.DOWN),
        (Verdict.ERROR, Meaning.DOWN),
    ):
        told = markdown(render(filed(verdict)))
        assert next(line[0].meaning for line in told if plain(line).startswith(f"{verdict}:")) is meaning
    unclean = markdown(render(filed(clean=False)))
    assert next(line[0].meaning for line in unclean if plain(line).startswith("NOT CLEAN")) is Meaning.DOWN

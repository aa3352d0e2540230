"""Rows of a live table: order, filter, and what a width has room for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hactl.core.value import replace
from hactl.tui.meaning import Meaning
from hactl.tui.rows import Arrangement, Cell, Column, Row, arranged, as_text, fitted, padded


def a_row(name: str, rate: float | None = None, *, group: str = "g", head: bool = False) -> Row:
    number = Cell(text="-", order=-1.0) if rate is None else Cell(text=f"{rate:.0f}", order=rate)
    return Row(key=name, cells=(Cell(text=name), number), group=group, head=head)


ROWS = (
    a_row("edges", group="edges", head=True),
    a_row("edge-1", 40.0, group="edges"),
    a_row("seoul", group="seoul", head=True),
    a_row("seoul-1", 9.0, group="seoul"),
    a_row("seoul-2", 100.0, group="seoul"),
)


def keys(chosen: Arrangement) -> list[str]:
    return [row.key for row in arranged(ROWS, chosen)]


class TestOrder:
    def test_rows_come_as_they_are(self):
        assert keys(Arrangement()) == [row.key for row in ROWS]

    def test_numbers_sort_as_numbers_within_their_group_below_its_head(self):
        assert keys(Arrangement(sort=1)) == ["edges", "edge-1", "seoul", "seoul-1", "seoul-2"]
        assert keys(Arrangement(sort=1, reverse=True)) == ["edges", "edge-1", "seoul", "seoul-2", "seoul-1"]


class TestFilter:
    def test_a_part_of_any_cell_is_enough_whatever_its_case(self):
        assert keys(Arrangement(filter="UL-2")) == ["seoul", "seoul-2"]
        assert keys(Arrangement(filter="100")) == ["seoul", "seoul-2"]

    def test_an_exclamation_mark_inverts(self):
        assert keys(Arrangement(filter="!seoul")) == ["edges", "edge-1"]

    def test_a_head_stays_when_it_is_what_was_looked_for(self):
        assert keys(Arrangement(filter="edges")) == ["edges"]

    def test_only_bad_rows_with_the_heads_of_their_groups(self):
        bad = tuple(replace(row, bad=row.key == "seoul-2") for row in ROWS)
        assert [row.key for row in arranged(bad, Arrangement(bad=True))] == ["seoul", "seoul-2"]
        assert [row.key for row in arranged(bad, Arrangement(bad=True, filter="edge"))] == []

    def test_nothing_may_be_left(self):
        assert keys(Arrangement(filter="osaka")) == []


COLUMNS = (
    Column(title="NAME", keep=100),
    Column(title="REQ/S", right=True, keep=50),
    Column(title="MEM", right=True, keep=10),
    Column(title="WHY", keep=90, stretch=True, least=6),
)
WIDE = (
    Row(key="a", cells=(Cell(text="seoul-1"), Cell(text="1,000"), Cell(text="66M"), Cell(text="killed by signal 9"))),
)


class TestWidths:
    def test_with_room_everything_is_shown_and_one_column_takes_the_rest(self):
        assert fitted(COLUMNS, WIDE, 60) == ((0, 7), (1, 6), (2, 4), (3, 40))

    def test_what_matters_least_goes_first(self):
        assert [at for at, _ in fitted(COLUMNS, WIDE, 24)] == [0, 1, 3]
        assert [at for at, _ in fitted(COLUMNS, WIDE, 16)] == [0, 3]
        assert [at for at, _ in fitted(COLUMNS, WIDE, 5)] == [0]

    @given(st.integers(min_value=18, max_value=200))
    def test_a_line_is_never_wider_than_the_screen(self, width):
        shown = fitted(COLUMNS, WIDE, width)
        assert sum(each for _, each in shown) + len(shown) - 1 <= width


@given(st.text(max_size=30), st.integers(min_value=0, max_value=20), st.booleans())
def test_padded_text_has_exactly_its_width(text, width, right):
    """Wide characters included: a line must not move because of a name."""
    text = "".join(letter for letter in text if letter.isprintable() and cell_len(letter) > 0)
    assert cell_len(padded(text, width, right=right)) == width


@pytest.mark.parametrize(("text", "shown"), [("short", "short  "), ("much too long", "much t…")])
def test_what_is_too_long_ends_in_a_mark(text, shown):
    assert padded(text, 7, right=False) == shown


def test_a_row_for_others_says_what_each_number_is_and_leaves_out_what_is_drawn_or_unknown():
    columns = (Column(title="NAME"), Column(title="REQ/S"), Column(title="P99"), Column(title="LAST 60s"), *COLUMNS[:1])
    cells = (Cell(text=" a\tb\n"), Cell(text="40"), Cell(text="-"), Cell(text="▁▂", meaning=Meaning.GRAPH), Cell())
    said = as_text(columns, Row(key="a", cells=cells))
    assert said.startswith("name a")
    assert said.endswith("b, req/s 40")
    assert "\n" not in said

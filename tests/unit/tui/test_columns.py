"""Cells below each other: all of each is seen, however narrow the window is."""

from hactl.tui.columns import Cells, columns
from hactl.tui.lines import Span, plain
from hactl.tui.meaning import Meaning


def row(*texts: str) -> Cells:
    return [(text, Meaning.TEXT) for text in texts]


ROWS = (
    row("figure", "one", "difference"),
    row("rto", "310 ms, of 290 .. 330 ms in 4 runs", "+500 ms"),
    row("rpo", "", ""),
)


def test_columns_stand_below_each_other() -> None:
    head, rto, rpo = map(plain, columns(ROWS))
    assert head.index("difference") == rto.index("+500 ms")
    assert rpo == " rpo     "


def test_where_there_is_less_room_the_widest_goes_on_below_and_nothing_is_cut_off() -> None:
    told = [plain(line) for line in columns(ROWS, 40)]
    assert max(map(len, told)) <= 40
    words = sorted(" ".join(told).split())
    assert words == sorted(" ".join(text for each in ROWS for text, _ in each).split())
    assert len({line.index(word) for line, word in ((told[0], "difference"), (told[1], "+500 ms"))}) == 1


def test_what_stands_below_a_row_makes_no_column_wider() -> None:
    long = (Span(text="   because of very many things that nobody has foreseen"),)
    told = [plain(line) for line in columns(ROWS, below=((), (long,)))]
    plainly = [plain(line) for line in columns(ROWS)]
    assert told == [*plainly[:2], long[0].text, *plainly[2:]]

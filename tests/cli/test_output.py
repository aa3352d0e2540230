"""Text for people: tables, ages, counts."""

from hactl.cli import output


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert output.table(("NAME", "N"), [("a", "1"), ("long", "100")], right=frozenset({1})) == [
        "NAME    N",
        "a       1",
        "long  100",
    ]


def test_color_does_not_count_as_width() -> None:
    red = "\x1b[31mred\x1b[0m"
    assert output.table(("A", "B"), [(red, "x")])[1] == f"{red}  x"


def test_a_line_that_is_too_long_goes_on_below() -> None:
    """On a screen; elsewhere it stays one line, for whoever searches it."""
    assert output.folded("one two three", 8) == ["one two", "  three"]
    assert output.folded("one two", 80) == ["one two"]
    assert output.folded("one two three", 0) == ["one two three"]

"""Foreign text cannot drive a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from hactl.core.plain import one_line, plain, printable


def test_escapes_are_shown_and_not_obeyed():
    assert plain("a\x1b[2Jb\x07\r\tc\n") == "a\N{REPLACEMENT CHARACTER}[2Jb" + "\N{REPLACEMENT CHARACTER}" * 2 + "\tc\n"


@given(st.text())
def test_one_line_is_printable_whatever_it_was(text):
    assert one_line(text).isprintable()
    assert len(one_line(text)) == len(text)


def test_what_is_only_quoted_loses_what_cannot_be_printed():
    assert printable("a\x1b[2J\tb\r\n\N{RIGHT-TO-LEFT OVERRIDE}c d") == "a[2Jbc d"

"""Lines whose pieces have meanings."""

from hypothesis import given
from hypothesis import strategies as st

from hactl.tui.lines import Span, cut, length, line, spread
from hactl.tui.meaning import Meaning

texts = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(st.lists(texts, max_size=5), st.integers(min_value=1, max_value=60))
def test_a_line_that_was_cut_fits(parts, width):
    assert length(cut(line(*parts), width)) <= width


def test_what_fits_is_left_as_it_is():
    whole = line("one ", Span(text="two", meaning=Meaning.DOWN))
    assert cut(whole, 7) == whole


def test_a_cut_is_marked_and_keeps_meanings():
    whole = line("one ", Span(text="two", meaning=Meaning.DOWN))
    assert cut(whole, 6) == line("one ", Span(text="t", meaning=Meaning.DOWN), Span(text="…", meaning=Meaning.MUTED))


@given(texts, texts)
def test_both_ends_of_a_line_fill_it_and_the_right_one_is_whole(left, right):
    spans = spread(line(left), line(right), 50)
    assert length(spans) == 50
    assert spans[-1].text == right

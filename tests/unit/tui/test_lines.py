"""Lines whose pieces have meanings."""

from hypothesis import given
from hypothesis import strategies as st

from hactl.tui.lines import Span, cut, length, line, plain, spread, wrapped
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


class TestWrapped:
    def test_what_fits_stays_one_line(self):
        short = line("a bc", Span(text=" d", meaning=Meaning.KEY))
        assert wrapped(short, 6) == (short,)

    def test_lines_are_broken_between_words_and_words_keep_their_looks(self):
        spans = line("who   one two ", Span(text="three four", meaning=Meaning.KEY))
        lines = wrapped(spans, 15, indent=6)
        assert [plain(each).rstrip() for each in lines] == ["who   one two", "      three", "      four"]
        assert all(length(each) <= 15 for each in lines)
        assert [span.meaning for span in lines[1] if span.text == "three"] == [Meaning.KEY]

    def test_a_word_that_is_longer_than_a_line_is_broken_and_nothing_of_it_is_lost(self):
        said = [plain(each) for each in wrapped(line("a " + "b" * 25 + " c"), 10, 2)]
        assert said == ["a bbbbbbbb", "  bbbbbbbb", "  bbbbbbbb", "  b c"]
        assert [plain(each) for each in wrapped(line("日" * 7), 5)] == ["日日", "日日", "日日", "日"]

    def test_without_any_room_nothing_is_broken(self):
        spans = line("a b c")
        assert wrapped(spans, 0) == (spans,)
        assert wrapped(spans, 3, indent=8) == (spans,)

"""What is built is HTML, what is foreign is text, and neither can become the other."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis.strategies import text

from hactl.drill.markup import el, joined, plain


@given(text(), text())
def test_foreign_text_comes_out_as_it_went_in_and_as_nothing_else(inside: str, attribute: str) -> None:
    """Whatever is in it: a parser finds one element with that text and that attribute."""
    read = ElementTree.fromstring(el("p", inside, title=attribute))
    assert list(read) == []
    assert (read.text or "") == plain(inside).replace("\r\n", "\n").replace("\r", "\n")
    assert set(read.keys()) == {"title"}


def test_what_was_built_is_not_escaped_again() -> None:
    inner = el("b", "a < b")
    assert el("p", "x & y ", inner) == "<p>x &amp; y <b>a &lt; b</b></p>"
    assert joined("<", inner) == "&lt;<b>a &lt; b</b>"


def test_attributes_are_written_as_html_has_them() -> None:
    assert (
        el("rect", class_="bad", stroke_width=2.0, x=1 / 3) == '<rect class="bad" stroke-width="2" x="0.333333"></rect>'
    )
    assert el("meta", name="a", content='"') == '<meta name="a" content="&quot;">'


def test_what_turns_the_direction_of_writing_is_seen() -> None:
    """A name cannot pretend to be another one."""
    assert plain("gnp\u202eexe.png\x00") == "gnp\ufffdexe.png\ufffd"
    assert plain("서울-1 ok\n") == "서울-1 ok\n"

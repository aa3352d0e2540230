"""Lines of text whose pieces have meanings: what screens that are not tables are drawn from. Pure values."""

import re

from rich.cells import cell_len, set_cell_size

from hactl.core.plain import one_line
from hactl.core.value import Value
from hactl.tui.meaning import Meaning


class Span(Value):
    """A piece of a line."""

    text: str
    meaning: Meaning = Meaning.TEXT


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line of these pieces, without anything that drives a terminal; plain ones are ordinary text."""
    spans = (Span(text=part) if isinstance(part, str) else part for part in parts)
    return tuple(Span(text=one_line(span.text), meaning=span.meaning) for span in spans)


def plain(spans: Line) -> str:
    """A line without its looks."""
    return "".join(span.text for span in spans)


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` and `right` at both ends of `width` cells; what does not fit is cut from the left one."""
    room = width - length(right) - 1
    kept = cut(left, max(0, room))
    return (*kept, Span(text=" " * max(1, width - length(kept) - length(right))), *right)


def passes(text: str, wanted: str) -> bool:
    """Whether `text` has `wanted`, whatever its case; with "!" in front, whether it has not. Everything has nothing."""
    inverted, part = wanted.startswith("!"), wanted.removeprefix("!").casefold()
    return not part or (part in text.casefold()) is not inverted


def length(spans: Line) -> int:
    """Cells a line takes."""
    return sum(cell_len(span.text) for span in spans)


def cut(spans: Line, width: int) -> Line:
    """The line within so many cells, with a mark where it was cut."""
    if length(spans) <= width:
        return spans
    kept: list[Span] = []
    left = width - 1
    for span in spans:
        if cell_len(span.text) >= left:
            kept.append(Span(text=set_cell_size(span.text, max(0, left)), meaning=span.meaning))
            break
        kept.append(span)
        left -= cell_len(span.text)
    return (*kept, Span(text="…", meaning=Meaning.MUTED)) if width > 0 else ()


def wrapped(spans: Line, width: int, indent: int = 0) -> tuple[Line, ...]:
    """The line in as many as it takes, broken between words; those that follow the first begin `indent` cells in.

    Only a word that is longer than a line is broken itself.
    """
    if width <= indent or length(spans) <= width:
        return (spans,)
    lines: list[list[Span]] = [[]]
    room = width
    for span in spans:
        for word in re.findall(r"\s+|\S+", span.text):
            if cell_len(word) > room and room < width - indent:
                lines.append([Span(text=" " * indent)])
                room = width - indent
                word = word.lstrip()  # noqa: PLW2901 - what a line is broken at is not seen
            while cell_len(word) > room > 0:
                head, word = _split(word, room)  # noqa: PLW2901
                lines[-1].append(Span(text=head, meaning=span.meaning))
                lines.append([Span(text=" " * indent)])
                room = width - indent
            if word:
                lines[-1].append(Span(text=word, meaning=span.meaning))
                room -= cell_len(word)
    return tuple(tuple(each) for each in lines)


def _split(word: str, room: int) -> tuple[str, str]:
    """As much of a word as goes into `room` cells, a character at least, and what is left of it."""
    at = 1
    while at < len(word) and cell_len(word[: at + 1]) <= room:
        at += 1
    return word[:at], word[at:]

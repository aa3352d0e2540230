"""A report as Markdown: for people, pull requests and tickets. Pure; adds nothing to the report."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from hactl.core.plain import one_line
from hactl.drill.document import Bullets, Chart, Section, Table, Text, document, heading
from hactl.drill.report import DrillReport

_TAG = re.compile("<(?=[A-Za-z/!?])")
_MARKS = re.compile(r"[\\`\[\]!|]")
"""What begins a link, an image, code or another cell."""


def render(report: DrillReport, earlier: Sequence[DrillReport] = ()) -> str:
    """The whole report; `earlier` are the runs before it, oldest first."""
    return "\n".join((f"# {escaped(heading(report))}", *_lines(document(report, earlier)))) + "\n"


def _lines(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        if section.title:
            yield f"\n## {section.title}"
        for block in section.blocks:
            match block:
                case Text(text=text, loud=loud):
                    yield f"\n**{escaped(text)}**" if loud else f"\n{escaped(text)}"
                case Bullets(items=items):
                    yield ""
                    yield from (f"* {escaped(item)}" for item in items)
                case Table(head=head, rows=rows):
                    yield ""
                    yield from table(head, rows)
                case Chart():
                    pass  # its figures stand in a table beside it
                case _:
                    assert_never(block)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(escaped(cell) for cell in row)} |"


def escaped(text: str) -> str:
    """Foreign text that stays text in a table, and drives no terminal that shows it."""
    return _TAG.sub("&lt;", _MARKS.sub(r"\\\g<0>", one_line(text)))

"""A report as one self-contained page of HTML: no network, no script, no other file. Pure.

It prints, is readable without colour, and is dark where the reader's screen is. Whatever somebody else has named is
text in it, and its own policy forbids a browser to load or run anything, should that ever fail.
"""

from collections.abc import Sequence
from pathlib import Path

from hactl.drill.charts import draw
from hactl.drill.document import Bullets, Chart, Section, Table, Text, document, heading
from hactl.drill.markup import Markup, el
from hactl.drill.report import DrillReport

_STYLE = Path(__file__).with_name("page.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SIGNS = {"ok": "fine", "met": "fine", "NO": "wrong", "missed": "wrong", "unmeasured": "wrong"}
"""Words of the last column of a table that have a look of their own; they say the same without it."""


def render(report: DrillReport, earlier: Sequence[DrillReport] = ()) -> str:
    """The whole page; `earlier` are the runs before it, oldest first."""
    title = heading(report)
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} ({report.identity.run})"),
        el("style", Markup(_STYLE.read_text())),
    )
    sections = [_section(section, report) for section in document(report, earlier)]
    good = report.verdict == "pass" and report.clean
    banner = el("h1", title, class_="pass" if good else "bad")
    body = el("body", _patterns(), el("main", banner, *sections))
    return "<!DOCTYPE html>\n" + el("html", head, body, lang="en") + "\n"


def _section(section: Section, report: DrillReport) -> Markup:
    blocks = [_block(block, report) for block in section.blocks]
    return el("section", *([el("h2", section.title)] if section.title else []), *blocks)


def _block(block: Text | Table | Bullets | Chart, report: DrillReport) -> Markup:
    match block:
        case Text(text=text, loud=True):
            return el("p", el("strong", text))
        case Text(text=text):
            return el("p", text)
        case Bullets(items=items):
            return el("ul", *(el("li", item) for item in items))
        case Table(folded=True):
            return el("details", el("summary", "in figures"), _table(block))
        case Table():
            return _table(block)
        case Chart():
            return draw(block, report) or Markup()


def _table(table: Table) -> Markup:
    head = el("thead", el("tr", *(el("th", cell, scope="col") for cell in table.head)))
    rows = [el("tr", *(el("td", cell, class_=_look(cell)) for cell in row)) for row in table.rows]
    return el("div", el("table", head, el("tbody", *rows)), class_="wide")


def _look(cell: str) -> str:
    if cell in _SIGNS:
        return _SIGNS[cell]
    return "number" if cell.lstrip("+-")[:1].isdigit() else "text"


def _patterns() -> Markup:
    """What bad requests are filled with: lines, so that they are told from good ones without colour."""
    line = el("path", d="M0 6 L6 0 M-1 1 L1 -1 M5 7 L7 5", class_="hatch")
    ground = el("rect", width=6, height=6, class_="ground")
    pattern = el("pattern", ground, line, id="hatched", width=6, height=6, patternUnits="userSpaceOnUse")
    return el("svg", el("defs", pattern), width=0, height=0, class_="defs", aria_hidden="true")

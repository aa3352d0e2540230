"""The page: one file that needs nothing besides itself, in which nobody's name can become anything but text."""

from html.parser import HTMLParser

import pytest
from support.filed import IDENTITY, PLAN, WELL, a_report, filed, stream

from hactl.core.value import replace
from hactl.drill.canary import Losses
from hactl.drill.page import render
from hactl.drill.report import DrillReport, Ending, Line

HOSTILE = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202e\x00"
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "strong", "ul", "li", "div",
    "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption", "svg", "defs",
    "pattern", "path", "rect", "text", "line", "polyline", "circle",
}  # fmt: skip


class Read(HTMLParser):
    """Every element and attribute that a browser would find."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def hostile() -> DrillReport:
    """A run in which everything that somebody else can name is an attack."""
    losses = Losses(store=HOSTILE, acknowledged=1, before=1, kept=1, lost=(), lost_count=0, ghosts=0, rejected=0,
                    duplicates=0, window=0.0, resolution=0.1)  # fmt: skip
    rows = [row._replace(node=HOSTILE, error=HOSTILE if not row.ok else "") for row in stream(2.0)]
    proofs = tuple(replace(proof, node=HOSTILE, found=HOSTILE) for proof in WELL.proofs)
    evidence = replace(WELL, proofs=proofs, losses=(losses,), leftovers=(HOSTILE,), others=(HOSTILE,))
    report = a_report(rows, evidence, Ending(stopped=HOSTILE))
    strikes = tuple(replace(strike, nodes=(HOSTILE,), why=HOSTILE) for strike in PLAN.strikes)
    named = dict.fromkeys(("run", "fleet", "by", "host", "version"), HOSTILE)
    return replace(
        report,
        identity=replace(IDENTITY, **named),
        definition=replace(report.definition, name=HOSTILE, title=HOSTILE),
        plan=replace(PLAN, strikes=strikes, digest=HOSTILE, load=replace(PLAN.load, url=HOSTILE)),
        timeline=(Line(at=0.0, text=HOSTILE),),
    )


@pytest.mark.parametrize("report", [filed(), filed(bad=3.0), hostile(), a_report([])], ids=lambda one: one.verdict)
def test_a_page_is_whole_and_loads_nothing(report: DrillReport) -> None:
    """No element and no attribute by which anything could be fetched or run, whoever named what."""
    read = Read(render(report, [filed("earlier")]))
    assert read.open == []
    assert read.elements <= ALLOWED
    names = {name for name, _ in read.attributes}
    assert not [name for name in names if name.startswith("on") or name in ("href", "src", "style", "xlink:href")]
    assert ("http-equiv", "Content-Security-Policy") in read.attributes
    assert "url(" not in "".join(value for _, value in read.attributes)


def test_what_is_hostile_is_there_to_be_read() -> None:
    words = "".join(Read(render(hostile())).words)
    assert "<script>alert(1)</script>" in words
    assert "\u202e" not in words
    assert "\x00" not in words


def test_what_is_wrong_is_a_word_and_not_only_a_colour() -> None:
    page = render(filed(bad=3.0))
    assert '<td class="wrong">missed</td>' in page
    assert '<h1 class="bad">Drill node-kill: FAIL</h1>' in page
    assert 'id="hatched"' in page


def test_the_style_is_for_screens_that_are_dark_and_for_paper() -> None:
    page = render(filed())
    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media print" in page
    assert "http://" not in page.partition("<style>")[2].partition("</style>")[0]

"""Several drills reported together: what a build server shows, one JUnit file and one page of Markdown. Pure.

No drill of a suite is missing in it: one that was refused, or never begun because of one before it, is an error.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from hactl.core.value import Value
from hactl.drill import junit as xml
from hactl.drill.figures import figure
from hactl.drill.markdown import escaped, table
from hactl.drill.quantity import Unit, seconds, shown
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Verdict

NOT_RUN = "not run"
_WORDS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.ABORTED: "aborted",
    Verdict.ERROR: "broken",
    NOT_RUN: "not run",
}


class Result(Value):
    """One drill of a suite, as it ended."""

    name: str
    report: DrillReport | None = None
    """On the last of its runs; None when there is none."""
    seconds: float = 0.0
    """That all of its runs took."""
    broke: str = ""
    """Why it could not even report; "" when it was not begun at all."""
    not_run: str = "the suite had already ended"
    """Why it was not begun."""

    @property
    def verdict(self) -> str:
        """A verdict, or that it was not run."""
        if self.report is not None:
            return self.report.verdict
        return Verdict.ERROR if self.broke else NOT_RUN

    @property
    def why(self) -> str:
        """The sentence that goes with it; what was left behind comes first."""
        if self.report is None:
            return self.broke or self.not_run
        left = "; ".join(self.report.evidence.leftovers)
        return self.report.why if self.report.clean else f"not clean: {left}; {self.report.why}"


def junit(results: Iterable[Result]) -> str:
    """A test suite for each drill, in one document."""
    return xml.document(
        xml.of_none(one.name, f"{one.verdict}: {one.why}") if one.report is None else xml.of_run(one.report)
        for one in results
    )


def markdown(title: str, results: Sequence[Result]) -> str:
    """A table of all drills, and how many ended in which way."""
    head = ("drill", "verdict", "RTO", "RPO", "least margin", "why")
    rows = [(one.name, one.verdict.upper(), *_figures(one.report), one.why) for one in results]
    took = sum(one.seconds for one in results)
    lines = (f"## {escaped(title)}", "", *table(head, rows), "", f"{counted(results)}, {took:.0f} s.")
    return "\n".join(lines) + "\n"


def counted(results: Iterable[Result]) -> str:
    """How many ended in which way."""
    found = Counter(one.verdict for one in results)
    return ", ".join(f"{found[verdict]} {word}" for verdict, word in _WORDS.items() if found[verdict])


def _figures(report: DrillReport | None) -> tuple[str, str, str]:
    """RTO, RPO, and the objective that had least room left; "-" for what was not measured."""
    if report is None:
        return "-", "-", "-"
    lost = report.evidence.lost
    rpo = "-" if lost is None else f"{lost} lost"
    if lost:
        rpo += f", {seconds(max(one.window for one in report.evidence.losses))}"
    margins = [(one.margin, one.name) for one in report.objectives if one.margin is not None]
    margin, tightest = min(margins, default=(None, ""))
    worst = "-" if margin is None else f"{margin * 100:.0f} % ({tightest})"
    return shown(figure(report, "rto"), Unit.SECONDS), rpo, worst

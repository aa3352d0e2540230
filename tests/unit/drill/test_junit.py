"""JUnit as build servers read it: one case for each check and objective; what shows nothing is an error, no failure."""

from xml.etree import ElementTree

import pytest
from support.filed import IDENTITY, WELL, a_report, filed, stream

from hactl.core.value import replace
from hactl.drill.junit import render
from hactl.drill.report import DrillReport, Ending
from hactl.drill.verdict import Status, Verdict

SCHEMA: dict[str, tuple[set[str], set[str], tuple[str, ...]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "disabled", "errors"}, ("testsuite",)),
    "testsuite": (
        {"name", "tests"},
        {
            "name",
            "tests",
            "failures",
            "errors",
            "time",
            "disabled",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
        },
        ("properties", "testcase", "system-out", "system-err"),
    ),
    "properties": (set(), set(), ("property",)),
    "property": ({"name", "value"}, {"name", "value"}, ()),
    "testcase": (
        {"name", "classname"},
        {"name", "assertions", "time", "classname", "status"},
        ("skipped", "error", "failure", "system-out", "system-err"),
    ),
    "error": (set(), {"type", "message"}, ()),
    "failure": (set(), {"type", "message"}, ()),
    "system-out": (set(), set(), ()),
}
"""The usual schema (that of Jenkins): attributes that must and that may be, and the children in their order."""


def read(report: DrillReport) -> ElementTree.Element:
    """The document, as far as it is one by the schema."""
    root = ElementTree.fromstring(render(report).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        must, may, children = SCHEMA[element.tag]
        assert must <= set(element.keys()) <= may, element.tag
        order = [children.index(child.tag) for child in element]
        assert order == sorted(order), element.tag
    (suite,) = root
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert root.get(name) == suite.get(name) == str(len(list(root.iter(tag)))), name
    return root


def bad(report: DrillReport, kind: str) -> list[str]:
    return [case.get("name") or "" for case in read(report).iter("testcase") if case.find(kind) is not None]


def test_every_check_and_every_objective_is_a_test_case() -> None:
    report = filed()
    names = [case.get("name") for case in read(report).iter("testcase")]
    wanted = [one.name for one in (*report.gate, *report.validity, *report.objectives)]
    assert names == [*wanted, "the result is conclusive", "nothing is left behind"]
    assert (bad(report, "failure"), bad(report, "error")) == ([], [])


def test_a_missed_objective_is_a_failure_with_its_cause() -> None:
    report = filed(bad=3.0)
    assert bad(report, "failure") == ["rto", "availability"]
    assert bad(report, "error") == []
    failure = next(read(report).iter("failure"))
    assert failure.get("message") == "rto: 3000 ms, wanted <= 1000 ms"
    assert "region.spares" in (failure.text or "")


@pytest.mark.parametrize(
    "ending",
    [Ending(pointless="no load"), Ending(stopped="by bob"), Ending(error="broke")],
    ids=["nothing", "stop", "broke"],
)
def test_a_run_that_has_shown_nothing_is_an_error(ending: Ending) -> None:
    """A build must not be green for it, and nobody is to look for a fault of the fleet."""
    report = a_report([], ending=ending)
    assert bad(report, "failure") == []
    assert bad(report, "error") == ["the result is conclusive"]


def test_a_measurement_that_proves_nothing_is_an_error_where_it_is_wrong() -> None:
    report = a_report(stream(), replace(WELL, others=("alice drained seoul-2",)))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert bad(report, "error") == ["no outside changes", "the result is conclusive"]


def test_what_was_missed_in_a_run_that_means_nothing_is_no_failure_of_the_fleet() -> None:
    """Whoever looks for failures would look in the wrong place: a late load generator makes any objective miss."""
    for report in (
        a_report(stream(3.0), replace(WELL, others=("alice drained seoul-2",))),
        a_report(stream(3.0), ending=Ending(stopped="by bob")),
    ):
        assert any(one.status is Status.MISSED for one in report.objectives)
        assert bad(report, "failure") == []
        assert {"rto", "availability"} < set(bad(report, "error"))


def test_what_was_not_measured_is_an_error() -> None:
    report = a_report(stream())
    asked = replace(report, objectives=tuple(replace(one, status=Status.UNMEASURED) for one in report.objectives[:1]))
    assert bad(asked, "error") == ["rto"]


def test_what_was_left_behind_is_a_failure() -> None:
    assert bad(a_report(stream(), replace(WELL, leftovers=("seoul-1 is stopped",))), "failure") == [
        "rollback_clean",
        "nothing is left behind",
    ]


def test_names_that_no_document_may_have_do_not_break_it() -> None:
    """Nor do those that look like one."""
    hostile = '<x>&"\x00\x1b[31m\ud800'
    report = replace(filed(), identity=replace(IDENTITY, host=hostile, fleet=hostile), why=hostile)
    suite = read(report)[0]
    assert suite.get("hostname") == '<x>&"\ufffd\ufffd[31m\ufffd'

"""Reports as JUnit XML, which every build server reads: a test suite for each drill, and in it one test case for each
check of validity and each objective.

A missed objective is a failure. What was not measured, or makes the run mean nothing, is an error, and so is all that
was missed in such a run: nobody is to take it for a pass, and nobody for a fault of the fleet. Pure.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree

from hactl.core.value import Value
from hactl.drill.markup import plain
from hactl.drill.report import DrillReport
from hactl.drill.verdict import CONCLUSIVE, Status

SHOWN = "the result is conclusive"
"""The test case that no drill is without."""


class _Case(Value):
    """One test case."""

    group: str
    name: str
    told: str
    """Value and limit."""
    failure: str = ""
    error: str = ""
    detail: str = ""


def render(report: DrillReport) -> str:
    """The document about one run."""
    return document([of_run(report)])


def document(suites: Iterable[ElementTree.Element]) -> str:
    """The whole document: a test suite for each drill, and their sums."""
    root = ElementTree.Element("testsuites", {"name": "hactl drill"})
    root.extend(suites)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def of_run(report: DrillReport) -> ElementTree.Element:
    """The test suite of one run."""
    identity = report.identity
    suite = _suite(report.definition.name, list(_cases(report)))
    began = datetime.datetime.fromtimestamp(identity.began, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    took = max((spent.end for spent in report.phases), default=0.0)
    for key, value in {"time": f"{took:.3f}", "timestamp": began, "hostname": identity.host}.items():
        suite.set(key, plain(value))
    told = {"run": identity.run, "fleet": identity.fleet, "by": identity.who}
    told |= {"verdict": report.verdict, "hactl": identity.version}
    properties = ElementTree.Element("properties")
    for key, value in told.items():
        ElementTree.SubElement(properties, "property", {"name": key, "value": plain(value)})
    suite.insert(0, properties)
    output = ElementTree.SubElement(suite, "system-out")
    output.text = plain(f"{report.verdict}: {report.why}")
    return suite


def of_none(drill: str, why: str) -> ElementTree.Element:
    """The test suite of a drill without a run: an error, and never one that is missing."""
    return _suite(drill, [_Case(group="run", name=SHOWN, told=why, error=why)])


def _suite(drill: str, cases: Sequence[_Case]) -> ElementTree.Element:
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failure) for case in cases)),
        "errors": str(sum(bool(case.error) for case in cases)),
        "time": "0",
    }
    suite = ElementTree.Element("testsuite", {"name": plain(f"drill.{drill}"), **counts})
    for case in cases:
        _add(suite, drill, case)
    return suite


def _add(suite: ElementTree.Element, drill: str, case: _Case) -> None:
    element = ElementTree.SubElement(
        suite, "testcase", {"classname": plain(f"drill.{drill}.{case.group}"), "name": plain(case.name), "time": "0"}
    )
    for kind, message in (("failure", case.failure), ("error", case.error)):
        if message:
            found = ElementTree.SubElement(element, kind, {"message": plain(message), "type": kind})
            found.text = plain(case.detail or message)
    if not (case.failure or case.error):
        ElementTree.SubElement(element, "system-out").text = plain(case.told)


def _cases(report: DrillReport) -> Iterator[_Case]:
    for check in (*report.gate, *report.validity):
        told = f"{check.value}, wanted {check.limit}"
        yield _Case(group="validity", name=check.name, told=told, error="" if check.ok else f"{check.name}: {told}")
    means = report.verdict in CONCLUSIVE
    for item in report.objectives:
        told = f"{item.value}, wanted {item.limit}"
        message = f"{item.name}: {told}"
        yield _Case(
            group="objectives",
            name=item.name,
            told=told,
            failure=message if item.status is Status.MISSED and means else "",
            error=message if item.status is Status.UNMEASURED or (item.status is Status.MISSED and not means) else "",
            detail=f"{message}\n{item.cause}" if item.cause else message,
        )
    yield from _ends(report)


def _ends(report: DrillReport) -> Iterator[_Case]:
    """What no check and no objective says: that the run came to its end, and that nothing is left of it."""
    why = f"{report.verdict}: {report.why}"
    shown = report.verdict in CONCLUSIVE
    yield _Case(group="run", name=SHOWN, told=why, error="" if shown else why)
    left = "; ".join(report.evidence.leftovers)
    yield _Case(
        group="run",
        name="nothing is left behind",
        told="nothing",
        failure="" if report.clean else f"left behind: {left}",
    )

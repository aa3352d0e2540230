"""A report as JUnit XML, which every build server reads: one test case for each check of validity and each objective.

A missed objective is a failure. What was not measured, or makes the run mean nothing, is an error, and so is all that
was missed in such a run: nobody is to take it for a pass, and nobody for a fault of the fleet. Pure.
"""

import datetime
from collections.abc import Iterator
from xml.etree import ElementTree

from hactl.core.value import Value
from hactl.drill.markup import plain
from hactl.drill.report import DrillReport
from hactl.drill.verdict import CONCLUSIVE, Status


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
    """The whole document."""
    cases = list(_cases(report))
    identity, name = report.identity, report.definition.name
    took = max((spent.end for spent in report.phases), default=0.0)
    began = datetime.datetime.fromtimestamp(identity.began, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failure) for case in cases)),
        "errors": str(sum(bool(case.error) for case in cases)),
        "time": f"{took:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "hactl drill", **counts})
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        {"name": f"drill.{name}", **counts, "timestamp": began, "hostname": plain(identity.host)},
    )
    told = {"run": identity.run, "fleet": identity.fleet, "verdict": report.verdict, "hactl": identity.version}
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in told.items():
        ElementTree.SubElement(properties, "property", {"name": key, "value": plain(value)})
    for case in cases:
        _add(suite, name, case)
    output = ElementTree.SubElement(suite, "system-out")
    output.text = plain(f"{report.verdict}: {report.why}")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _add(suite: ElementTree.Element, drill: str, case: _Case) -> None:
    element = ElementTree.SubElement(
        suite, "testcase", {"classname": f"drill.{drill}.{case.group}", "name": plain(case.name), "time": "0"}
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
    yield _Case(group="run", name="it has shown something", told=why, error="" if shown else why)
    left = "; ".join(report.evidence.leftovers)
    yield _Case(
        group="run",
        name="nothing is left behind",
        told="nothing",
        failure="" if report.clean else f"left behind: {left}",
    )

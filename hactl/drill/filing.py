"""The files a report becomes, and whether those of a run are unchanged. Reads only; writing is `runs`.

    report.json   the source: everything else is made from it
    report.md     report.html   junit.xml
    SHA256SUMS    digests of all of them and of what was measured: `sha256sum -c` needs nothing of ours

Digests tell of damage and of changes by mistake. They are no signature: whoever can write the files can write these.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from hactl.core import codec
from hactl.core.errors import HactlError, os_reason
from hactl.drill import junit, markdown, page
from hactl.drill.gate import Check
from hactl.drill.judging import Windows, objectives
from hactl.drill.records import Records, Row
from hactl.drill.report import DrillReport

SUMS = "SHA256SUMS"
REPORT = "report.json"
REQUESTS = "requests.json"
RETRIED = "retried.json"
SURGED = "surged.json"
OTHERS = "others.json"
STREAMS = (REQUESTS, RETRIED, SURGED, OTHERS)
"""Every single request: of the clients that are judged, of those that try again, of a surge and of clients of other
routes, where there are any."""
REMOVED = "REMOVED"
"""Names which of these are no longer kept (`retention`)."""
NOT_KEPT = "no longer kept"


class Format(StrEnum):
    """What a report can be written as."""

    MARKDOWN = "md"
    JSON = "json"
    HTML = "html"
    JUNIT = "junit"


FILES = {
    Format.MARKDOWN: "report.md",
    Format.HTML: "report.html",
    Format.JUNIT: "junit.xml",
}
"""What is made from the report, and how each is called beside it."""


def written(form: Format, report: DrillReport, earlier: Sequence[DrillReport] = ()) -> bytes:
    """The report in one of its formats; `earlier` are the runs before it, oldest first."""
    faces: dict[Format, Callable[[], bytes]] = {
        Format.MARKDOWN: lambda: markdown.render(report, earlier).encode(),
        Format.HTML: lambda: page.render(report, earlier).encode(),
        Format.JUNIT: lambda: junit.render(report).encode(),
        Format.JSON: lambda: codec.encode(report),
    }
    return faces[form]()


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sums(files: dict[str, str]) -> bytes:
    """The digests of files by name, as sha256sum writes and reads them."""
    return "".join(f"{files[name]}  {name}\n" for name in sorted(files)).encode()


def verified(directory: Path, report: DrillReport) -> tuple[Check, ...]:
    """Whether the files of a run are what was written, and whether its objectives still follow from its requests.

    Raises HactlError when the run has no digests: it is older than they are.
    """
    try:
        lines = (directory / SUMS).read_text().splitlines()
    except OSError as error:
        raise HactlError(
            f"no {SUMS} in {directory}", "this run was filed by an older hactl, or never finished"
        ) from error
    known = {name: wanted for wanted, _, name in (line.partition("  ") for line in lines)}
    gone = removed(directory)
    checks = [
        Check(name=name, value=NOT_KEPT, limit=wanted[:12], ok=True) if name in gone else _same(directory, name, wanted)
        for name, wanted in sorted(known.items())
    ]
    checks += [
        _missing(name, f"in {REPORT} and not in {SUMS}") for name in sorted(set(report.files) - set(known))
    ]  # fmt: skip
    checks += [
        _missing(name, f"{known[name][:12]} in {SUMS}, {wanted[:12]} in {REPORT}")
        for name, wanted in sorted(report.files.items())
        if name in known and known[name] != wanted
    ]
    return (*checks, *(() if gone else _judged_again(directory, report)))


def removed(directory: Path) -> frozenset[str]:
    """Which files with requests a run has no longer, because it is too old: noted, and not there."""
    try:
        noted = (directory / REMOVED).read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(name for name in STREAMS if name in noted and not (directory / name).exists())


def _same(directory: Path, name: str, wanted: str) -> Check:
    if "/" in name or name in ("", "..", "."):
        return _missing(name, "not the name of a file of a run")
    try:
        found = digest((directory / name).read_bytes())
    except OSError as error:
        return _missing(name, os_reason(error))
    value = "unchanged" if found == wanted else f"changed: {found[:12]}"
    return Check(name=name, value=value, limit=wanted[:12], ok=found == wanted)


def _missing(name: str, why: str) -> Check:
    return Check(name=name, value=why, limit="as it was written", ok=False)


def _judged_again(directory: Path, report: DrillReport) -> Iterator[Check]:
    """The objectives, from the requests as they are on the disk."""
    if report.plan is None or not report.objectives:
        return
    name, limit = "objectives judged again", "as in the report"
    streams = []
    for file in STREAMS:
        try:
            streams.append(_stream(directory / file, needed=file == REQUESTS))
        except (OSError, HactlError, ValueError, IndexError) as error:
            yield Check(name=name, value=f"{file} cannot be read: {error}", limit=limit, ok=False)
            return
    windows = Windows(report.definition, report.evidence, *streams)
    again = objectives(report.definition, report.plan, report.evidence, windows)
    differ = [
        f"{now.name} is {now.value}, {now.status}, and was {was.value}, {was.status}"
        for was, now in zip(report.objectives, again, strict=False)
        if (was.name, was.value, was.status) != (now.name, now.value, now.status)
    ]
    if len(again) != len(report.objectives):
        differ.append(f"{len(again)} objectives, and were {len(report.objectives)}")
    yield Check(name=name, value="; ".join(differ) or f"all {len(again)} the same", limit=limit, ok=not differ)


def _stream(path: Path, *, needed: bool) -> list[Row]:
    return list(Records.decode(path.read_bytes())) if needed or path.exists() else []

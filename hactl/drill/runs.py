"""The files of drills: one directory per run, beside the fleet's state and not in it. Reads and writes; judges nothing.

    run.json       who runs it and how far it has come, from its first moment on
    progress       what it has said of itself so far, a step a line (`progress`)
    canaries       the ledger of acknowledgements
    requests.json  every single request, for as long as that is kept (`retention`)
    retried.json   the same of clients that try again, surged.json of a surge, others.json of other routes, if any
    report.json    the report; a run without one has not ended, or its runner died
    report.md      report.html, junit.xml: the same for people and for build servers
    SHA256SUMS     digests of all that does not change any more

Each file is written whole or not at all, but for the two that grow.
"""

import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from hactl.core import codec
from hactl.core.errors import HactlError, os_reason
from hactl.core.value import Value, replace
from hactl.drill import filing
from hactl.drill.comparing import LAST
from hactl.drill.definition import Definition
from hactl.drill.gate import Check
from hactl.drill.load_plan import PREFIX
from hactl.drill.phases import Phase
from hactl.drill.plan import DrillPlan
from hactl.drill.records import Records
from hactl.drill.report import DrillReport, Ending, Identity
from hactl.drill.verdict import CONCLUSIVE
from hactl.supervisor import procfs

T = TypeVar("T")
_NAME = re.compile(r"^\d{8}-\d{6}-|_\d+$")
"""What the name of a run has besides that of its drill: when it began, and which one it was of that second. The
underscore is in no drill's name, and a number at its end may be."""


class OpenRun(Value):
    """How far a run has come, and whose it is."""

    identity: Identity
    definition: Definition
    phase: Phase
    pid: int
    ticks: int
    """When the runner started, in clock ticks after boot: a pid alone names nobody for long."""
    plan: DrillPlan | None = None
    gate: tuple[Check, ...] = ()
    """What was asked before the fleet was borrowed."""
    ending: Ending = Ending()
    """Why it goes on no more, once something has come up."""

    @property
    def alive(self) -> bool:
        """Its runner still runs."""
        return procfs.lives(self.pid, self.ticks)


class Run:
    """The directory of one run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def create(cls, root: Path, drill: str, wall: float) -> "Run":
        """A directory for a new run. Raises HactlError when it cannot be made."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(wall))
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(1, 1000):
                directory = root / (f"{stamp}-{drill}" if number == 1 else f"{stamp}-{drill}_{number}")
                if not directory.exists():
                    directory.mkdir(mode=0o700)
                    return cls(directory)
        except OSError as error:
            why = os_reason(error)
            raise HactlError(f"cannot write to {root}: {why}", "hactl where shows where that is") from error
        raise HactlError(f"too many runs in one second below {root}", "try again in a moment")

    @property
    def name(self) -> str:
        """What it is called."""
        return self.directory.name

    @property
    def drill(self) -> str:
        """Which drill it is of."""
        return _NAME.sub("", self.name)

    @property
    def ledger(self) -> Path:
        """Where acknowledged canaries are remembered."""
        return self.directory / "canaries"

    @property
    def progress(self) -> Path:
        """What it has said of itself so far, for whoever looks on."""
        return self.directory / "progress"

    def mark(self, run: OpenRun) -> None:
        """Remember how far it has come; on the disk when this returns."""
        _write(self.directory / "run.json", codec.encode(run))

    def read(self) -> OpenRun:
        """How far it had come. Raises HactlError when that cannot be read."""
        return _decoded(self.directory / "run.json", OpenRun)

    def finish(
        self, report: DrillReport, *streams: Records, say: Callable[[str], None] = lambda _: None
    ) -> DrillReport:
        """File the report, as it was filed. The source of everything is written first, and makes a run a finished one;
        `say` hears what of the rest cannot be. Raises HactlError when the source cannot be written.

        `streams` are those that `filing.STREAMS` names, as far as they are known.
        """
        files = {
            name: stream.encode()
            for name, stream in zip(filing.STREAMS, streams, strict=False)
            if len(stream) or name == filing.REQUESTS
        }
        ledger = {self.ledger.name: _digest(self.ledger)} if self.ledger.is_file() else {}
        report = replace(report, files=ledger | {name: filing.digest(data) for name, data in files.items()})
        files[filing.REPORT] = codec.encode(report)
        _write(self.directory / filing.REPORT, files[filing.REPORT])
        earlier = self.earlier(report.definition)
        files |= {name: filing.written(form, report, earlier) for form, name in filing.FILES.items()}
        files[filing.SUMS] = filing.sums(ledger | {name: filing.digest(data) for name, data in files.items()})
        for name in files.keys() - {filing.REPORT}:
            try:
                _write(self.directory / name, files[name])
            except HactlError as error:
                say(str(error))
        return report

    def earlier(self, drill: Definition) -> list[DrillReport]:
        """The reports of the last runs before this one of `drill`, which it is of, that have shown something, oldest
        first; those that cannot be read are passed over."""
        found: list[DrillReport] = []
        for run in reversed(runs(self.directory.parent)):
            if run.name >= self.name or run.drill != self.drill:
                continue
            with suppress(HactlError):
                report = run.report()
                if report is not None and report.verdict in CONCLUSIVE and report.definition.own == drill.own:
                    found.append(report)
            if len(found) == LAST:
                break
        return found[::-1]

    def discard(self) -> None:
        """Keep nothing of it: it was never begun."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what only a runner that died leaves: the files of its load."""
        for left in self.directory.glob(f"{PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)

    def report(self) -> DrillReport | None:
        """Its report; None while there is none. Raises HactlError for one that cannot be read."""
        path = self.directory / filing.REPORT
        return _decoded(path, DrillReport) if path.exists() else None


def runs(root: Path) -> list[Run]:
    """Every run, oldest first."""
    try:
        found = sorted(entry for entry in root.iterdir() if (entry / "run.json").exists())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HactlError(f"cannot read {root}: {os_reason(error)}") from error
    return [Run(entry) for entry in found]


def filed(root: Path) -> tuple[list[DrillReport], list[str]]:
    """The reports of all runs that have one, oldest first; and what is wrong with those that cannot be read."""
    reports, unreadable = [], []
    for run in runs(root):
        try:
            report = run.report()
        except HactlError as error:
            unreadable.append(error.message)
        else:
            reports += [report] if report is not None else []
    return reports, unreadable


def named(root: Path, name: str) -> Run:
    """The run called `name`, or the newest for "". Raises HactlError when there is none."""
    found = [run for run in runs(root) if name in ("", run.name)]
    if not found:
        what = f"no run '{name}'" if name else "no drill has been run yet"
        raise HactlError(
            f"{what} below {root}", "hactl drill run node-kill" if not name else "hactl drill report --all"
        )
    return found[-1]


def abandoned(root: Path) -> list[Run]:
    """Runs without a report whose runner is gone: nobody will write it but `recover`.

    One that cannot be read is passed over: nobody can say whose it was, and `report` tells of it.
    """
    found = []
    for run in runs(root):
        with suppress(HactlError):
            if not (run.directory / filing.REPORT).exists() and not run.read().alive:
                found.append(run)
    return found


def _digest(path: Path) -> str:
    try:
        return filing.digest(path.read_bytes())
    except OSError as error:
        raise HactlError(f"cannot read {path}: {os_reason(error)}") from error


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise HactlError(f"cannot write {path}: {os_reason(error)}", "df -h") from error


def _decoded(path: Path, kind: type[T]) -> T:
    try:
        return codec.decode(path.read_bytes(), kind)
    except OSError as error:
        raise HactlError(f"cannot read {path}: {os_reason(error)}") from error
    except HactlError as error:
        raise HactlError(f"cannot read {path}: {error.message}") from error

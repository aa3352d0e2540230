"""The parts of a support archive, and where each comes from: the daemon where one answers, else what a fleet has kept.

Every part leaves through a `Masker`; none of them is a copy of a file as it stands on the disk.
"""

import hashlib
import os
import platform
import resource
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from hactl import __version__
from hactl.cli import doctor
from hactl.cli.checks.finding import Subject, subject
from hactl.cli.choice import Chosen, choose
from hactl.cli.masking import Masker
from hactl.cli.records import ensure_not_hidden
from hactl.core.errors import HactlError, os_reason
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.reading import read
from hactl.core.talk import Measured
from hactl.core.telling import tell
from hactl.core.value import Value

EVENTS = 1000
MINUTES = 10
"""Of measurements, the last ones there are."""
TAIL = 64 << 10
"""Bytes of each log."""
_FACTS = (
    "/proc/sys/net/ipv4/ip_local_port_range",
    "/proc/sys/net/ipv4/tcp_migrate_req",
    "/proc/sys/net/core/somaxconn",
    "/proc/sys/fs/file-nr",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/pressure/cpu",
    "/proc/pressure/memory",
    "/proc/pressure/io",
    "/proc/self/cgroup",
)

Files = Iterator[tuple[str, bytes]]


class Sources:
    """Where the parts come from."""

    def __init__(self, chosen: Chosen, seen: Subject, records: list[Record], trouble: str, masker: Masker) -> None:
        self.chosen = chosen
        self.name = chosen.name
        self.seen = seen
        self.records = records
        self.trouble = trouble
        """Why there are no records; "" when there are."""
        self.masker = masker


class Part(Value):
    """One part: what it is, and how it is made. `make` raises HactlError, OSError or ValueError when it cannot be."""

    about: str
    make: Callable[[Sources], Files]


def begin() -> Sources:
    """Look at the fleet that is meant. Raises HactlError when there is no telling which, or nothing to look at."""
    chosen = choose()
    _ = chosen.client  # raises for a name that nobody knows
    filed = None
    if chosen.config is not None:
        from hactl.config import load

        with suppress(HactlError):
            filed = load(chosen.config)
    seen = subject(chosen, filed)
    records, trouble = [], ""
    try:
        records = _records(chosen)
    except HactlError as error:
        trouble = str(error)
    return Sources(
        chosen, seen, records, trouble, Masker.of(seen.fleet, *_kept(chosen), *records, *([filed] if filed else []))
    )


def _records(chosen: Chosen) -> list[Record]:
    """From the journal itself, daemon or not: what a daemon hands out has lost the values that are to be masked."""
    ensure_not_hidden(chosen)
    if not chosen.paths.has_journal:
        return []
    from hactl.store.journal import SqliteJournal

    with SqliteJournal.open_read_only(chosen.paths.journal) as journal:
        return journal.query(limit=EVENTS)


def _kept(chosen: Chosen) -> list[Fleet]:
    from hactl.processes.succession import rehearse

    with suppress(HactlError):
        if chosen.paths.has_journal:
            return [rehearse(chosen.paths)]
    return []


def _configuration(about: Sources) -> Files:
    from hactl.config import dump

    if not about.seen.fleet.id:
        raise HactlError("no configuration is in force yet")
    yield "config.toml", dump(about.masker.spec(about.seen.fleet.spec)).encode()


def _status(about: Sources) -> Files:
    snapshot = about.seen.snapshot
    if snapshot is not None:
        shown: dict[str, Any] = {"reading": read(snapshot.fleet), "snapshot": about.masker.value(snapshot)}
    else:
        shown = {"reading": None, "note": "no daemon answers: this is what the journal says"}
        shown["fleet"] = about.masker.value(about.seen.fleet)
    yield "status.json", _json(shown)


def _events(about: Sources) -> Files:
    if about.trouble:
        raise HactlError(about.trouble)
    yield "events.jsonl", b"".join(msgspec.json.encode(about.masker.value(record)) + b"\n" for record in about.records)
    told = (
        f"{record.seq:>6}  {_when(record.wall)}  {tell(record.event)}  {record.by} {record.reason}".rstrip()
        for record in about.records
    )
    yield "events.txt", about.masker.text("\n".join(told) + "\n").encode()


def _measurements(about: Sources) -> Files:
    from hactl.store.segments import Segments

    segments = Segments(about.chosen.paths.samples)
    if segments.last is None:
        raise HactlError("nothing has been measured yet")
    frames = segments.back(segments.last, MINUTES * 60.0, limit=MINUTES * 60)
    told = (Measured(at=frame.at, samples=frame.samples, pulse=frame.pulse) for frame in frames)
    yield "measurements.jsonl", b"".join(msgspec.json.encode(each) + b"\n" for each in told)


def _findings(about: Sources) -> Files:
    findings = doctor.examine()
    yield "doctor.json", _json(about.masker.value(findings))
    yield "doctor.txt", about.masker.text("\n".join(doctor.lines(findings)) + "\n").encode()


def _logs(about: Sources) -> Files:
    paths = about.chosen.paths
    logs = [paths.daemon_log, *(path for node in _directories(paths.state / "nodes") for path in paths.node_logs(node))]
    for log in logs:
        for path in (log.with_name(f"{log.name}.1"), log):
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(paths.state)
                yield f"logs/{name}", about.masker.text(tail(path)).encode()


def tail(path: Path, size: int = TAIL) -> str:
    """The whole lines among the last `size` bytes: half a line could have half a secret, which nobody recognises."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - size))
        data = file.read(size)
    if end > size:
        data = data.partition(b"\n")[2]
    return data.decode(errors="replace")


def _versions(about: Sources) -> Files:
    from hactl.cli.checks.running import version_of
    from hactl.engines.envoy import binary

    try:
        found = binary.find(None)
        installed: dict[str, str] = {"path": str(found), "version": version_of(found)}
    except HactlError as error:
        installed = {"trouble": str(error)}
    exes = {name: Path(f"/proc/{pid}/exe") for name, pid in about.seen.pids.items()}
    known: dict[str, str] = {}
    running = {}
    for name, exe in exes.items():
        with suppress(OSError):
            target = str(exe.readlink())
            known.setdefault(target, version_of(exe) if "envoy" in target else "not an envoy")
            running[name] = {"program": target, "version": known[target]}
    shown = {
        "hactl": __version__,
        "daemon": about.seen.snapshot.pulse.version if about.seen.snapshot else None,
        "python": platform.python_version(),
        "envoy": installed,
        "running": running,
    }
    yield "versions.json", _json(about.masker.value(shown))


def _machine(about: Sources) -> Files:
    system = os.uname()
    disk = shutil.disk_usage(
        next(place for place in (about.chosen.state, *about.chosen.state.parents) if place.exists())
    )
    shown: dict[str, Any] = {
        "kernel": f"{system.sysname} {system.release} {system.machine}",
        "libc": " ".join(platform.libc_ver()),
        "cores": os.cpu_count(),
        "disk": {"total": disk.total, "free": disk.free},
        "limits": {
            name: resource.getrlimit(getattr(resource, name)) for name in ("RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_AS")
        },
        "memory": _some(Path("/proc/meminfo"), ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")),
        "system": _some(Path("/etc/os-release"), ("NAME", "VERSION"), "="),
        "now": {"wall": time.time(), "monotonic": time.monotonic()},
        "uid": os.geteuid(),
    }
    for fact in _FACTS:
        with suppress(OSError):
            shown[fact] = Path(fact).read_text().strip().split("\n")
    yield "machine.json", _json(shown)


def _documents(about: Sources) -> Files:
    state = about.chosen.state
    if not state.is_dir():
        raise HactlError(f"there is no directory '{state}'")
    lines = [_listed(path, state) for path in sorted(state.rglob("*"))]
    yield "documents.txt", ("\n".join(lines) + "\n").encode()


def _listed(path: Path, state: Path) -> str:
    """One line of a listing: mode, size, time, the beginning of the digest of a document, and the name."""
    try:
        found = path.lstat()
        digest = "-" * 12
        if stat.S_ISREG(found.st_mode) and path.suffix == ".json":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        return f"{path.relative_to(state)}: {os_reason(error)}"
    line = f"{stat.filemode(found.st_mode)} {found.st_size:>10} {_when(found.st_mtime)} {digest}"
    return f"{line} {path.relative_to(state)}"


PARTS = (
    Part(about="the configuration in force", make=_configuration),
    Part(about="the state of the fleet", make=_status),
    Part(about=f"the last {EVENTS} events", make=_events),
    Part(about=f"measurements of the last {MINUTES} minutes", make=_measurements),
    Part(about="what hactl doctor finds", make=_findings),
    Part(about="versions, installed and running", make=_versions),
    Part(about="facts about the machine", make=_machine),
    Part(about="the documents given to each process, by name", make=_documents),
    Part(about="the end of a log", make=_logs),
)
"""In the order in which they are made; the logs last, because they are the longest."""


def _directories(path: Path) -> list[str]:
    with suppress(OSError):
        return sorted(
            entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False) and entry.name[0] != "."
        )
    return []


def _some(path: Path, names: tuple[str, ...], separator: str = ":") -> dict[str, str]:
    found = {}
    with suppress(OSError):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(separator)
            if name in names:
                found[name] = value.strip().strip('"')
    return found


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"


def _when(wall: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall))

"""What /proc says about processes: identity, state, consumption, environment. Reads only; decides nothing.

A pid alone names nobody for long. Whoever acts on what is read here holds a pidfd (`identity`) that was opened first.
"""

import errno
import os
import time
from pathlib import Path

from hactl.core.value import Value
from hactl.supervisor import cgroup

INSTANCE = "HACTL_INSTANCE"
"""The variable that names the launch in the environment of every process started here."""

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LINE = 128
"""Bytes of /proc/PID/stat in which number, name and state stand, whatever the name."""
_OURS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""It is we who lack something: that says nothing about what was to be read."""


class ProcStat(Value):
    """One line of /proc/PID/stat, as far as it is needed."""

    state: str
    """One letter: R, S, D, Z, T (stopped), t (stopped by a debugger), ..."""
    session: int
    ticks: int
    """Start time in clock ticks after boot; with pid and boot id it names one process for ever."""
    cpu: float
    """Seconds of processor time used since it started, user and system."""
    rss: int
    """Bytes resident."""
    wait_status: int
    """As from wait(2); means something only for a zombie, and is then right also for other people's children."""


class Turns(Value):
    """How one thread has had its turns on a processor."""

    ran: float
    """Seconds."""
    waited: float
    """Seconds it was ready to run and did not; the wait of now is added when it ends."""
    ready: bool
    """It runs, or waits for that, now."""


def read_stat(pid: int, *, sure: bool = False) -> ProcStat | None:
    """What the kernel says about `pid` now; None when there is no such process.

    Without a descriptor or memory left to look it is None as well; with `sure` that raises OSError.
    """
    data = _read(f"/proc/{pid}/stat", sure=sure)
    if not data:
        return None
    # The name may hold blanks and parentheses: everything after the last one is plain.
    field = data[data.rindex(b")") + 2 :].split()
    return ProcStat(
        state=field[0].decode(),
        session=int(field[3]),
        ticks=int(field[19]),
        cpu=(int(field[11]) + int(field[12])) / _TICKS_PER_SECOND,
        rss=int(field[21]) * _PAGE,
        wait_status=int(field[49]),
    )


def open_stat(pid: int) -> int:
    """A descriptor from which `state` can be read again and again; -1 when there is no such process.

    It goes on meaning the process that had the pid when it was opened. Of the main thread only: to add up what all
    threads have used, as the whole process's line does, takes the kernel longer than everything else.
    """
    try:
        return os.open(f"/proc/{pid}/task/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def state(stat: int) -> str:
    """The state letter behind a descriptor of `open_stat`; Z when the process has ended."""
    try:
        line = os.pread(stat, _LINE, 0)
    except ProcessLookupError:
        return "Z"
    after_name = line.rindex(b")") + 2
    return line[after_name : after_name + 1].decode()


def turns(pid: int) -> dict[int, Turns]:
    """The turns of every thread of `pid`, by its number; none of a process that has gone, or where nobody counts."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - numbers, not files
    except OSError:
        return {}
    found = {}
    for thread in threads:
        line, counts = _read(f"/proc/{pid}/task/{thread}/stat"), _read(f"/proc/{pid}/task/{thread}/schedstat").split()
        if line and len(counts) == 3:
            ready = line[line.rindex(b")") + 2 :].startswith(b"R")
            found[int(thread)] = Turns(ran=int(counts[0]) / 1e9, waited=int(counts[1]) / 1e9, ready=ready)
    return found


def start_ticks(pid: int) -> int | None:
    """When `pid` started, in clock ticks after boot; None when there is no such process."""
    stat = read_stat(pid)
    return None if stat is None else stat.ticks


def lives(pid: int, ticks: int) -> bool:
    """The very process that started then is there; one that waits for nothing but its burial is not, and where nobody
    buries the dead it may wait for ever."""
    stat = read_stat(pid)
    return stat is not None and stat.ticks == ticks and stat.state not in ("Z", "X")


def boot_id() -> str:
    """The kernel's random id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def monotonic_at(ticks: int) -> float:
    """The monotonic time of a start given in ticks, which count the time spent suspended as well."""
    suspended = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return ticks / _TICKS_PER_SECOND - suspended


def owner(pid: int) -> int | None:
    """The effective uid of `pid`; None when there is no such process."""
    try:
        return os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116 - called once per process of the machine
    except (FileNotFoundError, ProcessLookupError):
        return None


def environ(pid: int, *, sure: bool = False) -> dict[str, str]:
    """The environment `pid` was started with. Empty for a zombie, for somebody else's, for a process that wrote its
    title over it, and for the last microseconds of an exec.

    Without a descriptor or memory left to look it is empty as well; with `sure` that raises OSError.
    """
    pairs = (entry.partition(b"=") for entry in _read(f"/proc/{pid}/environ", sure=sure).split(b"\0"))
    return {os.fsdecode(name): os.fsdecode(value) for name, equals, value in pairs if equals}


def name(pid: int) -> str:
    """The short name of `pid`'s program; "" when there is no such process."""
    return os.fsdecode(_read(f"/proc/{pid}/comm")).strip()


def cmdline(pid: int, *, sure: bool = False) -> list[str]:
    """The words with which `pid` was started. Nothing where an environment is empty, see `environ`."""
    data = _read(f"/proc/{pid}/cmdline", sure=sure)
    return os.fsdecode(data.removesuffix(b"\0")).split("\0") if data else []


def pids() -> list[int]:
    """Every process that can be seen."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208 - one entry per process


def oom_counter(pid: int, root: Path = Path("/")) -> Path:
    """The file that counts out-of-memory kills around `pid`: its cgroup's, else the machine's.

    Ask while it lives: a zombie has left its cgroup. `root` is where /proc and /sys are found.
    """
    events = cgroup.path("memory.events", pid, root)
    return events if events.exists() else root / "proc/vmstat"


def oom_kills(counter: Path) -> int | None:
    """How many processes the out-of-memory killer has ended, by one file that counts them; None when it has gone."""
    for line in _read(str(counter)).splitlines():
        key, _, value = line.partition(b" ")
        if key == b"oom_kill":
            return int(value)
    return None


def _read(path: str, *, sure: bool = False) -> bytes:
    # Plain reads: these are the hot path of sampling and of finding processes again, and /proc needs no buffer.
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return b"".join(iter(lambda: os.read(fd, 1 << 16), b""))
        finally:
            os.close(fd)
    except OSError as error:
        if sure and error.errno in _OURS:
            raise
        return b""

"""The machine, whatever fleet runs on it: Envoy, limits of the kernel, memory, the clock."""

import asyncio
import itertools
import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hactl.cli.checks.finding import Finding, Subject
from hactl.core.errors import HactlError
from hactl.core.events import DaemonStarted, Record
from hactl.core.founding import edge_names, node_names
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.core.talk import Query
from hactl.supervisor import cgroup, procfs
from hactl.supervisor.handover import YAMA, may_borrow

MIGRATE = Path("/proc/sys/net/ipv4/tcp_migrate_req")
ENVOY_MEMORY = 70 << 20
"""Bytes resident of a fresh Envoy, as measured; most of it is shared between Envoys."""
FILES_AT_LEAST = 4096
"""Open files with which a process can work at all: less is a fault, less than it may be asked for is not."""
FILES_TO_SPARE = 512
"""Open files of a process beside its connections."""
THREADS_PER_PROCESS = 16
"""Tasks that an Envoy of a few worker threads may have, with some to spare."""
STEP = 2.0
"""Seconds by which a clock may be corrected without being said to have jumped."""


def envoy(subject: Subject) -> Iterator[Finding]:
    """The binaries that would be started."""
    from hactl.engines.envoy import binary

    try:
        found = binary.find(None)
        version = asyncio.run(binary.version(found))
        yield Finding(check="envoy", ok=True, found=f"{version} at {found}")
    except HactlError as error:
        yield Finding(check="envoy", ok=False, found=error.message, mend=error.hint)
    if subject.spec.gateway.kind is GatewayKind.COMMAND:
        yield _program(subject.spec)


def _program(spec: FleetSpec) -> Finding:
    from hactl.engines import command

    try:
        command.check_program(spec.gateway)
    except HactlError as error:
        return Finding(check="gateway command", ok=False, found=error.message, mend=error.hint)
    return Finding(check="gateway command", ok=True, found=f"'{spec.gateway.command[0]}'")


def limits(subject: Subject) -> Iterator[Finding]:
    """What one process may open, and how many there may be."""
    yield open_files(*_open_files(subject), subject.spec.edge.max_connections)
    tasks = _processes(subject) * THREADS_PER_PROCESS
    left, why = _tasks_left()
    if left is not None:
        enough = left > tasks
        mend = "" if enough else "raise it (TasksMax= in the unit, or ulimit -u), or run fewer nodes"
        found = f"{why} allows {left} more, this fleet may need {tasks} more"
        yield Finding(check="processes", ok=enough, found=found, mend=mend)


def open_files(soft: int, hard: int, connections: int) -> Finding:
    """Whether an edge with so many connections may open what it needs."""
    wanted = 2 * connections + FILES_TO_SPARE
    enough = hard == resource.RLIM_INFINITY or hard >= wanted
    few = f": enough for {max(0, hard - FILES_TO_SPARE) // 2} connections of an edge that may have {connections}"
    mend = f"LimitNOFILE={wanted} in the unit, ulimit -Hn {wanted}, or a lower edge.max_connections"
    return Finding(
        check="open files",
        ok=enough or hard >= FILES_AT_LEAST,
        found=f"soft {soft}, hard {hard}{'' if enough else few}",
        mend="" if enough else mend,
    )


def memory(subject: Subject) -> Iterator[Finding]:
    """Room for what does not run yet."""
    wanted = _processes(subject) * ENVOY_MEMORY
    free = cgroup.available_memory()
    roomy = free > wanted
    found = f"{free >> 20} MiB free, this fleet may need {wanted >> 20} MiB more"
    yield Finding(check="memory", ok=roomy, found=found, mend="" if roomy else "fewer nodes, or more memory")


def migration(subject: Subject) -> Iterator[Finding]:
    """Whether connections that an edge has not accepted yet go to the other one when it is killed, or restarted."""
    if not MIGRATE.exists():
        return
    on = MIGRATE.read_text().strip() == "1"
    # Of an edge that is to stop the daemon sees to that itself, where it may.
    whose = "a killed edge" if daemon_may_borrow(subject) else "a killed or restarted edge"
    found = "on" if on else f"off: connections that {whose} had not accepted yet are reset"
    # Advice, not a fault: an edge's own accepted connections are lost either way.
    mend = "" if on else "sysctl net.ipv4.tcp_migrate_req=1"
    yield Finding(check="tcp_migrate_req", ok=True, found=found, mend=mend)


def daemon_may_borrow(subject: Subject, yama: Path = YAMA) -> bool:
    """Whether the fleet's daemon may look into the edges, which says nothing about whoever asks; without one, as we."""
    if subject.snapshot is None:
        return may_borrow(yama)
    try:
        return may_borrow(yama, Path(f"/proc/{subject.snapshot.pulse.pid}/status"))
    except OSError:  # it has just gone
        return may_borrow(yama)


def clock(subject: Subject) -> Iterator[Finding]:
    """Whether the wall clock has jumped against the one that only goes forward, since the daemon started."""
    records = _records(subject)
    if not records:
        return
    slept = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    step, at = largest_step(records, time.time(), time.monotonic(), slept)
    if abs(step) <= STEP:
        yield Finding(check="clock", ok=True, found="has not jumped since the daemon started")
        return
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    found = f"jumped by {step:+.0f} s before {when}: times in the journal before and after are not comparable"
    yield Finding(check="clock", ok=False, found=found, mend="check the time service: timedatectl timesync-status")


def largest_step(records: list[Record], wall: float, mono: float, slept: float) -> tuple[float, float]:
    """By how many seconds the wall clock has jumped at most between two of `records`, or since, and when that was over.

    `slept` is for how long the machine was suspended, which the monotonic clock does not count: that is no jump.
    """
    moments = [*((record.wall, record.mono) for record in records), (wall, mono)]
    worst, at = 0.0, wall
    for (wall_before, mono_before), (wall_after, mono_after) in itertools.pairwise(moments):
        step = (wall_after - wall_before) - (mono_after - mono_before)
        if 0 < step <= slept + STEP / 2:
            continue
        if abs(step) > abs(worst):
            worst, at = step, wall_after
    return worst, at


def _records(subject: Subject) -> list[Record]:
    """Those of the newest daemon, if it belongs to this boot: the monotonic clock begins anew with each."""
    starts = _query(subject, Query(kinds=("DaemonStarted",), limit=1))
    if not starts or not isinstance(starts[0].event, DaemonStarted) or starts[0].event.boot != procfs.boot_id():
        return []
    return [*starts, *(record for record in _query(subject, Query(limit=1000)) if record.seq > starts[0].seq)]


def _query(subject: Subject, query: Query) -> list[Record]:
    if subject.chosen is None:
        return []
    with suppress(HactlError):
        if subject.snapshot is not None:
            return subject.chosen.client.history(query)
        if subject.chosen.paths.has_journal:
            from hactl.store.journal import SqliteJournal

            with SqliteJournal.open_read_only(subject.chosen.paths.journal) as journal:
                return journal.query(kinds=query.kinds, limit=query.limit)
    return []


def _processes(subject: Subject) -> int:
    """How many are still to be started."""
    return max(0, len(node_names(subject.spec)) + len(edge_names(subject.spec)) - len(subject.pids))


def _open_files(subject: Subject) -> tuple[int, int]:
    """Of an edge that runs, else what one would inherit: soft and hard."""
    edges = [subject.pids[edge.name] for edge in subject.fleet.edges if edge.name in subject.pids]
    with suppress(OSError):
        if edges:
            return resource.prlimit(edges[0], resource.RLIMIT_NOFILE)
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def _tasks_left() -> tuple[int | None, str]:
    """How many more processes and threads there may be, and by which limit; None for any number."""
    found: list[tuple[int, str]] = []
    limit, used = cgroup.number(cgroup.path("pids.max")), cgroup.number(cgroup.path("pids.current"))
    if limit is not None and used is not None:
        found.append((limit - used, "the control group"))
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft != resource.RLIM_INFINITY and os.geteuid() != 0:
        mine = sum(_threads(pid) for pid in procfs.pids() if procfs.owner(pid) == os.geteuid())
        found.append((soft - mine, "ulimit -u"))
    return min(found) if found else (None, "")


def _threads(pid: int) -> int:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 - one entry per thread
    return 0

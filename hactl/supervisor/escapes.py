"""What a program has left running when it ended: it forked, and the child went into a session of its own.

Servers do that when they "become a daemon". Such a child is nobody's: it is not restarted, not stopped, and it holds
the port that the next launch needs. It is known by what it has from its parent: the instance id in its environment,
the node's log as its output, or, when it has written over the first and closed the second as nginx does, the node's
port, which was free when the launch began. What fits none of these is never touched.

Looks through all of /proc: not for the loop.
"""

import os
import select
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hactl.core.value import Value
from hactl.supervisor import pidfd, procfs
from hactl.supervisor.listening import holders

_PASSES = 5
"""How often they are looked for: one may fork while the others are being killed."""
_DYING = 1000
"""Milliseconds a killed process may take to be gone, and its port free."""
_FOREGROUND = {
    "nginx": "for nginx add -g 'daemon off;'",
    "haproxy": "for haproxy leave out -D",
    "httpd": "for httpd add -DFOREGROUND",
    "apache2": "for apache2 add -DFOREGROUND",
    "caddy": 'for caddy use "run" in place of "start"',
}
"""How some programs are told to stay."""


class Trace(Value):
    """What a process that was left running by one node can be known by."""

    instances: str
    """How its instance id begins: "FLEET/NODE/"."""
    log: Path
    port: int = 0
    since: int | None = None
    """Kernel ticks at which the launch began that found the port free; None when there was none."""


class Escaped(Value):
    """One process that was found."""

    pid: int
    name: str
    listens: bool
    """It holds the node's port."""


def end(trace: Trace) -> tuple[Escaped, ...]:
    """Kill what `trace` leads to, and return once it is gone; what was found first, the one that listens before all."""
    found: list[Escaped] = []
    for _ in range(_PASSES):
        now = list(_find(trace))
        if not now:
            break
        found += now
        _kill([escaped.pid for escaped in now], trace)
    return tuple(sorted(found, key=lambda escaped: (not escaped.listens, escaped.pid)))


def sentence(escaped: Escaped) -> str:
    """What was left, to be read after "left", and what to do about it."""
    doing = "listening on its port" if escaped.listens else "running"
    known = _FOREGROUND.get(escaped.name)
    hint = "run it in the foreground" + (f", {known}" if known else "")
    return f"process {escaped.pid} ({escaped.name}) {doing}: {hint}"


def _find(trace: Trace) -> Iterator[Escaped]:
    # Those of a daemon that is root may have changed their user, as nginx's workers do.
    ours = [pid for pid in procfs.pids() if pid != os.getpid() and os.geteuid() in (0, procfs.owner(pid))]
    listening = holders(trace.port, ours) if trace.port else set()
    for pid in ours:
        if _leads_to(pid, trace, listens=pid in listening):
            yield Escaped(pid=pid, name=procfs.name(pid), listens=pid in listening)


def _leads_to(pid: int, trace: Trace, *, listens: bool) -> bool:
    stat = procfs.read_stat(pid)
    if stat is None or stat.state == "Z":
        return False
    environ = procfs.environ(pid)
    if environ.get(procfs.INSTANCE, "").startswith(trace.instances):
        return True
    if procfs.INSTANCE in environ:
        return False
    if str(trace.log) in _output(pid):
        return True
    return listens and not environ and trace.since is not None and stat.ticks >= trace.since


def _output(pid: int) -> Iterator[str]:
    for number in (1, 2):
        with suppress(OSError):
            yield os.readlink(f"/proc/{pid}/fd/{number}")  # noqa: PTH115 - for many processes


def _kill(pids: list[int], trace: Trace) -> None:
    """All at once, so that no parent has the time to replace a child; then wait until they are gone."""
    fds = []
    for pid in pids:
        with suppress(OSError):
            fds.append((pid, os.pidfd_open(pid)))
    try:
        dying = select.poll()
        ours = {escaped.pid for escaped in _find(trace)}  # looked at again: a pid means one process only from here on
        for pid, fd in fds:
            if pid in ours and pidfd.send(fd, pidfd.signal_number("KILL")):
                dying.register(fd, select.POLLIN)
        for _ in fds:
            for fd, _event in dying.poll(_DYING):
                dying.unregister(fd)
    finally:
        for _, fd in fds:
            os.close(fd)

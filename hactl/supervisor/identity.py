"""Which process is that pid? Proves that it is the one that was launched, and finds launches that were never recorded.

Always in this order: open a pidfd, look, make sure that the pidfd's process was still alive afterwards. Then everything
that was looked at belonged to that process.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.core.node import Launch
from hactl.supervisor import pidfd, procfs

_PASSES = 3
"""How often stragglers are searched: a member may fork while the others are being killed."""
_NO_PROCESS = (errno.ESRCH, errno.EINVAL, errno.ENOENT)
"""What `pidfd_open` says of a number that nobody has, or only a thread: by the kernel, the second or the third."""


class NotOurs(HactlError):
    """A recorded process is not the one running under its pid now; the message says why."""


def open_verified(launch: Launch, *, boot: str) -> int:
    """A pidfd that is certain to mean `launch`; the caller closes it. `boot` is the boot id of now.

    Raises NotOurs when the machine was rebooted since, the process has gone, or its pid belongs to somebody else;
    HactlError when that cannot be told, for want of a descriptor or of memory.
    """
    if launch.boot != boot:
        raise NotOurs(f"{launch.instance!r} ran before the machine was rebooted")
    with _looking(f"tell whether {launch.instance!r} runs"):
        try:
            fd = os.pidfd_open(launch.pid)
        except OSError as error:
            if error.errno not in _NO_PROCESS:
                raise
            raise NotOurs(f"{launch.instance!r} is gone: no process {launch.pid}") from None
        try:
            _verify(fd, launch)
        except BaseException:
            os.close(fd)
            raise
    return fd


@contextmanager
def _looking(why: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HactlError(
            f"cannot {why}: {os_reason(error)}", "raise the limit on open files, or free memory"
        ) from error


def _verify(fd: int, launch: Launch) -> None:
    stat = procfs.read_stat(launch.pid, sure=True)
    uid = procfs.owner(launch.pid)
    environ = procfs.environ(launch.pid, sure=True)
    if stat is None or pidfd.has_ended(fd):
        raise NotOurs(f"{launch.instance!r} is gone: process {launch.pid} has ended")
    if stat.ticks != launch.ticks:
        raise NotOurs(f"process {launch.pid} is not {launch.instance!r}: the pid was given to a later process")
    if uid != os.geteuid():
        raise NotOurs(f"process {launch.pid} is not {launch.instance!r}: it belongs to another user")
    # A program that writes its title over its environment leaves nothing to read; pid, boot and ticks must do then.
    if environ and environ.get(procfs.INSTANCE) != launch.instance:
        other = environ.get(procfs.INSTANCE)
        raise NotOurs(
            f"process {launch.pid} is not {launch.instance!r}: "
            + (f"it is {other!r}" if other else "it was not started by hactl")
        )


def find_instances(fleet_id: str) -> list[Launch]:
    """Every running launch of the fleet, oldest first, by HACTL_INSTANCE ("FLEETID/NODE/NUMBER") alone.

    Children inherit the variable, so only session leaders count, and of several for one instance the oldest. Verify
    each (`open_verified`) before acting on it. Raises HactlError for want of a descriptor or of memory to look.
    """
    with _looking("look for processes of this fleet"):
        found = list(_instances(fleet_id))
    found.sort(key=lambda launch: (launch.ticks, launch.pid))
    oldest: dict[str, Launch] = {}
    for launch in found:
        oldest.setdefault(launch.instance, launch)
    return list(oldest.values())


def _instances(fleet_id: str) -> Iterator[Launch]:
    boot, uid, me = procfs.boot_id(), os.geteuid(), os.getpid()
    for pid in procfs.pids():
        if pid == me or _session(pid) != pid or procfs.owner(pid) != uid:
            continue
        instance = procfs.environ(pid, sure=True).get(procfs.INSTANCE, "")
        stat = procfs.read_stat(pid, sure=True)
        if instance.startswith(f"{fleet_id}/") and stat is not None:
            at = procfs.monotonic_at(stat.ticks)
            yield Launch(instance=instance, pid=pid, ticks=stat.ticks, boot=boot, at=at)


def find_in(directory: Path) -> list[int]:
    """Every running process that was launched here, or is a child of one, and names something in `directory` among the
    words it was started with. Raises HactlError for want of a descriptor or of memory to look."""
    sign = f"{directory}/"
    with _looking("look for processes of this fleet"):
        return [
            pid
            for pid in procfs.pids()
            if procfs.environ(pid, sure=True).get(procfs.INSTANCE)
            and any(sign in word for word in procfs.cmdline(pid, sure=True))
        ]


def group_members(launch: Launch) -> list[int]:
    """The pids in the launch's session that carry its instance id, without the leader itself."""
    uid = os.geteuid()
    return [
        pid
        for pid in procfs.pids()
        if pid != launch.pid and _session(pid) == launch.pid and procfs.owner(pid) == uid and _carries(pid, launch)
    ]


def end_group(launch: Launch) -> int:
    """Kill whatever an ended launch has left behind in its session; returns how many processes that were.

    The number of a session is not given away while it has members, so nobody else can be met here.
    """
    killed: set[int] = set()
    for _ in range(_PASSES):
        stragglers = [pid for pid in group_members(launch) if pid not in killed]
        if not stragglers:
            break
        killed.update(pid for pid in stragglers if _kill_member(pid, launch))
    return len(killed)


def _kill_member(pid: int, launch: Launch) -> bool:
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        mine = _session(pid) == launch.pid and _carries(pid, launch) and not pidfd.has_ended(fd)
        return mine and pidfd.send(fd, pidfd.signal_number("KILL"))
    finally:
        os.close(fd)


def _carries(pid: int, launch: Launch) -> bool:
    return procfs.environ(pid).get(procfs.INSTANCE) == launch.instance


def _session(pid: int) -> int | None:
    with suppress(OSError):
        return os.getsid(pid)
    return None

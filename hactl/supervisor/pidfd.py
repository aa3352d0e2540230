"""Pidfds: see a process end, signal it, learn how it ended. Knows file descriptors, not fleets.

A pidfd means one process for ever, whoever has its pid later, and becomes readable the moment the process ends.
"""

import errno
import fcntl
import os
import select
import signal
import struct

from hactl.core.errors import HactlError, os_reason
from hactl.core.value import Value
from hactl.supervisor import procfs

_WHOLE_GROUP = 4
"""PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9."""
_GET_INFO = 0xC000_0000 | 64 << 16 | 0xFF << 8 | 11
"""PIDFD_GET_INFO: _IOWR(0xFF, 11, 64 bytes), Linux 6.13."""
_INFO_EXIT = 1 << 3
"""PIDFD_INFO_EXIT: the exit status of a process that has been reaped, Linux 6.15."""
_INFO = struct.Struct("=QQ11Ii")
"""mask, cgroup, eleven ids, wait status."""


class ExitStatus(Value):
    """How a process ended. `code` and `signal` are both None when the kernel does not say."""

    code: int | None = None
    signal: int | None = None
    oom: bool = False
    """The kernel's out-of-memory killer most likely did it."""


def signal_number(name: str | int) -> int:
    """The number of a signal given as such, or by its name without SIG. Raises HactlError for an unknown one."""
    if isinstance(name, int):
        return name
    try:
        return signal.Signals[f"SIG{name.upper().removeprefix('SIG')}"]
    except KeyError:
        raise HactlError(f"there is no signal {name!r}", "use a name such as TERM, INT or KILL") from None


def has_ended(fd: int) -> bool:
    """True when the process has ended, reaped or not."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


def send(fd: int, number: int) -> bool:
    """Signal exactly this process; False when it has ended already. Raises HactlError when it may not be signalled."""
    return _send(fd, number, 0)


def send_group(fd: int, pid: int, number: int) -> bool:
    """Signal the whole process group that `pid` (the process of `fd`) leads; False when there is none any more.

    Raises HactlError when it may not be signalled.
    """
    try:
        return _send(fd, number, _WHOLE_GROUP)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    # Before Linux 6.9: as long as the leader has not been reaped, nobody else can have its number.
    try:
        if has_ended(fd) or os.getpgid(pid) != pid:
            return False
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise _forbidden(number, error) from error
    return True


def _send(fd: int, number: int, flags: int) -> bool:
    try:
        signal.pidfd_send_signal(fd, number, None, flags)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise _forbidden(number, error) from error
    return True


def _forbidden(number: int, error: PermissionError) -> HactlError:
    return HactlError(f"not allowed to send signal {number}: {os_reason(error)}")


def exit_status(fd: int, pid: int, ticks: int) -> ExitStatus:
    """How an ended process ended, as far as the kernel says so now; reaps it when it is a child of ours.

    Of somebody else's child the kernel tells before the reaping (in /proc) and, since Linux 6.15, after it.
    """
    try:
        result = os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        result = None
    if result is not None:
        ended = result.si_code == os.CLD_EXITED
        return ExitStatus(code=result.si_status) if ended else ExitStatus(signal=result.si_status)
    wait_status = _status_of_zombie(pid, ticks)
    if wait_status is None:
        wait_status = _status_after_reaping(fd)
    if wait_status is None:
        return ExitStatus()
    if os.WIFSIGNALED(wait_status):
        return ExitStatus(signal=os.WTERMSIG(wait_status))
    return ExitStatus(code=os.WEXITSTATUS(wait_status))


def _status_of_zombie(pid: int, ticks: int) -> int | None:
    stat = procfs.read_stat(pid)
    # The kernel shows 0 to those who may not look, so only the word about a process of our own counts.
    if stat is None or stat.ticks != ticks or stat.state != "Z" or procfs.owner(pid) != os.geteuid():
        return None
    return stat.wait_status


def _status_after_reaping(fd: int) -> int | None:
    info = bytearray(_INFO.size)
    _INFO.pack_into(info, 0, _INFO_EXIT, *[0] * 13)
    try:
        fcntl.ioctl(fd, _GET_INFO, info)
    except OSError:
        return None  # an older kernel does not say
    mask, *_, wait_status = _INFO.unpack(info)
    return int(wait_status) if mask & _INFO_EXIT else None

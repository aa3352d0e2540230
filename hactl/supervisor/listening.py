"""Is an address free to listen on, and if not, who holds it? Asked before a process is started, so that the answer is
a sentence and not a line in that process's log.
"""

import errno
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.supervisor import procfs

_LISTEN = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


class PortTaken(HactlError):
    """Somebody else holds an address a process was to listen on."""

    def __init__(self, host: str, port: int, pid: int | None) -> None:
        held = f" by {procfs.name(pid)!r} (pid {pid})" if pid is not None else ""
        super().__init__(f"port {port} on {host} is held{held}", f"free it: ss -ltnp sport = :{port}")
        self.host = host
        self.port = port
        self.pid = pid
        """The holder; None when it cannot be seen (another user's)."""


def ensure_free(addresses: Iterable[tuple[str, int]]) -> None:
    """Prove that each address could be bound now. Raises PortTaken, or HactlError for an address of another machine."""
    for host, port in addresses:
        if not is_free(host, port):
            raise PortTaken(host, port, holder(port))


def is_free(host: str, port: int) -> bool:
    """True when the address could be bound now. Raises HactlError for an address of another machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections in TIME_WAIT do not count. A listener counts all the same.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise HactlError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return True


def holder(port: int) -> int | None:
    """The pid of a process that listens on TCP `port`; None when there is none, or none that may be seen."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    return next((pid for pid in procfs.pids() if _holds(pid, sockets)), None)


def _listening_inodes(port: int) -> Iterable[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                field = line.split()
                if field[3] == _LISTEN and int(field[1].rpartition(":")[2], 16) == port:
                    yield field[9]


def _holds(pid: int, sockets: set[str]) -> bool:
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with suppress(OSError):
                if os.readlink(entry.path) in sockets:  # noqa: PTH115 - thousands of them
                    return True
    return False

"""Which process is at the other end of a Unix socket, as the kernel says. Light: a command line asks as well."""

import socket
import struct
from typing import NamedTuple, Protocol

_UCRED = struct.Struct("3i")


class Connection(Protocol):
    """A socket, or what asyncio shows of one."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """An option of it."""
        ...


class Credentials(NamedTuple):
    """Of a process, as they were when it connected, or when it began to listen."""

    pid: int
    uid: int
    gid: int


def credentials(connection: Connection) -> Credentials:
    """Of the process at the other end of a connected Unix socket (SO_PEERCRED). Raises OSError for another socket."""
    said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return Credentials(*_UCRED.unpack(said))

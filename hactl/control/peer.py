"""Who is at the other end of a Unix socket, as the kernel says. Not what they may do: that is `gate`."""

import grp
import os
import pwd
import re
import socket
import struct
from asyncio.trsock import TransportSocket

from hactl.control.credentials import credentials
from hactl.core.errors import HactlError
from hactl.core.plain import printable
from hactl.core.value import Value

BY_LIMIT = 64
"""Characters of the name under which a command is recorded."""

_SO_PEERGROUPS = 59
"""Linux 4.13."""
_MOST_GROUPS = 1024
"""Bytes, four for each group: Python reads no longer option."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,31}")


class Peer(Value):
    """The process that connected, at the moment it connected."""

    pid: int
    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    """Its supplementary groups; () also where the kernel does not tell, or for more than 256 of them."""

    def signature(self, label: str) -> str:
        """Who a command is recorded for: the user, then `@` and whatever the client calls itself ("alice@pts/3").

        The part before the first `@` comes from the kernel alone. A user name that could be taken for a labelled
        one is replaced by the number. May ask the system's user database, which can be slow: not for an event loop.
        """
        said = printable(label).strip()
        name = self._user()
        return f"{name}@{said}"[:BY_LIMIT] if said else name

    def _user(self) -> str:
        try:
            name = pwd.getpwuid(self.uid).pw_name
        except KeyError:
            name = ""
        return name if _PLAIN_NAME.fullmatch(name) else f"uid-{self.uid}"


def peer_of(connection: socket.socket | TransportSocket) -> Peer:
    """The process at the other end of an accepted Unix connection (SO_PEERCRED). Raises OSError elsewhere."""
    there = credentials(connection)
    return Peer(pid=there.pid, uid=there.uid, gid=there.gid, groups=_groups(connection))


def _groups(connection: socket.socket | TransportSocket) -> tuple[int, ...]:
    try:
        said = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS)
    except OSError:  # an older kernel, or more groups than fit: then they count for nothing
        return ()
    return struct.unpack(f"{len(said) // 4}I", said)


class Allowed(Value):
    """Who may speak to a daemon."""

    uids: frozenset[int]
    group: int | None = None
    """Its members may, too."""

    def admits(self, peer: Peer) -> bool:
        """True when this process may, by what the kernel says of it."""
        return peer.uid in self.uids or (self.group is not None and self.group in (peer.gid, *peer.groups))


def group_id(name: str) -> int | None:
    """The number of the Unix group called `name`, None for "". Raises HactlError when there is no such group here."""
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise HactlError(f"fleet.group: there is no group '{name}' on this machine", f"getent group {name}") from None


def owners() -> frozenset[int]:
    """The users who may always drive a fleet: the one its daemon runs as, and root."""
    return frozenset({os.geteuid(), 0})

"""Is an address free to listen on, and if not, who holds it? Asked before a process is started, so that the answer is
a sentence and not a line in that process's log.
"""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.supervisor import procfs

_PAUSES = (0.01, 0.05, 0.2)
"""Seconds between tries for a name: a daemon that is just ending has let go of its lock, but not yet of everything."""
_LISTEN = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


class PortTaken(HactlError):
    """Somebody else holds an address a process was to listen on."""

    def __init__(self, host: str, port: int, pid: int | None) -> None:
        held = f" by {procfs.name(pid)!r} (pid {pid})" if pid is not None else ""
        super().__init__(f"port {port} on {host} is in use{held}", f"free it: ss -ltnp sport = :{port}")
        self.host = host
        self.port = port
        self.pid = pid
        """The holder; None when it cannot be seen (another user's)."""


def ensure_free(addresses: Iterable[tuple[str, int]], *, shared: bool = False) -> None:
    """Prove that each address could be bound now. Raises PortTaken, or HactlError for an address of another machine.

    With `shared`, beside processes of the same user that let others share their port, as edges do.
    """
    for host, port in addresses:
        if not is_free(host, port, shared=shared):
            raise PortTaken(host, port, holder(host, port))


@asynccontextmanager
async def claimed(host: str, port: int) -> AsyncIterator[None]:
    """Keep the daemon of any other fleet from using the address for its edges, from before they listen on it.

    Edges share their port by the kernel's leave, and it gives that to every process of a user: of two fleets that
    start at once both would find the port free, and clients would meet now one and now the other. A name in the
    kernel's table of abstract sockets goes to one process, and is free the moment that ends. Raises HactlError.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as name:
        for pause in (*_PAUSES, None):
            try:
                name.bind(f"\0hactl-edge-{host}:{port}")
                break
            except OSError as error:
                if pause is None:
                    raise HactlError(
                        f"port {port} on {host} is taken by the daemon of another fleet",
                        "hactl fleets; give one of them another edge.listen",
                    ) from error
                await asyncio.sleep(pause)
        yield


def is_free(host: str, port: int, *, shared: bool = False) -> bool:
    """True when the address could be bound now, see `ensure_free`. Raises HactlError for one of another machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections in TIME_WAIT do not count. A listener counts all the same.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise HactlError(f"cannot listen on {host}:{port}: {os_reason(error)}") from error
    return True


def holder(host: str, port: int) -> int | None:
    """The pid of a process that listens there, see `holders`; None when there is none, or none that may be seen."""
    return min(holders(port, procfs.pids(), host=host), default=None)


def holders(port: int, among: Iterable[int], *, host: str = "") -> set[int]:
    """Those processes of `among` that hold a socket listening on TCP `port`: a server and its workers, for example.

    With `host`, an IP address, only a socket that could get connections to it: at the same address, or where one of
    both is every address.
    """
    sockets = {name for name, own, at in _listening() if at == port and (not host or _meet(host, own))}
    return {pid for pid in among if not sockets.isdisjoint(_open(pid))} if sockets else set()


def _meet(one: str, other: str) -> bool:
    first, second = _plain(one), _plain(other)
    if first.version == second.version:
        return first == second or first.is_unspecified or second.is_unspecified
    # "::" has IPv4 as well, unless its socket says no, which the kernel does not tell
    return (first if first.version == 6 else second).is_unspecified


def _plain(host: str) -> IPv4Address | IPv6Address:
    """An address; one of IPv4 as such, however it was written."""
    address = ip_address(host)
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped or address


def addresses(pids: Iterable[int]) -> tuple[str, ...]:
    """Where these processes listen, like "127.0.0.1:8080" or "[::]:8080", in order."""
    theirs = {name for pid in pids for name in _open(pid)}
    found = {
        (port, f"[{host}]:{port}" if ":" in host else f"{host}:{port}") for s, host, port in _listening() if s in theirs
    }
    return tuple(text for _, text in sorted(found))


def _listening() -> Iterator[tuple[str, str, int]]:
    """Every TCP socket that listens, by the name it has among the open files of a process; its address and port."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                field = line.split()
                if field[3] == _LISTEN:
                    host, _, port = field[1].rpartition(":")
                    yield f"socket:[{field[9]}]", _host(host), int(port, 16)


def _host(text: str) -> str:
    """An address as the kernel prints it: words of four bytes, each in the order of this machine."""
    words = [bytes.fromhex(text[at : at + 8]) for at in range(0, len(text), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    return str(ip_address(packed))


def _open(pid: int) -> Iterator[str]:
    """What the open files of a process are; nothing of a process that may not be looked at."""
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with suppress(OSError):
                yield os.readlink(entry.path)  # noqa: PTH115 - thousands of them

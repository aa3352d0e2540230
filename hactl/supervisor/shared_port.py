"""The sockets that listen on one port together, and which of them the kernel gives new connections. Linux only.

Of several sockets with SO_REUSEPORT the kernel picks one for each new connection by a hash, or as a small program says
that any process with such a socket may attach (classic BPF, no privilege). The program answers with a number: the
place of a socket in the group. Places are nobody's to read, and change when a socket leaves; see `handover`.

Facts and switches only. Whatever the kernel refuses is an OSError.
"""

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address

from hactl.core.value import Value

_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY = 4, 20
_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_LISTEN = 1 << 10
"""TCP_LISTEN as one of a set of states."""
_ANY = 0xFFFF_FFFF
_ATTACH, _DETACH = 51, 68
"""SO_ATTACH_REUSEPORT_CBPF, SO_DETACH_REUSEPORT_BPF."""
_PIDFD_GETFD = 438
"""The system call's number, on every architecture."""
_LOAD, _LOAD_SHORT, _MODULO, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x28, 0x94, 0x15, 0x06
_RANDOM = 0xFFFF_F000 + 56
"""SKF_AD_RANDOM: reads as a random number."""
_PACKET = 0xFFF0_0000
"""SKF_NET_OFF: where the packet's IP header begins ..."""
_HEADER = {socket.AF_INET: 20, socket.AF_INET6: 40}
"""... and its length. The TCP header comes next, whose first two bytes are the client's port."""
_NOWHERE = 0xFFFF
"""No group has so many places."""
_ANSWER = 1.0
"""Seconds the kernel may take to tell about sockets."""

_libc = ctypes.CDLL(None, use_errno=True)


class Listener(Value):
    """One socket that listens."""

    inode: int
    waiting: int
    """Connections that nobody has accepted yet."""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def listeners(host: str, port: int) -> tuple[Listener, ...]:
    """Every socket that listens on exactly this address."""
    address = _packed(host)
    found = _ask(host, _LISTEN, (host, port), None)
    return tuple(Listener(inode=inode, waiting=waiting) for source, waiting, inode in found if source == address)


def acceptor(host: str, port: int, client: tuple[str, int]) -> int:
    """The inode of the server's end of a connection from `client`; 0 as long as nobody has accepted it."""
    return next((inode for _, _, inode in _ask(host, _ANY, (host, port), client)), 0)


def descriptors(pid: int) -> frozenset[str]:
    """The numbers of everything a process has open, which is quickly told. Raises OSError like `open_sockets`."""
    return frozenset(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - numbers, not files


def open_sockets(pid: int, besides: Collection[str] = ()) -> dict[int, int]:
    """The sockets a process has open, at other descriptors than `besides`: inode → descriptor.

    Raises OSError when it may not be looked at, or is gone.
    """
    found = {}
    with os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            if entry.name in besides:
                continue
            with suppress(OSError):
                what = os.readlink(entry.path)  # noqa: PTH115 - thousands of them
                if what.startswith("socket:["):
                    found[int(what[8:-1])] = int(entry.name)
    return found


@contextmanager
def borrowed(pid: int, descriptor: int, inode: int) -> Iterator[socket.socket]:
    """A socket of another process, for a moment: as long as it is held, that process cannot really close it.

    Raises OSError when that cannot be had, or something else than the socket `inode` is at the descriptor by now.
    """
    process = os.pidfd_open(pid)
    try:
        copy = _libc.syscall(_PIDFD_GETFD, process, descriptor, 0)
        if copy < 0:
            raise _error()
    finally:
        os.close(process)
    try:
        if os.fstat(copy).st_ino != inode:
            raise OSError(errno.ESTALE, f"descriptor {descriptor} of process {pid} is something else by now")
        found = socket.socket(fileno=copy)
    except BaseException:
        os.close(copy)
        raise
    with found:
        yield found


def attach(member: socket.socket, places: Sequence[int]) -> None:
    """New connections go to the sockets at these places of the group of `member` only, to each as often.

    A place that does not exist, or no longer, means that the kernel picks by its hash among all, as ever.
    """
    code = [(_LOAD, 0, 0, _RANDOM), (_MODULO, 0, 0, len(places))]
    for number, place in enumerate(places[:-1]):
        code += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, place)]
    code.append((_RETURN, 0, 0, places[-1]))
    _attach(member, code)


def attach_for(member: socket.socket, place: int, client_port: int) -> None:
    """New connections from that port go to the socket at `place` of the group of `member`, others as ever."""
    _attach(
        member,
        [
            (_LOAD_SHORT, 0, 0, _PACKET + _HEADER[member.family]),
            (_JUMP_IF_EQUAL, 0, 1, client_port),
            (_RETURN, 0, 0, place),
            (_RETURN, 0, 0, _NOWHERE),
        ],
    )


def detach(member: socket.socket) -> None:
    """Take the program away from the group of `member`; there may be none."""
    with suppress(FileNotFoundError):
        member.setsockopt(socket.SOL_SOCKET, _DETACH, 0)


def _attach(member: socket.socket, code: Sequence[tuple[int, int, int, int]]) -> None:
    instructions = (_Instruction * len(code))(*(_Instruction(*one) for one in code))
    program = _Program(len(code), instructions)
    size = ctypes.sizeof(program)
    if _libc.setsockopt(member.fileno(), socket.SOL_SOCKET, _ATTACH, ctypes.byref(program), size):
        raise _error()


def _ask(
    host: str, states: int, server: tuple[str, int], client: tuple[str, int] | None
) -> list[tuple[bytes, int, int]]:
    """What the kernel knows: (local address, length of its queue, inode) of each socket; of one connection at most one.

    Through netlink, because /proc/net/tcp lists every connection there is: tens of thousands after a busy minute.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    far, near = client or ("", 0), server if client else ("", server[1])
    ends = struct.pack("!HH16s16s", near[1], far[1], _packed(near[0]), _packed(far[0]))
    cookie = struct.pack("=III", 0, _ANY, _ANY)
    body = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, states) + ends + cookie
    flags = _REQUEST if client else _REQUEST | _DUMP
    found: list[tuple[bytes, int, int]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_ANSWER)
        kernel.send(struct.pack("=IHHII", 16 + len(body), _SOCK_DIAG_BY_FAMILY, flags, 1, 0) + body)
        while True:
            data = kernel.recv(1 << 16)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind in (_ERROR, _DONE):  # of a single connection: there is none
                    return found
                address: bytes = data[16 + 8 : 16 + 24]
                waiting, inode = struct.unpack_from("=I8xI", data, 16 + 56)
                found.append((address, waiting, inode))
                data = data[(length + 3) & ~3 :]
            if client:
                return found


def _packed(host: str) -> bytes:
    return ip_address(host).packed.ljust(16, b"\0") if host else bytes(16)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))

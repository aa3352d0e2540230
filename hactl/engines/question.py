"""One question on a TCP connection of its own, for probes of programs that may serve one connection at a time.

Not a client: it sends one message and takes the first line of the answer. `asyncio.open_connection` can do the same
at three times the cost, and the daemon asks every node several times a second.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable

_PENDING = (0, errno.EINPROGRESS)
_OURS = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL)


def could_not_ask(error: OSError) -> bool:
    """Whether it was we who had no descriptor left, or no port: nothing is known of whoever was to be asked."""
    return error.errno in _OURS


async def ask(host: str, port: int, message: bytes, *, longest: int) -> bytes:
    """Connect to an IP address, send `message`, and return the first line that comes, without its end.

    The line is cut where the other side closes, or after about `longest` bytes; with an empty `message` it is b"" as
    soon as the connection is made. Raises OSError. Waits as long as it takes: put a timeout around it.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as connection:
        connection.setblocking(False)
        _raise(connection.connect_ex((host, port)))
        if not message:
            await _until_writable(connection)
            return b""
        while message:
            try:  # on the same machine the connection is there by now, as a rule
                message = message[connection.send(message) :]
            except BlockingIOError:
                await _until_writable(connection)
        line = b""
        while b"\n" not in line and len(line) < longest:
            await _until_readable(connection)
            part = connection.recv(longest)
            if not part:
                break
            line += part
        return line.partition(b"\n")[0]


async def _until_writable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await _until(connection, loop.add_writer, loop.remove_writer)
    _raise(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


async def _until_readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await _until(connection, loop.add_reader, loop.remove_reader)


async def _until(
    connection: socket.socket,
    watch: Callable[[int, Callable[[], None]], object],
    stop_watching: Callable[[int], object],
) -> None:
    ready = asyncio.get_running_loop().create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    watch(connection.fileno(), tell)
    try:
        await ready
    finally:
        stop_watching(connection.fileno())


def _raise(number: int) -> None:
    if number not in _PENDING:
        raise OSError(number, os.strerror(number))

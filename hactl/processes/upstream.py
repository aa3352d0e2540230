"""A small real upstream: `python -m hactl.processes.upstream --port 0`. For demos, benchmarks and tests, not for users.

    ANY  /...             200  {"path": ..., "method": ..., "length": bytes of the request body}
    ANY  /slow?ms=200     the same after 200 ms
    ANY  /status/503      the same with status 503

It prints `{"port": N}` when it listens, and ends on SIGTERM, SIGINT, or when its lifetime is over; it outlives its
parent, as upstreams do. Written on the bare protocol: two cores carry clients, edges and nodes at the same time.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, urlsplit

_MAX_HEAD = 65_536
"""Bytes of a request's head; longer ones are refused."""
_MAX_DELAY = 60.0
"""Seconds; more than that is nobody's upstream."""
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Upstream(asyncio.Protocol):
    """One keep-alive HTTP/1.1 connection. Pipelined requests are answered in order."""

    def __init__(self, delay: float = 0.0, open_connections: set["Upstream"] | None = None) -> None:
        self._delay = delay
        self._open = open_connections if open_connections is not None else set()
        self._buffer = b""
        self._waiting: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Forget an answer nobody waits for."""
        self._open.discard(self)
        if self._waiting:
            self._waiting.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self._buffer += data
        self._answer_next()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _answer_next(self) -> None:
        while self._waiting is None and self._buffer and not self._transport.is_closing():
            try:
                request = _parse(self._buffer)
            except ValueError:
                self._transport.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                self._transport.close()
                return
            if request is None:
                return
            method, target, length, close, used = request
            self._buffer = self._buffer[used:]
            status, delay = _behaviour(target, self._delay)
            answer = _answer(method, target, length, status)
            if delay:
                loop = asyncio.get_running_loop()
                self._waiting = loop.call_later(delay, self._send_late, answer, close)
            else:
                self._send(answer, close)

    def _send_late(self, answer: bytes, close: bool) -> None:
        self._waiting = None
        self._send(answer, close)
        self._answer_next()

    def _send(self, answer: bytes, close: bool) -> None:
        self._transport.write(answer)
        if close:
            self._transport.close()


def _parse(buffer: bytes) -> tuple[str, str, int, bool, int] | None:
    """Method, target, body length, "close afterwards" and bytes used; None while incomplete. Raises ValueError."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > _MAX_HEAD:
            raise ValueError("head too long")
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    close = headers.get("connection", "").lower() == "close" or version == "HTTP/1.0"
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _chunked(buffer, end + 4)
        return None if body is None else (method, target, body[0], close, body[1])
    length = int(headers.get("content-length", "0"))
    if length < 0:
        raise ValueError("negative length")
    used = end + 4 + length
    return (method, target, length, close, used) if len(buffer) >= used else None


def _chunked(buffer: bytes, at: int) -> tuple[int, int] | None:
    """Length of a chunked body that starts at `at`, and where it ends; None while incomplete. Raises ValueError."""
    total = 0
    while (end := buffer.find(b"\r\n", at)) >= 0:
        size = int(buffer[at:end].partition(b";")[0], 16)
        at = end + 2 + size + 2
        if len(buffer) < at:
            return None
        if size == 0:
            return total, at
        total += size
    return None


def _behaviour(target: str, delay: float) -> tuple[int, float]:
    """Status and delay in seconds that the target asks for."""
    if target.startswith("/slow"):
        wanted = parse_qs(urlsplit(target).query).get("ms", ["0"])[0]
        return 200, min(int(wanted) / 1000 if wanted.isdecimal() else 0.0, _MAX_DELAY)
    if target.startswith("/status/"):
        wanted = target.removeprefix("/status/")
        return (int(wanted) if wanted.isdecimal() and 200 <= int(wanted) <= 599 else 400), delay
    return 200, delay


def _answer(method: str, target: str, length: int, status: int) -> bytes:
    phrase = _PHRASES.get(status, "Unknown")
    head = f"HTTP/1.1 {status} {phrase}\r\n"
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        return (head + "\r\n").encode("latin-1")
    body = json.dumps({"path": target, "method": method, "length": length}).encode()
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + (b"" if method == "HEAD" else body)


async def serve(port: int, delay: float, lifetime: float) -> None:
    """Listen on 127.0.0.1 until a signal comes or `lifetime` seconds are over. Raises OSError for a taken port."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    connections: set[Upstream] = set()
    server = await loop.create_server(lambda: Upstream(delay, connections), "127.0.0.1", port, backlog=1024)
    async with server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        loop.call_later(lifetime, over.set)
        await over.wait()
        for connection in tuple(connections):
            connection.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the upstream and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hactl.processes.upstream", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="wait so long before each answer")
    parser.add_argument("--lifetime", type=float, default=3600.0, help="seconds after which it exits")
    options = parser.parse_args(arguments)
    asyncio.run(serve(options.port, options.delay_ms / 1000, options.lifetime))
    return 0


if __name__ == "__main__":
    sys.exit(main())

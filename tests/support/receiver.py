"""A receiver of webhooks: a real HTTP server that keeps what it was sent and answers as it is told, or not at all.

async with Receiver(b"503 Unavailable", OK) as receiver: the first request gets the first answer, the last one repeats.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any, Self

import msgspec
from support.ports import free_port

OK = b"200 OK\r\ncontent-length: 2\r\n\r\nok"
NEVER = b""
"""No answer: the request is read, and the connection stays open."""


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    """An answer with a body and headers; `retry_after` is the header retry-after."""
    given = {"content-length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{status}\r\n{lines}\r\n".encode() + body


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes
    sent: tuple[str, ...]
    """The name of each header as often as it was sent, in small letters."""

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


class Receiver:
    """Listens on loopback until the block is left."""

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.answers = list(answers or (OK,))
        self.requests: list[Received] = []
        self.port = free_port(host)
        self.open = 0
        """Connections that are open now."""
        self._tls = tls
        self._host = host
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._leaving = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self.port, ssl=self._tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._leaving.set()
        self._server.close()
        await self.until(lambda: self.open == 0)

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/hook"

    async def until(self, condition: Any, patience: float = 30.0) -> None:
        """Return as soon as it is so; looked at after every request and every connection."""
        async with asyncio.timeout(patience), self._news:
            await self._news.wait_for(condition)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open -= 1
            async with self._news:
                self._news.notify_all()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        parts = [line.partition(":") for line in head[1:] if line]
        fields = [(name.lower(), value.strip()) for name, _, value in parts]
        headers = dict(fields)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.requests.append(Received(line=head[0], headers=headers, body=body, sent=tuple(name for name, _ in fields)))
        async with self._news:
            self._news.notify_all()
        if said == NEVER:
            # until the other side, or the test, has had enough
            await _first(reader.read(1), self._leaving.wait())
            return
        writer.write(b"HTTP/1.1 " + said)
        await writer.drain()


async def _first(*waits: Any) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

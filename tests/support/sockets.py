"""WebSockets through a gateway that stay open, as chats and dashboards do. The service echoes what it is told.

async with echo_service() as port, Sockets(fleet.port) as sockets:
    first = await sockets.open()
    first.node                          # who carries it
    await first.echoes()
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

import websockets

PATIENCE = 20.0


@asynccontextmanager
async def echo_service() -> AsyncIterator[int]:
    """The port of a service that sends every message back."""

    async def echo(connection: websockets.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0) as service:
        yield service.sockets[0].getsockname()[1]


class Socket:
    """One that is open."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection
        assert connection.response is not None
        self.node = connection.response.headers["x-hactl-node"]
        """The node that carries it."""
        self._said = 0

    async def echoes(self) -> None:
        """Say something and hear it again. Raises ConnectionClosed."""
        self._said += 1
        await self.connection.send(f"{self._said}")
        assert await self.connection.recv() == f"{self._said}"

    async def close(self) -> None:
        """Close it in good order."""
        await self.connection.close()

    def drop(self) -> None:
        """Hang up without a word: to close one takes the second that Envoy gives slow readers."""
        self.connection.transport.abort()


class Sockets:
    """A client's WebSockets."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def open(self) -> Socket:
        """A new one, wherever the edges send it."""
        connecting = websockets.connect(
            f"ws://127.0.0.1:{self._port}/", proxy=None, open_timeout=PATIENCE, close_timeout=1.0, ping_interval=None
        )
        socket = Socket(await self._stack.enter_async_context(connecting))
        await socket.echoes()
        return socket

    async def on(self, node: str, count: int) -> list[Socket]:
        """So many that `node` carries; those that others carry are dropped again."""
        found: list[Socket] = []
        for _ in range(200):
            if len(found) == count:
                return found
            socket = await self.open()
            if socket.node == node:
                found.append(socket)
            else:
                socket.drop()
        raise AssertionError(f"{node} gets no WebSockets")

"""uvicorn, taught to live inside a daemon: on sockets we bound, in our loop, with no hand on our signals.

What differs from stock uvicorn: every request knows its Caller; broken HTTP gets the same JSON body as every other
refusal; waiting costs no ticks; whatever is still open at the end is dropped, so that an end is an end.
"""

import asyncio
import contextlib
import socket

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from hactl.control.api import STATUS, Code, ErrorBody, Fault
from hactl.control.gate import Caller
from hactl.control.peer import peer_of
from hactl.core.codec import encode

_KEEP_ALIVE = 75
"""Seconds; longer than any client of ours keeps an idle connection, so that a reused one is never just closing."""
_GRACE = 1
"""Seconds that answers in progress get when the server stops."""


class ControlProtocol(H11Protocol):
    """One accepted connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the kernel who it is; every request's scope carries the answer."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        caller = Caller(peer=peer_of(connection), socket=connection.getsockname(), abort=transport.abort)
        self.app_state = {**self.app_state, "caller": caller}

    def send_400_response(self, _msg: str) -> None:
        """Answer broken HTTP, unless an answer is already on its way: then the connection just ends."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = encode(ErrorBody(error=Fault(code=Code.MALFORMED, message="not a valid HTTP request")))
            headers = [("content-type", "application/json"), ("connection", "close")]
            headers.append(("content-length", str(len(body))))
            for event in (
                h11.Response(status_code=STATUS[Code.MALFORMED], headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class Listener(uvicorn.Server):
    """An HTTP server that runs until `leave` is set."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            http=ControlProtocol,
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
        )
        super().__init__(config)
        self.up = asyncio.Event()
        self.leave = asyncio.Event()

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Nothing: the daemon's signals are the daemon's."""
        return contextlib.nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        """Wait to be told to leave; stock uvicorn looks ten times a second."""
        await self.leave.wait()

    async def drop(self) -> None:
        """End whatever an orderly shutdown left behind: listeners, connections, answers. Safe to call twice."""
        for server in getattr(self, "servers", ()):
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        answers = list(self.server_state.tasks)
        for answering in answers:
            answering.cancel()
        await asyncio.gather(*answers, return_exceptions=True)

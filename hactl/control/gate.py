"""The first check of every request: may this caller talk to this daemon, in this protocol, with this much data?

It knows nothing of commands; what a caller may *do* is the core's business, except that a read-only socket is one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from hactl.control.answers import refusal
from hactl.control.api import BODY_LIMIT, PROTOCOL_HEADER, Code, Fault
from hactl.control.peer import Allowed, Peer
from hactl.core.talk import PROTOCOL

_PROTOCOL_HEADER = PROTOCOL_HEADER.encode()
TOO_LARGE = Fault(code=Code.TOO_LARGE, message=f"a request may have at most {BODY_LIMIT} bytes")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The connection a request came in on."""

    peer: Peer
    socket: str
    """Path of the listening socket."""
    abort: Callable[[], None]
    """Drops the connection at once, with whatever was not sent yet."""


def caller_of(scope: Scope) -> Caller:
    """The caller of the request in `scope`."""
    caller: Caller = scope["state"]["caller"]
    return caller


class Gate:
    """An ASGI application that lets some requests through to another one."""

    def __init__(self, app: ASGIApp, *, allowed: Allowed, version: str) -> None:
        self._app = app
        self._allowed = allowed
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, or pass the request on."""
        fault = self._objection(scope)
        await (self._app if fault is None else refusal(fault))(scope, receive, send)

    def _objection(self, scope: Scope) -> Fault | None:
        peer = caller_of(scope).peer
        if not self._allowed.admits(peer):
            return Fault(code=Code.FORBIDDEN, message=f"user {peer.uid} may not talk to this daemon")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        spoken = headers.get(_PROTOCOL_HEADER, b"%d" % PROTOCOL)
        if spoken != b"%d" % PROTOCOL:
            return self._other_protocol(spoken)
        if scope["method"] not in ("GET", "POST"):
            return Fault(code=Code.METHOD, message="only GET and POST are understood")
        if int(headers.get(b"content-length", b"0")) > BODY_LIMIT:
            return TOO_LARGE
        return None

    def _other_protocol(self, spoken: bytes) -> Fault:
        theirs = ascii(spoken.decode("latin-1"))[1:-1][:20]
        return Fault(
            code=Code.PROTOCOL,
            message=f"this daemon is hactl {self._version} and speaks protocol {PROTOCOL}, the client speaks {theirs}",
            hint=f"use hactl {self._version}, or restart the daemon with the newer hactl",
        )

"""The paths of the API, each a translation: request → one verb of a Controller → response. No logic of its own."""

import asyncio
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hactl.control import api
from hactl.control.answers import Refused, answer, gone, refuse
from hactl.control.api import Code, CommandBody, Fault, HistoryParams, LogParams, RecordPage, WatchParams
from hactl.control.controller import Controller
from hactl.control.gate import TOO_LARGE, caller_of
from hactl.control.stream import UpdateStream
from hactl.core.codec import decode
from hactl.core.errors import HactlError
from hactl.core.secrets import masked
from hactl.core.talk import PROTOCOL, Hello
from hactl.core.value import Value

P = TypeVar("P", bound=Value)


class Routes:
    """A Controller behind HTTP. `streams` are the watchers' tasks; set `closing` to take no new ones."""

    def __init__(
        self, controller: Controller, *, read_only_socket: str, fleet: str, version: str, pid: int, stall: float
    ) -> None:
        self._controller = controller
        self._read_only_socket = read_only_socket
        self._fleet = fleet
        self._version = version
        self._pid = pid
        self._stall = stall
        self.streams: set[asyncio.Task[None]] = set()
        self.closing = False

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route(api.HELLO, self.hello, methods=["GET"]),
            Route(api.FLEET, self.fleet, methods=["GET"]),
            Route(api.COMMANDS, self.submit, methods=["POST"]),
            Route(api.WATCH, self.watch, methods=["GET"]),
            Route(api.HISTORY, self.history, methods=["GET"]),
            Route(api.LOG, self.log, methods=["GET"]),
        ]
        # Starlette asks for the most special class first; the one for Exception also lets the defect through to
        # uvicorn, which writes its traceback to the daemon's log.
        kinds = (Refused, HactlError, HTTPException, Exception)
        app = Starlette(routes=routes, exception_handlers={**dict.fromkeys(kinds, refuse), ClientDisconnect: gone})
        app.router.redirect_slashes = False  # a redirect would repeat whatever the client wrote as its Host
        return app

    async def hello(self, request: Request) -> Response:
        """Who is there, and who the kernel says is asking."""
        return answer(
            Hello(
                protocol=PROTOCOL,
                version=self._version,
                fleet=self._fleet,
                pid=self._pid,
                read_only=self._is_read_only(request),
                uid=caller_of(request.scope).peer.uid,
            )
        )

    async def fleet(self, _request: Request) -> Response:
        """A Snapshot."""
        return answer(await self._controller.fleet())

    async def submit(self, request: Request) -> Response:
        """A command, signed with the caller's user; the answer is a Receipt."""
        if self._is_read_only(request):
            hint = "use the fleet's control socket"
            raise Refused(Fault(code=Code.READ_ONLY, message="this socket is read-only", hint=hint, guard=True))
        body = _parse(await _body(request))
        # In a thread, because the user database may be far away and the loop has edges to watch.
        by = await asyncio.to_thread(caller_of(request.scope).peer.signature, body.label)
        receipt = await self._controller.submit(
            body.command, by=by, reason=body.reason, confirm=body.confirm, dry_run=body.dry_run
        )
        return answer(receipt)

    async def watch(self, request: Request) -> Response:
        """Updates, line by line."""
        after = _params(request, WatchParams).after
        if self.closing:
            return Response(media_type=UpdateStream.media_type)  # a stream that has ended already
        return UpdateStream(
            self._controller.watch(after),
            open_streams=self.streams,
            stall=self._stall,
            abort=caller_of(request.scope).abort,
        )

    async def history(self, request: Request) -> Response:
        """Journal records."""
        query = _params(request, HistoryParams).query()
        found = await self._controller.history(query)
        return answer(RecordPage(records=tuple(masked(record) for record in found)))

    async def log(self, request: Request) -> Response:
        """Lines of one process's log."""
        asked = _params(request, LogParams)
        return answer(await self._controller.log(asked.node, after=asked.after, lines=asked.lines))

    def _is_read_only(self, request: Request) -> bool:
        return caller_of(request.scope).socket == self._read_only_socket


def _malformed(why: object) -> Refused:
    return Refused(Fault(code=Code.MALFORMED, message=str(why)))


def _params(request: Request, kind: type[P]) -> P:
    given: Mapping[str, str] = request.query_params
    if len(request.query_params.multi_items()) > len(given):
        raise _malformed("a parameter is given twice")
    try:
        return msgspec.convert(dict(given), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _malformed(f"not valid parameters: {error}") from error


async def _body(request: Request) -> bytes:
    """The whole body. Raises Refused beyond the limit, without reading on."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > api.BODY_LIMIT:
            raise Refused(TOO_LARGE)
    return bytes(body)


def _parse(body: bytes) -> CommandBody:
    try:
        return decode(body, CommandBody)
    except HactlError as error:
        raise _malformed(error.message) from error
    except RecursionError as error:
        raise _malformed("not a valid CommandBody: nested too deeply") from error

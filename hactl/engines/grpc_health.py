"""One question to a gRPC server: grpc.health.v1.Health/Check, over HTTP/2 without TLS, on a connection of its own.

Not an HTTP/2 client. It needs none: the verdict is the body of the answer, two bytes of protobuf in a DATA frame, so
that of HTTP/2 only the nine bytes before each frame must be understood. Headers are sent as plain literals, which
need no compression, and those that are received are not read: an answer without a body is an error, whatever its
status says. One request on a fresh connection meets neither flow control nor another stream.
"""

import asyncio
import struct
from contextlib import suppress
from typing import Final

from hactl.core.running import ProbeAnswer

METHOD = "/grpc.health.v1.Health/Check"
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _ACK, _END_HEADERS, _PADDED = 1, 1, 4, 8
_LONGEST = 1 << 14
"""Bytes of the largest frame that may be sent to somebody who has not asked for larger ones."""
_MANY = 64
"""Frames after which a server that has not answered is believed to be something else."""
_MESSAGE = struct.Struct(">BI")
"""What stands before a message: whether it is compressed, and its length."""
_STATUS = {1: "", 2: "not serving", 3: "it does not know itself as a service"}


async def check(host: str, port: int) -> ProbeAnswer:
    """Ask the server at an address about itself as a whole. Raises OSError when it cannot be reached."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        name = f"[{host}]" if ":" in host else host
        writer.write(_PREFACE + _frame(_SETTINGS, 0, b"") + _request(f"{name}:{port}"))
        return _judge(await _body(reader, writer))
    except asyncio.IncompleteReadError:
        return ProbeAnswer(ok=False, why="closed without an answer to a grpc health check")
    except ValueError as error:
        return ProbeAnswer(ok=False, why=f"not a grpc server: {error}")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _request(authority: str) -> bytes:
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": METHOD,
        ":authority": authority,
        "content-type": "application/grpc",
        "te": "trailers",
        "user-agent": "hactl",
    }
    block = b"".join(b"\0" + _text(name) + _text(value) for name, value in fields.items())
    # An empty HealthCheckRequest is no bytes long: the server as a whole is meant.
    message = _MESSAGE.pack(0, 0)
    return _frame(_HEADERS, _END_HEADERS, block, stream=1) + _frame(_DATA, _END_STREAM, message, stream=1)


def _text(text: str) -> bytes:
    """A literal of a header: seven bits of length, then the text as it is. Ours are short."""
    assert len(text) < 127
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, payload: bytes, *, stream: int = 0) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


async def _body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The body of the answer; empty when it ends without one. Raises ValueError for what is not HTTP/2."""
    body = b""
    for _ in range(_MANY):
        head = await reader.readexactly(9)
        length, kind, flags = int.from_bytes(head[:3]), head[3], head[4]
        if length > _LONGEST:
            raise ValueError("it does not speak http/2")
        payload = await reader.readexactly(length)
        if kind in (_SETTINGS, _PING) and not flags & _ACK:
            writer.write(_frame(kind, _ACK, payload if kind == _PING else b""))
        elif kind == _DATA:
            body += payload[1 : length - payload[0]] if flags & _PADDED and payload else payload
        if kind in (_RST_STREAM, _GOAWAY) or (kind in (_DATA, _HEADERS) and (flags & _END_STREAM or _complete(body))):
            return body
    raise ValueError("it does not answer")


def _complete(body: bytes) -> bool:
    return len(body) >= _MESSAGE.size and len(body) >= _MESSAGE.size + _MESSAGE.unpack_from(body)[1]


def _judge(body: bytes) -> ProbeAnswer:
    """A HealthCheckResponse has one field, number 1, a small number: 1 is SERVING. Left out, it is 0, unknown."""
    if not _complete(body):
        return ProbeAnswer(ok=False, why=f"no answer to {METHOD}: does it have the standard health service?")
    message = body[_MESSAGE.size :]
    status = message[1] if message[:1] == b"\x08" and len(message) > 1 else 0
    why = _STATUS.get(status, "it says that its health is unknown")
    return ProbeAnswer(ok=status == 1, why=why and f"grpc health check: {why}")

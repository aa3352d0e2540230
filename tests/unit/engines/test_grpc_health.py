"""A gRPC server is asked for its health as any client would, and understood whatever it answers."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import grpc
import h2.config
import h2.connection
import h2.events
import pytest
from support.ports import free_port

from hactl.core.running import ProbeAnswer
from hactl.engines.grpc_health import METHOD, check

SERVING = b"\x08\x01"


@asynccontextmanager
async def grpcio(answer: bytes | None) -> AsyncIterator[int]:
    """The C implementation of gRPC, with the standard service answering so; None: without that service."""
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        if answer is not None:
            _, service, method = METHOD.split("/")
            rpc = grpc.unary_unary_rpc_method_handler(lambda message, _: answer)
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: rpc}),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            await asyncio.to_thread(server.stop(None).wait)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (SERVING, ""),
        (b"\x08\x02", "grpc health check: not serving"),
        (b"\x08\x00", "grpc health check: it says that its health is unknown"),
        (b"", "grpc health check: it says that its health is unknown"),
        (b"\x08\x03", "grpc health check: it does not know itself as a service"),
        (None, f"no answer to {METHOD}: does it have the standard health service?"),
    ],
)
async def test_a_real_server_is_understood(answer: bytes | None, why: str) -> None:
    """Serving, not serving, unknown, and a server that has no health service at all."""
    async with grpcio(answer) as port, asyncio.timeout(20):
        assert await check("127.0.0.1", port) == ProbeAnswer(ok=not why, why=why)


@asynccontextmanager
async def strict(**how: object) -> AsyncIterator[tuple[int, list[tuple[bytes, bytes]]]]:
    """A server by a library that rejects what RFC 9113 forbids; its port, and the headers it was asked with."""
    asked: list[tuple[bytes, bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        connection.initiate_connection()
        connection.ping(b"12345678")
        writer.write(connection.data_to_send())
        with suppress(ConnectionError):  # who has the answer hangs up
            while data := await reader.read(4096):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        asked.extend(event.headers)
                    if isinstance(event, h2.events.StreamEnded):
                        answer(connection, event.stream_id)
                writer.write(connection.data_to_send())
        writer.close()

    def answer(connection: h2.connection.H2Connection, stream: int) -> None:
        connection.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc"), ("x", "y" * 5000)])
        message = b"\0\0\0\0\2" + SERVING
        for byte in message:
            connection.send_data(stream, bytes([byte]), **how)
        connection.send_headers(stream, [("grpc-status", "0")], end_stream=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


@pytest.mark.parametrize("how", [{}, {"pad_length": 7}], ids=["plain", "padded"])
async def test_the_request_is_well_formed_and_the_answer_may_come_in_pieces(how: dict[str, object]) -> None:
    """With long headers, pings, settings, a byte at a time, padded: all of it is HTTP/2."""
    async with strict(**how) as (port, asked), asyncio.timeout(20):
        assert await check("127.0.0.1", port) == ProbeAnswer(ok=True)
    assert dict(asked)[b":path"] == METHOD.encode()
    assert dict(asked)[b":authority"] == f"127.0.0.1:{port}".encode()
    assert dict(asked)[b"content-type"] == b"application/grpc"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not a grpc server: it does not speak http/2"),
        (b"", "closed without an answer to a grpc health check"),
        (b"\0\0\0\4\0\0\0\0\0" * 100, "not a grpc server: it does not answer"),
        (b"\0\0\1\0\x09\0\0\0\1\0", f"no answer to {METHOD}: does it have the standard health service?"),
        (b"\0\0\4\3\0\0\0\0\1\0\0\0\2", f"no answer to {METHOD}: does it have the standard health service?"),
    ],
    ids=["http1", "silence", "settings for ever", "padding of nothing", "reset"],
)
async def test_anything_else_is_an_answer_too(said: bytes, why: str) -> None:
    """Whoever listens there, the probe ends with a reason."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(24)
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(20):
        assert await check("127.0.0.1", server.sockets[0].getsockname()[1]) == ProbeAnswer(ok=False, why=why)


async def test_a_refusal_is_the_callers_to_tell() -> None:
    """The same for every kind of probe."""
    with pytest.raises(ConnectionRefusedError):
        await check("127.0.0.1", free_port())

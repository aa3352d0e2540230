"""A real gRPC service without generated code, cleartext HTTP/2 only: messages are the bytes they are.

with grpc_service() as port: ...
    /test.Echo/Unary answers its message in capitals
    /test.Echo/Talk answers every message in capitals, as soon as it comes
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

UNARY = "/test.Echo/Unary"
TALK = "/test.Echo/Talk"


@contextmanager
def grpc_service() -> Iterator[int]:
    """The port of the service, which ends with the block."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        handlers = {
            "Unary": grpc.unary_unary_rpc_method_handler(lambda message, _: message.upper()),
            "Talk": grpc.stream_stream_rpc_method_handler(lambda messages, _: (one.upper() for one in messages)),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(grace=None).wait()

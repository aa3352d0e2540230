"""A gateway that speaks gRPC, for tests: the service of `grpc_service`, and the standard health service.

python grpc_program.py PORT DIR

It is NOT_SERVING for as long as there is a file `unwell` in DIR.
"""

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"


def main(port: str, directory: str) -> None:
    """Serve until SIGTERM."""
    unwell = Path(directory) / "unwell"
    health = grpc.unary_unary_rpc_method_handler(lambda message, _: NOT_SERVING if unwell.exists() else SERVING)
    echo = grpc.unary_unary_rpc_method_handler(lambda message, _: message.upper())
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health}),
                grpc.method_handlers_generic_handler("test.Echo", {"Unary": echo}),
            )
        )
        server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        signal.sigwait({signal.SIGTERM})
        server.stop(1).wait()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main(*sys.argv[1:])

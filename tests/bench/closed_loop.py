"""A closed loop for throughput: N connections, each sends its next request when it has the answer to the last.

Right for "how many fit through", wrong for "how long does one take": latencies of a closed loop flatter. `wrk` does
the same for less CPU and is used when it is installed; this one needs nothing but Python.
"""

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import sys
import time

from hactl.core.value import Value


class Throughput(Value):
    """What came through."""

    requests: int
    failed: int
    """Answers other than 200, and connections that broke."""
    seconds: float
    client: str

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, until: float) -> None:
        self._request, self._until = request, until
        self._buffer = b""
        self.requests = self.failed = 0
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", self._buffer[: end + 2])
        if len(self._buffer) < end + 4 + int(length[1] if length else 0):
            return
        self.requests += 1
        self.failed += not self._buffer.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        if time.monotonic() < self._until:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += time.monotonic() < self._until
        if not self.over.done():
            self.over.set_result(None)


async def loop_in_python(port: int, connections: int, seconds: float) -> Throughput:
    """Run the loop here."""
    loop = asyncio.get_running_loop()
    request = b"GET / HTTP/1.1\r\nhost: bench\r\n\r\n"
    began = time.monotonic()
    made = [
        (await loop.create_connection(lambda: _Connection(request, began + seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.wait([connection.over for connection in made], timeout=seconds + 10)
    requests, failed = sum(one.requests for one in made), sum(one.failed for one in made)
    return Throughput(requests=requests, failed=failed, seconds=time.monotonic() - began, client="python")


def through(port: int, *, connections: int, seconds: float) -> Throughput:
    """Measure in another process, with wrk when there is one."""
    wrk = shutil.which("wrk")
    if wrk:
        argv = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", f"http://127.0.0.1:{port}/"]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        found = re.search(r"(\d+) requests in ([\d.]+)s", said)
        assert found, said
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
        failed = int(bad[1] if bad else 0) + sum(int(count) for count in (broken.groups() if broken else ()))
        return Throughput(requests=int(found[1]), failed=failed, seconds=float(found[2]), client="wrk")
    argv = [sys.executable, __file__, "--port", str(port), "--connections", str(connections), "--seconds", str(seconds)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return Throughput(**json.loads(said))


def main() -> int:
    """Run the loop and print what came through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    result = asyncio.run(loop_in_python(options.port, options.connections, options.seconds))
    names = ("requests", "failed", "seconds", "client")
    print(json.dumps({name: getattr(result, name) for name in names}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A gateway that is no Envoy and can be made slow or faulty while it runs: `python troubled_program.py PORT FILE`.

As long as FILE holds "DELAY PERCENT" every answer takes DELAY seconds, and PERCENT of them are 503. /healthz is always
answered well and at once: that is what makes a brown-out of it. Standard library only.
"""

import asyncio
import sys
from pathlib import Path

HEAD = "HTTP/1.1 {status}\r\ncontent-length: 3\r\n\r\nok\n"
REQUESTS = {"number": 0}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request on one connection."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            status = "200 OK" if head.startswith(b"GET /healthz") else await _trouble()
            writer.write(HEAD.format(status=status).encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _trouble() -> str:
    """The status of the next answer, after the time it takes."""
    try:
        delay, percent = Path(sys.argv[2]).read_text().split()  # noqa: ASYNC240 - a few bytes
    except (OSError, ValueError):  # no trouble, or one that is just being written
        return "200 OK"
    REQUESTS["number"] += 1
    await asyncio.sleep(float(delay))
    faulty = REQUESTS["number"] * int(percent) // 100 > (REQUESTS["number"] - 1) * int(percent) // 100
    return "503 Service Unavailable" if faulty else "200 OK"


async def main() -> None:
    """Listen, with room for many who come at once."""
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

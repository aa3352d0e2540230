"""A gateway node that is any program listening on a port: its command line and its probe. Knows nothing of Envoy.

Such a program cannot be told to drain and does not say what it has in flight: the edges stop sending, and count.
"""

import asyncio
import os
import re
from contextlib import suppress

from hactl.core.errors import HactlError
from hactl.core.model import Fleet, Node
from hactl.core.running import CommandLine, ProbeAnswer
from hactl.core.spec import HealthSpec, ProbeKind
from hactl.paths import FleetPaths

_STATUS_LINE = 1024
"""Bytes of the longest first line of a response that is still believed to be one."""
_PLACEHOLDER = re.compile(r"\{(?:port|address|name|region|dir)\}")


class CommandGateway:
    """The gateway kind `command`. `health` says how to ask; `paths` where each node has its directory.

    Raises HactlError for a kind of health check that cannot be made.
    """

    def __init__(self, *, paths: FleetPaths, health: HealthSpec) -> None:
        self._paths = paths
        self._health = health
        if health.kind is ProbeKind.GRPC:
            raise HactlError("grpc health checks are not built yet", 'set health.kind to "http" or "tcp"')

    async def prepare(self, node: Node, fleet: Fleet) -> CommandLine:
        """The command with {port}, {address}, {name}, {region} and {dir} filled in; other braces stay as they are.

        Raises HactlError when there is no command.
        """
        gateway = fleet.spec.gateway
        if not gateway.command:
            raise HactlError(f"{node.name!r} has no command to run", 'set gateway.command, or gateway.kind = "envoy"')
        directory = self._paths.node(node.name)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        words = {
            "{port}": str(node.port),
            "{address}": node.address,
            "{name}": node.name,
            "{region}": node.region,
            "{dir}": str(directory),
        }
        return CommandLine(
            argv=tuple(_fill(argument, words) for argument in gateway.command),
            directory=str(directory),
            env={name: _fill(value, words) for name, value in gateway.env.items()},
            listens=((node.address, node.port),),
        )

    async def judge(self, fleet: Fleet) -> None:
        """Raises HactlError for a kind of health check that cannot be made; what a program takes is its own to say."""
        if fleet.spec.health.kind is ProbeKind.GRPC:
            raise HactlError("grpc health checks are not built yet", 'set health.kind to "http" or "tcp"')

    def identity(self, fleet: Fleet) -> str:
        """The command and its environment."""
        gateway = fleet.spec.gateway
        return repr((gateway.command, sorted(gateway.env.items())))

    async def probe(self, node: Node, timeout: float) -> ProbeAnswer:
        """Connect, and for HTTP ask for the health path. Never raises: a failure is an answer."""
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(node)
        except TimeoutError:
            return ProbeAnswer(ok=False, why=f"no answer within {timeout:g} s")
        except OSError as error:
            return ProbeAnswer(ok=False, why=os.strerror(error.errno).lower() if error.errno else str(error))

    async def drain(self, node: Node) -> None:
        """Nothing: the edges stop sending."""

    async def undrain(self, node: Node) -> None:
        """Nothing: the edges send again."""

    async def in_flight(self, node: Node) -> int | None:  # noqa: ARG002
        """It cannot tell; the edges can."""
        return None

    async def unfinished(self, node: Node) -> int | None:  # noqa: ARG002
        """None: ask the edges."""
        return None

    async def forget(self, node: Node) -> None:
        """Nothing: no connection is kept."""

    async def _ask(self, node: Node) -> ProbeAnswer:
        # A new connection each time, and no keep-alive: a program that serves one connection at a time would be
        # held up by ours, and one that accepts no more would go unnoticed.
        reader, writer = await asyncio.open_connection(node.address, node.port, limit=_STATUS_LINE)
        try:
            if self._health.kind is ProbeKind.TCP:
                return ProbeAnswer(ok=True)
            host = f"[{node.address}]" if ":" in node.address else node.address
            writer.write(
                f"GET {self._health.path} HTTP/1.1\r\nhost: {host}:{node.port}\r\n"
                "user-agent: hactl\r\nconnection: close\r\n\r\n".encode()
            )
            return self._judge(await _first_line(reader))
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _judge(self, line: bytes) -> ProbeAnswer:
        version, _, rest = line.partition(b" ")
        if not version.startswith(b"HTTP/") or not rest[:3].isdigit():
            return ProbeAnswer(ok=False, why="not an http response" if line else "closed without an answer")
        status = int(rest[:3])
        lowest, highest = self._health.expect
        return ProbeAnswer(ok=True) if lowest <= status <= highest else ProbeAnswer(ok=False, why=f"status {status}")


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:  # longer than any status line
        return b"?"


def _fill(text: str, words: dict[str, str]) -> str:
    """`text` with its placeholders replaced, in one go: what was filled in is never looked at again."""
    return _PLACEHOLDER.sub(lambda found: words[found[0]], text)

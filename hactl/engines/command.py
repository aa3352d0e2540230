"""A gateway node that is any program listening on a port: its command line and its probe. Knows nothing of Envoy.

It runs in the directory of hactl.toml, whoever started the daemon from where. It cannot be told to drain and does not
say what it has in flight: the edges stop sending, and count.
"""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.running import CommandLine, ImpairmentImpossible, LeadingImpossible, ProbeAnswer
from hactl.core.secrets import Secret, reference
from hactl.core.spec import GatewaySpec, HealthSpec, ProbeKind
from hactl.core.value import replace
from hactl.engines import grpc_health, program, question, secrets
from hactl.paths import FleetPaths

_STATUS_LINE = 1024
"""Bytes of the longest first line of a response that is still believed to be one."""
_TELLING = 6
"""Characters from which on a literal value might be a secret, and is hidden when the program prints it."""
_PLACEHOLDER = re.compile(r"\{(?:port|address|name|region|dir)\}")


class CommandGateway:
    """The gateway kind `command`. `health` says how a node is asked now; `paths` where each has its directory."""

    def __init__(self, *, paths: FleetPaths, health: Callable[[Node], HealthSpec]) -> None:
        self._paths = paths
        self._health = health

    async def prepare(self, node: Node, fleet: Fleet) -> CommandLine:
        """The command with {port}, {address}, {name}, {region} and {dir} filled in; other braces stay as they are.

        Secrets are read here, each time. Raises HactlError when there is no command, its program cannot be run, or a
        secret cannot be read.
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
        base = _base(gateway)
        # In a thread: a secret may lie on a disk that is slow or far away.
        env = await asyncio.to_thread(_environment, gateway, words, base)
        argv = tuple(_fill(argument, words) for argument in gateway.command)
        return CommandLine(
            argv=(program.find(argv[0], base, env.get("PATH", "")), *argv[1:]),
            directory=str(directory),
            env=env,
            listens=((node.address, node.port),),
            cwd=base,
        )

    async def judge(self, fleet: Fleet) -> None:
        """Raises HactlError when its program could not be run, or a secret not be read; see `check`."""
        await asyncio.to_thread(check, fleet.spec.gateway)

    def identity(self, fleet: Fleet) -> str:
        """The command, where it runs, and its environment."""
        gateway = fleet.spec.gateway
        return repr((gateway.command, gateway.directory, sorted(gateway.env.items())))

    async def probe(self, node: Node, timeout: float) -> ProbeAnswer:
        """Connect, and for HTTP ask for the health path. Never raises: a failure is an answer."""
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(node)
        except TimeoutError:
            return ProbeAnswer(ok=False, why=f"no answer within {timeout:g} s")
        except OSError as error:
            why = os.strerror(error.errno).lower() if error.errno else str(error)
            refused, unasked = isinstance(error, ConnectionRefusedError), question.could_not_ask(error)
            return ProbeAnswer(ok=False, why=why, refused=refused, unasked=unasked)

    async def drain(self, node: Node) -> None:
        """Nothing: the edges stop sending."""

    async def undrain(self, node: Node) -> None:
        """Nothing: the edges send again."""

    async def impair(self, node: Node, fault: Impairment | None) -> None:
        """Raises ImpairmentImpossible, unless nothing is to be: a program of somebody else's has no fault filter."""
        if fault is not None:
            raise ImpairmentImpossible("a program of your own has no fault filter", f"hactl freeze {node.name}")

    def places(self, service: str, count: int) -> tuple[str, ...]:  # noqa: ARG002
        """Nowhere: only the program knows how it calls services."""
        return ()

    async def lead(self, node: Node, services: tuple[str, ...], known: tuple[str, ...]) -> None:  # noqa: ARG002
        """Raises LeadingImpossible, unless nothing is to be."""
        if services:
            raise LeadingImpossible("how a program of your own calls services cannot be changed from outside")

    async def in_flight(self, node: Node) -> int | None:  # noqa: ARG002
        """It cannot tell; the edges can."""
        return None

    async def unfinished(self, node: Node) -> int | None:  # noqa: ARG002
        """None: ask the edges."""
        return None

    async def forget(self, node: Node) -> None:
        """Nothing: no connection is kept."""

    async def _ask(self, node: Node) -> ProbeAnswer:
        health = self._health(node)
        if health.kind is ProbeKind.GRPC:
            return await grpc_health.check(node.address, node.port)
        # A new connection each time, and no keep-alive: a program that serves one connection at a time would be
        # held up by ours, and one that accepts no more would go unnoticed.
        if health.kind is ProbeKind.TCP:
            await question.ask(node.address, node.port, b"", longest=0)
            return ProbeAnswer(ok=True)
        host = f"[{node.address}]" if ":" in node.address else node.address
        message = (
            f"GET {health.path} HTTP/1.1\r\nhost: {host}:{node.port}\r\nuser-agent: hactl\r\nconnection: close\r\n\r\n"
        )
        return _judge(await question.ask(node.address, node.port, message.encode(), longest=_STATUS_LINE), health)


def _judge(line: bytes, health: HealthSpec) -> ProbeAnswer:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/") or not rest[:3].isdigit():
        return ProbeAnswer(ok=False, why="not an http response" if line else "closed without an answer")
    status = int(rest[:3])
    lowest, highest = health.expect
    well = lowest <= status <= highest
    return ProbeAnswer(ok=well, why="" if well else f"status {status} for {health.path}")


def check(gateway: GatewaySpec) -> None:
    """Prove, as far as that can be known before a node has a name and a port, that the command could be started.

    Raises HactlError as `prepare` would.
    """
    check_program(gateway)
    plain = {name: value for name, value in gateway.env.items() if not _PLACEHOLDER.search(value)}
    _environment(replace(gateway, env=plain), {}, _base(gateway))


def check_program(gateway: GatewaySpec) -> None:
    """The same for its program alone: secrets may be where only the daemon can see them."""
    first = gateway.command[0]
    if not _PLACEHOLDER.search(first):
        program.find(first, _base(gateway), gateway.env.get("PATH", ""))


def _base(gateway: GatewaySpec) -> str:
    """Where relative paths start."""
    return gateway.directory or str(Path.cwd())


def _environment(gateway: GatewaySpec, words: dict[str, str], base: str) -> dict[str, str]:
    """The variables with everything filled in. A secret is taken as it is: braces in it are no placeholders."""
    env: dict[str, str] = {}
    for name, template in gateway.env.items():
        if where := reference(template):
            env[name] = secrets.resolve(name, replace(where, name=_fill(where.name, words)), base)
        else:
            value = _fill(template, words)
            env[name] = Secret(value) if value == template and len(value) >= _TELLING else value
    return env


def _fill(text: str, words: dict[str, str]) -> str:
    """`text` with its placeholders replaced, in one go: what was filled in is never looked at again."""
    return _PLACEHOLDER.sub(lambda found: words[found[0]], text)

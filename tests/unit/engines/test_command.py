import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.descriptors import none_left
from support.ports import free_port

from hactl.core.errors import HactlError
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.running import CommandLine, ImpairmentImpossible, ProbeAnswer
from hactl.core.secrets import Secret
from hactl.core.spec import FleetSpec, GatewayKind, GatewaySpec, HealthSpec, ProbeKind
from hactl.core.value import replace
from hactl.engines.command import CommandGateway, check
from hactl.paths import FleetPaths

WELL = ProbeAnswer(ok=True)


def node(port: int) -> Node:
    return Node(name="seoul-1", role=Role.GATEWAY, region="seoul", address="127.0.0.1", port=port)


def gateway(directory: Path, **health: object) -> CommandGateway:
    return CommandGateway(paths=FleetPaths(directory), health=lambda node: HealthSpec(**health))


def fleet(*command: str, **env: str) -> Fleet:
    return Fleet(spec=FleetSpec(gateway=GatewaySpec(kind=GatewayKind.COMMAND, command=command, env=env)))


@asynccontextmanager
async def answering(answer: bytes, *, then_close: bool = True, asked: list[bytes] | None = None):
    """A server on a free port that gives everybody the same answer; its node."""
    let_go = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked is not None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if not then_close:
            await let_go.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield node(server.sockets[0].getsockname()[1])
        let_go.set()


class TestCommandLine:
    async def test_the_template_is_filled_in_for_each_node(self, tmp_path):
        """Arguments and environment may name the port, the address, the node, its region and its directory."""
        command = await gateway(tmp_path).prepare(
            node(4000),
            fleet("cat", "--listen={address}:{port}", "{dir}/conf", "{name}@{region}", HOME_OF="{name}"),
        )
        directory = tmp_path / "nodes" / "seoul-1"
        assert command == CommandLine(
            argv=(shutil.which("cat"), "--listen=127.0.0.1:4000", f"{directory}/conf", "seoul-1@seoul"),
            directory=str(directory),
            env={"HOME_OF": "seoul-1"},
            listens=(("127.0.0.1", 4000),),
            cwd=str(Path.cwd()),
        )
        assert directory.is_dir()

    async def test_other_braces_are_left_alone(self, tmp_path):
        """JSON in an argument is no template."""
        text = '{"port": {port}, "x": {}, "{unknown}": "{{name}}"}'
        command = await gateway(tmp_path).prepare(node(1), fleet("cat", text))
        assert command.argv[1] == '{"port": 1, "x": {}, "{unknown}": "{seoul-1}"}'

    async def test_what_was_filled_in_is_not_filled_in_again(self, tmp_path):
        """A directory whose name looks like a placeholder stays what it is."""
        command = await gateway(tmp_path / "{port}").prepare(node(1), fleet("cat", "{dir}"))
        assert command.argv[1:] == (f"{tmp_path}/{{port}}/nodes/seoul-1",)

    async def test_no_command_is_an_error_with_its_cure(self, tmp_path):
        """`kind = "command"` without a command."""
        with pytest.raises(HactlError, match="'seoul-1' has no command to run") as refusal:
            await gateway(tmp_path).prepare(node(1), fleet())
        assert "gateway.command" in refusal.value.hint

    async def test_relative_paths_start_where_the_configuration_lies(self, tmp_path):
        """The program and its secrets are found there, and it runs there."""
        program = tmp_path / "gw"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "seoul-1").write_text("s3cret\n")
        given = fleet("./gw", TOKEN="file:keys/{name}")
        there = replace(given, spec=replace(given.spec, gateway=replace(given.spec.gateway, directory=str(tmp_path))))
        command = await gateway(tmp_path / "state").prepare(node(1), there)
        assert (command.argv, command.cwd) == ((str(program),), str(tmp_path))
        assert command.env == {"TOKEN": "s3cret"}
        assert "s3cret" not in repr(command)

    async def test_what_a_secret_says_is_not_filled_in(self, tmp_path, monkeypatch):
        """Braces in a password are its own."""
        monkeypatch.setenv("HACTL_TEST_PASSWORD", "{port}{name}")
        command = await gateway(tmp_path).prepare(node(1), fleet("cat", PASSWORD="env:HACTL_TEST_PASSWORD"))
        assert command.env == {"PASSWORD": "{port}{name}"}

    async def test_a_literal_value_is_hidden_unless_it_says_nothing(self, tmp_path):
        """Nobody said that it is no secret; what hactl itself filled in, and a word or two, is none."""
        command = await gateway(tmp_path).prepare(node(1), fleet("cat", A="hunter2", B="{port}-listens", C="C"))
        assert {name: isinstance(value, Secret) for name, value in command.env.items()} == {
            "A": True,
            "B": False,
            "C": False,
        }

    def test_what_could_not_be_started_is_known_before(self, tmp_path):
        """`hactl up` refuses to begin, with the words that the node would have failed with."""
        with pytest.raises(HactlError, match="there is no program 'no-such-gateway'"):
            check(fleet("no-such-gateway").spec.gateway)
        with pytest.raises(HactlError, match=r"gateway\.env\.A: the daemon has no variable 'HACTL_NOT_SET'"):
            check(fleet("cat", A="env:HACTL_NOT_SET").spec.gateway)
        check(fleet("{dir}/gw", A="file:{dir}/key").spec.gateway)  # nobody can know yet


class TestProbe:
    async def test_the_configured_path_is_asked_for_on_a_connection_of_its_own(self, tmp_path):
        """Well-formed, with a host, and not kept open: single-threaded programs are not held up."""
        asked: list[bytes] = []
        async with answering(b"HTTP/1.1 200 OK\r\n\r\n", asked=asked) as seoul:
            assert await gateway(tmp_path, path="/healthz?full=1").probe(seoul, 10) == WELL
        line, *headers = asked[0].decode().split("\r\n")
        assert line == "GET /healthz?full=1 HTTP/1.1"
        assert f"host: 127.0.0.1:{seoul.port}" in headers
        assert "connection: close" in headers

    async def test_the_status_is_enough(self, tmp_path):
        """Nobody waits for a body, and none needs to be announced."""
        async with answering(b"HTTP/1.0 204 No Content\r\n", then_close=False) as seoul:
            assert await gateway(tmp_path).probe(seoul, 10) == WELL

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "status 503 for /ask"),
            (b"HTTP/1.1 199 Odd\r\n\r\n", "status 199 for /ask"),
            (b"HTTP/1.1 300 Odd\r\n\r\n", "status 300 for /ask"),
            (b"SSH-2.0-OpenSSH\r\n", "not an http response"),
            (b"HTTP/1.1 lots\r\n\r\n", "not an http response"),
            (b"x" * 70_000, "not an http response"),
            (b"", "closed without an answer"),
        ],
    )
    async def test_any_other_answer_says_what_was_wrong(self, tmp_path, answer, why):
        """What an operator reads in the reason of an unhealthy node."""
        async with answering(answer, asked=[]) as seoul:
            assert await gateway(tmp_path, path="/ask").probe(seoul, 10) == ProbeAnswer(ok=False, why=why)

    async def test_the_expected_range_is_the_operators(self, tmp_path):
        """A program whose health page answers 401 can be run."""
        async with answering(b"HTTP/1.1 401 Unauthorized\r\n\r\n") as seoul:
            assert await gateway(tmp_path, expect=(200, 401)).probe(seoul, 10) == WELL

    @pytest.mark.parametrize("kind", [ProbeKind.HTTP, ProbeKind.TCP])
    async def test_a_refusal_is_an_answer(self, tmp_path, kind):
        """Nobody listens."""
        answer = await gateway(tmp_path, kind=kind).probe(node(free_port()), 10)
        assert not answer.ok
        assert (answer.why, answer.refused) == ("connection refused", True)

    async def test_silence_is_an_answer_after_the_timeout(self, tmp_path):
        """Never held up for longer than was asked for."""
        async with answering(b"", then_close=False) as seoul:
            answer = await gateway(tmp_path).probe(seoul, 0.05)
        assert answer == ProbeAnswer(ok=False, why="no answer within 0.05 s")

    @pytest.mark.parametrize("kind", list(ProbeKind))
    async def test_who_could_not_be_asked_is_not_judged(self, tmp_path, kind):
        """We have no descriptor left: that is nobody's fault but ours."""
        async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as seoul:
            with none_left():
                answer = await gateway(tmp_path, kind=kind).probe(seoul, 10)
        assert answer == ProbeAnswer(ok=False, why="too many open files", unasked=True)

    async def test_for_tcp_a_connection_is_enough(self, tmp_path):
        """Not a byte is asked of the program."""
        async with answering(b"", then_close=False) as seoul:
            assert await gateway(tmp_path, kind=ProbeKind.TCP).probe(seoul, 10) == WELL


async def test_it_cannot_be_told_to_drain_and_says_so(tmp_path):
    """The edges stop sending and count what is in flight."""
    verbs: list[Callable[[Node], Awaitable[object]]] = [
        (kind := gateway(tmp_path)).drain,
        kind.undrain,
        kind.in_flight,
        kind.forget,
    ]
    assert [await verb(node(1)) for verb in verbs] == [None] * 4


async def test_a_program_of_somebody_elses_cannot_be_impaired(tmp_path: Path) -> None:
    """What it does to requests is its own; that it does nothing special is true at once."""
    await gateway(tmp_path).impair(node(1), None)
    with pytest.raises(ImpairmentImpossible, match="a program of your own"):
        await gateway(tmp_path).impair(node(1), Impairment(failed=1))

"""Programs of one's own as gateways: slow ones, wrong ones, deaf ones, ones with secrets, ones that speak gRPC."""

import asyncio
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from support.command import Home
from support.fleet import TIRELESS, Region, RunningFleet, life
from support.grpc_service import UNARY
from support.load import fetch, open_loop

from hactl.core.commands import Apply, Kill, Restart, Stop
from hactl.core.errors import HactlError
from hactl.core.events import FailoverBegan, FailoverEnded, NodeChanged
from hactl.core.node import NodeState, ReasonCode
from hactl.supervisor import procfs

pytestmark = pytest.mark.envoy

SUPPORT = Path(__file__).parents[1] / "support"
RATE = 100
ONE = (Region(nodes=1),)
TWO = (Region(nodes=2),)
SHORT = '[restart]\nbase = "10ms"\nmax = "50ms"\nbudget = { restarts = 1, window = "60s" }\n'
"""For stories in which a node fails."""


def program(*more: str, script: str = "gateway_program.py", **keys: str) -> str:
    """The tables of a fleet whose nodes run a program of tests/support; `keys` of [gateway] are written as they are."""
    argv = [
        sys.executable,
        str(SUPPORT / script),
        "{port}",
        *(more or ["{dir}"] if script.startswith("grpc") else more),
    ]
    lines = "".join(f"{name} = {value}\n" for name, value in keys.items())
    path = '[health]\npath = "/healthz"\n' if script == "gateway_program.py" else '[health]\nkind = "grpc"\n'
    return f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n{lines}{path}'


async def fails(fleet: RunningFleet, name: str = "local-1") -> NodeChanged:
    """The moment a node has died too often."""

    def failed(event: NodeChanged) -> bool:
        return event.node.name == name and event.node.state is NodeState.FAILED

    record = await fleet.happens(NodeChanged, failed, after=0)
    return record.event


@pytest.mark.parametrize("slow", ["--ready-after", "--listen-after"])
async def test_a_program_that_takes_five_seconds_to_get_ready(slow):
    """It gets nothing before it is ready, whether it answers 503 until then or does not listen; nothing is lost."""
    extra = program(slow, "5") + TIRELESS
    async with RunningFleet(regions=TWO, routes="", extra=extra) as fleet:
        mark = fleet.seq
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(50)
            fleet.kill("local-1")
            told = await fleet.happens(NodeChanged, lambda event: event.node.unready, after=mark)
            asked = load.nodes["local-1"]
            await fleet.happens(NodeChanged, lambda event: event.node.state is NodeState.SERVING, after=told.seq)
            assert load.nodes["local-1"] <= asked + RATE // 5  # what came in while the news travelled here
            ended = await fleet.happens(FailoverEnded, after=mark)
            await load.answered(100)
        assert load.failed == 0, load
        assert load.nodes["local-1"] > asked
        assert ended.event.back_ms > 5000
        what = "status 503 for /healthz" if slow == "--ready-after" else "it runs, but nothing listens on 127.0.0.1:"
        assert what in told.event.node.unready
        assert life(fleet.since(mark), "local-1") == ["starting", "serving"]


async def test_a_program_has_the_limit_on_open_files_that_the_daemon_was_given():
    """The daemon raises its own; one that trusts in select() must not find itself beyond 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (900, hard))
    try:
        async with RunningFleet(regions=ONE, routes="", extra=program("--ready-after", "0")) as fleet:
            assert resource.prlimit(fleet.daemon, resource.RLIMIT_NOFILE) == (hard, hard)
            assert resource.prlimit(fleet.pid("local-1"), resource.RLIMIT_NOFILE) == (900, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_rolling_restart_of_slow_programs():
    """Each is ready before the next one goes; no request is lost."""
    async with RunningFleet(regions=TWO, routes="", extra=program("--ready-after", "1")) as fleet:
        mark = fleet.seq
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(50)
            await fleet.command(Restart(nodes=("local-1", "local-2")))
            await load.answered(50)
        assert load.failed == 0, load
        assert fleet.since(mark, FailoverBegan) == []


async def test_a_program_that_ignores_its_stop_signal():
    """It is killed at the deadline, that is said, and the stop is done."""
    async with RunningFleet(regions=TWO, routes="", extra=program("--deaf", stop_timeout='"500ms"')) as fleet:
        mark = fleet.seq
        await fleet.command(Stop(nodes=("local-1",)))
        said = [event.why for event in fleet.since(mark, NodeChanged)]
        assert "ignored SIGTERM for 0.5 s: killed" in said
        assert fleet.now.nodes["local-1"].state is NodeState.STOPPED


async def test_a_program_that_goes_mute_is_taken_out_at_once_and_killed_after_its_grace():
    """It takes connections and answers nothing: what it holds is answered elsewhere, and it is replaced."""
    extra = program("--mute", "{dir}/mute") + 'hang_grace = "1s"\n' + TIRELESS
    async with RunningFleet(regions=(Region(nodes=3),), routes="", extra=extra) as fleet:
        mark = fleet.seq
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(50)
            mute = fleet.paths.node("local-1") / "mute"
            mute.write_text("")
            hung = await fleet.happens(NodeChanged, is_hung, after=mark)
            mute.unlink()
            await fleet.happens(FailoverEnded, after=mark)
            await load.answered(50)
        assert load.failed == 0, load
        reasons = [event.node.reason.code for event in fleet.since(mark, NodeChanged) if event.node.reason]
        assert reasons.index(ReasonCode.PROBE_FAILED) < reasons.index(ReasonCode.HUNG)
        assert hung.event.node.name == "local-1"
        assert hung.event.node.reason.text.startswith("silent for 1.")


def is_hung(event: NodeChanged) -> bool:
    """A node has been found hanging."""
    return event.node.reason is not None and event.node.reason.code is ReasonCode.HUNG


async def test_a_program_that_listens_on_another_port():
    """The reason names the port it was given and the one it took."""
    argv = json.dumps([sys.executable, str(SUPPORT / "gateway_program.py"), "0"])
    extra = f'[gateway]\nkind = "command"\ncommand = {argv}\nstart_timeout = "3s"\n' + SHORT
    async with RunningFleet(regions=ONE, routes="", extra=extra, settled=False) as fleet:
        node = (await fails(fleet)).node
        assert f"not ready after 3 s: nothing listens on 127.0.0.1:{node.port}, but it listens on 127.0.0.1:" in (
            node.reason.text
        )
        assert "does gateway.command pass {port} on?" in node.reason.text


async def test_a_program_that_exits_at_once():
    """Its own last words are the reason, without what it was given to keep."""
    extra = program("--say", "cannot log in with hunter2", "--exit", "4", env='{ PASSWORD = "hunter2" }') + SHORT
    async with RunningFleet(regions=ONE, routes="", extra=extra, settled=False) as fleet:
        node = (await fails(fleet)).node
        assert node.reason.code is ReasonCode.CRASH_LOOP
        assert "exited with code 4: cannot log in with ***; one attempt every 60 s" in node.reason.text
        assert len(node.exits) == 2


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (None, "there is no program"),
        ("#!/bin/sh\n", "is not executable"),
        ("#!/usr/bin/pyhton\n", "the interpreter '/usr/bin/pyhton' of"),
    ],
)
def test_a_program_that_cannot_be_run_is_known_before_anything_begins(write, why):
    """`hactl up` says in one line what is wrong, wherever it is called, and starts nothing."""
    with Home() as home:
        config = home.configure('[gateway]\nkind = "command"\ncommand = ["./gw", "{port}"]\n')
        config.write_text(
            config.read_text().partition("[[route]]")[0] + '[gateway]\nkind = "command"\ncommand = ["./gw"]\n'
        )
        if write:
            (home.directory / "gw").write_text(write)
            (home.directory / "gw").chmod(0o755 if "pyhton" in write else 0o644)
        done = home.run("up", "--config", str(config), cwd=Path("/"))
        assert done.returncode == 1, done
        error, *hints = done.stderr.strip().splitlines()
        assert why in error
        assert str(home.directory / "gw") in error
        assert len(hints) <= 1
        assert home.strays() == []


SECRETS = {"FROM_ENV": "env-s3cret-{port}", "FROM_FILE": "file-s3cret-{name}", "LITERAL": "literal-s3cret"}


async def test_secrets_are_given_to_the_program_and_to_nobody_else(monkeypatch):
    """They are in its environment, and nowhere in journal, logs, documents, arguments, on the wire or in a snapshot."""
    monkeypatch.setenv("HACTL_TEST_SECRET", SECRETS["FROM_ENV"])
    env = '{ FROM_ENV = "env:HACTL_TEST_SECRET", FROM_FILE = "file:keys/{name}", LITERAL = "literal-s3cret" }'
    async with RunningFleet(regions=ONE, routes="", extra=program(env=env), settled=False) as fleet:
        missing = await fleet.happens(NodeChanged, lambda event: event.node.state is NodeState.BACKOFF, after=0)
        assert missing.event.node.reason.code is ReasonCode.START_FAILED
        assert f"gateway.env.FROM_FILE: cannot read '{fleet.directory}/keys/local-1'" in missing.event.node.reason.text
        (fleet.directory / "keys").mkdir()
        (fleet.directory / "keys" / "local-1").write_text(SECRETS["FROM_FILE"] + "\n")
        await fleet.calm()
        for name, value in SECRETS.items():
            assert (await fetch(fleet.port, f"/env?{name}"))[2].decode() == value
        told = [await raw(fleet.paths.control, path) for path in ("/v1/fleet", "/v1/history?limit=10000")]
        told += [arguments(pid) for pid in procfs.pids()]
        for said in told:
            assert not any(value.encode() in said for value in SECRETS.values())
        kept = b"".join(path.read_bytes() for path in fleet.paths.state.rglob("*") if path.is_file())
        assert SECRETS["FROM_ENV"].encode() not in kept
        assert SECRETS["FROM_FILE"].encode() not in kept
        assert b"env:HACTL_TEST_SECRET" in kept


def arguments(pid: int) -> bytes:
    """The arguments of a process; none of one that has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


async def raw(socket: Path, path: str) -> bytes:
    """What the daemon answers, byte for byte."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    said = await reader.read()
    writer.close()
    assert said.startswith(b"HTTP/1.1 200")
    return said


async def test_another_configuration_of_programs_that_serve():
    """Program and health check change together, one node at a time, and each node is asked as it is to be asked."""
    async with RunningFleet(regions=TWO, routes="", extra=program()) as fleet:
        before = fleet.pids()
        other = program(env='{ GREETING = "file:greeting" }').replace("/healthz", "/env?GREETING")
        change = Apply(text=fleet.toml(extra=other), path=str(fleet.config), bake=0.0)
        with pytest.raises(HactlError, match=r"gateway\.env\.GREETING: cannot read"):
            await fleet.client.submit(change, by="test")
        (fleet.directory / "greeting").write_text("hello")
        async with open_loop(fleet.port, rate=RATE) as load:
            await load.answered(50)
            await fleet.command(change)
            await fleet.calm()
            await load.answered(50)
        assert load.failed == 0, load
        assert (await fetch(fleet.port, "/env?GREETING"))[2] == b"hello"
        assert {name for name, pid in fleet.pids().items() if pid != before[name]} >= {"local-1", "local-2"}


async def test_programs_that_speak_grpc():
    """Asked for their health as gRPC has it, called through the edges, and replaced when they die."""
    async with RunningFleet(
        regions=TWO, routes="", extra=program("{dir}", script="grpc_program.py") + TIRELESS
    ) as fleet:
        assert await called(fleet.port) == b"HELLO"
        mark = fleet.seq
        await fleet.command(Kill(nodes=("local-1",)))
        assert await called(fleet.port) == b"HELLO"
        await fleet.calm()
        assert life(fleet.since(mark), "local-1") == ["starting", "serving"]


async def test_a_program_that_says_it_is_not_well_is_taken_out():
    """NOT_SERVING is an answer: it stays up, and gets nothing."""
    async with RunningFleet(regions=TWO, routes="", extra=program("{dir}", script="grpc_program.py")) as fleet:
        (fleet.paths.node("local-1") / "unwell").write_text("")
        out = await fleet.happens(NodeChanged, lambda event: event.node.reason is not None)
        assert (out.event.node.name, out.event.node.reason.text) == ("local-1", "grpc health check: not serving")
        assert await called(fleet.port) == b"HELLO"
        (fleet.paths.node("local-1") / "unwell").unlink()
        await fleet.calm()


async def called(port: int) -> bytes:
    """One call through the edges."""

    def call() -> bytes:
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            return channel.unary_unary(UNARY)(b"hello", timeout=20)

    return await asyncio.to_thread(call)

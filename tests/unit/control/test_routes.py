"""Requests become verbs of the controller, exactly, or nothing at all."""

import os
from contextlib import aclosing
from pathlib import Path

import pytest
from support.control import served
from support.controller import MemoryController

from hactl.control.aclient import AsyncClient
from hactl.core.commands import Kill
from hactl.core.config_events import ConfigTaken
from hactl.core.model import Fleet
from hactl.core.spec import FleetSpec, GatewaySpec

KILL = b'{"command": {"do": "kill", "nodes": ["local-1"]}}'


async def test_hello_says_who_is_there_and_who_the_kernel_says_is_asking(tmp_path: Path) -> None:
    """The handshake tells version, fleet, socket kind and the caller's uid."""
    async with served(MemoryController(), tmp_path) as door:
        status, hello = await door.ask("GET", "/v1/hello")
        assert status == 200
        assert hello == {
            "protocol": 1,
            "version": "9.9.9",
            "fleet": "test",
            "pid": 4711,
            "read_only": False,
            "uid": os.geteuid(),
        }
        assert (await door.ask("GET", "/v1/hello", view=True))[1]["read_only"] is True


async def test_a_command_is_recorded_under_the_callers_user(tmp_path: Path) -> None:
    """The label a client sends stands behind the user the kernel names; it cannot stand in for it."""
    async with served(MemoryController(), tmp_path) as door:
        body = b'{"command": {"do": "kill", "nodes": ["a"]}, "label": "mallory@pts/3\\n\\u001b[2J", "reason": "drill"}'
        assert (await door.ask("POST", "/v1/commands", body))[0] == 200
        (request,) = door.controller.requests
        assert request.command == Kill(nodes=("a",))
        assert request.reason == "drill"
        user, _, label = request.by.partition("@")
        assert user != "mallory"
        assert label == "mallory@pts/3[2J"


async def test_no_literal_variable_leaves_the_daemon(tmp_path: Path) -> None:
    """Whichever way a configuration goes out: as the fleet, as history, in a stream."""
    spec = FleetSpec(gateway=GatewaySpec(env={"PASSWORD": "hunter2", "TOKEN": "env:TOKEN"}))
    controller = MemoryController(Fleet(id="f1", name="test", spec=spec))
    controller.happen(ConfigTaken(revision=2, spec=spec, nodes=()))
    async with served(controller, tmp_path) as door:
        for path in ("/v1/fleet", "/v1/history"):
            status, said = await door.ask("GET", path)
            assert status == 200
            assert "hunter2" not in str(said)
            assert "env:TOKEN" in str(said)
        async with AsyncClient(door.socket) as client, aclosing(client.watch()) as updates:
            snapshot = await anext(updates)
            controller.happen(ConfigTaken(revision=3, spec=spec, nodes=()))
            news = await anext(updates)
        assert "hunter2" not in repr((snapshot, news))
        assert repr((snapshot, news)).count("env:TOKEN") == 2


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/v2/fleet", 404, "not-found"),
        ("GET", "/v1/fleet/", 404, "not-found"),
        ("GET", "http://evil.example/v1/fleet", 404, "not-found"),
        ("POST", "/v1/fleet", 405, "method-not-allowed"),
        ("GET", "/v1/commands", 405, "method-not-allowed"),
        ("DELETE", "/v1/fleet", 405, "method-not-allowed"),
        ("POST", "/v1/commands", 400, "malformed"),
        ("GET", "/v1/watch?after=-1", 400, "malformed"),
        ("GET", "/v1/watch?after=99999999999999999999", 400, "malformed"),
        ("GET", "/v1/watch?form=1", 400, "malformed"),
        ("GET", "/v1/watch?after=1&after=2", 400, "malformed"),
        ("GET", "/v1/history?since=nan", 400, "malformed"),
        ("GET", "/v1/history?limit=0", 400, "malformed"),
        ("GET", "/v1/log", 400, "malformed"),
        ("GET", "/v1/log?node=a&lines=1000000", 400, "malformed"),
    ],
)
async def test_what_is_not_understood_is_refused_by_name(
    tmp_path: Path, method: str, target: str, status: int, code: str
) -> None:
    """Wrong paths, methods and parameters each get their own structured refusal."""
    async with served(MemoryController(), tmp_path) as door:
        got, body = await door.ask(method, target)
        assert (got, body["error"]["code"]) == (status, code)
        assert body["error"]["message"]


async def test_a_misspelt_field_is_refused_rather_than_ignored(tmp_path: Path) -> None:
    """A command that says `dryrun` must not run for real."""
    async with served(MemoryController(), tmp_path) as door:
        status, body = await door.ask("POST", "/v1/commands", KILL[:-1] + b', "dryrun": true}')
        assert (status, "dryrun" in body["error"]["message"]) == (400, True)
        status, body = await door.ask("POST", "/v1/commands", KILL.replace(b'"nodes"', b'"force": 1, "nodes"'))
        assert (status, "force" in body["error"]["message"]) == (400, True)
        assert door.controller.requests == []


async def test_the_read_only_socket_takes_no_commands(tmp_path: Path) -> None:
    """It answers every question and refuses every command, a dry run included, before the controller hears of it."""
    async with served(MemoryController(), tmp_path) as door:
        assert (await door.ask("GET", "/v1/fleet", view=True))[0] == 200
        for body in (KILL, KILL[:-1] + b', "dry_run": true}', b"nonsense"):
            status, answer = await door.ask("POST", "/v1/commands", body, view=True)
            assert (status, answer["error"]["code"], answer["error"]["guard"]) == (403, "read-only", True)
        assert door.controller.requests == []

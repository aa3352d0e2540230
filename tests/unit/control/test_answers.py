"""Every refusal has the same shape, and says no more than it should."""

from pathlib import Path

import pytest
from support.control import served
from support.controller import MemoryController

from hactl.core.errors import CommandRejected, HactlError

KILL = b'{"command": {"do": "kill", "nodes": ["local-1"]}}'


async def test_a_rejection_travels_whole(tmp_path: Path) -> None:
    """What the core refuses is a 409 that says what, what to try, and whether a safety rule said it."""
    async with served(MemoryController(), tmp_path) as door:
        door.controller.reply = CommandRejected("'local-1' is the last one", "add --force", guard=True)
        assert await door.ask("POST", "/v1/commands", KILL) == (
            409,
            {
                "error": {
                    "code": "rejected",
                    "message": "'local-1' is the last one",
                    "hint": "add --force",
                    "guard": True,
                }
            },
        )


async def test_any_other_error_of_the_controller_is_unavailable(tmp_path: Path) -> None:
    """A HactlError is an answer (503), and the daemon goes on."""
    async with served(MemoryController(), tmp_path) as door:
        door.controller.failure = HactlError("the disk is full", "make room")
        for path in ("/v1/fleet", "/v1/history", "/v1/log?node=a", "/v1/watch"):
            status, body = await door.ask("GET", path)
            assert (status, body["error"]["code"], body["error"]["hint"]) == (503, "unavailable", "make room")


async def test_a_defect_of_the_controller_says_nothing_of_its_insides(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug is a 500 of the usual shape, and its traceback goes to the daemon's log."""
    async with served(MemoryController(), tmp_path) as door:
        door.controller.failure = ZeroDivisionError("secret")
        status, body = await door.ask("GET", "/v1/fleet")
        assert (status, body["error"]["code"]) == (500, "internal")
        assert "secret" not in str(body)
        assert "ZeroDivisionError: secret" in caplog.text

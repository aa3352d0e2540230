"""What an error comes to as an exit code: a contract with scripts."""

import pytest

from hactl.cli.exits import Exit, exit_for
from hactl.core.errors import CommandRejected, ConfigError, HactlError, TimedOut, Unreachable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HactlError("the disk is full"), Exit.FAILED),
        (CommandRejected("nothing to do"), Exit.FAILED),
        (CommandRejected("read-only", guard=True), Exit.REFUSED),
        (ConfigError("hactl.toml: no such file"), Exit.USAGE),
        (TimedOut("still starting"), Exit.TIMEOUT),
        (Unreachable("no daemon answers"), Exit.UNREACHABLE),
    ],
    ids=str,
)
def test_every_kind_of_error_has_its_exit_code(error: HactlError, code: Exit) -> None:
    assert exit_for(error) is code

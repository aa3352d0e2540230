"""What the exit code of every command means: a contract with scripts."""

from enum import IntEnum

from hactl.core.errors import CommandRejected, ConfigError, HactlError, TimedOut, Unreachable


class Exit(IntEnum):
    """The exit codes."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNHEALTHY = 3
    """Unhealthy or degraded."""
    TIMEOUT = 4
    REFUSED = 5
    """By a guard: a safety rule, read-only, not confirmed."""
    UNREACHABLE = 6
    """No daemon answers."""
    INCONCLUSIVE = 10
    """A drill has shown nothing."""
    ABORTED = 11
    """A drill was stopped, by a person or a safety rule."""
    NOT_CLEAN = 12
    """A drill has left something behind; wins over all others."""
    INTERRUPTED = 130


def exit_for(error: HactlError) -> Exit:
    """The exit code for an error."""
    match error:
        case CommandRejected():
            return Exit.REFUSED if error.guard else Exit.FAILED
        case ConfigError():
            return Exit.USAGE
        case TimedOut():
            return Exit.TIMEOUT
        case Unreachable():
            return Exit.UNREACHABLE
        case _:
            return Exit.FAILED

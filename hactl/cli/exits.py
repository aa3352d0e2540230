"""What the exit code of every command means: a contract with scripts."""

from enum import IntEnum


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

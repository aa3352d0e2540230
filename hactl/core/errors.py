"""The errors somebody catches; everything else is a bug and keeps its own type.

    HactlError               what failed, on what, and what to try
    ├── CommandRejected      the core will not do it; nothing changed
    ├── ConfigError          hactl.toml is wrong; names the path and the key
    ├── Unreachable          no daemon answers
    │   └── Absent           because there is none
    └── TimedOut             what was waited for did not come true

Messages are lower case without a full stop and quote names as the operator typed them.
"""


class HactlError(Exception):
    """Something failed. `message` says what and on what; `hint` says what to try ("" when there is nothing)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class CommandRejected(HactlError):
    """A command that does not fit, or that a safety rule forbids (`guard`); the fleet is untouched."""

    def __init__(self, message: str, hint: str = "", *, guard: bool = False) -> None:
        super().__init__(message, hint)
        self.guard = guard


class ConfigError(HactlError):
    """A configuration that cannot be used; the message starts with the file, then the key's path.

    `also` has what else is wrong in the same file, one line each.
    """

    def __init__(self, message: str, hint: str = "", *, also: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.also = also


class Unreachable(HactlError):
    """The daemon does not answer on its socket."""


class Absent(Unreachable):
    """Nobody listens on the daemon's socket: one may be started."""


class TimedOut(HactlError):
    """What was waited for did not come true in time."""


def os_reason(error: OSError) -> str:
    """Why the system would not do it, as the end of a message: "no space left on device"."""
    return (error.strerror or str(error) or type(error).__name__).lower()

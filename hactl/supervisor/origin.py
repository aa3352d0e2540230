"""How a daemon was started, read from the kernel while it is there, and so what would start it again.

Not how one is started (`processes.launching`), nor who takes over from it.
"""

import os
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.value import Value

_MARK = b"--ready-fd"
"""What stands in the command line of a daemon that was started in the background, and in no other."""


class Start(Value):
    """With what a daemon was started, read while it was there."""

    config: Path | None = None
    last_good: bool = False
    directory: Path | None = None
    environment: dict[str, str] | None = None
    kept: bool = False
    """By a service manager, which starts it again."""


def started_with(pid: int) -> Start:
    """With what the daemon `pid` was started. Raises HactlError when nobody is known to start it again."""
    directory, environment = surroundings(pid)
    try:
        words = [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    except OSError as error:
        raise HactlError(f"the daemon (pid {pid}) is gone", "hactl up") from error
    if not in_background(pid):
        if "NOTIFY_SOCKET" in (environment or {}):
            return Start(kept=True)
        raise HactlError(
            f"the daemon (pid {pid}) runs in the foreground, and it is not known what would start it again",
            "start it with hactl up, or keep it by a service manager: hactl init --systemd",
        )
    config = Path(words[words.index("--config") + 1]) if "--config" in words else None
    return Start(config=config, last_good="--last-good" in words, directory=directory, environment=environment)


def in_background(pid: int) -> bool:
    """True when somebody started this daemon to go on without them; False in the foreground, or when it has gone."""
    try:
        return _MARK in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def surroundings(pid: int) -> tuple[Path | None, dict[str, str] | None]:
    """The working directory and the environment of a daemon, for its successor; None for what cannot be told."""
    place = Path(f"/proc/{pid}")
    try:
        directory = (place / "cwd").readlink()
        pairs = (entry.partition("=") for entry in os.fsdecode((place / "environ").read_bytes()).split("\0") if entry)
        return directory if directory.is_dir() else None, {name: value for name, _, value in pairs}
    except OSError:
        return None, None

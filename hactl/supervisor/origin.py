"""How a daemon was started, read from the kernel while it is there, and so what would start it again.

Not how one is started (`processes.launching`), nor who takes over from it.
"""

from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.supervisor import procfs

_MARK = "--ready-fd"
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
    words = procfs.cmdline(pid)
    if not words:
        raise HactlError(f"the daemon (pid {pid}) is gone", "hactl up")
    if _MARK not in words:
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
    return _MARK in procfs.cmdline(pid)


def surroundings(pid: int) -> tuple[Path | None, dict[str, str] | None]:
    """The working directory and the environment of a daemon, for its successor; None for what cannot be told."""
    try:
        directory = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None, None
    return directory if directory.is_dir() else None, procfs.environ(pid) or None

"""What `hactl logs` does not show, and where that is. Not the lines themselves: `see`."""

from collections.abc import Iterator
from pathlib import Path

from hactl.cli.choice import Chosen
from hactl.core.errors import HactlError
from hactl.core.plural import counted
from hactl.core.talk import LogPage

DAEMON = "daemon"
"""What the daemon is called among those that have a log."""


def log_of(chosen: Chosen, node: str) -> Path:
    """The file that a log is kept in."""
    return chosen.paths.daemon_log if node == DAEMON else chosen.paths.node_log(node)


def notices(chosen: Chosen, page: LogPage, asked: int) -> Iterator[str]:
    """What to say about the last `asked` lines of a log, of which `page` has as many as there were."""
    path = log_of(chosen, page.node)
    if page.node == DAEMON and (pid := _runs(chosen)) and (where := written_elsewhere(pid, path)):
        yield where
    if len(page.lines) < asked and (earlier := beginning(path, page.after)):
        yield f"only the last {counted(len(page.lines), 'line')} can be shown; earlier ones: {earlier}"


def _runs(chosen: Chosen) -> int:
    try:
        return chosen.client.hello().pid
    except HactlError:
        return 0


def written_elsewhere(pid: int, path: Path) -> str:
    """Where a daemon says what is to be in its log at `path`; "" when that is there, or cannot be seen."""
    output = Path(f"/proc/{pid}/fd/2")
    try:
        if path.exists() and output.samefile(path):
            return ""
        target = str(output.readlink())
    except OSError:
        return ""
    where = target if target.startswith("/") else f"those who started it (under systemd: journalctl _PID={pid})"
    return f"the daemon (pid {pid}) runs in the foreground and does not write this log, but to {where}"


def beginning(path: Path, end: int) -> Path | None:
    """The file with what stands before the last page of a log, which ends at `end`; None when nothing does."""
    from hactl.supervisor.logs import PAGE

    rotated = path.with_name(f"{path.name}.1")
    if end > PAGE:
        return path
    return rotated if rotated.exists() else None

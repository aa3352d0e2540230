"""What this machine knows about a process: its command line. Empty if console and process are on different machines."""

from pathlib import Path

from hactl.core.node import Launch

PROC = Path("/proc")
_TICKS = 19
"""Field 22 of a stat line is the twentieth behind the name."""


def command_line(launch: Launch | None, proc: Path = PROC) -> str:
    """The command line of that very process; "" when it does not run here any more, or never did."""
    if launch is None:
        return ""
    directory = proc / str(launch.pid)
    try:
        ticks = int((directory / "stat").read_text().rpartition(")")[2].split()[_TICKS])
        words = (directory / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except (OSError, ValueError, IndexError):
        return ""
    return " ".join(word.decode(errors="replace") for word in words) if ticks == launch.ticks else ""

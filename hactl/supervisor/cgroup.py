"""What the control group of a process allows it, and what of the machine's memory can be had. Reads only."""

import os
from contextlib import suppress
from pathlib import Path


def path(name: str, pid: int | None = None, root: Path = Path("/")) -> Path:
    """A file of the control group (of the unified hierarchy) of a process, by default of this one.

    `root` is where /proc and /sys are found. A zombie has left its group, and where there is no group the path leads
    nowhere.
    """
    with suppress(OSError):
        for line in os.fsdecode((root / f"proc/{pid or 'self'}/cgroup").read_bytes()).splitlines():
            if line.startswith("0::/"):
                return root / "sys/fs/cgroup" / line[4:] / name
    return Path("/nonexistent") / name


def number(file: Path) -> int | None:
    """What stands in the file; None for "max", and when there is no such file."""
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that could be had without swapping. Memory in no use at all says nothing: caches take all they can get."""
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    free = int(lines["MemAvailable"].split()[0]) << 10
    limit, used = number(path("memory.max")), number(path("memory.current"))
    return free if limit is None or used is None else min(free, limit - used)

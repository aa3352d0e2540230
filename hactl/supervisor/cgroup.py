"""What this process's control group allows it, and what of the machine's memory can be had. Reads only."""

from contextlib import suppress
from pathlib import Path


def path(name: str) -> Path:
    """A file of this process's control group (of the unified hierarchy)."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::/"):
                return Path("/sys/fs/cgroup") / line[4:] / name
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

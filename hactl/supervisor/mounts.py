"""Which filesystem a path lies on, by the text of /proc/self/mountinfo. Pure, but for the name of that file."""

import re
from pathlib import Path

from hactl.core.value import Value

MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")
"""A blank in a path, or the like, is written \\040; all other characters as they are."""


class Mount(Value):
    """One filesystem, where it is mounted."""

    point: str
    kind: str
    """As the kernel calls it: ext4, tmpfs, ..."""


def mount_of(path: Path, mounts: str) -> Mount:
    """The filesystem that `path` lies on; one of no kind when `mounts` does not say."""
    longest, found = -1, Mount(point="", kind="")
    for line in mounts.splitlines():
        place, _, rest = line.partition(" - ")
        fields = place.split()
        if len(fields) < 5 or not rest:
            continue
        point = Path(_ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), fields[4]))
        if len(point.parts) >= longest and path.is_relative_to(point):  # of several on one place the last one counts
            longest, found = len(point.parts), Mount(point=str(point), kind=rest.split()[0])
    return found

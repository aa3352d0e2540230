"""Which filesystem a path lies on, by the text of /proc/self/mountinfo. Pure, but for the name of that file."""

from pathlib import Path

from hactl.core.value import Value

MOUNTS = Path("/proc/self/mountinfo")


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
        point = Path(fields[4].encode().decode("unicode_escape"))  # a blank in it is written \040
        if len(point.parts) >= longest and path.is_relative_to(point):  # of several on one place the last one counts
            longest, found = len(point.parts), Mount(point=str(point), kind=rest.split()[0])
    return found

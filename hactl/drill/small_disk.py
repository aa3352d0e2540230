"""Whether a drill may fill the disk that a fleet keeps its state on: only one that is nobody else's, and small. Pure.

A full disk is the fault of everybody who writes to it. So it has to be a filesystem of a limited size that is mounted
at the state directory itself; and what the drill has to remember must lie elsewhere.
"""

from pathlib import Path

from hactl.supervisor.mounts import mount_of

LARGEST = 256 << 20
"""Bytes: what is full of it is memory."""
_KIND = "tmpfs"


def refusal(state: Path, mounts: str, size: int) -> str:
    """Why the disk below `state` may not be filled; "" when it may. `mounts` is the text of mountinfo, `size` how many
    bytes that filesystem has."""
    mount = mount_of(state, mounts)
    if Path(mount.point) != state:
        return f"{state} is no filesystem of its own (it lies on {mount.kind or 'an unknown one'}): others would suffer"
    if mount.kind != _KIND:
        return f"{state} is on {mount.kind}, and only a {_KIND} is filled: it is empty again when it is let go"
    if size > LARGEST:
        return f"{state} has {size >> 20} MiB, and at most {LARGEST >> 20} MiB of memory are taken for that"
    return ""


def hint(state: Path) -> str:
    """How to give a fleet such a disk."""
    return f"before hactl up: mount -t {_KIND} -o size=64m,mode=0700 none {state}"

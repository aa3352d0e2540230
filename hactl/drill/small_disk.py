"""Whether a drill may fill the disk that holds the state of a fleet: only one used by nothing else, and small.

A full disk is the fault of everybody who writes to it. So it has to be a filesystem of a limited size that is mounted
at the state directory itself; and what the drill has to remember must lie elsewhere.
"""

import os
from pathlib import Path

from hactl.core.errors import os_reason
from hactl.drill.burden import FullDisk
from hactl.drill.gate import Check
from hactl.drill.plan import DrillPlan
from hactl.supervisor.mounts import MOUNTS, mount_of

LARGEST = 256 << 20
"""Bytes: what is full of it is memory."""
_KIND = "tmpfs"


def refusal(state: Path, mounts: str, size: int) -> str:
    """Why the disk below `state` may not be filled; "" when it may. `mounts` is the text of mountinfo, `size` how many
    bytes that filesystem has, 0 when it has no limit."""
    mount = mount_of(state, mounts)
    if Path(mount.point) != state:
        return f"{state} is not a separate filesystem (it is on {mount.kind or 'an unknown one'}): others would suffer"
    if mount.kind != _KIND:
        return f"{state} is on {mount.kind}, and only a {_KIND} may be filled: it can be emptied at once"
    if size == 0:
        return f"{state} has no size limit: it would fill the memory of this machine"
    if size > LARGEST:
        return f"{state} has {size >> 20} MiB, and at most {LARGEST >> 20} MiB of memory may be used for that"
    return ""


def hint(state: Path) -> str:
    """How to give a fleet such a disk."""
    return f"before hactl up: mount -t {_KIND} -o size=64m,mode=0700 none {state}"


def may_fill(state: Path) -> str:
    """Why it may not be filled, as it is on this machine now; "" when it may."""
    try:
        real = state.resolve(strict=True)
        room = os.statvfs(real)
    except FileNotFoundError:
        return f"{state} does not exist: the fleet has not been up yet"
    except OSError as error:
        return f"{state} cannot be read: {os_reason(error)}"
    return refusal(real, MOUNTS.read_text(), room.f_blocks * room.f_frsize)


def may_be_filled(plan: DrillPlan, state: Path) -> tuple[Check, ...]:
    """Whether the drill may fill the disk of the fleet's state directory; nothing when it does not mean to."""
    if not any(isinstance(strike.burden, FullDisk) for strike in plan.strikes):
        return ()
    why = may_fill(state)
    limit = f"a tmpfs of at most {LARGEST >> 20} MiB mounted at the state directory"
    mend = hint(state) if why else ""
    return (Check(name="disk that may be filled", value=why or str(state), limit=limit, ok=not why, hint=mend),)

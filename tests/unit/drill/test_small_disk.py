"""Which disk a drill may fill: by tables of mounts, and as this machine is."""

from pathlib import Path

import pytest
from support.build import a_spec
from support.script import serving

from hactl.drill.burden import FullDisk, MemoryInUse
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.small_disk import LARGEST, hint, may_be_filled, may_fill, refusal

STATE = Path("/srv/fleet")
MOUNTED = "1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / /srv/fleet rw - {kind} none rw\n"


def drill(kind: FaultKind) -> DrillPlan:
    borne = FullDisk() if kind is FaultKind.DISK else MemoryInUse(share=0.1)
    faults = (Fault(kind=kind, target=Target(), burden=borne, lasting=5.0),)
    return plan(Definition(name="d", title="t", faults=faults), serving(a_spec()), 1)


def test_a_small_tmpfs_at_the_state_directory_may_be_filled() -> None:
    assert refusal(STATE, MOUNTED.format(kind="tmpfs"), LARGEST) == ""


@pytest.mark.parametrize(
    ("state", "mounts", "size", "why"),
    [
        (STATE, "1 0 0:1 / / rw - ext4 /dev/a rw\n", 1 << 20, "is not a separate filesystem (it is on ext4)"),
        (STATE / "deeper", MOUNTED.format(kind="tmpfs"), 1 << 20, "is not a separate filesystem (it is on tmpfs)"),
        (STATE, "", 1 << 20, "it is on an unknown one"),
        (STATE, MOUNTED.format(kind="xfs"), 1 << 20, "is on xfs, and only a tmpfs may be filled"),
        (STATE, MOUNTED.format(kind="tmpfs"), 0, "has no size limit"),
        (STATE, MOUNTED.format(kind="tmpfs"), LARGEST + (1 << 20), "has 257 MiB, and at most 256 MiB"),
    ],
)
def test_any_other_may_not_and_why(state: Path, mounts: str, size: int, why: str) -> None:
    """Others write there, it does not empty itself, or it would take too much memory."""
    assert why in refusal(state, mounts, size)


def test_the_disk_of_this_machine_is_nobodys_to_fill(tmp_path: Path) -> None:
    """Neither one that others use, nor one that is not there; and the gate of a drill says how to get one."""
    assert "is not a separate filesystem" in may_fill(tmp_path)
    assert "the fleet has not been up yet" in may_fill(tmp_path / "not-there")
    (check,) = may_be_filled(drill(FaultKind.DISK), tmp_path)
    assert not check.ok
    assert hint(tmp_path) in check.hint


def test_a_drill_that_fills_no_disk_is_not_asked(tmp_path: Path) -> None:
    assert may_be_filled(drill(FaultKind.MEMORY), tmp_path) == ()

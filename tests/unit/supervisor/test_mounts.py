"""Which filesystem a path lies on, by a table that has every trap."""

from pathlib import Path

import pytest

from hactl.supervisor.mounts import MOUNTS, Mount, mount_of

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:5 / /proc rw - proc proc rw
30 22 0:30 / /tmp rw shared:4 - tmpfs tmpfs rw
31 22 0:31 / /srv/shared rw master:1 shared:2 - nfs4 filer:/x rw
32 22 0:32 / /srv/with\\040blank rw - fuse.sshfs far:/ rw
36 22 0:41 / /srv/gerät\\134 rw - zfs pool rw
33 31 8:2 / /srv/shared/local rw - xfs /dev/sdb rw
34 22 8:3 / /over rw - ext4 /dev/sdc rw
35 34 0:40 / /over rw - tmpfs tmpfs rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/x", "ext4"),
        ("/tmp", "tmpfs"),
        ("/tmp/deep/er", "tmpfs"),
        ("/tmpest", "ext4"),
        ("/srv/shared/x", "nfs4"),
        ("/srv/shared/local/x", "xfs"),
        ("/srv/with blank/x", "fuse.sshfs"),
        ("/srv/gerät\\/x", "zfs"),
        ("/over/x", "tmpfs"),
    ],
)
def test_the_nearest_mount_says_what_it_is(path: str, kind: str) -> None:
    assert mount_of(Path(path), TABLE).kind == kind


def test_a_mount_says_where_it_is() -> None:
    """A state directory may be one, or only lie on one."""
    assert mount_of(Path("/srv/with blank/x"), TABLE).point == "/srv/with blank"
    assert mount_of(Path("/tmp"), TABLE).point == "/tmp"
    assert mount_of(Path("/x"), "") == Mount(point="", kind="")


def test_this_machine_has_a_filesystem() -> None:
    assert mount_of(Path("/proc/self"), MOUNTS.read_text()) == Mount(point="/proc", kind="proc")

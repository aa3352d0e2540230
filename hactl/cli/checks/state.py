"""The state directory and hactl.toml: room, rights, the kind of filesystem, and whether what is written is in force."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hactl.cli.checks.finding import Finding, Subject
from hactl.core.founding import edge_names, node_names
from hactl.core.secrets import masked_spec
from hactl.paths import SOCKET_PATH_LIMIT
from hactl.supervisor.mounts import MOUNTS, mount_of

DISK_LOW = 256 << 20
INODES_LOW = 1000
_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2"}
)
"""Filesystems on which locks, memory maps or renames of SQLite and Envoy are not what they are on a local disk."""
_FLEETING = frozenset({"tmpfs", "ramfs"})


def in_force(subject: Subject) -> Iterator[Finding]:
    """Whether the fleet has what its file says."""
    fleet, chosen = subject.fleet, subject.chosen
    if chosen is None or chosen.config is None or not fleet.id:
        return
    if fleet.config_trouble:
        found = f"the last good one (revision {fleet.revision}) is in force: {fleet.config_trouble}"
        yield Finding(check="configuration", ok=False, found=found, mend="fix hactl.toml, then: hactl config apply")
        return
    from hactl.config import digest

    same = digest(masked_spec(subject.spec)) == digest(masked_spec(fleet.spec))
    found = f"revision {fleet.revision} is in force" + ("" if same else f", {chosen.config} differs")
    mend = "" if same else "hactl config apply"
    yield Finding(check="configuration", ok=same, found=found, mend=mend)


def disk(subject: Subject) -> Iterator[Finding]:
    """Room for the journal, for logs, and for the documents of a failover: bytes and inodes."""
    if subject.chosen is None:
        return
    place = _existing(subject.chosen.state)
    inodes = os.statvfs(place)
    roomy, found = room(shutil.disk_usage(place).free, inodes.f_files, inodes.f_favail)
    mend = "" if roomy else "free some space, or set fleet.state_dir"
    yield Finding(check="disk", ok=roomy, found=f"{found} free for {subject.chosen.state}", mend=mend)


def room(free: int, inodes: int, inodes_free: int) -> tuple[bool, str]:
    """Whether so many bytes and inodes are enough, and how many there are; a filesystem without a fixed number of
    inodes (0) never lacks them."""
    scarce = inodes > 0 and inodes_free < INODES_LOW
    return free > DISK_LOW and not scarce, f"{free >> 20} MiB" + (f", {inodes_free} inodes" if scarce else "")


def filesystem(subject: Subject, *, mounts: Path = MOUNTS) -> Iterator[Finding]:
    """A journal needs a local disk that is there after a reboot."""
    if subject.chosen is None:
        return
    kind = mount_of(_existing(subject.chosen.state).resolve(), mounts.read_text()).kind
    mend = "set fleet.state_dir to a local disk"
    if kind in _REMOTE or kind.startswith("fuse."):
        found = f"{kind}: locks and the write-ahead log are not safe over a network"
        yield Finding(check="state directory", ok=False, found=found, mend=mend)
    elif kind in _FLEETING:
        found = f"{kind}: all state of the fleet is lost at a reboot"
        yield Finding(check="state directory", ok=False, found=found, mend=mend)
    else:
        yield Finding(check="state directory", ok=True, found=f"on {kind or 'an unknown filesystem'}")


def sockets(subject: Subject) -> Iterator[Finding]:
    """The kernel's limit on the paths of sockets."""
    if subject.chosen is None:
        return
    longest = max((*node_names(subject.spec), *edge_names(subject.spec)), key=len)
    path = subject.chosen.paths.node_sockets(longest) / "admin.sock"
    fits = len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
    mend = "" if fits else "set fleet.state_dir to a shorter path"
    yield Finding(check="socket paths", ok=fits, found=str(subject.chosen.paths.sockets), mend=mend)


def rights(subject: Subject) -> Iterator[Finding]:
    """What lies in there and in hactl.toml decides which programs are run: nobody else may write to it."""
    if subject.chosen is None:
        return
    paths = subject.chosen.paths
    private = (paths.state, paths.journal, paths.lock, paths.state / "nodes", paths.sockets)
    wrong = [trouble for path in private for trouble in _trouble(path, mask=0o077 if path != paths.sockets else 0o022)]
    if subject.chosen.config is not None:
        wrong += _trouble(subject.chosen.config, mask=0o022)
    wrong += _umask(subject)
    for found, mend in wrong:
        yield Finding(check="permissions", ok=False, found=found, mend=mend)
    if not wrong:
        yield Finding(check="permissions", ok=True, found="no other user may change what is run")


def _trouble(path: Path, *, mask: int) -> list[tuple[str, str]]:
    try:
        status = path.stat()
    except OSError:
        return []
    if status.st_uid not in (os.geteuid(), 0):
        return [(f"{path} belongs to user {status.st_uid}", f"chown {os.geteuid()} {path}")]
    if status.st_mode & mask and not (status.st_mode & stat.S_ISVTX):
        which = "write to" if status.st_mode & mask & 0o022 else "read"
        return [
            (
                f"others may {which} {path} (mode {status.st_mode & 0o7777:o})",
                f"chmod go-{'w' if mask == 0o022 else 'rwx'} {path}",
            )
        ]
    return []


def _umask(subject: Subject) -> list[tuple[str, str]]:
    """Of the daemon, else of the shell that would start it."""
    pid = subject.snapshot.pulse.pid if subject.snapshot else os.getpid()
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("Umask:"):
                umask = int(line.split()[1], 8)
                whose = "the daemon" if subject.snapshot else "this shell"
                if umask & 0o700:
                    return [(f"{whose} has umask {umask:04o}: it cannot use the files it creates", "umask 077")]
                if not umask & 0o002:
                    return [
                        (f"{whose} has umask {umask:04o}: other users may write to the files it creates", "umask 077")
                    ]
    return []


def _existing(path: Path) -> Path:
    """The path, or what there is of it so far."""
    return next(place for place in (path, *path.parents) if place.exists())

"""Listening Unix sockets that only a chosen group can open and nobody can take over. Not what is spoken on them."""

import os
import socket
import stat
from pathlib import Path

from hactl.core.errors import HactlError, os_reason

_PASSABLE = 0o710
"""Mode of a directory through which a group may reach a socket, and see nothing else."""
_LIVE_CHECK = 1.0
"""Seconds to find out whether somebody answers on a socket that is already there."""


class PrivateSocket:
    """One bound socket in a directory that only its owner can change; `close` takes the file away.

    Its mode is 0600; with a group 0660, and the group may pass through its directory.
    """

    def __init__(self, path: Path, group: int | None = None) -> None:
        """Bind. Raises HactlError when the place is unsafe, taken by a live daemon, or not a socket."""
        self.path = path
        _private_directory(path.parent)
        _clear_stale(path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The mode must be right from the first moment: a chmod after bind would leave a gap to connect through.
        umask = os.umask(0o177)
        try:
            self.listener.bind(str(path))
        except OSError as error:
            self.listener.close()
            raise HactlError(f"cannot listen on '{path}': {error}", "use a shorter state directory") from error
        finally:
            os.umask(umask)
        if group is not None:
            try:
                _open_to(path, group)
            except OSError as error:
                self.listener.close()
                path.unlink(missing_ok=True)
                raise HactlError(
                    f"cannot open '{path}' to group {group}: {os_reason(error)}",
                    "fleet.group: the user who runs the daemon must be in that group",
                ) from error
        self._inode = path.lstat().st_ino

    def close(self) -> None:
        """Stop listening and remove the file, unless somebody else's has taken its place."""
        self.listener.close()
        try:
            if self.path.lstat().st_ino == self._inode:
                self.path.unlink()
        except FileNotFoundError:
            pass


def barrier(path: Path, group: int) -> Path | None:
    """The directory on the way to the socket `path` that members of `group` cannot pass, if there is one.

    Its own directory is not asked: that one is opened with the socket.
    """
    for directory in path.parent.parents:
        found = directory.stat()
        if not found.st_mode & 0o001 and not (found.st_gid == group and found.st_mode & 0o010):
            return directory
    return None


def _open_to(path: Path, group: int) -> None:
    """From private to the group's: given away first and opened then, it is open to no other group at any moment."""
    for place, mode in ((path.parent, _PASSABLE), (path, 0o660)):
        os.chown(place, -1, group)
        place.chmod(mode)


def _private_directory(path: Path) -> None:
    """Make the directory (0700), or make sure that nobody but us and root can put another socket in our place."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise HactlError(f"cannot keep a socket in '{path}': {os_reason(error)}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), 0):
        raise HactlError(f"'{path}' belongs to another user: a socket in it would not be safe", f"ls -ld {path}")
    if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
        raise HactlError(f"other users may write to '{path}': a socket in it would not be safe", f"chmod go-w {path}")


def _clear_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise HactlError(f"cannot listen on '{path}': {os_reason(error)}") from error
    if not stat.S_ISSOCK(mode):
        raise HactlError(f"'{path}' is in the way and is not a socket", "look at it and move it away")
    if _answers(path):
        raise HactlError(f"a daemon already answers on '{path}'", "hactl status")
    path.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_LIVE_CHECK)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # somebody holds it, however busy or closed to us: never take it away
    return True

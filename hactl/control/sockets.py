"""Listening Unix sockets that nobody else can open, take over or lose. Not what is spoken on them."""

import os
import socket
import stat
from pathlib import Path

from hactl.core.errors import HactlError

_LIVE_CHECK = 1.0
"""Seconds to find out whether somebody answers on a socket that is already there."""


class PrivateSocket:
    """One bound socket of mode 0600 in a directory that only its owner can change; `close` takes the file away."""

    def __init__(self, path: Path) -> None:
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
        self._inode = path.lstat().st_ino

    def close(self) -> None:
        """Stop listening and remove the file, unless somebody else's has taken its place."""
        self.listener.close()
        try:
            if self.path.lstat().st_ino == self._inode:
                self.path.unlink()
        except FileNotFoundError:
            pass


def _private_directory(path: Path) -> None:
    """Make the directory (0700), or make sure that nobody but us and root can put another socket in our place."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise HactlError(f"cannot keep a socket in '{path}': {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), 0):
        raise HactlError(f"'{path}' belongs to somebody else: a socket in it would not be safe", f"ls -ld {path}")
    if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
        raise HactlError(f"others may write into '{path}': a socket in it would not be safe", f"chmod go-w {path}")


def _clear_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise HactlError(f"cannot listen on '{path}': {error.strerror}") from error
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

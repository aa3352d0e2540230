"""Disk space held in reserve and given up when the disk is full, so that a failover can still be written down.

Not a quota: it only helps once, until it is allocated again.
"""

import os
from pathlib import Path

from hactl.core.errors import HactlError, os_reason


class Ballast:
    """A file of `size` bytes that means nothing."""

    def __init__(self, path: Path, size: int = 4 << 20) -> None:
        self._path = path
        self._size = size

    @property
    def held(self) -> bool:
        """True when all of it is really allocated; a sparse or cut file would free nothing."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        return status.st_blocks * 512 >= self._size  # st_blocks counts 512 bytes on every Linux filesystem

    def lay(self) -> None:
        """Take the room, unless it is held already. Raises HactlError when there is none; nothing is then taken."""
        if self.held:
            return
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._failure(error) from error
        try:
            os.posix_fallocate(fd, 0, self._size)
        except OSError as error:
            self.give_up()
            raise self._failure(error) from error
        finally:
            os.close(fd)

    def give_up(self) -> None:
        """Free the room; nothing happens when it is not held. Raises OSError when the file cannot be removed."""
        self._path.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> HactlError:
        return HactlError(
            f"no space for the ballast '{self._path}' ({self._size} bytes): {os_reason(error)}",
            "free space on its disk",
        )

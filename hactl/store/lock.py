"""One daemon per fleet: a lock the kernel frees the instant its holder ends, however it ends. Not a pid file.

The pid inside is for people; nobody decides anything by it.
"""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from hactl.core.errors import HactlError, os_reason

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
ASK_AGAIN = 0.002
"""Seconds between two tries of somebody who waits for the lock: what nobody supervises meanwhile is the gap."""


class LockHeld(HactlError):
    """A daemon has the fleet."""


class FleetLock:
    """Held for as long as a daemon runs: `with FleetLock(path): ...`, also when it was acquired before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def acquire(self, patience: float = 0.0) -> None:
        """Take the lock within `patience` seconds; at once or not at all, when there is none.

        Raises LockHeld when a daemon has it, and HactlError when the file cannot be made, written or locked.
        """
        while not self._taken(patience):
            pass

    def _taken(self, patience: float) -> bool:
        """One try; False when the file was taken away by a purge just before it was ours: there is another by now."""
        try:
            # Python's descriptors are not inherited: an inherited one would keep the lock after its holder's death.
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._failure(error) from error
        try:
            os.fchmod(fd, 0o600)
            _lock(fd, patience)
            if not self._still_there(fd):
                os.close(fd)
                return False
            _sign(fd)
        except BlockingIOError as error:
            holder = _signature(fd)
            os.close(fd)
            raise LockHeld(
                f"a daemon already runs for this fleet (pid {holder})", "hactl status shows it, hactl down stops it"
            ) from error
        except OSError as error:
            os.close(fd)
            raise self._failure(error) from error
        self._fd = fd
        return True

    def _still_there(self, fd: int) -> bool:
        mine = os.fstat(fd)
        try:
            there = self._path.lstat()
        except FileNotFoundError:
            return False
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)

    def release(self) -> None:
        """Give the lock back. The file stays; whoever removes it while holding it removes the fleet as well."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        if self._fd is None:
            self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _failure(self, error: OSError) -> HactlError:
        return HactlError(
            f"cannot lock '{self._path}': {os_reason(error)}",
            "keep the state directory on a local disk you may write to",
        )


def _lock(fd: int, patience: float) -> None:
    """Raises BlockingIOError when the time is over."""
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(ASK_AGAIN)
        else:
            return


def _sign(fd: int) -> None:
    boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""
    text = f"{os.getpid()}\n{boot}\n".encode()
    # Written over, then cut: the block that is there already serves even when the disk is full.
    os.pwrite(fd, text, 0)
    os.ftruncate(fd, len(text))


def _signature(fd: int) -> str:
    """The pid inside; "unknown" in the instant before the holder has signed."""
    return os.pread(fd, 32, 0).split(b"\n")[0].decode("ascii", "replace") or "unknown"

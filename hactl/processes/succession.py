"""One daemon takes over from another that runs: whatever can fail is tried while the other is still in charge.

Not how a daemon takes charge of a fleet: that is `taking_charge`, and the same with or without a predecessor.
"""

import os
import signal

from hactl.core.draft import caught_up
from hactl.core.model import Fleet
from hactl.paths import FleetPaths
from hactl.store.journal import SqliteJournal
from hactl.store.lock import FleetLock, LockHeld
from hactl.supervisor import pidfd

LEAVES_WITHIN = 10.0
"""Seconds a daemon that was asked to leave has, and again after it was killed, which harms no worker."""


class Predecessor:
    """The daemon that is in charge until it is relieved. Takes `fd` over, its pidfd."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def relieve(self, lock: FleetLock, patience: float = LEAVES_WITHIN) -> tuple[str, ...]:
        """Ask it to leave, and take `lock` the moment it lets go; what its operator should know.

        One that has not left after `patience` seconds is killed. Raises HactlError when it may not be asked, or when
        somebody else has been quicker.
        """
        try:
            pidfd.send(self._fd, signal.SIGTERM)
            try:
                lock.acquire(patience)
            except LockHeld:
                if pidfd.has_ended(self._fd):
                    raise
                pidfd.send(self._fd, signal.SIGKILL)
                lock.acquire(patience=LEAVES_WITHIN)
                return (f"the previous daemon had not exited after {patience:g} s and was killed",)
        finally:
            os.close(self._fd)
        return ()


def rehearse(paths: FleetPaths) -> Fleet:
    """The fleet as the journal has it now, read as a daemon would. Raises HactlError when it could not take over."""
    with SqliteJournal.open_read_only(paths.journal) as journal:
        checkpoint, records = journal.load()
    return caught_up(checkpoint or Fleet(), records)

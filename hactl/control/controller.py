"""The Controller: five verbs in front of a fleet, near or far. If a sixth seems needed, it is probably a Command.

Never ask which kind you hold.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from hactl.core.commands import Command
from hactl.core.events import Record
from hactl.core.talk import LogPage, Query, Receipt, Snapshot, Update


class Controller(Protocol):
    """Anything that drives a fleet."""

    async def fleet(self) -> Snapshot:
        """Everything now, with the newest measurements."""
        ...

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        """Ask for something. With `dry_run` nothing changes and the receipt says what would.

        Raises CommandRejected when it does not fit or a safety rule forbids it.
        """
        ...

    def watch(self, after: int = 0) -> AsyncIterator[Update]:
        """A snapshot, then everything that happens. `after` > 0 resumes behind that `seq` where the journal allows.

        The iterator ends when the watcher is too slow or the daemon leaves: call again with the last `seq` seen.
        """
        ...

    async def history(self, query: Query) -> list[Record]:
        """Journal records that match, oldest first."""
        ...

    async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:
        """Lines of a process's own log. Raises HactlError for an unknown name ("daemon" names the daemon's log)."""
        ...

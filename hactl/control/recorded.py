"""A Controller on a recorded fleet: it shows the fleet as it was in the end, and changes nothing."""

import asyncio
from collections.abc import AsyncIterator

from hactl.core.commands import Command
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import Record
from hactl.core.talk import LogPage, Query, Receipt, Snapshot, Update


class Recorded:
    """What a recording ends with."""

    def __init__(self, last: Snapshot) -> None:
        self._last = last

    async def fleet(self) -> Snapshot:
        """See Controller."""
        return self._last

    async def submit(
        self,
        command: Command,
        *,
        by: str,  # noqa: ARG002
        reason: str = "",  # noqa: ARG002
        confirm: str = "",  # noqa: ARG002
        dry_run: bool = False,  # noqa: ARG002
    ) -> Receipt:
        """Raises CommandRejected."""
        what = type(command).__name__.lower()
        raise CommandRejected(f"cannot {what}: this is a recording", "the console of the running fleet: hactl")

    async def watch(self, after: int = 0) -> AsyncIterator[Update]:  # noqa: ARG002
        """How it was in the end, and never anything else."""
        yield self._last
        await asyncio.Event().wait()

    async def history(self, query: Query) -> list[Record]:  # noqa: ARG002
        """Nothing: a recording is read from its journal."""
        return []

    async def log(self, node: str, after: int = -1, lines: int = 100) -> LogPage:  # noqa: ARG002
        """Raises HactlError: logs have no times to go by."""
        raise HactlError("logs are not part of a recording", f"hactl logs {node}")

"""The thread from the daemon to the screen: one subscription, held for as long as the console lives.

Whatever comes goes into the Picture; the screen is told at most so often. When the daemon goes, the picture stays as
it is, with its age, and the link tries again until somebody is there.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, cast

from hactl.control.controller import Controller
from hactl.core.errors import Absent, HactlError
from hactl.core.talk import Query, Snapshot
from hactl.core.telling import USUAL
from hactl.tui.picture import Picture, View

RETRY = 0.5
"""Seconds between two attempts to find a daemon."""


Last = Callable[[], View | None]
"""What was known last, from what a fleet has left on disk; takes its time. Raises HactlError and OSError."""


def nothing() -> None:
    """For fleets that leave nothing here."""


class Link:
    """Keeps `picture` up to date; `changed` is called whenever something has come, or nothing comes any more."""

    def __init__(
        self,
        controller: Controller,
        picture: Picture,
        *,
        clock: Callable[[], float],
        changed: Callable[[], None],
        last: Last = nothing,
        wall: Callable[[], float] = time.time,
        retry: float = RETRY,
    ) -> None:
        """`last` is asked until it answers: when no daemon does and nothing is known yet, or for what was before one.

        `retry` is how many seconds pass between two attempts to find a daemon.
        """
        self._last: Last | None = last
        self._wall = wall
        self._retry = retry
        self._controller = controller
        self._picture = picture
        self._clock = clock
        self._changed = changed
        self.absent = False
        """Nobody was there when a daemon was looked for last, as opposed to one that cannot be talked to."""
        self._filling: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._follow(tasks)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            try:
                # a generator, whatever the protocol says: it has to be closed when we are cancelled
                updates = cast("Any", self._controller.watch(self._picture.seq))
                async with aclosing(updates) as stream:
                    async for update in stream:
                        self._picture.take(update, self._clock())
                        if isinstance(update, Snapshot) and self._picture.behind:
                            await self._recall()
                            self._filling = tasks.create_task(self._fill())  # aside: nobody waits for a disk
                        self._changed()
            except HactlError as error:
                self.absent = isinstance(error, Absent)
                self._picture.lost(str(error))
                self._changed()
                await self._remember()
            await asyncio.sleep(self._retry)

    async def _recall(self) -> None:
        query = Query(before=self._picture.seq + 1, kinds=USUAL, limit=200)
        self._picture.recall(await self._controller.history(query))

    async def _remember(self) -> None:
        """Better than an empty screen: what was known last, as old as it is."""
        view = await self._on_disk() if not self._picture.seq else None
        if view is not None and view.snapshot is not None:
            self._picture.remember(view, self._clock() - (self._wall() - view.snapshot.at))
            self._changed()

    async def _fill(self) -> None:
        """The minutes before this console was opened."""
        if (view := await self._on_disk()) is not None:
            self._picture.fill(view)
            self._changed()

    async def _on_disk(self) -> View | None:
        """What was known last, once; where there was no reading it, there is less to see, and it is tried again."""
        last, self._last = self._last, None
        if last is None:
            return None
        try:
            return await asyncio.to_thread(last)
        except (HactlError, OSError):  # somebody else's fleet, perhaps; there is a reason on the screen already
            self._last = last
            return None

"""A daemon in the foreground: its output for the terminal, container or service manager that runs it.

Not how it works: a daemon in the background does the same and prints nothing.
"""

import asyncio
import faulthandler
import os
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Protocol

from hactl.core.model import Fleet
from hactl.core.talk import Update
from hactl.processes.narrator import Narrator, clock
from hactl.processes.notifier import Notifier


class Shown(Protocol):
    """What is told about."""

    def look(self) -> Fleet:
        """The fleet as it is now."""
        ...

    def watch(self, after: int = 0) -> AsyncIterator[Update]:
        """A snapshot, then everything that happens."""
        ...


class Foreground:
    """Lines on stderr, and news for a service manager."""

    def __init__(self, narrator: Narrator, notifier: Notifier) -> None:
        self._narrator = narrator
        self._notifier = notifier
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def of(cls, environment: MutableMapping[str, str]) -> "Foreground":
        """As the environment says; systemd's journal notes the time of each line by itself."""
        faulthandler.enable(2)  # a loop that is stuck is ended with SIGABRT: then it says where it was
        stamp: Callable[[float], str] | None = None if environment.get("JOURNAL_STREAM") else clock
        return cls(Narrator(stamp=stamp), Notifier.of(environment, os.getpid()))

    async def begin(self, tasks: asyncio.TaskGroup, shown: Shown) -> None:
        """Tell what happens from now on."""
        updates = shown.watch()
        await anext(updates)  # from here on nothing is missed
        self._tasks = [
            tasks.create_task(self._narrator.follow(updates), name="narrator"),
            tasks.create_task(self._notifier.run(shown.look), name="notifier"),
        ]

    def in_charge(self, notes: tuple[str, ...]) -> None:
        """The daemon has taken charge; `notes` is what its operator should know."""
        for note in notes:
            self._narrator.say(f"NOTE: {note}")
        self._notifier.in_charge()

    def leaving(self) -> None:
        """The daemon has stopped supervising."""
        self._notifier.stopping()
        for task in self._tasks[1:]:  # the other one ends with the last news
            task.cancel()

    def close(self) -> None:
        """Nothing is told any more."""
        self._narrator.close()

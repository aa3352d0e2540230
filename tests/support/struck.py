"""Daemons that are struck dead in the middle of a story, at each of the moments at which they write their journal.

kill -9 of a House's daemon just before a record is written, when what it says has happened and nobody knows; or just
after, when it is known and nothing of what follows from it has been done.
"""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from support.house import Disk, House, Left, until_serving

from hactl.core.events import Record
from hactl.supervisor.loop import Supervisor


class Struck(Exception):
    """What ends a daemon in the middle of something."""


class Fatal(Disk):
    """A journal that strikes its daemon dead when that is to write for the `left`th time from now, or has done so."""

    def __init__(self, path: Path, *, written: bool) -> None:
        super().__init__(path)
        self._written = written
        self.left = 0

    def append(self, records: Iterable[Record], *, durable: bool) -> None:
        self.left -= 1
        if self._written:
            super().append(records, durable=durable)
        if self.left == 0:
            raise Struck
        if not self._written:
            super().append(records, durable=durable)


async def struck(
    house: House, moment: int, story: Callable[[House, Supervisor], Awaitable[object]], *, written: bool
) -> bool:
    """Whether a daemon that is to be struck dead at the `moment`th record of a story had been so before its end."""
    died = False
    house.open_disk = lambda path: Fatal(path, written=written)
    try:
        async with house.opened() as supervisor:
            await until_serving(supervisor)
            assert isinstance(house.disk, Fatal)
            house.disk.left = moment
            await story(house, supervisor)
            house.disk.left = 0
    except* Struck:
        died = True
    except* Left:  # nobody is there to tell how it ended
        pass
    return died

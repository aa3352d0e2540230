"""Daemons that are struck dead in the middle of a story, at each of the moments at which they write their journal.

kill -9 of a House's daemon just before a record is written, when what it says has happened and nobody knows; or just
after, when it is known and nothing of what follows from it has been done.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from support.house import Disk, House, Left, lives, pids, until_serving

from hactl.core.events import NodeChanged, Record
from hactl.core.model import Fleet
from hactl.core.spec import RestartSpec
from hactl.supervisor import procfs
from hactl.supervisor.identity import find_instances
from hactl.supervisor.loop import Supervisor

UNDETERRED = RestartSpec(initial=0.0, base=0.01, max=0.01, budget=1000)
"""How processes are started again that die in each of many stories."""


class Struck(Exception):
    """What ends a daemon in the middle of something."""


class Fatal(Disk):
    """A journal that strikes its daemon dead when that is to write for the `left`th time from now, or has done so."""

    def __init__(self, path: Path, *, written: bool) -> None:
        super().__init__(path)
        self._written = written
        self.left = 0

    def append(self, records: Iterable[Record], *, durable: bool) -> None:
        records = list(records)
        self.left -= 1
        if self._written or self.left != 0:
            super().append(records, durable=durable)
        if self.left == 0:
            for record in records:
                _executed(record)
            raise Struck


def _executed(record: Record) -> None:
    """Wait until a process that has just been started can be told by its environment: no daemon follows that fast."""
    launch = record.event.node.launch if isinstance(record.event, NodeChanged) else None
    while launch is not None and lives(launch) and not procfs.environ(launch.pid):  # the last microseconds of exec
        os.sched_yield()


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


def strangers(house: House, fleet: Fleet) -> set[str]:
    """Processes of this house that its fleet does not know."""
    known = set(pids(fleet).values())
    return {launch.instance for launch in find_instances(house.fleet_id) if launch.pid not in known}

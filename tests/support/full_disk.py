"""A whole fleet on a disk that fills up twice: `python full_disk.py DISK`, run where DISK is a small tmpfs.

Prints what happened as JSON; the test that started it judges.
"""

import asyncio
import json
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from support.fleet import PAGE, Region, RunningFleet
from support.load import Load, open_loop

from hactl.core.commands import SetWeight
from hactl.core.errors import HactlError
from hactl.core.events import FailoverBegan, FailoverEnded
from hactl.core.talk import Query

RATE = 200
UNTIRING = '[restart]\nbase = "200ms"\nmax = "1s"\nbudget = { restarts = 100, window = "60s" }\n'
_CHUNK = 1 << 16
_LIMIT = 500
"""Commands after which a full disk should have been noticed."""


async def story(disk: Path) -> dict[str, Any]:
    """A full disk with the ballast still there, then one without: what was refused, what happened, what is kept."""
    told: dict[str, Any] = {}
    async with RunningFleet(regions=(Region(nodes=3),), extra=UNTIRING) as fleet:
        daemon = fleet.daemon
        async with open_loop(fleet.port, rate=RATE) as load:
            told["with ballast"] = await one_node_dies(fleet, load, disk, keep_full=False)
            told["without ballast"] = await one_node_dies(fleet, load, disk, keep_full=True)
            told["last command"] = await change(fleet, 100)
        told["failed requests"] = dict(load.errors)
        told["same daemon"] = (await fleet.client.hello()).pid == daemon
        told["hole-free"] = await journaled(fleet) == list(range(1, fleet.seq + 1))
    return told


async def one_node_dies(fleet: RunningFleet, load: Load, disk: Path, *, keep_full: bool) -> dict[str, Any]:
    """Fill the disk until commands are refused, kill a node, make room again. `keep_full` leaves no ballast either."""
    filler, mark = disk / "filler", fleet.seq
    refusal = await until_refused(fleet, filler, keep_full=keep_full)
    fleet.kill("local-1")
    await fleet.happens(FailoverBegan, after=mark)
    if keep_full:
        unwritten = (await fleet.measured(lambda update: update.pulse.unwritten > 0)).pulse.unwritten > 0
    else:
        await fleet.happens(FailoverEnded, after=mark)
        unwritten = False
    await load.answered(RATE)
    filler.unlink()
    await fleet.happens(FailoverEnded, after=mark)
    await fleet.calm()
    await fleet.measured(lambda update: update.pulse.unwritten == 0)
    return {"refusal": refusal, "records waited": unwritten}


async def until_refused(fleet: RunningFleet, filler: Path, *, keep_full: bool) -> str:
    """Submit changes until one is refused for want of room; its message and hint."""
    ballast = fleet.paths.ballast
    for number in count(1):
        fill(filler)
        refusal = await change(fleet, 50 + number % 50)
        if refusal and not (keep_full and ballast.exists()):
            if keep_full:
                fill(filler)  # the room that the ballast was
            return refusal
        if number == _LIMIT:
            raise AssertionError("never refused")
    raise AssertionError


async def change(fleet: RunningFleet, weight: int) -> str:
    """A small command; "" when it was accepted."""
    try:
        await fleet.command(SetWeight(nodes=("local-3",), weight=weight))
    except HactlError as error:
        return f"{error.message}; {error.hint}"
    return ""


def fill(path: Path) -> None:
    """Use every byte the disk has left."""
    with path.open("ab", buffering=0) as file:
        for size in (_CHUNK, 512):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass


async def journaled(fleet: RunningFleet) -> list[int]:
    """Every number in the journal up to the newest record seen."""
    found: list[int] = []
    while page := await fleet.client.history(Query(after=found[-1] if found else 0, before=fleet.seq + 1, limit=PAGE)):
        found += [record.seq for record in page]
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(story(Path(sys.argv[1])))))

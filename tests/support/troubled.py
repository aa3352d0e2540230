"""Fleets whose nodes can be made slow or faulty while they run (`troubled_program`), and what clients see of it."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.fleet import Region, RunningFleet
from support.load import Load, open_loop

from hactl.core.brownouts import KEEP, STEPS
from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.supervisor.answers import WARM

PROGRAM = Path(__file__).parent / "troubled_program.py"
RATE = 100
SLOW, FAULTY = "0.3 0", "0 30"
"""What is written to the file that a region's nodes read: seconds per answer, per cent of them 503."""


def tables(directory: str, more: str = "") -> str:
    """The tables of a fleet whose nodes read `directory`/REGION."""
    argv = [sys.executable, str(PROGRAM), "{port}", f"{directory}/{{region}}"]
    gateway = f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n'
    return f'{gateway}[health]\npath = "/healthz"\n{more}[region_failover]\nstable_for = "2s"\n'


def two(tmp_path: Path, *, standby: bool = False, more: str = "") -> RunningFleet:
    regions = (Region(name="a", nodes=2), Region(name="b", nodes=2, priority=1 if standby else 0))
    return RunningFleet(regions=regions, routes="", extra=tables(str(tmp_path), more))


def of(nodes: Counter[str], region: str) -> int:
    return sum(count for name, count in nodes.items() if name.startswith(f"{region}-"))


async def share(load: Load, region: str, answers: int) -> float:
    """The part of the next answers that a region gives, faulty ones included."""
    before = Counter(load.nodes)
    await load.answered(answers)
    seen = load.nodes - before
    return of(seen, region) / max(1, seen.total())


async def warm(load: Load) -> None:
    """Wait until nodes are judged, and what they usually do is known."""
    await load.answered(int(RATE * (WARM + 10)), timeout=60.0)


def moves(fleet: RunningFleet, mark: int) -> list[int]:
    """What the region kept after each move of traffic."""
    events = fleet.since(mark, RegionEvacuated, RegionRestored)
    return [event.evacuation.keep if isinstance(event, RegionEvacuated) else 100 for event in events]


async def loses_most_and_gets_it_back(tmp_path: Path, trouble: str, *, standby: bool = False) -> None:
    """Region a, in trouble, loses four fifths of what it usually gets within 10 s, by the answers that clients got; it
    does not flap, and comes back in steps. With `standby` region b waits behind it."""
    usual = 1.0 if standby else 0.5
    async with two(tmp_path, standby=standby) as fleet, open_loop(fleet.port, rate=RATE) as load:
        await warm(load)
        assert await share(load, "a", 200) == pytest.approx(usual, abs=0.1)
        mark = fleet.seq
        (tmp_path / "a").write_text(trouble)
        await load.answered(10 * RATE)
        assert await share(load, "a", 300) <= 0.2 * usual
        await load.answered(5 * RATE)
        await fleet.until(lambda now: "a" in now.evacuations)
        assert moves(fleet, mark) == [KEEP]
        (tmp_path / "a").unlink()
        await fleet.happens(RegionRestored, after=mark, patience=90.0)
        assert await share(load, "a", 300) == pytest.approx(usual, abs=0.1)
        assert moves(fleet, mark) == [KEEP, *STEPS]

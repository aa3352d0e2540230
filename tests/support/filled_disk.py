"""A drill that fills the disk of a fleet's state for so long: `python filled_disk.py SECONDS`, with mounts of its own.

Prints what happened as JSON; the test that started it judges.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.drills import runner
from support.fleet import Region, RunningFleet, is_calm

from hactl.drill.definition import Definition
from hactl.drill.reading import parse
from hactl.drill.report import DrillReport

DRILL = """
schema = 1
name = "filled"
title = "No byte is left"
[limits]
lease = "60s"
[load]
rate = 100
[canary]
rate = 100
[phases]
baseline = "2s"
hold = "{hold}s"
settle = "1s"
[[fault]]
type = "disk.full"
for = "{full}s"
[objectives]
failed = 0
rpo_records = 0
recovered = "1s"
"""


class SmallFleet(RunningFleet):
    """One whose state lies on a small tmpfs of its own, mounted before anything is there."""

    async def launch(self) -> tuple[str, ...]:
        if not self.paths.state.is_mount():
            mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "none"]
            await asyncio.to_thread(subprocess.run, [*mount, str(self.paths.state)], check=True)
        return await super().launch()

    async def _clear(self) -> None:
        await asyncio.to_thread(subprocess.run, ["umount", "--lazy", str(self.paths.state)], check=False)
        await super()._clear()


def drill(full: float) -> Definition:
    return parse(DRILL.format(full=full, hold=full + 1), "filled.toml")


def told(fleet: RunningFleet, report: DrillReport, before: int) -> dict[str, Any]:
    assert report.evidence.losses, (report.verdict, report.why, report.evidence.proofs)
    journal, _ = report.evidence.losses
    return {
        "objectives": {item.name: str(item.status) for item in report.objectives},
        "found": report.evidence.proofs[0].found,
        "confirmed": report.evidence.proofs[0].done,
        "rejected": journal.rejected,
        "lost": journal.lost_count,
        "clean": report.clean,
        "why": report.why,
        "room is back": free(fleet.paths.state) > before / 2,
    }


def free(directory: Path) -> int:
    room = os.statvfs(directory)
    return room.f_bavail * room.f_frsize


async def story(full: float) -> dict[str, Any]:
    """Full for as long as it takes until the journal has no room for commands any more, and then some."""
    async with SmallFleet(regions=(Region(nodes=2),)) as fleet:
        before = free(fleet.paths.state)
        report = await runner(fleet, drill(full)).run()
        await fleet.until(is_calm)
        return told(fleet, report, before)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(story(float(sys.argv[1])))))

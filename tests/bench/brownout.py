"""A region is made slow, or faulty, under load: seconds until four fifths of its share had moved, by who answered."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from common import Bench, BenchFleet, Values, loaded, median, mono

from hactl.core.region_events import RegionEvacuated, RegionRestored
from hactl.drill.records import Row

PROGRAM = Path(__file__).parents[1] / "support" / "troubled_program.py"
KNOWN = 20.0
"""Seconds before it begins: nodes are warm, and what is usual is known."""
LASTS = 30.0
"""Seconds it lasts, which is how long nothing may be moved back."""
KINDS = {"slow": "0.3 0", "faulty": "0 20"}
"""What the nodes of the region are told: seconds per answer, per cent of 503."""
REGIONS = {"active": (("a", 0, 2), ("b", 0, 2)), "standby": (("a", 0, 2), ("b", 1, 2))}

bench = Bench(
    "brown-out",
    "a region of two slow (300 ms) or faulty (20 % 503): seconds until 80 % of its share had moved; moves of traffic",
    "<= 10 s each time; 1 move",
)
bench.option("--rate", 200.0, "requests per second")


async def run(options: argparse.Namespace, _: int) -> Values:
    """One brown-out of each kind, with another active region and with one that stands by."""
    values: Values = {}
    for kind, trouble in KINDS.items():
        for mode, regions in REGIONS.items():
            found = await _one(options.rate, trouble, regions)
            values |= {f"{kind}_{mode}_{name}": value for name, value in found.items()}
    return values


async def _one(rate: float, trouble: str, regions: tuple[tuple[str, int, int], ...]) -> Values:
    with (
        tempfile.TemporaryDirectory(prefix="hb-") as told,
        BenchFleet(regions=regions, service=False, extra=_tables(told)) as fleet,
    ):
        seq = fleet.now.seq
        async with loaded(fleet.url, rate=rate, duration=KNOWN + LASTS) as load:
            await asyncio.sleep(KNOWN)
            began = mono()
            (Path(told) / "a").write_text(trouble)
            records = await load.finish()
        bench.judged(records)
        moves = [record for record in fleet.records(seq) if isinstance(record.event, RegionEvacuated | RegionRestored)]
    rows = list(records)
    after = [row for row in rows if row.intended >= began]
    return {
        "moved_s": _moved(rows, began),
        "decided_s": moves[0].mono - began if moves else LASTS,
        "moves": len(moves),
        "well_in_all": sum(row.ok for row in after) / len(after),
    }


def _tables(told: str) -> str:
    argv = [sys.executable, str(PROGRAM), "{port}", f"{told}/{{region}}"]
    return f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n\n[health]\npath = "/healthz"\n'


def _moved(rows: list[Row], began: float) -> float:
    """Seconds until the region's part of what was sent within a second stayed at a fifth of what it was, or below."""
    usual = _part(row for row in rows if began - 10 <= row.sent < began)
    until = max(row.sent for row in rows) - 1
    step, late = 0.1, 0.0
    for tick in range(int((until - began) / step)):
        moment = began + tick * step
        if _part(row for row in rows if moment <= row.sent < moment + 1) > 0.2 * usual:
            late = moment - began + step
    return late


def _part(rows: Iterable[Row]) -> float:
    nodes = [row.node for row in rows if row.node]
    return sum(node.startswith("a-") for node in nodes) / max(1, len(nodes))


def _met(values: dict[str, list[float]]) -> bool:
    cases = [f"{kind}_{mode}" for kind in KINDS for mode in REGIONS]
    return all(max(values[f"{case}_moved_s"]) <= 10 and median(values, f"{case}_moves") == 1 for case in cases)


if __name__ == "__main__":
    bench.main(run, _met)

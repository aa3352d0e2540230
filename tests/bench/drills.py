"""Run every drill that comes with hactl on a fleet like that of `hactl demo`, and print the table of what they showed.

Two regions that share the traffic, two edges, five nodes, a small service behind them. Medians are of the runs that
have shown something (pass or fail); a run that was inconclusive, as on a machine that is too busy, is counted and not
measured by. Rounds go over all drills, so that a busy minute does not hit all runs of one.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterable

from common import BenchFleet, loaded, machine, summary

from hactl.cli.exits import Exit
from hactl.core.errors import HactlError
from hactl.drill import library
from hactl.drill.figures import figure
from hactl.drill.report import DrillReport
from hactl.drill.runs import runs
from hactl.drill.verdict import CONCLUSIVE, Verdict
from hactl.paths import FleetPaths

REGIONS = (("seoul", 0, 3), ("tokyo", 0, 2))
ROUTE = 'timeout = "200ms"\n'
"""As in the demo: a service that hangs is given up in time."""
_LONGEST_AWAY = 600.0
"""Seconds until a region has its traffic back, at most: each time it falters it waits twice as long."""
COLUMNS = (
    ("detected after", "detect", "ms"),
    ("RTO", "rto", "ms"),
    ("availability", "availability", "%"),
    ("failed", "failed", ""),
    ("p99", "latency_p99", "ms"),
    ("restored", "restore_capacity", "s"),
    ("lost records", "rpo_records", ""),
)
"""What is shown of each drill: the head of its column, the figure, its unit."""
_SCALE = {"ms": (1000.0, 0), "s": (1.0, 1), "%": (100.0, 2), "": (1.0, 0)}
"""What a figure is multiplied by, and how many digits are shown."""


def main() -> int:
    """Run them; the exit code is that of a benchmark: 0, whatever was shown, unless something was left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--again", type=int, default=1, help="more attempts at a run that has shown nothing")
    parser.add_argument("--only", nargs="*", default=[], help="names of drills")
    parser.add_argument("--set", nargs="*", default=[], help="settings, as for hactl drill run")
    parser.add_argument("--json", action="store_true", help="print JSON, not a table")
    options = parser.parse_args()
    names = [name for name in library.names() if not options.only or name in options.only]
    settings = [part for setting in options.set for part in ("--set", setting)]
    with BenchFleet(regions=REGIONS, route=ROUTE) as fleet:
        for number, name in itertools.product(range(options.runs), names):
            print(f"{name}: run {number + 1} of {options.runs}", file=sys.stderr)
            _run(fleet, (name, "--seed", str(number), "--no-input", *settings), options.again + 1)
        drills = FleetPaths(fleet.directory / "state" / "bench").drills
        found = [report for run in runs(drills) if (report := run.report()) is not None]
    told = {name: [report for report in found if report.definition.name == name] for name in names}
    print(json.dumps(_values(told)) if options.json else "\n".join(_table(told)))
    return 0 if all(report.clean for report in found) else 1


def _run(fleet: BenchFleet, drill: tuple[str, ...], attempts: int) -> None:
    """Until it has shown something, or so often."""
    for _ in range(attempts):
        code = fleet.ran("drill", "run", *drill).returncode
        fleet.hactl("wait", "--timeout", "90s")
        if fleet.now.evacuations:
            asyncio.run(_whole(fleet))
        if code != Exit.INCONCLUSIVE:
            return


async def _whole(fleet: BenchFleet) -> None:
    """Until every region has all of its traffic: one that was left comes back in steps, when clients, of whom there
    have to be some, have found it well for long enough. Raises HactlError after ten minutes."""
    async with loaded(fleet.url, rate=100.0, duration=_LONGEST_AWAY):
        until = time.monotonic() + _LONGEST_AWAY
        while away := (await asyncio.to_thread(lambda: fleet.now)).evacuations:
            if time.monotonic() > until:
                raise HactlError(f"{', '.join(away)} did not get its traffic back", "hactl status")
            await asyncio.sleep(1.0)


def _table(found: dict[str, list[DrillReport]]) -> Iterable[str]:
    yield f"| drill | passed | {' | '.join(head for head, _, _ in COLUMNS)} |"
    yield f"|---|---|{'---:|' * len(COLUMNS)}"
    for name, reports in found.items():
        passed = sum(report.verdict is Verdict.PASS for report in reports)
        cells = [_cell(_measured(reports, figure_name), unit) for _, figure_name, unit in COLUMNS]
        yield f"| `{name}` | {passed} of {len(reports)} | {' | '.join(cells)} |"


def _cell(values: list[float], unit: str) -> str:
    scale, digits = _SCALE[unit]
    median = summary(values)["median"]
    return "-" if median is None else f"{median * scale:.{digits}f} {unit}".strip()


def _measured(reports: list[DrillReport], name: str) -> list[float]:
    shown = (report for report in reports if report.verdict in CONCLUSIVE)
    return [value for report in shown if (value := figure(report, name)) is not None]


def _values(found: dict[str, list[DrillReport]]) -> dict[str, object]:
    drills = {
        name: {
            "verdicts": [str(report.verdict) for report in reports],
            "why": [report.why for report in reports],
            **{figure_name: summary(_measured(reports, figure_name)) for _, figure_name, _ in COLUMNS},
        }
        for name, reports in found.items()
    }
    return {"drills": drills, "machine": machine()}


if __name__ == "__main__":
    sys.exit(main())

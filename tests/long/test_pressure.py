"""What a drill puts on a machine by itself, on real fleets: borne, measured, and gone again whoever dies meanwhile.

`HACTL_LONG=short` leaves some out, strikes the runner in one phase only and fills the disk for a shorter time.
"""

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from support import filled_disk
from support.drills import CLIENTS_LATE, drilling, hactl, only_late, runner, status
from support.fleet import Region, RunningFleet, is_calm
from support.long import SHORT, takes_minutes
from support.mounts import told
from support.polling import until

from hactl.cli.exits import Exit
from hactl.core.drills import in_progress
from hactl.drill.reading import parse
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Status, Verdict
from hactl.supervisor import procfs

pytestmark = [pytest.mark.envoy, pytest.mark.alone]

MARK = "HACTL_TEST_DRILL"
"""In the environment of a drill and of everything that it starts."""
HEAD = """
schema = 1
name = "{name}"
title = "t"
[load]
rate = 100
retries = 2
[phases]
baseline = "{baseline}"
hold = "4s"
settle = "2s"
"""
SURGE = '[[fault]]\ntype = "load.surge"\nfactor = 4\nreconnects = 50\nfor = "2s"\n'
BUSY = '[[fault]]\ntype = "pressure.cpu"\ntarget = { nodes = 1 }\nper_cpu = 1\nfor = "2s"\n'
MEMORY = '[[fault]]\ntype = "pressure.memory"\nshare = 0.05\nfor = "2s"\n'
BORNE = '[objectives]\nfailed = 0\nfailed_with_retries = 0\nrecovered = "1s"\namplification = 1.5\n'
ALL = "".join(fault.replace('for = "2s"\n', "") for fault in (SURGE, BUSY, MEMORY))
FAULTY = ("inject", "confirm", "observe", "settle", "failback")


def ours(mark: str) -> list[str]:
    """Processes of a drill with that mark, but for the drill itself: loads and burdens."""
    found = []
    for pid in procfs.pids():
        with suppress(OSError):  # it ends while it is looked at
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if procfs.environ(pid).get(MARK) == mark:
                found += [f"{pid} {word.decode()}" for word in words if word.startswith(b"hactl.processes.")]
    return found


async def left(mark: str) -> list[str]:
    """Those that have not ended within ten seconds; looked at, for nobody but their parent is told."""

    async def look() -> list[str]:
        return ours(mark)

    with suppress(TimeoutError):
        return await until(look, lambda found: not found, patience=10.0)
    return ours(mark)


def shown(report: DrillReport) -> bool:
    """It has shown that all is well; or nothing, because this machine was too busy."""
    late = only_late(report, CLIENTS_LATE, "surge as strong as intended")
    return report.verdict is Verdict.PASS or (report.verdict is Verdict.INCONCLUSIVE and late)


@pytest.mark.parametrize(
    ("name", "fault", "more", "confirmed"),
    [
        pytest.param("surge", SURGE, "goodput = 0.95\nrefused_p99 = '50ms'\n", "more requests per second", id="surge"),
        pytest.param("busy", BUSY, "", "busy processes on its", marks=takes_minutes, id="busy"),
        pytest.param("memory", MEMORY, "", "MiB resident of", marks=takes_minutes, id="memory"),
    ],
)
async def test_what_a_drill_puts_on_a_machine_is_borne(name: str, fault: str, more: str, confirmed: str) -> None:
    """Confirmed by read-back, over before the failback, nobody fails, and clients are served for good right after."""
    text = HEAD.format(name=name, baseline="2s") + fault + BORNE + more
    async with RunningFleet(regions=(Region(nodes=2),)) as fleet:
        report = await runner(fleet, parse(text, name)).run()
        assert report.clean, report.evidence.leftovers
        (proof,) = report.evidence.proofs
        assert proof.done, proof.found
        assert confirmed in proof.found
        times = report.evidence.times
        assert times.fault is not None
        assert times.over is not None
        assert times.failback is not None
        assert times.fault + 2.0 <= times.over < times.failback
        assert shown(report), report.why
        assert {status(report)[one] for one in ("failed", "failed_with_retries", "amplification")} == {Status.MET}
        if name == "surge":
            assert report.borne is not None
            assert report.borne.due >= 50 + 0.9 * 2 * 300, "those who came back, and three times the load"
            assert report.borne.failed == 0
        await fleet.until(is_calm)


async def test_nothing_is_left_of_a_burden_whenever_its_runner_dies() -> None:
    """kill -9 with a surge, busy processors and memory in use on the machine: all of it ends with the runner, and the
    daemon takes the fleet back."""
    text = HEAD.format(name="all", baseline="2s") + ALL
    async with RunningFleet(regions=(Region(nodes=2),)) as fleet:
        file = fleet.directory / "all.toml"
        file.write_text(text)
        for phase in FAULTY[1:2] if SHORT else FAULTY:
            await fleet.until(is_calm)
            mark = f"{fleet.directory.name}-{phase}"
            async with drilling(fleet, str(file), "phases.hold=20s", env={MARK: mark}) as drill:
                await drill.until(phase)
                if phase == "confirm":
                    kinds = {line.split()[1] for line in ours(mark)}
                    assert kinds == {"hactl.processes.load", "hactl.processes.burden"}
                drill.send(signal.SIGKILL)
                await drill.ended()
                assert await left(mark) == [], phase
            await fleet.until(lambda now: in_progress(now) is None)
            assert (await hactl(fleet, "drill", "recover"))[0] == Exit.OK
        await fleet.until(is_calm)


@takes_minutes
async def test_a_drill_that_is_stopped_lifts_its_burdens_at_once() -> None:
    """Ctrl-C in the middle of it: nothing is left when it has ended, and it says so."""
    text = HEAD.format(name="all", baseline="2s") + ALL
    async with RunningFleet(regions=(Region(nodes=2),)) as fleet:
        file = fleet.directory / "all.toml"
        file.write_text(text)
        async with drilling(fleet, str(file), "phases.hold=60s", "limits.max_duration=2m", env={MARK: "stop"}) as drill:
            await drill.until("observe")
            drill.send(signal.SIGINT)
            assert await drill.over() == Exit.INTERRUPTED, drill.said
            assert ours("stop") == []
        report = json.loads((await hactl(fleet, "drill", "report", "--format", "json"))[1])
        assert (report["verdict"], report["clean"]) == ("aborted", True)


async def test_a_generator_without_a_processor_makes_a_drill_inconclusive() -> None:
    """Stopped for half a second while the fault is on: every objective may be met, and nothing has been shown."""
    text = HEAD.format(name="starved", baseline="2s") + BUSY + BORNE
    async with RunningFleet(regions=(Region(nodes=2),)) as fleet:
        file = fleet.directory / "starved.toml"
        file.write_text(text)
        mark = fleet.directory.name
        async with drilling(fleet, str(file), "phases.hold=4s", env={MARK: mark}) as drill:
            await drill.until("observe")
            (load,) = [int(line.split()[0]) for line in ours(mark) if line.endswith(".load")]
            os.kill(load, signal.SIGSTOP)
            over = asyncio.Event()
            asyncio.get_running_loop().call_later(0.5, over.set)
            await over.wait()
            os.kill(load, signal.SIGCONT)
            assert await drill.over() == Exit.INCONCLUSIVE, drill.said
        report = json.loads((await hactl(fleet, "drill", "report", "--format", "json"))[1])
        assert "load generator on time" in report["why"]


def test_a_disk_is_filled_and_nothing_that_was_acknowledged_is_lost() -> None:
    """On a small tmpfs of the fleet's own: clients notice nothing, commands are refused, every acknowledged canary is
    there, and all the room is back."""
    said = told(filled_disk.__file__, "5" if SHORT else "20")
    assert said["confirmed"], said["found"]
    assert said["found"].endswith("another process that writes there gets ENOSPC")
    assert said["rejected"] > 0, "the journal had no room any more"
    assert (said["lost"], said["clean"], said["room is back"]) == (0, True, True)
    assert {said["objectives"][name] for name in ("failed", "rpo_records", "recovered")} == {"met"}, said["why"]

"""Whom a daemon believes: no second daemon, no forged record, no file that somebody has left in its directory."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from support.fleet import TIRELESS, Region, RunningFleet
from support.load import open_loop

from hactl.core.commands import Restart
from hactl.core.draft import evolve
from hactl.core.errors import HactlError
from hactl.core.events import AdoptionRefused, NodeAdopted, NodeChanged, Record
from hactl.core.model import Fleet
from hactl.core.value import replace
from hactl.processes.launching import launch
from hactl.store.journal import SqliteJournal
from hactl.supervisor import procfs
from hactl.supervisor.identity import find_instances

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 300


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Three nodes, two edges."""
    async with RunningFleet(regions=(Region(nodes=3),), extra=TIRELESS) as running:
        yield running


async def test_a_second_daemon_is_refused(fleet):
    """The lock is held: the second one ends at once and says by whom, and the first one notices nothing."""
    mark, pids = fleet.seq, fleet.pids()
    with pytest.raises(HactlError, match=rf"a daemon already runs for this fleet \(pid {fleet.daemon}\)") as refused:
        launch(fleet.paths, fleet.config)
    assert "hactl down" in refused.value.hint
    assert (await fleet.client.fleet()).pulse.pid == fleet.daemon
    assert await fleet.touched(mark) == []
    assert fleet.pids() == pids


@pytest.mark.parametrize("stale", [False, True], ids=["real-start-time", "recorded-start-time"])
async def test_a_forged_pid_is_refused(fleet, stale):
    """A record that names somebody else's process: refused and said, nobody else is harmed, the node comes back."""
    mark, before = fleet.seq, fleet.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(50)
        await fleet.kill_daemon()
        with bystander() as innocent:
            forge(fleet.paths.journal, "local-1", innocent.pid, stale=stale)
            await fleet.launch()
            await fleet.calm()
            assert innocent.poll() is None
        await load.answered(50)
    assert load.failed == 0, load
    assert [(event.node, event.pid) for event in fleet.since(mark, AdoptionRefused)] == [("local-1", innocent.pid)]
    others = {name: pid for name, pid in before.items() if name != "local-1"}
    assert {event.node: event.pid for event in fleet.since(mark, NodeAdopted)} == others
    found = [(launch.instance.split("/")[1], launch.pid) for launch in find_instances(fleet.now.id)]
    assert sorted(found) == sorted(fleet.pids().items())


async def test_files_left_in_the_state_directory_are_not_believed(fleet):
    """Programs are not run, foreign documents are not read: a restarted node gets its own documents again."""
    node = fleet.paths.node("local-2")
    trace = fleet.directory / "trace"
    documents = sorted(node.rglob("*.json"))
    assert node / "bootstrap.json" in documents
    genuine = [content(path) for path in documents]
    for path in documents:
        path.write_text(json.dumps({"admin": {"address": {"pipe": {"path": str(fleet.directory / "mine.sock")}}}}))
    for place in (fleet.directory, fleet.paths.state, node):
        program(place / "envoy", trace)
    (node / "zzz.json").write_text("{")
    await fleet.command(Restart(nodes=("local-2",)))
    await fleet.calm()
    assert [content(path) for path in documents] == genuine
    assert not trace.exists()
    assert not (fleet.directory / "mine.sock").exists()
    assert (node / "zzz.json").read_text() == "{"
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
    assert load.failed == 0, load
    assert load.nodes["local-2"]


def content(path: Path) -> object:
    """A document apart from its version."""
    document = json.loads(path.read_bytes())
    document.pop("version_info", None)
    return document


def program(path: Path, trace: Path) -> None:
    """Something that could be run, and would leave a trace."""
    path.write_text(f"#!/bin/sh\ntouch {trace}\n")
    path.chmod(0o700)


@contextmanager
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with any fleet, in a session of its own as a worker would be."""
    argv = [sys.executable, "-S", "-c", "import sys; print(flush=True); sys.stdin.read()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def forge(path: Path, name: str, pid: int, *, stale: bool) -> None:
    """Append a record that says `name` is process `pid`; `stale` leaves the start time as it was recorded."""
    with SqliteJournal(path) as journal:
        checkpoint, records = journal.load()
        fleet = checkpoint or Fleet()
        for record in records:
            fleet = evolve(fleet, record.event)
        node = fleet.nodes[name]
        assert node.launch is not None
        ticks = node.launch.ticks if stale else procfs.start_ticks(pid) or 0
        forged = replace(node, launch=replace(node.launch, pid=pid, ticks=ticks))
        event = NodeChanged(was=node.state, node=forged, why="forged")
        journal.append([Record(seq=fleet.seq + 1, wall=0.0, mono=0.0, event=event)], durable=True)

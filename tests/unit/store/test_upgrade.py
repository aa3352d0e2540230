"""A newer hactl on the journal of an older one: nothing is lost, what was in progress goes on."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.script import Script, applied, exited, healthy, like, spawned

from hactl.core.codec import VERSION
from hactl.core.commands import Pause
from hactl.core.draft import evolve
from hactl.core.effects import Spawn
from hactl.core.errors import HactlError
from hactl.core.model import Fleet, Now
from hactl.core.node import Goal
from hactl.core.operation import Phase
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.spec import Policy
from hactl.store.journal import SqliteJournal
from hactl.supervisor.recorder import numbered

FORMAT_1 = Path(__file__).parents[2] / "data" / "journal-v1.db"
"""As hactl 0.1.0 wrote it, before there were pauses: two regions of two nodes, every kind of event it knew, a
checkpoint in the middle, and in the end a rolling restart that has just stopped its first node."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copy(FORMAT_1, tmp_path / "journal.db"))


def test_an_older_journal_is_read(old: Path) -> None:
    """Every record, and the fleet they make: what the operator wanted is what the newer hactl finds."""
    with SqliteJournal(old) as journal:
        records = journal.query(limit=1000)
        checkpoint, later = journal.load()
    assert [record.seq for record in records] == list(range(1, 164))
    assert len({type(record.event) for record in records}) == 21
    assert checkpoint is not None
    assert [record.seq for record in later] == list(range(checkpoint.seq + 1, 164))
    fleet, again = checkpoint, Fleet()
    for record in later:
        fleet = evolve(fleet, record.event)
    for record in records:
        again = evolve(again, record.event)
    assert fleet == again, "the checkpoint and the records before it tell the same"
    assert (fleet.id, fleet.revision, fleet.paused) == ("f1", 2, None)
    assert (fleet.policy, fleet.region_weights) == (Policy.ROUND_ROBIN, {"osaka": 50})
    assert fleet.nodes["seoul-1"].weight == 7
    assert fleet.nodes["seoul-1"].goal is Goal.DOWN
    assert fleet.nodes["osaka-2"].drained
    (operation,) = fleet.operations.values()
    assert [target.phase for target in operation.targets] == [Phase.STOPPING, Phase.WAITING]


def test_an_older_journal_is_gone_on_with(old: Path) -> None:
    """The newer hactl adopts what runs, goes on with the restart, and writes behind the older records."""
    with SqliteJournal(old) as journal:
        fleet, later = journal.load()
        assert fleet is not None
        for record in later:
            fleet = evolve(fleet, record.event)
        found = Found(alive=tuple(node.launch for node in fleet.nodes.values() if node.launch))
        now = Now(mono=1001.0, wall=1_700_001_001.0, boot=fleet.boot)
        story = Script(fleet, now.mono)
        story.take(recover(fleet, found, Arrival(pid=2, version="2", gap=0.1), now))
        story >> Pause()
        story >> exited("seoul-2", code=0) << like(Spawn, node__name="seoul-2")
        story >> spawned("seoul-2") >> healthy("seoul-2") >> applied("edge-1") >> applied("edge-2")
        (operation,) = story.fleet.operations.values()
        assert [target.phase for target in operation.targets] == [Phase.DONE, Phase.STOPPING]
        journal.append(numbered(fleet, tuple(story.events), now), durable=True)
    with SqliteJournal.open_read_only(old) as journal:
        assert len(journal.query(limit=1000)) == story.fleet.seq
        fleet, later = journal.load()
    for record in later:
        fleet = evolve(fleet, record.event)
    assert fleet == story.fleet
    assert fleet.paused is not None


def test_a_journal_of_a_newer_hactl_is_refused_by_its_format(old: Path) -> None:
    """And not by the first event that this one does not know: who went back is told what to do."""
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("INSERT INTO records VALUES (164, 0, 'Anything', ?, '{}')", (VERSION + 1,))
    with SqliteJournal(old) as journal, pytest.raises(HactlError, match="written by a newer hactl") as error:
        journal.load()
    assert error.value.hint

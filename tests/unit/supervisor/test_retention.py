"""Disk use is bounded, and whatever goes, the next start finds everything it needs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.house import Sandbag, Shelf
from support.script import serving

from hactl.core.draft import evolve
from hactl.core.events import Record, WeightsChanged
from hactl.core.model import Fleet
from hactl.core.value import replace
from hactl.paths import FleetPaths
from hactl.processes.succession import rehearse
from hactl.store.journal import SqliteJournal
from hactl.supervisor.recorder import Recorder
from hactl.supervisor.retention import tidy

NOW = 1_700_000_000.0
DAY = 86_400.0
MB = 1 << 20


class Place:
    """The directory of a fleet that changes and changes."""

    def __init__(self, paths: FleetPaths, journal: SqliteJournal) -> None:
        self.paths = paths
        self.journal = journal
        self.recorder = Recorder(journal, Sandbag())
        self.shelf = Shelf()
        self.fleet = replace(serving(), seq=0)
        self.recorder.checkpoint(self.fleet)

    def keep(self, **limits: object) -> None:
        """Set limits of the journal, or of the logs with `logs_` before their names."""
        spec = self.fleet.spec
        logs = {name.removeprefix("logs_"): value for name, value in limits.items() if name.startswith("logs_")}
        rest = {name: value for name, value in limits.items() if not name.startswith("logs_")}
        spec = replace(spec, logs=replace(spec.logs, **logs), journal=replace(spec.journal, **rest))
        self.fleet = replace(self.fleet, spec=spec)
        self.recorder.checkpoint(self.fleet)

    def happen(self, times: int, *, checkpoints: bool = True) -> None:
        """So many events, of a few hundred bytes each."""
        records = []
        for number in range(times):
            event = WeightsChanged(nodes={"seoul-1": number % 100, "x" * 200: 1})
            self.fleet = evolve(self.fleet, event)
            records.append(Record(seq=self.fleet.seq, wall=NOW, mono=1.0, event=event))
        self.recorder.write(records, command=False)
        if checkpoints:
            self.recorder.settle(self.fleet)

    async def tidy(self, wall: float = NOW) -> None:
        await tidy(self.paths, self.journal, self.recorder, self.shelf, self.fleet, wall)

    def restarted(self) -> Fleet:
        """The fleet as the next daemon would find it."""
        return rehearse(self.paths)

    def on_disk(self) -> int:
        """Bytes of everything below the directory."""
        return sum(path.lstat().st_size for path in self.paths.state.rglob("*") if path.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    paths = FleetPaths(tmp_path / "state")
    paths.state.mkdir()
    with SqliteJournal(paths.journal) as journal:
        yield Place(paths, journal)


async def test_the_journal_stays_below_its_size(place: Place) -> None:
    """However much happens: history goes, oldest first, and what a start needs is there after every round."""
    place.keep(max_size=MB)
    largest = 0
    for _ in range(60):
        place.happen(600)
        await place.tidy()
        assert place.restarted() == place.fleet
        largest = max(largest, place.journal.size())
    assert place.fleet.seq == 36_000
    # Three checkpoints are kept, and what lies between them: 1,800 records of about 350 bytes.
    assert largest < 2.5 * MB
    assert place.on_disk() < 4 * MB + 4 * MB, "the file and its write-ahead log"
    assert place.journal.query(after=1, limit=1)[0].seq > 20_000


async def test_far_apart_checkpoints_do_not_undo_that(place: Place) -> None:
    """Retention stops at the oldest checkpoint: with none due for long, it has new ones written."""
    place.keep(max_size=MB)
    for _ in range(20):
        place.happen(1000, checkpoints=False)
        await place.tidy()
    for _ in range(6):
        place.happen(1, checkpoints=False)
        await place.tidy()
        assert place.restarted() == place.fleet
    assert place.journal.size() < 2 * MB


async def test_a_limit_too_small_for_what_a_start_needs_is_overstepped(place: Place) -> None:
    """Rather a little more on the disk than a fleet that cannot be started again."""
    place.keep(max_size=4096)
    place.happen(100)
    for _ in range(6):
        await place.tidy()
    assert place.journal.size() > 4096
    assert place.restarted() == place.fleet


async def test_records_go_by_age_as_well(place: Place) -> None:
    place.keep(max_age=DAY)
    place.happen(500)
    for _ in range(3):
        place.happen(1)
        place.recorder.checkpoint(place.fleet)
    await place.tidy(NOW + DAY - 1)
    assert place.journal.query(limit=1000)[0].seq == 1
    await place.tidy(NOW + DAY + 1)
    assert place.journal.query(limit=1000)[0].seq > 500
    assert place.restarted() == place.fleet


async def test_logs_are_bounded_by_number_size_and_age(place: Place) -> None:
    """What processes print, what their engines have them write line by line, and what the daemon says."""
    place.keep(logs_max_size=10_000, logs_keep=2, logs_max_age=DAY)
    logs = [
        place.paths.daemon_log,
        place.paths.node_log("seoul-1"),
        place.paths.node("edge-1") / "errors.jsonl",
        place.paths.node("edge-1") / "health.jsonl",
    ]
    for round_ in range(6):
        for log in logs:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as file:
                file.write(f"{round_}\n" * 10_000)
        await place.tidy()
    for log in logs:
        assert log.stat().st_size == 0
        rotated = sorted(path.name for path in log.parent.glob(f"{log.name}.*"))
        assert rotated == [f"{log.name}.1", f"{log.name}.2"]
        for name in rotated:
            os.utime(log.with_name(name), (NOW, NOW))
        log.write_text("now")
        os.utime(log, (NOW, NOW))
    await place.tidy(NOW + DAY - 1)
    assert len(list(place.paths.state.rglob("*.1"))) == len(logs)
    await place.tidy(NOW + DAY + 1)
    assert list(place.paths.state.rglob("*.[12]")) == []
    assert [log.read_text() for log in logs] == ["now"] * len(logs), "a quiet process keeps its last words"


async def test_fewer_are_kept_when_fewer_are_wanted(place: Place) -> None:
    log = place.paths.node_log("seoul-1")
    log.parent.mkdir(parents=True)
    for number in range(1, 6):
        log.with_name(f"process.log.{number}").write_text("old")
    log.with_name("process.log.save").write_text("somebody's copy")
    place.keep(logs_keep=1, logs_max_age=1e9)
    await place.tidy()
    assert sorted(path.name for path in log.parent.iterdir()) == ["process.log.1", "process.log.save"]


async def test_what_former_processes_have_left_goes_in_the_end(place: Place, tmp_path: Path) -> None:
    """A node that is not in the fleet any more, once nobody will ask why it died; nothing else, and through no link."""
    place.keep(logs_max_age=DAY)
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").write_text("gold")
    for name in ("seoul-1", "seoul-9", ".twin-edge"):
        place.paths.node_log(name).parent.mkdir(parents=True)
        place.paths.node_log(name).write_text("last words")
    (place.paths.node("seoul-9") / "link").symlink_to(treasure)
    for path in place.paths.state.rglob("*"):
        os.utime(path, (NOW, NOW), follow_symlinks=False)
    await place.tidy(NOW + DAY - 1)
    assert place.paths.node_log("seoul-9").exists()
    await place.tidy(NOW + DAY + 1)
    assert sorted(path.name for path in (place.paths.state / "nodes").iterdir()) == [".twin-edge", "seoul-1"]
    assert (treasure / "gold").exists()


async def test_measurements_are_kept_as_long_as_records_and_take_no_more_room(place: Place) -> None:
    """By the same two limits, each for itself."""
    place.keep(max_age=DAY, max_size=MB)
    await place.tidy(NOW)
    assert place.shelf.limits == [(DAY, MB)]

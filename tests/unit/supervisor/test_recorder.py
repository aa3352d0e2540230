"""The recorder: nothing is acted on unwritten, a full disk stops commands and nothing else, no hole goes unadmitted."""

from collections.abc import Callable

import pytest
from support.house import Disk, Sandbag

from hactl.core.draft import evolve
from hactl.core.errors import HactlError
from hactl.core.events import Event, GapRecorded, NodeChanged, Record
from hactl.core.model import Fleet, Now
from hactl.core.node import Node, NodeState, Role
from hactl.core.running import JournalFull
from hactl.core.spec import FleetSpec, JournalSpec
from hactl.core.value import replace
from hactl.supervisor.recorder import Recorder, numbered

NOW = Now(mono=1.0, wall=2.0)
SMALL = 1
"""Pages: SQLite never cuts what is there, so the disk is then exactly full."""


class Desk:
    """A fleet, a recorder on a disk, and events too large for whatever room is left on the last page."""

    def __init__(self, disk: Disk, *, every: int = 500, max_waiting: int = 20_000) -> None:
        self.disk = disk
        self.ballast = Sandbag()
        self.recorder = Recorder(disk, self.ballast, max_waiting=max_waiting)
        self.fleet = Fleet(id="f1", spec=FleetSpec(journal=JournalSpec(checkpoint_every=every)))

    def happen(self, times: int = 1, *, command: bool = False) -> None:
        """Something happens `times` times, in one cause."""
        events: tuple[Event, ...] = tuple(_large(self.fleet.seq + number) for number in range(times))
        self.recorder.write(numbered(self.fleet, events, NOW), command=command)
        for event in events:
            self.fleet = evolve(self.fleet, event)

    def retry(self) -> Record | None:
        def record(event: Event) -> Record:
            return numbered(self.fleet, (event,), NOW)[0]

        gap = self.recorder.retry(self.fleet, record)
        if gap is not None:
            self.fleet = evolve(self.fleet, gap.event)
        return gap

    @property
    def written(self) -> list[int]:
        return [record.seq for record in self.disk.query(limit=10_000)]

    def replayed(self) -> Fleet:
        """What another daemon would make of the journal."""
        checkpoint, records = self.disk.load()
        fleet = checkpoint or Fleet(id="f1", spec=self.fleet.spec)
        for record in records:
            assert record.seq == fleet.seq + 1
            fleet = evolve(fleet, record.event)
        return fleet


def _large(number: int) -> Event:
    node = Node(name=f"n-{number}", role=Role.GATEWAY)
    return NodeChanged(was=NodeState.STOPPED, node=node, why="x" * 5000)


@pytest.fixture
def desk_on(tmp_path):
    disk = Disk(tmp_path / "journal.db")
    yield lambda **more: Desk(disk, **more)
    disk.close()


Desks = Callable[..., Desk]


def test_records_are_numbered_on_from_the_fleet_they_happened_to() -> None:
    """The journal's order is the fleet's `seq`, and everybody is named."""
    records = numbered(Fleet(seq=7), (_large(1), _large(2)), NOW, by="alice", reason="because")
    assert [(record.seq, record.by, record.reason) for record in records] == [
        (8, "alice", "because"),
        (9, "alice", "because"),
    ]


def test_a_full_disk_refuses_a_command_and_keeps_nothing_of_it(desk_on: Desks) -> None:
    """A command that cannot be written must not be done: its caller hears so."""
    desk = desk_on()
    desk.happen()
    desk.disk.resize(SMALL)
    with pytest.raises(JournalFull):
        desk.happen(command=True)
    assert desk.recorder.unwritten == 0
    assert desk.written == [1]
    assert desk.ballast.done == ["give up"]


def test_what_has_happened_waits_and_is_written_in_order(desk_on: Desks) -> None:
    """The world cannot be refused: its records are kept, and the journal has no hole in the end."""
    desk = desk_on()
    desk.happen()
    desk.disk.resize(SMALL)
    for _ in range(3):
        desk.happen(2)
    assert desk.recorder.unwritten == 6
    assert desk.retry() is None
    assert desk.written == [1]
    desk.disk.resize(None)
    assert desk.retry() is None
    assert desk.recorder.unwritten == 0
    assert desk.written == [1, 2, 3, 4, 5, 6, 7]
    assert desk.replayed() == desk.fleet


def test_a_command_is_written_behind_what_waits(desk_on: Desks) -> None:
    """With room again, an operator need not wait for the next round, and the order is kept."""
    desk = desk_on()
    desk.disk.resize(SMALL)
    desk.happen(3)
    desk.disk.resize(None)
    desk.happen(command=True)
    assert desk.recorder.unwritten == 0
    assert desk.written == [1, 2, 3, 4]


def test_beyond_a_limit_records_are_given_up_and_the_gap_is_admitted(desk_on: Desks) -> None:
    """Memory is bounded. What is lost is said, and a start from that journal has the whole fleet all the same."""
    desk = desk_on(max_waiting=3)
    desk.happen()
    desk.disk.resize(SMALL)
    for _ in range(6):
        desk.happen()
    assert desk.recorder.unwritten == 6
    desk.disk.resize(None)
    gap = desk.retry()
    assert gap is not None
    assert gap.event == GapRecorded(lost=6, why="the journal could not be written")
    assert gap.seq == 8
    assert desk.recorder.unwritten == 0
    desk.happen(command=True)
    assert desk.written == [1, 8, 9]
    assert desk.replayed() == desk.fleet


def test_nothing_is_written_behind_a_hole_that_is_not_admitted_yet(desk_on: Desks) -> None:
    """Room may come back between two rounds: until the gap is on record commands are refused, news waits."""
    desk = desk_on(max_waiting=2)
    desk.happen()
    desk.disk.resize(SMALL)
    desk.happen(3)
    desk.disk.resize(None)
    with pytest.raises(JournalFull):
        desk.happen(command=True)
    desk.happen()
    assert desk.written == [1]
    gap = desk.retry()
    assert gap is not None
    assert gap.event == GapRecorded(lost=4, why="the journal could not be written")
    assert desk.replayed() == desk.fleet


def test_the_ballast_is_given_up_for_room_and_laid_again(desk_on: Desks) -> None:
    """It helps once; as soon as there is room again it is taken for the next time."""
    desk = desk_on()
    desk.disk.resize(SMALL)
    desk.happen()
    desk.retry()
    assert "lay" not in desk.ballast.done
    assert desk.ballast.done[0] == "give up"
    desk.disk.resize(None)
    desk.retry()
    assert desk.ballast.done[-1] == "lay"


class Clumsy(Sandbag):
    """A ballast on a disk that neither gives room back nor has any."""

    def lay(self) -> None:
        raise HactlError("no space for the ballast")

    def give_up(self) -> None:
        raise OSError("read-only file system")


def test_a_ballast_that_cannot_be_moved_stops_nobody(desk_on: Desks) -> None:
    """It is a help and no condition: records wait and are written with or without it."""
    desk = desk_on()
    desk.recorder = Recorder(desk.disk, Clumsy())
    desk.disk.resize(SMALL)
    desk.happen()
    assert desk.recorder.unwritten == 1
    desk.disk.resize(None)
    desk.retry()
    assert desk.written == [1]


class Locked(Disk):
    """A journal that somebody else holds, until `locked` is taken back."""

    locked = True

    def append(self, records: list[Record], *, durable: bool) -> None:  # type: ignore[override]
        if self.locked:
            raise HactlError("another process writes to the journal")
        super().append(records, durable=durable)

    def checkpoint(self, fleet: Fleet) -> None:
        if self.locked:
            raise HactlError("another process writes to the journal")
        super().checkpoint(fleet)


def test_a_journal_that_refuses_for_another_reason_loses_nothing_either(tmp_path) -> None:
    """Somebody else's lock must not end the supervision: news waits, a command is told the reason."""
    disk = Locked(tmp_path / "journal.db")
    desk = Desk(disk, every=1)
    desk.happen()
    with pytest.raises(HactlError, match="another process"):
        desk.happen(command=True)
    desk.recorder.checkpoint(desk.fleet)
    assert desk.ballast.done == []
    disk.locked = False
    desk.retry()
    assert desk.written == [1]
    disk.close()


def test_a_checkpoint_follows_after_so_many_records(desk_on: Desks) -> None:
    """A start never replays more than that."""
    desk = desk_on(every=3)
    for _ in range(4):
        desk.happen()
        desk.recorder.settle(desk.fleet)
    checkpoint, records = desk.disk.load()
    assert checkpoint is not None
    assert checkpoint.seq == 3
    assert [record.seq for record in records] == [4]


def test_how_often_follows_the_configuration_in_force(desk_on: Desks) -> None:
    """Also when that has changed since the daemon started."""
    desk = desk_on(every=500)
    desk.happen(3)
    desk.recorder.settle(desk.fleet)
    assert desk.disk.load()[0] is None
    desk.fleet = replace(desk.fleet, spec=FleetSpec(journal=JournalSpec(checkpoint_every=3)))
    desk.recorder.settle(desk.fleet)
    assert desk.disk.load() == (desk.fleet, [])


def test_no_checkpoint_stands_before_records_that_wait(desk_on: Desks) -> None:
    """It would hide a hole that nothing admits, in good times and when the daemon leaves."""
    desk = desk_on(every=2)
    desk.happen()
    desk.disk.resize(SMALL)
    desk.happen(4)
    desk.disk.resize(None)
    desk.recorder.settle(desk.fleet)
    desk.recorder.leave(desk.fleet)
    assert desk.disk.load()[0] is None
    desk.retry()
    desk.recorder.settle(desk.fleet)
    assert desk.disk.load() == (desk.fleet, [])


def test_a_checkpoint_without_room_is_left_for_later(desk_on: Desks) -> None:
    """It is a convenience: a full disk only makes the next start replay more."""
    desk = desk_on()
    desk.happen(20)
    desk.disk.resize(SMALL)
    desk.recorder.checkpoint(desk.fleet)
    assert desk.ballast.done == ["give up"]
    desk.disk.resize(None)
    desk.recorder.leave(desk.fleet)
    assert desk.disk.load() == (desk.fleet, [])

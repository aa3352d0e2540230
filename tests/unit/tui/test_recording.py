"""What was recorded, shown as it was: from a journal and segments as daemons leave them."""

from pathlib import Path

import pytest
from support.pictures import AT, MONO
from support.recorded import Tape

from hactl.core.errors import HactlError
from hactl.core.events import DaemonStarted, DaemonStopped, NodeAdopted
from hactl.core.node import Health, NodeState, Reason, ReasonCode
from hactl.paths import FleetPaths
from hactl.store.journal import SqliteJournal
from hactl.tui.picture import UNMEASURED
from hactl.tui.recording import NO_DAEMON, Recording

DEAD = {
    "state": NodeState.BACKOFF,
    "health": Health.UNKNOWN,
    "reason": Reason(code=ReasonCode.EXITED, text="killed by SIGKILL"),
}
WELL = {"state": NodeState.SERVING, "health": Health.HEALTHY, "reason": None}


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    """A minute; seoul-1 is dead from second 20.5 to 25.5."""
    tape = Tape(tmp_path / "s")
    tape.measure(20)
    tape.at += 0.5
    tape.change("seoul-1", **DEAD)
    tape.at -= 0.5
    tape.measure(5)
    tape.at += 0.5
    tape.change("seoul-1", **WELL)
    tape.at -= 0.5
    tape.measure(35)
    return tape


def state(recording: Recording, second: float) -> NodeState:
    return recording.then(AT + second).snapshot.fleet.nodes["seoul-1"].state


def test_a_death_is_there_from_the_moment_it_was_seen(tape):
    """With its reason; and over when it was over."""
    recording = Recording(tape.paths)
    assert (recording.first, recording.last) == (AT, AT + 60)
    for second, wanted in ((20, "serving"), (20.4, "serving"), (20.5, "backoff"), (25, "backoff"), (26, "serving")):
        assert state(recording, second) == wanted, second
    assert recording.then(AT + 22).snapshot.fleet.nodes["seoul-1"].reason.text == "killed by SIGKILL"
    for second in range(60, -1, -1):
        assert (state(recording, second) is NodeState.BACKOFF) is (21 <= second <= 25)


def test_a_moment_has_its_time_its_measurements_and_what_happened_until_then(tape):
    view = Recording(tape.paths).then(AT + 30.25)
    snapshot = view.snapshot
    assert (snapshot.at, snapshot.mono) == (AT + 30.25, MONO + 30.25)
    assert {sample.at for sample in snapshot.samples} == {AT + 30}
    assert snapshot.pulse.lag_ms == 1.5
    assert [record.wall for record in view.records][-2:] == [AT + 20.5, AT + 25.5]
    assert list(view.rates["seoul-1"]) == [25.0] * 30
    assert list(view.spread) == [{"seoul": 50.0, "osaka": 50.0}] * 30
    assert not view.live
    assert view.trouble == ""


def test_where_nothing_was_measured_it_says_so_and_shows_what_is_known(tape):
    """The daemon was dead for ten minutes: no numbers are made up."""
    tape.at += 600
    tape.cut()
    tape.happen(DaemonStarted(pid=2, version="0", boot="b", gap=600.0))
    tape.measure(10)
    recording = Recording(tape.paths)
    gap = recording.then(AT + 300)
    assert gap.trouble == UNMEASURED
    assert not gap.measured
    assert gap.snapshot.samples == ()
    assert gap.rates == {}
    assert "seoul-1" in gap.snapshot.fleet.nodes
    after = recording.then(AT + 665)
    assert after.trouble == ""
    assert len(after.rates["seoul-1"]) == 5
    assert sum(map(bool, after.spread)) == 65, "the plot has both daemons'"
    assert len(after.spread) == 665, "and a blank for each second between them"


def test_where_a_daemon_has_stopped_everything_there_are_no_numbers_beside_it(tape):
    """What was measured a moment before says nothing about a fleet that has been stopped since."""
    tape.at += 0.3
    for name in tape.fleet.nodes:
        tape.change(name, state=NodeState.STOPPED, health=Health.UNKNOWN, reason=None, launch=None)
    view = Recording(tape.paths).then(AT + 60.3)
    assert view.measured, "there is a daemon yet"
    assert view.snapshot.samples == ()
    tape.happen(DaemonStopped(pid=1))
    view = Recording(tape.paths).then(AT + 60.3)
    assert (view.measured, view.trouble) == (False, NO_DAEMON)


def test_a_clock_that_was_set_back_shows_what_came_last(tape):
    """Two different fleets had the same time; the second one counts, with its own measurements."""
    tape.at -= 40
    tape.cut()
    tape.change("osaka-1", **DEAD)
    tape.measure(60, rate=8.0)
    recording = Recording(tape.paths)
    assert recording.last == AT + 80
    for second in (21, 40, 60, 79):
        view = recording.then(AT + second)
        assert view.snapshot.fleet.nodes["osaka-1"].state is NodeState.BACKOFF
        assert view.snapshot.fleet.nodes["seoul-1"].state is NodeState.SERVING
        assert view.rates["seoul-1"][-1] == 2.0
    assert recording.then(AT + 19).snapshot.fleet.nodes["osaka-1"].state is NodeState.SERVING


def test_a_damaged_segment_is_left_out_and_said_once(tape):
    path = tape.cut()
    tape.measure(30)
    path.write_bytes(b"\0" * 300)
    recording = Recording(tape.paths)
    view = recording.then(AT + 70)
    assert view.trouble == UNMEASURED
    assert list(view.rates["seoul-1"]) == [25.0] * 50 + [None] * 9
    (told,) = recording.troubles()
    assert path.name in told
    assert recording.troubles() == []


def test_a_fleet_that_was_never_measured_is_shown_all_the_same(tape):
    """As one recorded by an older hactl."""
    for path in tape.paths.samples.iterdir():
        path.unlink()
    tape.paths.samples.rmdir()
    recording = Recording(tape.paths)
    assert recording.last == AT + 25.5
    assert [state(recording, second) for second in (20, 21, 25.5)] == ["serving", "backoff", "serving"]
    assert recording.then(AT + 21).trouble == UNMEASURED


def test_a_damaged_record_is_the_trouble_of_its_moment(tape):
    tape.journal.close()
    data = tape.paths.journal.read_bytes()
    wal = tape.paths.journal_files[0]
    assert not wal.exists(), "all is in the file"
    tape.paths.journal.write_bytes(data.replace(b"killed by SIGKILL", b"killed by \xff\xfeGKILL"))
    recording = Recording(tape.paths)
    assert recording.then(AT + 20).trouble == ""
    view = recording.then(AT + 30)
    assert "cannot be read" in view.trouble
    assert view.snapshot.fleet.nodes["seoul-1"].state is NodeState.SERVING


class TestStops:
    def test_from_event_to_event(self, tape):
        """Only those that are worth it; none behind the last, none before the first."""
        for _ in range(3):
            tape.happen(DaemonStopped(pid=1), NodeAdopted(node="a", instance="b", pid=1))
            tape.measure(10)
        recording = Recording(tape.paths)
        walls = [AT + 60, AT + 70, AT + 80]
        found, at = [], AT + 30
        while (at := recording.stop(at, 1)) is not None:
            found.append(at)
        assert found == walls
        at = AT + 90
        back = []
        while (at := recording.stop(at, -1)) is not None:
            back.append(at)
        assert back == [*reversed(walls)]

    def test_none_where_nothing_is_shown(self, tape):
        tape.happen(DaemonStopped(pid=1))
        tape.measure(10)
        recording = Recording(tape.paths, until=AT + 50)
        assert recording.stop(AT + 30, 1) is None


class TestReach:
    def test_a_window_bounds_what_is_shown(self, tape):
        recording = Recording(tape.paths, since=AT + 10, until=AT + 1e9)
        assert (recording.first, recording.last) == (AT + 10, AT + 60)

    @pytest.mark.parametrize("window", [{"since": AT + 100}, {"until": AT - 1}, {"since": AT + 5, "until": AT + 4}])
    def test_a_window_without_anything_says_what_there_is(self, tape, window):
        with pytest.raises(HactlError, match="nothing is recorded for that time") as caught:
            Recording(tape.paths, **window)
        assert "recorded: 2023-11-1" in caught.value.hint

    def test_no_journal_is_no_recording(self, tmp_path):
        with pytest.raises(HactlError, match="nothing is recorded: there is no journal in"):
            Recording(FleetPaths(tmp_path))

    def test_nor_is_an_empty_one(self, tmp_path):
        paths = FleetPaths(tmp_path)
        SqliteJournal(paths.journal).close()
        with pytest.raises(HactlError, match="nothing is recorded yet"):
            Recording(paths)


def test_memory_does_not_grow_with_what_is_recorded(tape):
    """An hour is walked through; what is held is a matter of minutes."""
    for _ in range(6):
        tape.cut()
        tape.measure(600)
    recording = Recording(tape.paths)
    for second in range(60, 3660, 60):
        recording.then(AT + second)
    assert len(recording._spread) <= 900
    assert len(recording._segments._held) <= 4

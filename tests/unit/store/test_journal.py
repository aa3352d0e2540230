import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import journal_writer
from support.journal_writer import picture, record
from support.values import values

from hactl.core.codec import VERSION, encode
from hactl.core.errors import HactlError
from hactl.core.events import Event, FleetClosing, GapRecorded, Record
from hactl.core.model import Fleet
from hactl.core.running import JournalFull
from hactl.core.value import replace
from hactl.store.journal import LOOKING_BACK, PRUNE_BATCH, SqliteJournal

PAGE = 4096


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    with SqliteJournal(path) as journal:
        yield journal


def records(first, last, **fields):
    return [record(seq, **fields) for seq in range(first, last + 1)]


def seqs(found):
    return [record.seq for record in found]


def spoil(path, needle, *, page=False):
    """Damage every place of the file that holds `needle`: one bit of it, or the whole page it stands on."""
    data, start = bytearray(path.read_bytes()), 0
    assert needle in data
    while (at := data.find(needle, start)) >= 0:
        if page:
            begin = at // PAGE * PAGE
            data[begin : begin + PAGE] = bytes(PAGE)
        else:
            data[at + len(needle) // 2] ^= 1
        start = at + 1
    path.write_bytes(data)


# What is written can be read


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(values(Event), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=9)), max_size=6
    ),
    st.booleans(),
)
def test_any_record_comes_back_as_it_was(happened, durable):
    """Whatever the vocabulary can say survives the journal unchanged, whether asked for now or after a restart."""
    written = [
        Record(seq=seq, wall=wall, mono=-wall, event=event, by=text, reason=text * 2)
        for seq, (event, wall, text) in enumerate(happened, start=1)
    ]
    with TemporaryDirectory() as directory:
        with SqliteJournal(Path(directory) / "journal.db") as journal:
            journal.append(written, durable=durable)
            assert journal.query() == written
        with SqliteJournal(Path(directory) / "journal.db") as journal:
            assert journal.load() == (None, written)


def test_a_record_can_be_had_as_it_was_written(journal):
    """Not as this hactl reads it, which may know more fields; nothing is given for one that is not there."""
    journal.append(records(1, 2), durable=False)
    assert journal.written(2) == encode(record(2))
    assert journal.written(3) == b""


def test_a_new_journal_is_empty_and_private(path, journal):
    """Only its owner may read it, the files SQLite adds included, whatever the umask; a loose one is tightened."""
    assert journal.load() == (None, [])
    journal.append([], durable=True)
    journal.append(records(1, 1), durable=False)
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    journal.close()
    path.chmod(0o644)
    with SqliteJournal(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_call_is_one_transaction(journal):
    """When one record of a call cannot be written, none is, and the next call goes on as if nothing had been asked."""
    journal.append(records(1, 2), durable=False)
    unreadable = replace(record(4), mono=float("nan"))
    with pytest.raises(HactlError, match="not a valid Record"):
        journal.append([record(3), unreadable], durable=True)
    journal.append(records(3, 4), durable=True)
    assert journal.query() == records(1, 4)


@pytest.mark.parametrize("seq", [1, 3, 5, 9])
def test_only_the_next_record_is_taken(journal, seq):
    """A record that repeats or skips is refused: the supervisor and the journal would no longer agree."""
    journal.append(records(1, 3), durable=False)
    with pytest.raises(HactlError, match=f"record {seq} does not follow record 3 of the journal"):
        journal.append([record(seq)], durable=False)
    assert journal.query() == records(1, 3)


def test_another_writer_is_found_out(path, journal):
    """Two writers cannot both write a record of the same number, whatever each believes the last one to be."""
    with SqliteJournal(path) as other:
        journal.append(records(1, 2), durable=False)
        with pytest.raises(HactlError, match="records are only ever added at the end"):
            other.append(records(1, 1), durable=False)
    assert journal.query() == records(1, 2)


def test_threads_take_turns(journal):
    """History may be asked for from one thread while another writes: every answer is one moment of the journal."""
    answers = []
    done = threading.Event()

    def ask():
        while not done.is_set():
            answers.append(seqs(journal.query(limit=1_000)))

    reader = threading.Thread(target=ask)
    reader.start()
    for seq in range(1, 301, 3):
        journal.append(records(seq, seq + 2), durable=False)
    done.set()
    reader.join()
    answers.append(seqs(journal.query(limit=1_000)))
    assert all(answer == list(range(1, len(answer) + 1)) and len(answer) % 3 == 0 for answer in answers)
    assert len(answers[-1]) == 300


# Starting again


def test_a_start_reads_the_newest_checkpoint_and_what_follows(path, journal):
    """A start replays only what came after the newest picture; three are kept, and the first for looking back."""
    for seq in range(1, 51):
        journal.append([record(seq)], durable=False)
        if seq % 10 == 0:
            journal.checkpoint(picture(seq))
    journal.append(records(51, 53), durable=False)
    assert journal.load() == (picture(50), records(51, 53))
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT seq FROM checkpoints ORDER BY seq").fetchall() == [(10,), (30,), (40,), (50,)]
    db.close()


def test_a_start_does_not_touch_old_records(path):
    """However long the history: nothing of it is read at a start, which shows when nothing of it can be read."""
    with SqliteJournal(path) as journal:
        journal.append(records(1, 2_000, by="long-ago"), durable=False)
        journal.checkpoint(picture(2_000))
        # Enough in between that no page holds both old and new records.
        journal.append(records(2_001, 2_010), durable=False)
        journal.checkpoint(picture(2_010))
        journal.append(records(2_011, 2_012), durable=False)
    spoil(path, b"long-ago", page=True)
    with SqliteJournal(path) as journal:
        assert journal.load() == (picture(2_010), records(2_011, 2_012))
        journal.append(records(2_013, 2_013), durable=True)
        assert journal.query(limit=2) == records(2_012, 2_013)
        with pytest.raises(HactlError, match="is damaged"):
            journal.query(after=5)


@pytest.mark.parametrize("page", [False, True], ids=["bit", "page"])
def test_a_damaged_checkpoint_is_passed_over(path, page):
    """The checkpoint before a damaged one serves, with more to replay."""
    with SqliteJournal(path) as journal:
        for seq in (10, 20, 30):
            journal.append(records(seq - 9, seq), durable=False)
            journal.checkpoint(picture(seq))
    spoil(path, b"picture-30.")
    with SqliteJournal(path) as journal:
        assert journal.load() == (picture(20), records(21, 30))
    spoil(path, b"picture-20.")
    with SqliteJournal(path) as journal:
        assert journal.load() == (picture(10), records(11, 30))
    spoil(path, b"picture-10.", page=page)
    with SqliteJournal(path) as journal:
        assert journal.load() == (None, records(1, 30))


def test_a_fleet_is_never_guessed(path):
    """No readable checkpoint, and the first records gone by age: a start refuses rather than makes a fleet up."""
    with SqliteJournal(path) as journal:
        journal.append(records(1, 10), durable=False)
        journal.checkpoint(picture(10))
        journal.append(records(11, 12), durable=False)
        assert journal.prune(older_than=2e9) == 10
    spoil(path, b"picture-10.")
    with SqliteJournal(path) as journal, pytest.raises(HactlError, match="records up to 10 were removed by age"):
        journal.load()


def test_a_missing_record_is_named(path):
    """A hole in the journal stops a start and says which records are not there."""
    with SqliteJournal(path) as journal:
        journal.append(records(1, 9), durable=False)
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER records_leave_by_age")
        db.execute("DELETE FROM records WHERE seq BETWEEN 4 AND 6")
    db.close()
    with SqliteJournal(path) as journal, pytest.raises(HactlError, match="records 4 to 6 are missing in the journal"):
        journal.load()


def test_an_admitted_gap_is_no_damage(path, journal):
    """Records that were lost for want of room leave a hole; a record that says so, or a checkpoint, closes it."""
    journal.append(records(1, 2), durable=False)
    admitted = Record(seq=9, wall=1.0, mono=1.0, event=GapRecorded(lost=6, why="disk full"))
    journal.append([admitted, record(10)], durable=True)
    assert journal.load() == (None, [*records(1, 2), admitted, record(10)])
    journal.checkpoint(picture(20))
    journal.append(records(21, 21), durable=True)
    assert journal.load() == (picture(20), records(21, 21))


def test_a_damaged_record_is_named(path):
    """One flipped bit in a record that is needed stops a start, and the error says which record it was."""
    with SqliteJournal(path) as journal:
        journal.append([record(1), record(2, by="\N{LATIN SMALL LETTER E WITH ACUTE}quipe"), record(3)], durable=False)
    data = path.read_bytes()
    path.write_bytes(data.replace("équipe".encode(), b"\xc3\xc3quipe"))
    with SqliteJournal(path) as journal, pytest.raises(HactlError, match=r"record 2 of '.*' cannot be read"):
        journal.load()


@pytest.mark.parametrize("table", ["records", "checkpoints"])
def test_a_newer_hactls_journal_is_refused(path, table):
    """What a newer hactl has written is never half understood; the hint says what to do."""
    with SqliteJournal(path) as journal:
        journal.append(records(1, 1), durable=False)
    columns = "wall, kind, v, body" if table == "records" else "v, crc, body"
    others = "0, 'FleetClosing'," if table == "records" else ""
    crc = "" if table == "records" else "0,"
    with sqlite3.connect(path) as db:
        db.execute(f"INSERT INTO {table} (seq, {columns}) VALUES (2, {others} {VERSION + 1}, {crc} '{{}}')")
    db.close()
    with SqliteJournal(path) as journal, pytest.raises(HactlError, match="newer hactl") as caught:
        journal.load()
    assert "start the newer hactl" in caught.value.hint


# Dying at any instant


def killed(mode, path, dice):
    """Let a process write until a random instant after a random promise, kill it, and say all it had promised."""
    command = [sys.executable, journal_writer.__file__, mode, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        promised = [process.stdout.readline() for _ in range(dice.randint(1, 60))]
        for _ in range(dice.randint(0, 20_000)):
            pass  # somewhere inside the next calls, not right after a promise
        process.kill()
        promised += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return [int(line) for line in promised if line.endswith(b"\n")]


@pytest.mark.parametrize("mode", ["append", "checkpoint"])
def test_kill_dash_nine_loses_no_promise(path, mode):
    """Whenever the daemon is killed, every record it was promised is there, whole, and the next one continues."""
    dice = random.Random(mode)
    for _ in range(12):
        promised = killed(mode, path, dice)
        with SqliteJournal(path) as journal:
            fleet, after = journal.load()
            everything = journal.query(limit=1_000_000)
            last = len(everything)
            assert last >= promised[-1]
            assert everything == records(1, last)
            if mode == "checkpoint":
                assert fleet is not None
                assert fleet == picture(fleet.seq)
                assert fleet.seq >= promised[-1]
            assert after == everything[fleet.seq if fleet else 0 :]
            journal.append([record(last + 1)], durable=True)
            assert journal.query(limit=1) == [record(last + 1)]


def test_a_torn_log_loses_only_its_end(path, journal):
    """A power cut may tear the write-ahead log anywhere: what remains is a whole beginning, and can be continued."""
    for seq in range(1, 61, 3):
        journal.append(records(seq, seq + 2), durable=False)
    log = path.with_name("journal.db-wal")
    dice = random.Random(7)
    lengths = []
    for cut in sorted(dice.randrange(log.stat().st_size) for _ in range(25)):
        torn = path.with_name(f"torn-{cut}.db")
        shutil.copy(path, torn)
        torn.with_name(f"{torn.name}-wal").write_bytes(log.read_bytes()[:cut])
        with SqliteJournal(torn) as again:
            found = again.load()[1]
            assert found == records(1, len(found))
            again.append([record(len(found) + 1)], durable=True)
            lengths.append(len(found))
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]
    assert all(length % 3 == 0 for length in lengths)


# No room


def fill(journal, first=1):
    """Append pairs until there is no room; the last seq that was promised."""
    for seq in range(first, 1_000_000, 2):
        try:
            journal.append(records(seq, seq + 1), durable=False)
        except JournalFull:
            return seq - 1
    raise AssertionError("there was room for everything")


def test_a_full_journal_keeps_what_it_has(path):
    """Without room nothing of a call is written and nothing before it is lost; with room again it goes on."""
    with SqliteJournal(path, max_pages=60) as journal:
        last = fill(journal)
        assert last > 20
        with pytest.raises(JournalFull, match=r"no space for the journal .*: database or disk is full"):
            journal.checkpoint(picture(last))
        with pytest.raises(JournalFull):
            journal.append(records(last + 1, last + 200), durable=True)
        assert journal.load() == (None, records(1, last))
    with SqliteJournal(path) as journal:
        journal.append(records(last + 1, last + 3), durable=True)
        assert journal.query(limit=1_000) == records(1, last + 3)


def test_retention_makes_room(path):
    """Letting old records go frees their room for new ones, in the same open journal."""
    with SqliteJournal(path, max_pages=200) as journal:
        journal.append(records(1, 200), durable=False)
        journal.checkpoint(picture(200))
        last = fill(journal, first=201)
        assert journal.prune(older_than=2e9) == 200
        assert fill(journal, first=last + 1) > last + 50


@contextmanager
def files_limited_to(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_quota_is_a_full_disk(path, journal):
    """The kernel has several ways to say that a file cannot grow; SQLite calls all but one of them an I/O error."""
    journal.append(records(1, 40), durable=False)
    with files_limited_to(path.with_name("journal.db-wal").stat().st_size):
        with pytest.raises(JournalFull, match="disk I/O error"):
            journal.append(records(41, 80), durable=True)
        assert journal.load() == (None, records(1, 40))
    journal.append(records(41, 80), durable=True)
    assert journal.load() == (None, records(1, 80))


# Asking


@pytest.fixture
def story(journal):
    """Records 1 to 30, one per second from Unix time 1001; every tenth closes the fleet."""
    told = [
        replace(found, event=FleetClosing()) if found.seq % 10 == 0 else found
        for found in (record(seq, wall=1000.0 + seq) for seq in range(1, 31))
    ]
    journal.append(told, durable=False)
    return journal


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, range(1, 31)),
        ({"limit": 3}, [28, 29, 30]),
        ({"limit": 0}, []),
        ({"limit": -1}, []),
        ({"after": 5, "limit": 3}, [6, 7, 8]),
        ({"after": 30}, []),
        ({"before": 9, "limit": 3}, [6, 7, 8]),
        ({"after": 5, "before": 8}, [6, 7]),
        ({"since": 1029.0}, [29, 30]),
        ({"since": 1005.5, "limit": 2}, [29, 30]),
        ({"since": 1005.5, "after": 20, "limit": 2}, [21, 22]),
        ({"since": 1005.5, "before": 8}, [6, 7]),
        ({"since": 2000.0}, []),
        ({"kinds": ("FleetClosing",)}, [10, 20, 30]),
        ({"kinds": ("FleetClosing",), "limit": 2}, [20, 30]),
        ({"kinds": ("FleetClosing",), "after": 10, "limit": 1}, [20]),
        ({"kinds": ("FleetClosing", "FleetClosing")}, [10, 20, 30]),
        ({"kinds": ("FleetClosing", "NodeChanged"), "limit": 3}, [28, 29, 30]),
        ({"kinds": ("NodeChanged", "FleetClosing"), "after": 8, "limit": 3}, [9, 10, 11]),
        ({"kinds": ("FleetClosing",), "since": 1015.0, "before": 30}, [20]),
        ({"kinds": ("Nonsense",)}, []),
    ],
    ids=str,
)
def test_a_question_is_answered_oldest_first(story, asked, expected):
    """Each condition narrows the answer; without `after` the newest are meant."""
    assert seqs(story.query(**asked)) == list(expected)


def test_since_survives_a_clock_that_was_set_back(journal):
    """Records keep their order of happening; `since` leaves out each one that says an earlier time."""
    for seq, wall in enumerate([100.0, 200.0, 50.0, 60.0, 210.0], start=1):
        journal.append([record(seq, wall=wall)], durable=False)
    assert seqs(journal.query(since=150.0)) == [2, 5]
    assert seqs(journal.query(since=55.0)) == [1, 2, 4, 5]


# Reading beside a daemon, and without one


def test_reading_beside_the_writer(path, journal):
    """A reader sees every finished append at once, changes nothing, and does not hold the writer up."""
    journal.append(records(1, 3), durable=False)
    with SqliteJournal.open_read_only(path) as reader:
        assert reader.query() == records(1, 3)
        journal.append(records(4, 5), durable=False)
        assert reader.load() == (None, records(1, 5))
        for change in (lambda: reader.append([record(4)], durable=False), lambda: reader.checkpoint(picture(5))):
            with pytest.raises(HactlError, match="readonly"):
                change()


def test_reading_what_a_killed_daemon_left(path):
    """Without a daemon the journal of a killed one can be read to the last promise, and is left as it was."""
    promised = killed("append", path, random.Random(3))
    with SqliteJournal.open_read_only(path) as reader:
        assert seqs(reader.query(limit=1_000_000))[: promised[-1]] == list(range(1, promised[-1] + 1))
    assert path.with_name("journal.db-wal").exists()


def test_reading_what_is_not_there(path):
    """Asking for a journal that does not exist is an error and makes no file."""
    with pytest.raises(HactlError, match="cannot open the journal"):
        SqliteJournal.open_read_only(path)
    assert not list(path.parent.iterdir())


# Retention


def test_retention_lets_the_oldest_go(path, journal):
    """Records older than asked go, the rest stays gapless, and a start is the same as before."""
    journal.append(records(1, 100), durable=False)
    journal.checkpoint(picture(90))
    started = journal.load()
    assert journal.prune(older_than=1e9 + 41) == 40
    assert journal.prune(older_than=1e9 + 41) == 0
    assert seqs(journal.query()) == list(range(41, 101))
    assert journal.load() == started
    journal.close()
    with SqliteJournal(path) as again:
        assert again.load() == started
        assert again.prune(older_than=1e9 + 43) == 2


def test_retention_keeps_what_any_start_would_replay(journal):
    """Age alone takes nothing that the oldest kept checkpoint would need replayed, and nothing before a first one."""
    journal.append(records(1, 30), durable=False)
    assert journal.prune(older_than=2e9) == 0
    for seq in (5, 10, 20, 30):
        journal.checkpoint(picture(seq))
    assert journal.prune(older_than=2e9) == 10
    assert seqs(journal.query()) == list(range(11, 31))


def test_retention_stops_at_the_first_young_record(journal):
    """A clock that was set back makes no hole: what is old but happened after something young stays."""
    for seq, wall in enumerate([10.0, 20.0, 99.0, 30.0], start=1):
        journal.append([record(seq, wall=wall)], durable=False)
    journal.checkpoint(picture(4))
    assert journal.prune(older_than=50.0) == 2
    assert seqs(journal.query()) == [3, 4]


def test_a_journal_without_records_continues(path, journal):
    """When everything has gone by age, the next record still has the next number."""
    journal.append(records(1, 3), durable=False)
    journal.checkpoint(picture(3))
    assert journal.prune(older_than=2e9) == 3
    journal.close()
    with SqliteJournal(path) as again:
        assert again.load() == (picture(3), [])
        again.append([record(4)], durable=False)
        assert again.load() == (picture(3), [record(4)])


def test_retention_goes_in_small_steps(journal):
    """One call deletes a bounded number of records, so that a failover need not wait for it."""
    total = PRUNE_BATCH + 10
    journal.append(
        (Record(seq=n, wall=1.0, mono=1.0, event=FleetClosing()) for n in range(1, total + 1)), durable=False
    )
    journal.checkpoint(picture(total))
    assert [journal.prune(older_than=2.0) for _ in range(3)] == [PRUNE_BATCH, 10, 0]


def test_retention_by_size_lets_the_oldest_go(journal):
    """As many as are too many, never what a start needs; and what is freed is used again, so that the file stays."""
    journal.append(records(1, 5000), durable=False)
    full = journal.size()
    assert journal.trim(full // 2) == 0, "without a checkpoint every record is needed"
    for seq in (4000, 4500, 5000):
        journal.checkpoint(picture(seq))
    assert journal.trim(full * 2) == 0
    gone = journal.trim(journal.size() // 2)
    assert 2000 < gone < 3000
    assert seqs(journal.query(limit=10_000)) == list(range(gone + 1, 5001))
    assert journal.size() < 0.6 * full
    while journal.trim(1):
        pass
    assert seqs(journal.query(limit=10_000)) == list(range(4001, 5001))
    assert journal.load() == (picture(5000), [])
    journal.append(records(5001, 8000), durable=False)
    assert journal.size() <= full * 1.1


# Looking back


def test_a_fleet_of_any_time_is_never_far_from_a_checkpoint(journal):
    """Of many checkpoints those stay that are far enough apart; from there the rest is replayed."""
    total = 4 * LOOKING_BACK
    for first in range(1, total, 50):
        journal.append(records(first, first + 49), durable=False)
        journal.checkpoint(picture(first + 49))
    kept = [journal.fleet_before(seq).seq for seq in range(50, total + 1)]
    assert all(0 <= seq - found < LOOKING_BACK + 50 for seq, found in zip(range(50, total + 1), kept, strict=True))
    assert len(set(kept)) == 3 + 4
    assert journal.fleet_before(49) == Fleet()
    assert journal.oldest() == 1


def test_what_was_let_go_is_not_looked_back_at(journal):
    """The past begins at the oldest checkpoint that still has its records, and moves on with what goes."""
    total = 6 * LOOKING_BACK
    for first in range(1, total, LOOKING_BACK):
        journal.append(records(first, first + LOOKING_BACK - 1), durable=False)
        journal.checkpoint(picture(first + LOOKING_BACK - 1))
    assert journal.prune(1e9 + LOOKING_BACK + 11) == LOOKING_BACK + 10
    assert journal.fleet_before(2 * LOOKING_BACK - 1) is None
    assert journal.fleet_before(2 * LOOKING_BACK).seq == 2 * LOOKING_BACK
    assert journal.oldest() == 2 * LOOKING_BACK
    assert journal.prune(2e9) == 2 * LOOKING_BACK + LOOKING_BACK - 10, "a start needs the rest"
    assert journal.oldest() == 4 * LOOKING_BACK + 1


def test_a_checkpoint_that_closes_a_hole_stays(journal):
    """Where records were lost nothing else says how the fleet was behind them."""
    journal.append(records(1, 10), durable=False)
    journal.checkpoint(picture(10))  # so near to the next one that it would do, if nothing were lost between
    journal.checkpoint(picture(20))
    journal.append(records(21, 60), durable=False)
    for seq in (30, 40, 50, 60):
        journal.checkpoint(picture(seq))
    assert journal.fleet_before(25).seq == 20


def test_the_record_of_a_moment_is_found_by_its_time(journal):
    assert journal.seq_at(5.0) == 0
    journal.append(records(1, 20), durable=False)
    assert [journal.seq_at(wall) for wall in (1e9, 1e9 + 1, 1e9 + 7.5, 2e9)] == [0, 1, 7, 20]


def test_an_empty_journal_has_no_past(journal):
    assert (journal.oldest(), journal.seq_at(1e12)) == (0, 0)

import sqlite3

import pytest
from support.journal_writer import picture, record

from hactl.core.errors import HactlError
from hactl.core.running import JournalFull
from hactl.store.database import SCHEMA, Database
from hactl.store.journal import SqliteJournal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def written(path):
    """A journal of ten records, all but the last three behind its only checkpoint, and closed."""
    with SqliteJournal(path) as journal:
        journal.append([record(seq) for seq in range(1, 11)], durable=False)
        journal.checkpoint(picture(7))
    return path


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE records SET body = '{}' WHERE seq = 3", "records are never changed"),
        ("DELETE FROM records WHERE seq = 3", "only deleted by retention"),
        ("DELETE FROM records", "only deleted by retention"),
        ("INSERT INTO records VALUES (3, 0, 'x', 1, '{}')", "only ever added at the end"),
        ("INSERT OR REPLACE INTO records VALUES (3, 0, 'x', 1, '{}')", "only ever added at the end"),
        ("UPDATE retention SET released = 8", "retention stops at the oldest checkpoint"),
        ("UPDATE retention SET released = -1", "retention stops at the oldest checkpoint"),
    ],
)
def test_history_guards_itself(path, statement, refusal):
    """Even with a SQLite shell nobody rewrites the journal by accident: the tables themselves refuse."""
    db = sqlite3.connect(written(path))
    with pytest.raises(sqlite3.IntegrityError, match=refusal):
        db.execute(statement)
    db.close()
    with SqliteJournal(path) as journal:
        assert journal.query() == [record(seq) for seq in range(1, 11)]


def text_file(path):
    path.write_text("dear diary, " * 1000)


def other_database(path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE songs (name)")
    db.close()


def newer_tables(path):
    with sqlite3.connect(written(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()


def first_half(path):
    data = written(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def directory(path):
    path.mkdir()


@pytest.mark.parametrize("read_only", [False, True], ids=["write", "read"])
@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (text_file, "is damaged: file is not a database"),
        (other_database, "is a database, but not a journal"),
        (newer_tables, "was made by a newer hactl"),
        (first_half, "is damaged"),
        (directory, "cannot open the journal"),
    ],
)
def test_what_is_not_our_journal_is_left_alone(path, make, complaint, read_only):
    """A file that is not a usable journal is refused by name, with a hint, and not touched."""
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(HactlError) as caught:
        SqliteJournal(path, read_only=read_only)
    assert complaint in caught.value.message
    assert f"'{path}'" in caught.value.message
    assert caught.value.hint
    assert before == (path.read_bytes() if path.is_file() else None)


def test_a_directory_that_is_not_there(path):
    """A journal whose directory is missing is an error that says so."""
    with pytest.raises(HactlError, match=r"cannot make the journal .*: no such file"):
        Database(path / "below")


def test_an_interrupted_founding_is_finished(path):
    """A daemon killed between making the file and making its tables has left nothing that needs repair."""
    path.touch()
    with pytest.raises(HactlError, match="is empty"):
        Database(path, read_only=True)
    with SqliteJournal(path) as journal:
        journal.append([record(1)], durable=True)
        assert journal.query() == [record(1)]


def test_no_room_for_the_tables(path):
    """A disk without room for a new journal is JournalFull, and the next try with room succeeds."""
    with pytest.raises(JournalFull):
        Database(path, max_pages=3)
    with SqliteJournal(path) as journal:
        assert journal.load() == (None, [])


def test_a_second_writer_in_the_middle_of_a_change(path):
    """A writer that finds another one at work says so instead of waiting for ever."""
    database, other = Database(path), Database(path, patience=0.0)
    with database.transaction(), pytest.raises(HactlError, match="another process writes"), other.transaction():
        pass
    database.close()
    other.close()


def test_a_broken_change_leaves_nothing(path):
    """Whatever ends a transaction early, a bug included, takes back all of it, and the next one works."""
    database = Database(path)

    def change():
        with database.transaction() as db:
            db.execute("INSERT INTO checkpoints VALUES (1, 1, 1, '{}')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    with database.transaction(durable=True) as db:
        assert db.execute("SELECT count(*) FROM checkpoints").fetchone() == (0,)
    database.close()


@pytest.mark.parametrize(("durable", "expected"), [(True, 2), (False, 1)], ids=["FULL", "NORMAL"])
def test_durable_reaches_the_disk(path, durable, expected):
    """A durable transaction is synchronised with the disk, and the choice holds for that transaction alone."""
    database = Database(path)
    with database.transaction(durable=not durable):
        pass
    with database.transaction(durable=durable) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (expected,)
    database.close()

"""The journal's SQLite file: opening it and proving that it is ours, its tables, its transactions, what failures mean.

Knows no record and no fleet; that is `journal`. The tables guard themselves, so that a slip anywhere else, or a
person with a SQLite shell, cannot rewrite history: records are never changed, never inserted before others, and
deleted only up to `retention.released`, which in turn never passes the oldest checkpoint that is kept.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.core.running import JournalFull

AFRESH = "move it away: the fleet then starts with an empty journal"
"""What to try when a journal cannot be used any more."""
APPLICATION_ID = int.from_bytes(b"hact", "big")
"""In the file's header: tells a journal from any other database."""
SCHEMA = 1
"""Version of the tables, not of what is encoded in them (that is `codec.VERSION`)."""
BUSY_TIMEOUT = 2.0
"""Seconds to wait for a reader that is just repairing the log of a killed daemon."""
WAL_KEPT = 4 << 20
"""Bytes the write-ahead log is cut back to after a burst; SQLite folds it in at about this size anyway."""

_TABLES = (
    """CREATE TABLE records (
        seq INTEGER PRIMARY KEY, wall REAL NOT NULL, kind TEXT NOT NULL, v INTEGER NOT NULL, body TEXT NOT NULL)""",
    "CREATE INDEX records_by_wall ON records (wall)",
    "CREATE INDEX records_by_kind ON records (kind)",
    """CREATE TABLE checkpoints (
        seq INTEGER PRIMARY KEY, v INTEGER NOT NULL, crc INTEGER NOT NULL, body TEXT NOT NULL)""",
    "CREATE TABLE retention (id INTEGER PRIMARY KEY CHECK (id = 1), released INTEGER NOT NULL)",
    "INSERT INTO retention VALUES (1, 0)",
    # INSERT OR REPLACE removes a row without asking the trigger on DELETE: hence this one.
    """CREATE TRIGGER records_only_grow BEFORE INSERT ON records
        WHEN NEW.seq <= max((SELECT ifnull(max(seq), 0) FROM records), (SELECT released FROM retention))
        BEGIN SELECT raise(ABORT, 'records are only ever added at the end'); END""",
    """CREATE TRIGGER records_stay BEFORE UPDATE ON records
        BEGIN SELECT raise(ABORT, 'records are never changed'); END""",
    """CREATE TRIGGER records_leave_by_age BEFORE DELETE ON records
        WHEN OLD.seq > (SELECT released FROM retention)
        BEGIN SELECT raise(ABORT, 'records are only deleted by retention'); END""",
    """CREATE TRIGGER retention_keeps_what_a_start_needs BEFORE UPDATE ON retention
        WHEN NEW.released < OLD.released OR NEW.released > (SELECT ifnull(min(seq), 0) FROM checkpoints)
        BEGIN SELECT raise(ABORT, 'retention stops at the oldest checkpoint'); END""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA}",
)


class Database:
    """One open journal file. Calls from several threads wait for one another; the file has one writer."""

    def __init__(
        self, path: Path, *, read_only: bool = False, max_pages: int | None = None, patience: float = BUSY_TIMEOUT
    ) -> None:
        """Open `path`, made with mode 0600 when it is missing and not `read_only`.

        `max_pages` (of 4096 bytes) bounds the file; `patience` is how long to wait for another process, in seconds.
        Raises HactlError when it is not a journal of this hactl, and JournalFull when there is no room to make one.
        """
        self.path = path
        self._lock = threading.Lock()
        self._durable: bool | None = None
        if not read_only:
            self._own_file()
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}",
                uri=True,
                timeout=patience,
                isolation_level=None,
                check_same_thread=False,  # the lock above does better: threads take turns
            )
        except sqlite3.OperationalError as error:
            raise HactlError(f"cannot open the journal '{path}': {error}", "check that the file may be read") from error
        self._db.text_factory = bytes  # a flipped bit must reach the codec, not fail in between as bad UTF-8
        try:
            self._open(read_only, max_pages)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Fold the write-ahead log in and close; closing twice is fine."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Everything inside is written, or nothing; `durable` also survives a power cut, with all that was before.

        Raises JournalFull when there is no room, HactlError when the file cannot be written for another reason.
        """
        with self._lock, self._translated(writing=True):
            if durable is not self._durable:  # SQLite ignores the change inside a transaction
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            with self._rolled_back("BEGIN IMMEDIATE"):
                yield self._db
                self._db.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One unchanging picture of the file. Raises HactlError when it is damaged."""
        with self._lock, self._translated(writing=False), self._rolled_back("BEGIN"):
            yield self._db

    @contextmanager
    def _rolled_back(self, begin: str) -> Iterator[None]:
        try:
            self._db.execute(begin)
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    @contextmanager
    def _translated(self, *, writing: bool) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if not hasattr(error, "sqlite_errorcode"):
                raise  # not the file's fault: the module was misused, which is a bug
            raise self._meaning(error, writing=writing) from error

    def _meaning(self, error: sqlite3.DatabaseError, *, writing: bool) -> HactlError:
        code = error.sqlite_errorcode & 0xFF
        if writing and code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            # Linux reports a full disk as FULL, but an exhausted quota or a disk gone read-only as IOERR.
            return JournalFull(f"no space for the journal '{self.path}': {error}", "free space on its disk")
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
            return HactlError(f"the journal '{self.path}' is damaged: {error}", AFRESH)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return HactlError(
                f"another process writes to the journal '{self.path}'", "end it: a journal has one writer"
            )
        return HactlError(f"the journal '{self.path}' cannot be used: {error}")

    def _own_file(self) -> None:
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            # Never opened by us: closing it again would drop the POSIX locks of other connections in this process.
            self._make_private()
        except OSError as error:
            raise HactlError(f"cannot make the journal '{self.path}': {os_reason(error)}") from error

    def _make_private(self) -> None:
        try:
            self.path.chmod(0o600)
        except OSError as error:
            raise HactlError(
                f"cannot use the journal '{self.path}': {os_reason(error)}", "it must belong to you"
            ) from error

    def _open(self, read_only: bool, max_pages: int | None) -> None:
        fresh = self._is_fresh()
        if read_only:
            if fresh:
                raise HactlError(f"the journal '{self.path}' is empty", "start the fleet once")
            return
        with self._translated(writing=True):
            mode = self._value("PRAGMA journal_mode = WAL")
            if mode != b"wal":
                raise HactlError(f"no write-ahead log for '{self.path}'", "keep the state directory on a local disk")
            self._value(f"PRAGMA journal_size_limit = {WAL_KEPT}")
            if max_pages is not None:
                self._value(f"PRAGMA max_page_count = {max_pages}")
        if fresh:
            with self.transaction(durable=True) as db:
                for statement in _TABLES:
                    db.execute(statement)

    def _is_fresh(self) -> bool:
        """True for a file without any table. Raises HactlError for one that is not ours."""
        with self.reading() as db:
            tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            application = db.execute("PRAGMA application_id").fetchone()[0]
            schema = db.execute("PRAGMA user_version").fetchone()[0]
        if not tables and not application:
            return True
        if application != APPLICATION_ID:
            raise HactlError(f"'{self.path}' is a database, but not a journal", "move it away")
        if schema > SCHEMA:
            raise HactlError(
                f"the journal '{self.path}' was made by a newer hactl (tables {schema}, this one knows {SCHEMA})",
                "start the newer hactl",
            )
        return False

    def _value(self, statement: str) -> object:
        return self._db.execute(statement).fetchone()[0]

"""A journal and its ballast on a disk that is full: `python small_disk.py DIRECTORY`, run where that is a small tmpfs.

Prints what happened as JSON; the test that started it judges.
"""

import contextlib
import json
import sys
from pathlib import Path

from support.journal_writer import picture, record

from hactl.core.running import JournalFull
from hactl.store.ballast import Ballast
from hactl.store.journal import SqliteJournal


def fill(path: Path) -> None:
    """Use every byte the disk has left."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 512):
            pass


def story(directory: Path) -> dict[str, object]:
    """Write until the disk is full, give up the ballast, go on."""
    path, ballast = directory / "journal.db", Ballast(directory / "ballast", size=256 << 10)
    with SqliteJournal(path) as journal:
        ballast.lay()
        fill(directory / "filler")
        refused, last = "", 0
        while not refused and last < 10_000:
            try:
                journal.append([record(last + 1), record(last + 2)], durable=last % 4 == 0)
                last += 2
            except JournalFull as error:
                refused = error.message
        try:
            journal.checkpoint(picture(last))
            checkpoint = "written"
        except JournalFull:
            checkpoint = "refused"
        kept = [found.seq for found in journal.query(limit=20_000)]
        ballast.give_up()
        journal.append([record(last + 1)], durable=True)
    with SqliteJournal(path) as journal:
        again = journal.load()[1]
    return {
        "refused": refused,
        "checkpoint": checkpoint,
        "kept_exactly_the_acknowledged": kept == list(range(1, last + 1)),
        "whole_after_reopening": again == [record(seq) for seq in range(1, last + 2)],
        "ballast_held": ballast.held,
    }


if __name__ == "__main__":
    print(json.dumps(story(Path(sys.argv[1]))))

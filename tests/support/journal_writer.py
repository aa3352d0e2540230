"""A process that writes a journal until it is killed, and says on stdout what it was promised.

    python journal_writer.py append JOURNAL       one line with the newest seq after each append
    python journal_writer.py checkpoint JOURNAL   the same, after each append and the checkpoint behind it

Every record follows from its seq alone, so that whoever reads the journal afterwards knows what must stand there.
"""

import os
import sys
from pathlib import Path

from hactl.core.events import NodeChanged, Record
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState, Role
from hactl.store.journal import SqliteJournal


def record(seq: int, *, wall: float | None = None, by: str = "") -> Record:
    """The one record that belongs at `seq`; its size varies, so that some fill a page and most do not."""
    node = Node(name=f"node-{seq}", role=Role.GATEWAY, launches=seq)
    event = NodeChanged(was=NodeState.STARTING, node=node, why="because " * (seq * 7919 % 700))
    return Record(seq=seq, wall=1e9 + seq if wall is None else wall, mono=float(seq), event=event, by=by)


def picture(seq: int) -> Fleet:
    """The one checkpoint that belongs at `seq`, several pages long."""
    nodes = {name: Node(name=name, role=Role.GATEWAY, launches=seq) for name in (f"node-{n}" for n in range(40))}
    return Fleet(id=f"picture-{seq}.", seq=seq, nodes=nodes)


def write(mode: str, path: Path) -> None:
    """Append for ever."""
    with SqliteJournal(path) as journal:
        fleet, records = journal.load()
        last = records[-1].seq if records else fleet.seq if fleet else 0
        while True:
            size = 1 + last % 4
            journal.append([record(last + n) for n in range(1, size + 1)], durable=last % 3 == 0)
            last += size
            if mode == "checkpoint":
                journal.checkpoint(picture(last))
            os.write(1, b"%d\n" % last)


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))

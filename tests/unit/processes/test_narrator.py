"""Lines for whoever runs a daemon in the foreground: all of them, as long as somebody reads; never a wait."""

import os
import re
import time
from collections.abc import AsyncIterator

from hactl.core.events import FleetClosing, Record
from hactl.core.model import Fleet
from hactl.core.talk import News, Snapshot, Update
from hactl.processes.narrator import BACKLOG, Narrator, clock


def told(narrator: Narrator, reading: int, writing: int) -> list[str]:
    """Everything it had to say."""
    narrator.close()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode().splitlines()


async def test_every_event_is_a_sentence_with_who_and_why() -> None:
    async def updates() -> AsyncIterator[Update]:
        yield Snapshot(fleet=Fleet(), at=0.0, mono=0.0)
        yield News(
            records=(
                Record(seq=1, wall=1.0, mono=1.0, event=FleetClosing()),
                Record(seq=2, wall=1.0, mono=1.0, event=FleetClosing(), by="alice", reason="enough"),
            )
        )

    reading, writing = os.pipe()
    narrator = Narrator(writing)
    await narrator.follow(updates())
    assert told(narrator, reading, writing) == [
        "the fleet is going down",
        "the fleet is going down  [by alice: enough]",
    ]


def test_a_terminal_gets_the_time_in_front() -> None:
    reading, writing = os.pipe()
    narrator = Narrator(writing, stamp=clock)
    narrator.say("it is so", 0.0)
    (line,) = told(narrator, reading, writing)
    assert re.fullmatch(r"(1970-01-01|1969-12-31) \d\d:\d\d:\d\d  it is so", line)


def test_a_reader_that_does_not_read_holds_nobody_up() -> None:
    """What does not fit is dropped, and that is said once somebody reads again; leaving is a matter of a moment."""
    reading, writing = os.pipe()
    narrator = Narrator(writing)
    began = time.monotonic()
    for number in range(3 * BACKLOG):
        narrator.say(f"{number:04} {'x' * 200}")
    assert time.monotonic() - began < 2.0
    began = time.monotonic()
    narrator.close()
    assert time.monotonic() - began < 2.0
    read = 0
    while read < 100_000:
        read += len(os.read(reading, 65536))
    dropped = []
    while not dropped:
        narrator.say("and again")
        dropped = re.findall(rb"(\d+) lines could not be written here", os.read(reading, 65536))
    assert 0 < int(dropped[0]) < 3 * BACKLOG
    os.close(reading)


def test_a_reader_that_has_gone_is_no_failure() -> None:
    """A terminal that was closed does not take the fleet with it."""
    reading, writing = os.pipe()
    os.close(reading)
    narrator = Narrator(writing)
    for _ in range(10):
        narrator.say("to nobody")
    narrator.close()
    os.close(writing)

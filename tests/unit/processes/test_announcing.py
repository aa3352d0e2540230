"""The one line by which a starter learns whether a daemon came up; a terminal is told in words."""

import os

import pytest

from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.processes.announcing import Announced, Announcement


def all_of(reading: int) -> bytes:
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()


def test_success_is_one_line_and_then_the_pipe_ends() -> None:
    """Whoever waits gets pid and notes, and knows by the end of file that nothing more comes."""
    reading, writing = os.pipe()
    ready = Announcement(writing)
    ready.succeeded(("take note",))
    ready.failed(HactlError("too late to fail"))
    said = all_of(reading)
    assert said.count(b"\n") == 1
    assert codec.decode(said, Announced) == Announced(ready=True, pid=os.getpid(), notes=("take note",))


def test_failure_is_one_line_with_the_hint() -> None:
    """The starter shows it as its own error."""
    reading, writing = os.pipe()
    Announcement(writing).failed(HactlError("it does not fit", "make it fit"))
    failed = Announced(ready=False, pid=os.getpid(), error="it does not fit", hint="make it fit")
    assert codec.decode(all_of(reading), Announced) == failed


def test_in_the_foreground_failure_goes_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """There is nobody else to tell."""
    ready = Announcement(None)
    ready.succeeded(())
    ready.failed(HactlError("it does not fit", "make it fit"))
    ready.failed(HactlError("it does not fit"))
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "hactl: it does not fit\n  try: make it fit\nhactl: it does not fit\n"


def test_a_starter_that_has_gone_is_no_failure() -> None:
    """A terminal that was closed meanwhile does not take the fleet with it."""
    reading, writing = os.pipe()
    os.close(reading)
    Announcement(writing).succeeded(())


def test_nothing_is_printed_when_there_is_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    """A daemon in the foreground that comes up is silent."""
    Announcement(None).succeeded(("noted",))
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")

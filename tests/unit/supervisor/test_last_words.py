"""The last line a process wrote: which one that is, and what of it may be repeated."""

from pathlib import Path

from hactl.supervisor.last_words import LONGEST, last_words


def said(tmp_path: Path, text: str | bytes, since: int = 0, hidden: tuple[str, ...] = ()) -> str:
    log = tmp_path / "process.log"
    log.write_bytes(text if isinstance(text, bytes) else text.encode())
    return last_words(log, since, hidden)


def test_the_last_line_that_says_something(tmp_path: Path) -> None:
    """Finished or not; blank ones say nothing."""
    assert said(tmp_path, "one\ntwo\n\n  \n") == "two"
    assert said(tmp_path, "one\ntwo") == "two"
    assert said(tmp_path, "") == ""
    assert last_words(tmp_path / "none", 0, ()) == ""


def test_only_what_this_launch_wrote(tmp_path: Path) -> None:
    """What stands before its beginning is an earlier one's; a log cut meanwhile begins anew."""
    assert said(tmp_path, "old\n", since=4) == ""
    assert said(tmp_path, "old\nnew\n", since=4) == "new"
    assert said(tmp_path, "new\n", since=4000) == "new"


def test_it_is_one_short_plain_line(tmp_path: Path) -> None:
    """Whatever a program writes: colours, bytes that are no text, a line without an end."""
    assert said(tmp_path, b"\x1b[31merror:\x1b[0m \xff\x07 gone\n") == "error: � gone"
    assert said(tmp_path, "x" * 10_000) == "x" * LONGEST + "..."


def test_what_is_hidden_is_masked(tmp_path: Path) -> None:
    """A whole secret, one line of several, also where it is cut off; very short ones would deface the line."""
    assert said(tmp_path, "login hunter2 failed\n", hidden=("hunter2",)) == "login *** failed"
    assert said(tmp_path, "bad: second\n", hidden=("first\nsecond\n",)) == "bad: ***"
    assert said(tmp_path, "y" * LONGEST + "hunter2\n", hidden=("hunter2",)) == "y" * LONGEST + "..."
    assert said(tmp_path, "a b\n", hidden=("a", "")) == "a b"

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.polling import wait_until

from hactl.core.errors import HactlError
from hactl.supervisor.logs import LINE, PAGE, Page, read_page, rotate


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "process.log"


def write(path: Path, text: bytes, *, seconds_ago: float = 0.0) -> None:
    """Append, as the processes do, and pretend that this was some time ago."""
    with path.open("ab") as file:
        file.write(text)
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


class TestReading:
    def test_the_last_lines_come_first_and_then_what_follows(self, log):
        """A follower sees every line once."""
        write(log, b"one\ntwo\nthree\n")
        first = read_page(log, after=-1, lines=2)
        assert first == Page(lines=("two", "three"), after=14)
        write(log, b"four\r\nfive\n")
        assert read_page(log, after=first.after, lines=1) == Page(lines=("four",), after=20)
        assert read_page(log, after=20, lines=10) == Page(lines=("five",), after=25)
        assert read_page(log, after=25, lines=10) == Page(lines=(), after=25)

    def test_a_line_that_is_still_being_written_is_waited_for(self, log):
        """Nobody is shown half a line, neither at first nor later."""
        write(log, b"done\nhal", seconds_ago=-60)
        assert read_page(log, after=-1, lines=5) == Page(lines=("done",), after=5)
        assert read_page(log, after=5, lines=5) == Page(lines=(), after=5)
        write(log, b"f\n")
        assert read_page(log, after=5, lines=5) == Page(lines=("half",), after=10)

    def test_the_last_words_of_a_process_are_shown_although_their_line_never_ended(self, log):
        """A crash message without a line end is not kept back for ever."""
        write(log, b"done\nlast words", seconds_ago=60)
        assert read_page(log, after=-1, lines=1) == Page(lines=("last words",), after=15)

    def test_a_file_that_shrank_is_read_from_its_beginning(self, log):
        """Rotation is said, and what came after it is shown."""
        write(log, b"new\n")
        assert read_page(log, after=1000, lines=5) == Page(lines=("new",), after=4, truncated=True)

    def test_a_log_that_is_not_there_is_empty(self, log):
        """A process that never ran has said nothing; one whose log was deleted has lost something."""
        assert read_page(log, after=-1, lines=5) == Page(lines=(), after=0)
        assert read_page(log, after=7, lines=5) == Page(lines=(), after=0, truncated=True)

    def test_bytes_that_are_no_text_are_replaced(self, log):
        """A binary line never breaks a reader."""
        write(log, b"caf\xc3\xa9 \xff\n")
        assert read_page(log, after=-1, lines=1).lines == ("café \N{REPLACEMENT CHARACTER}",)

    def test_a_huge_line_comes_in_pieces_and_none_of_it_is_lost(self, log):
        """Lines have a bounded length, whatever a process writes."""
        text = b"".join(b"%07d " % number for number in range(PAGE // 4))
        write(log, text + b"\nshort\n")
        at, pieces = 0, []
        while (page := read_page(log, after=at, lines=1000)).lines:
            assert sum(len(line) for line in page.lines) <= PAGE
            pieces += page.lines
            at = page.after
        assert max(map(len, pieces)) == LINE
        assert "".join(pieces[:-1]) == text.decode()
        assert pieces[-1] == "short"

    @pytest.mark.parametrize("length", [LINE - 1, LINE, LINE + 1])
    def test_a_line_about_as_long_as_the_limit_has_no_empty_companion(self, log, length):
        """The limit falls on no line end."""
        write(log, b"x" * length + b"\ny\n")
        lines = read_page(log, after=0, lines=10).lines
        assert "".join(lines) == "x" * length + "y"
        assert all(lines)

    def test_a_page_of_a_large_file_begins_with_a_whole_line(self, log):
        """The last lines are found without reading all of it."""
        write(log, b"".join(b"line %d\n" % number for number in range(100_000)))
        lines = read_page(log, after=-1, lines=100_000).lines
        assert lines[-1] == "line 99999"
        assert lines == tuple(f"line {number}" for number in range(100_000 - len(lines), 100_000))
        assert sum(len(line) + 1 for line in lines) <= PAGE

    def test_no_lines_can_be_asked_for(self, log):
        """Asking for none tells where the end is."""
        write(log, b"one\n")
        assert read_page(log, after=-1, lines=0) == Page(lines=(), after=4)

    def test_what_cannot_be_read_is_named(self, tmp_path):
        """A directory in its place, for instance."""
        with pytest.raises(HactlError, match="cannot read the log"):
            read_page(tmp_path, after=0, lines=1)


class TestRotating:
    def test_a_small_log_stays(self, log):
        """Nothing happens before the limit is exceeded."""
        write(log, b"12345678")
        assert rotate(log, max_size=8, keep=2) is False
        assert rotate(log.with_name("missing"), max_size=8, keep=2) is False
        assert log.read_bytes() == b"12345678"

    def test_the_writer_goes_on_at_the_new_beginning(self, log):
        """A process that holds its log open needs not know: no hole of zeros, no lost line."""
        with subprocess.Popen(
            [sys.executable, "-c", "print('before', flush=True); input(); print('after', flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=(output := os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)),
            text=True,
        ) as writer:
            os.close(output)
            wait_until(lambda: log.read_text().endswith("\n"))
            assert rotate(log, max_size=3, keep=1) is True
            assert log.read_bytes() == b""
            writer.stdin.write("\n")
            writer.stdin.flush()
            wait_until(lambda: log.read_text().endswith("\n"))
            writer.communicate("\n")
        assert log.read_text() == "after\n"
        assert log.with_name("process.log.1").read_text() == "before\n"

    def test_so_many_old_logs_are_kept_and_no_more(self, log):
        """The oldest goes; what is kept is private."""
        for generation in (b"first", b"second", b"third"):
            write(log, generation)
            rotate(log, max_size=1, keep=2)
        assert sorted(path.name for path in log.parent.iterdir()) == ["process.log", "process.log.1", "process.log.2"]
        assert log.with_name("process.log.1").read_bytes() == b"third"
        assert log.with_name("process.log.2").read_bytes() == b"second"
        assert log.with_name("process.log.1").stat().st_mode & 0o777 == 0o600

    def test_fewer_are_kept_as_soon_as_fewer_may_be(self, log):
        """A configuration that came into force meanwhile counts."""
        for generation in (b"first", b"second", b"third", b"fourth"):
            write(log, generation)
            rotate(log, max_size=1, keep=3)
        write(log, b"fifth")
        rotate(log, max_size=1, keep=1)
        assert sorted(path.name for path in log.parent.iterdir()) == ["process.log", "process.log.1"]
        assert log.with_name("process.log.1").read_bytes() == b"fifth"

    def test_with_nothing_to_keep_the_log_is_only_cut(self, log):
        """`keep = 0` is allowed."""
        write(log, b"12")
        assert rotate(log, max_size=1, keep=0) is True
        assert [path.name for path in log.parent.iterdir()] == ["process.log"]

    def test_a_copy_that_fails_leaves_the_log_as_it_was(self, log):
        """Nothing is cut that was not kept."""
        write(log, b"12")
        log.with_name("process.log.1").mkdir()
        log.with_name("process.log.2").mkdir()
        with pytest.raises(HactlError, match="cannot rotate the log"):
            rotate(log, max_size=1, keep=2)
        assert log.read_bytes() == b"12"

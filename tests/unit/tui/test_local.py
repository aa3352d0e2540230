"""How a process was called, as this machine says; never of another process that has its number by now."""

import os
from pathlib import Path

from support.build import a_launch

from hactl.core.value import replace
from hactl.tui.local import command_line


def ourselves():
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return replace(a_launch("seoul-1"), pid=os.getpid(), ticks=ticks)


def test_a_process_that_runs_here():
    assert "python" in command_line(ourselves())


def test_another_process_with_the_same_number_is_nobody_of_ours():
    assert command_line(replace(ourselves(), ticks=1)) == ""


def test_what_does_not_run_here_says_nothing(tmp_path):
    assert command_line(None) == ""
    assert command_line(ourselves(), tmp_path) == ""


def test_a_command_line_is_text_whatever_is_in_it(tmp_path):
    directory = tmp_path / "7"
    directory.mkdir()
    (directory / "stat").write_text("7 (a) b) S " + " ".join(["0"] * 18) + " 42 0\n")
    (directory / "cmdline").write_bytes(b"envoy\0-c\0/x \xff\0")
    assert (
        command_line(replace(a_launch("seoul-1"), pid=7, ticks=42), tmp_path) == "envoy -c /x \N{REPLACEMENT CHARACTER}"
    )

"""What a control group allows, by the files of this machine and by made ones."""

from pathlib import Path

from hactl.supervisor.cgroup import available_memory, number, path


def test_memory_that_could_be_had_counts(tmp_path: Path) -> None:
    """Caches are given up when somebody needs the room."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8000 kB\nMemFree: 1 kB\nMemAvailable: 4000 kB\n")
    assert available_memory(meminfo) <= 4000 << 10


def test_a_limit_that_is_none_is_no_number(tmp_path: Path) -> None:
    """Neither "max" nor a file that is not there."""
    limit = tmp_path / "memory.max"
    for text, found in (("max\n", None), ("4096\n", 4096), ("", None)):
        limit.write_text(text)
        assert number(limit) == found
    assert number(tmp_path / "pids.max") is None
    assert path("memory.max").name == "memory.max"

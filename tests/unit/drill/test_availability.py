"""Every kind of fault says how real it is, and nothing that is emulated passes for real."""

from pathlib import Path

from hactl.drill.availability import Reality, available, disk, missing, packets
from hactl.drill.definition import FaultKind


def test_every_kind_of_a_drill_file_has_its_line_once() -> None:
    kinds = [line.kind for line in available()]
    assert sorted(set(kinds)) == sorted(kinds)
    assert set(FaultKind) <= set(kinds)


def test_each_line_says_how_or_why_not() -> None:
    assert all(line.reason for line in available())


def test_what_signals_do_is_real_and_what_a_filter_does_is_not() -> None:
    told = {line.kind: line.reality for line in available()}
    assert told[FaultKind.KILL] is told[FaultKind.FREEZE] is Reality.REAL
    assert told[FaultKind.IMPAIR] is Reality.EMULATED


def test_a_kernel_that_loses_no_packets_is_told_with_the_reason() -> None:
    line = packets("tc is not installed")
    assert line.reality is Reality.UNAVAILABLE
    assert str(line).startswith("unavailable: tc is not installed; drills use a proxy on the hop")
    assert packets("").reality is Reality.REAL


def test_a_full_disk_is_to_be_had_where_it_is_nobody_elses(tmp_path: Path) -> None:
    """Which is said of the fleet that is meant, with what would be needed."""
    (line,) = [line for line in available(tmp_path) if line.kind is FaultKind.DISK]
    assert line.reality is Reality.UNAVAILABLE
    assert "is not a separate filesystem" in line.reason
    assert "a tmpfs of at most 256 MiB" in line.reason
    assert f"mount -t tmpfs -o size=64m,mode=0700 none {tmp_path}" in line.reason
    assert disk(None).reason.startswith("no fleet is selected")


def test_what_is_missing_is_what_is_called_unavailable(tmp_path: Path) -> None:
    """With the same reason; and no kind is left out that can be had."""
    found = {line.kind: line.reason for line in available(tmp_path) if line.reality is Reality.UNAVAILABLE}
    assert missing(tmp_path) == {kind: reason for kind, reason in found.items() if kind in tuple(FaultKind)}
    assert set(missing(tmp_path)) == {FaultKind.DISK}

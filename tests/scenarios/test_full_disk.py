"""The state directory's disk is full: people are refused, the world is not, and nothing is missing afterwards."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import full_disk
from support.mounts import told

pytestmark = pytest.mark.envoy


@pytest.fixture
def disk() -> Iterator[Path]:
    """A directory with a short name to mount a small disk on, by whoever has mounts of its own."""
    directory = Path(tempfile.mkdtemp(prefix="h-"))
    try:
        yield directory
    finally:
        directory.rmdir()


def test_a_full_disk(disk: Path):
    """Commands are refused with a hint; a node that dies is replaced, at the latest when there is room again; no GET
    is lost, the daemon lives through it, and the journal has every record."""
    said = told(full_disk.__file__, disk, disk=disk, size="16m", TMPDIR=str(disk))
    refusals = [said[chapter].pop("refusal") for chapter in ("with ballast", "without ballast")]
    for refusal in refusals:
        assert "nothing was done" in refusal
        assert "free some disk space" in refusal
    assert said == {
        "with ballast": {"records waited": False},
        "without ballast": {"records waited": True},
        "last command": "",
        "failed requests": {},
        "same daemon": True,
        "hole-free": True,
    }

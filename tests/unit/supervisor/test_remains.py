"""What removed nodes leave behind is there for a while, and never without bound."""

import os
from pathlib import Path

from hactl.paths import FleetPaths
from hactl.supervisor.remains import KEPT, names, set_aside


def left_behind(paths: FleetPaths, name: str, *, at: float) -> None:
    paths.node(name).mkdir(parents=True)
    paths.node_log(name).write_text("last words\n")
    os.utime(paths.node_log(name), (at, at))


def test_the_last_ones_are_kept_and_those_that_are_there_are_left_alone(tmp_path: Path) -> None:
    """However old the log of a node is that has had nothing to say."""
    paths = FleetPaths(tmp_path)
    assert names(paths) == []
    for number in range(KEPT + 2):
        left_behind(paths, f"seoul-{number}", at=1000.0 + number)
    left_behind(paths, "osaka-1", at=1.0)
    left_behind(paths, ".twin-edge", at=1.0)
    assert set_aside(paths, ["osaka-1", "seoul-0"]) is not None
    assert set(names(paths)) == {"osaka-1", "seoul-0", *(f"seoul-{number}" for number in range(2, KEPT + 2))}
    assert paths.node(".twin-edge").exists()


def test_nothing_is_moved_without_need(tmp_path: Path) -> None:
    """A few are no burden; what was moved before and not deleted is found again."""
    paths = FleetPaths(tmp_path)
    for number in range(KEPT):
        left_behind(paths, f"seoul-{number}", at=1000.0)
    assert set_aside(paths, []) is None
    left_behind(paths, "osaka-1", at=1.0)
    aside = set_aside(paths, [])
    assert aside is not None
    assert [found.name for found in aside.iterdir()] == ["osaka-1"]
    assert set_aside(paths, []) == aside


def test_a_name_that_goes_twice_goes_twice(tmp_path: Path) -> None:
    """Also when what it left the first time has not been deleted yet."""
    paths = FleetPaths(tmp_path)
    for number in range(KEPT):
        left_behind(paths, f"seoul-{number}", at=1000.0)
    for _ in range(2):
        left_behind(paths, "osaka-1", at=1.0)
        set_aside(paths, [])
        assert "osaka-1" not in names(paths)

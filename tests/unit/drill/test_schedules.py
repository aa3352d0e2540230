"""A schedule names something that can be run, or that is said while somebody listens."""

from pathlib import Path

import pytest

from hactl.core.errors import ConfigError
from hactl.core.schedule import ScheduleSpec
from hactl.drill import library, suite
from hactl.drill.schedules import check, problems


def test_everything_that_comes_with_hactl_can_be_scheduled() -> None:
    drills = [ScheduleSpec(name=name, drill=name) for name in library.names()]
    check([*drills, *(ScheduleSpec(name=name, suite=name) for name in suite.names())], "hactl.toml")


def test_what_is_not_there_or_no_drill_is_named_by_its_key(tmp_path: Path) -> None:
    """A file that is there and wrong would run as little as one that is missing; so would a suite with such a drill."""
    wrong, of_wrong = tmp_path / "wrong.toml", tmp_path / "suite.toml"
    wrong.write_text('schema = 1\nname = "x"\ntitel = "X"\n')
    of_wrong.write_text('schema = 1\nname = "x"\ntitle = "X"\n[[drill]]\nname = "./wrong.toml"\n')
    found = list(
        problems(
            (
                ScheduleSpec(name="a", drill=str(tmp_path / "none.toml")),
                ScheduleSpec(name="b", drill=str(wrong)),
                ScheduleSpec(name="c", suite=str(of_wrong)),
                ScheduleSpec(name="d", suite="cj"),
                ScheduleSpec(name="e", drill="node-kill"),
            )
        )
    )
    assert [one.path for one in found] == [
        "schedule[a].drill",
        "schedule[b].drill",
        "schedule[c].suite",
        "schedule[d].suite",
    ]
    assert "none.toml: cannot be read: no such file or directory" in found[0].cause
    assert "title is missing" in found[1].cause
    assert "wrong.toml: title is missing" in found[2].cause
    assert found[3].hint.startswith("known: ci; ")


def test_all_of_them_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"^my\.toml: schedule\[a\]\.drill: no drill 'x'") as error:
        check((ScheduleSpec(name="a", drill="x"), ScheduleSpec(name="b", suite="y")), "my.toml")
    assert len(error.value.also) == 1

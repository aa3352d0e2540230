"""Schedules whose keys are right one by one and still do not fit together; and where their files are."""

from pathlib import Path

import pytest

from hactl.config import load, parse
from hactl.core.errors import ConfigError

HEAD = '[[schedule]]\nname = "n"\n'
DRILL = HEAD + 'drill = "x"\n'

MISFITS = [
    (HEAD + 'at = "02:00"', "schedule[n]: has neither drill nor suite (give one of them)"),
    (DRILL + 'suite = "ci"\nat = "02:00"', "schedule[n]: has both drill and suite (give one of them)"),
    (DRILL + 'at = "02:00"\nevery = "1h"', 'schedule[n].every: wants hours that end (at = "02:00..04:00")'),
    (DRILL + 'at = "02:00..04:00"\nevery = "1m"', "schedule[n].every: is too often (at least 5m)"),
    (DRILL + 'at = "02:00..04:00"\nevery = "1h"\njitter = "1h"', "schedule[n].jitter: must be shorter than every"),
    ((DRILL + 'at = "02:00"\n') * 2, 'schedule[n].name: two schedules are called "n"'),
]


@pytest.mark.parametrize(("text", "message"), MISFITS)
def test_what_does_not_fit_together_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(text)
    assert str(error.value) == f"hactl.toml: {message}"


def test_a_file_of_ones_own_begins_where_the_configuration_is(tmp_path: Path) -> None:
    """A daemon runs wherever it was started; a bare name is that of a drill that comes with hactl."""
    path = tmp_path / "hactl.toml"
    path.write_text(
        '[[schedule]]\nname = "a"\ndrill = "mine.toml"\nat = "02:00"\n'
        '[[schedule]]\nname = "b"\nsuite = "./more/all.toml"\nat = "02:00"\n'
        '[[schedule]]\nname = "c"\ndrill = "node-kill"\nat = "02:00"\n'
    )
    mine, suite, built_in = load(path).schedules
    assert mine.drill == str(tmp_path / "mine.toml")
    assert Path(suite.suite) == tmp_path / "more" / "all.toml"
    assert built_in.drill == "node-kill"

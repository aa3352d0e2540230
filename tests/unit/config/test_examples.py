"""The examples are files that work."""

from pathlib import Path

import pytest

from hactl.config import load

EXAMPLES = Path(__file__).parents[3] / "examples"
FILES = sorted(EXAMPLES.glob("*/hactl.toml"))


def test_there_are_examples():
    assert {path.parent.name for path in FILES} >= {"01-quickstart", "02-two-regions", "04-drills", "05-limits"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_an_example_loads_and_its_ports_stand_on_lines_of_their_own(path: Path):
    """Whoever tries an example on other ports changes two lines of text."""
    spec = load(path)
    lines = path.read_text().splitlines()
    assert f'listen = "{spec.edge.host}:{spec.edge.port}"' in lines
    assert f'ports = "{spec.ports[0]}-{spec.ports[1]}"' in lines


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_an_example_says_in_ten_lines_how_to_run_it(path: Path):
    readme = path.with_name("README.md").read_text()
    assert len([line for line in readme.splitlines() if line.strip()]) <= 10
    assert "hactl up" in readme

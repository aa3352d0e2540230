"""The guide of `examples/04-drills` says what is so: its file is the one beside it, its commands work, its tables are
those of the code."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from support.command import Home
from support.drills import options
from support.filed import filed

from hactl.cli.drill_outcome import exit_of
from hactl.core.value import replace
from hactl.drill.availability import Reality, reality
from hactl.drill.canary import LEAST
from hactl.drill.definition import FaultKind
from hactl.drill.keys import OBJECTIVES
from hactl.drill.library import load
from hactl.drill.phases import Phase
from hactl.drill.reading import TABLES
from hactl.drill.verdict import Verdict

EXAMPLE = Path(__file__).parents[2] / "examples" / "04-drills"
GUIDE = (EXAMPLE / "GUIDE.md").read_text()
COMMANDS = [
    command.strip()
    for line in re.findall(r"(?m)^    (\S.*)$", (EXAMPLE / "README.md").read_text() + GUIDE)
    for command in line.partition("#")[0].split("&&")
    if command.strip()
]
GATE = "./gate.sh"
"""Run by the tests of the example itself, on a suite that is shorter."""
ENDS = {"run": (0, 1, 10), "doctor": (0, 3), "board": (0, 1)}
"""Exit codes of commands that say something of this machine: a busy one shows nothing."""


def rows(title: str) -> list[list[str]]:
    """The cells of the table under a title, without its head."""
    section = GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"(?m)^\|.*\|$", section)][
        2:
    ]


def test_the_drill_in_the_guide_is_the_file_beside_it() -> None:
    (block,) = re.findall(r"(?s)```toml\n(.*?)```", GUIDE)
    assert block == (EXAMPLE / "east-loss.toml").read_text()


@pytest.mark.envoy
def test_the_commands_of_the_guide_work(home: Home) -> None:
    """In their order, on the fleet of the example at other ports; drills are only made shorter."""
    shutil.copytree(EXAMPLE, home.directory, dirs_exist_ok=True)
    path = home.directory / "hactl.toml"
    path.write_text(re.sub(r"(?m)^listen = .*$", f'listen = "127.0.0.1:{home.port}"', path.read_text()))
    home.fleet = "drills"
    ran = [shlex.split(command) for command in COMMANDS if not command.startswith(GATE)]
    assert len(ran) == len(COMMANDS) - 1 > 8
    for program, *args in ran:
        assert program == "hactl"
        verb = args[1] if args[0] == "drill" else args[0]
        done = home.run(*args, *(options() if verb == "run" else ()))
        assert done.returncode in ENDS.get(verb, (0,)), (args, done.stdout, done.stderr)
    assert (home.run("drill", "report").stdout).startswith("# Drill east-loss: ")
    home.ok("down")
    assert home.strays() == []


def test_its_phases_are_those_of_the_engine() -> None:
    assert [phase for phase, _ in rows("The life of a drill")] == [phase for phase in Phase if phase is not Phase.OVER]


def test_its_tables_of_a_file_are_those_that_a_file_may_have() -> None:
    named = [re.findall(r"`\[+([a-z_.]+)\]+`", name)[0] for name, _ in rows("What stands in a file")]
    assert {name for name in named if "." not in name} == set(TABLES)
    asked = re.findall(r"`([a-z_]+)`", GUIDE.partition("Some objectives")[2].partition("\n\n")[0])
    assert {name for name in asked if name != "retries"} <= set(OBJECTIVES)
    assert f"must be {LEAST} before the fault" in GUIDE.replace("\n", " ")
    assert load(str(EXAMPLE / "east-loss.toml")).objectives.rollback_clean


def test_its_verdicts_end_with_the_exit_codes_that_it_says() -> None:
    said = {verdict: int(code) for verdict, code, _ in rows("How it ends")}
    assert said == {str(verdict): exit_of(replace(filed(), verdict=verdict)) for verdict in Verdict}
    assert exit_of(replace(filed(), clean=False)) == 12
    assert exit_of(replace(filed(), interrupted=True)) == 130


def test_it_names_every_fault_that_is_emulated_and_no_other() -> None:
    section = GUIDE.partition("\n## What is real, and what is emulated\n")[2]
    named = set(re.findall(r"`((?:node|proxy|upstream|process|load|pressure|disk|config|daemon)\.[a-z]+)`", section))
    assert named == {kind for kind in FaultKind if reality(kind) is Reality.EMULATED}

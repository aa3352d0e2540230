"""Faults that a drill does by itself, as files write them."""

import pytest

from hactl.core.errors import ConfigError
from hactl.drill.burden import Burden, BusyProcessors, FullDisk, MemoryInUse, Surge
from hactl.drill.burden_keys import TABLES, burden
from hactl.drill.definition import OF_THE_MACHINE, FaultKind
from hactl.drill.reading import parse

HEAD = 'schema = 1\nname = "mine"\ntitle = "Mine"\n[limits]\nlease = "20s"\n[[fault]]\n'


@pytest.mark.parametrize(
    ("text", "borne", "words"),
    [
        (
            'type = "load.surge"\nfactor = 5\nreconnects = 200',
            Surge(factor=5.0, reconnects=200),
            "5 times the requests, 200 clients reconnecting at once",
        ),
        ('type = "load.surge"\nreconnects = 9', Surge(reconnects=9), "9 clients reconnecting at once"),
        (
            'type = "pressure.cpu"\ntarget = { nodes = 1 }\nper_cpu = 3',
            BusyProcessors(per_cpu=3),
            "3 busy processes on each of its CPUs",
        ),
        (
            'type = "pressure.memory"\nshare = 0.5',
            MemoryInUse(share=0.5),
            "50 % of the available memory, at most 4 GiB",
        ),
        ('type = "disk.full"\nfor = "10s"', FullDisk(), "no byte left for the fleet's state"),
    ],
)
def test_what_a_drill_puts_on_a_machine_is_written_so(text: str, borne: Burden, words: str) -> None:
    (fault,) = parse(HEAD + text, "mine.toml").faults
    assert (fault.burden, str(fault.burden)) == (borne, words)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('type = "load.surge"', r"fault\[1\]: adds no load"),
        ('type = "load.surge"\nfactor = 51', r"fault\[1\]\.factor: wants a number from 1 to 50"),
        ('type = "load.surge"\nfactor = 5\ntarget = { nodes = 1 }', r"target: does not apply to a load\.surge"),
        ('type = "load.surge"\nfactor = 5\nkeep_down = true', r"keep_down: does not apply to a load\.surge"),
        ('type = "pressure.cpu"\nper_cpu = 2', r"fault\[1\]\.target: wants a table"),
        ('type = "pressure.memory"', r"fault\[1\]\.share is missing"),
        ('type = "pressure.memory"\nshare = 1.0', r"share: wants a number from 0\.05 to 0\.9"),
        ('type = "disk.full"', r"fault\[1\]\.for: is required, and at most half of limits\.lease"),
        ('type = "disk.full"\nfor = "11s"', r"fault\[1\]\.for: is required"),
        ('type = "disk.full"\nfor = "5s"\nfactor = 2', r"fault\[1\]\.factor: unknown key"),
        ('type = "process.kill"\ntarget = { nodes = 1 }\nshare = 0.5', r"fault\[1\]\.share: unknown key"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(HEAD + text, "mine.toml")


def test_each_kind_has_its_keys_and_its_target_or_none() -> None:
    """And a kind that the daemon does puts nothing on the machine."""
    assert set(TABLES) == {*OF_THE_MACHINE, FaultKind.CPU}
    assert burden(FaultKind.KILL, {}) is None

"""`hactl failover` and `hactl failback`: what an operator sees of the traffic of a region that moves."""

import json

from support.command import Home

from hactl.cli.exits import Exit


def shares(home: Home) -> dict[str, int]:
    """Intended shares of the regions, in per cent."""
    found: dict[str, float] = {}
    for node, part in json.loads(home.ok("status", "--json"))["shares"].items():
        region = node.partition("-")[0]
        found[region] = found.get(region, 0.0) + part
    return {region: round(part * 100) for region, part in found.items()}


def test_there_and_back(fleet: Home) -> None:
    """Steps are told while it goes; status says who moved it and how it ends; failback needs no name."""
    gone = fleet.run("failover", "a", "--steps", "2", "--step-time", "50ms", "--reason", "new switch", "--wait")
    assert gone.returncode == 0
    assert "a: keeps 25 % of its traffic" not in gone.stderr, "it is told what it keeps of its own, not of all"
    assert "a: keeps 50 % of its traffic, by " in gone.stderr
    assert "a no longer takes traffic: b carries it" in gone.stderr
    assert shares(fleet) == {"a": 0, "b": 100}
    (line,) = [line for line in fleet.run("status").stdout.splitlines() if line.startswith("REGION ")]
    assert line.endswith(" (new switch); to end it: hactl failback a")
    back = fleet.run("failback", "--now", "--wait")
    assert back.returncode == 0
    assert "a has all its traffic again" in back.stderr
    assert shares(fleet) == {"a": 50, "b": 50}
    assert "REGION " not in fleet.run("status").stdout


def test_a_dry_run_shows_the_steps_the_end_and_what_it_takes(fleet: Home) -> None:
    before = fleet.untouched()
    said = fleet.ok("failover", "a", "--steps", "2", "--dry-run").splitlines()
    assert said[0] == "would move the traffic of a away, in these steps; nothing was changed:"
    assert [line.split(maxsplit=1)[1] for line in said[1:3]] == [
        "a keeps 50 % of its traffic",
        "a keeps 0 % of its traffic",
    ]
    assert [line.split() for line in said if line.strip().startswith("b-")] == [
        ["b-1", "b", "50", "%"],
        ["b-2", "b", "50", "%"],
    ]
    assert "would carry it" in said[-1]
    assert fleet.untouched() == before


def test_what_cannot_be_is_refused_with_a_hint(fleet: Home) -> None:
    """A region that is not there, nothing to give back, and nobody left to take over."""
    unknown = fleet.run("failover", "nowhere")
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (
        Exit.FAILED,
        f"hactl: no region 'nowhere' in fleet '{fleet.fleet}'",
    )
    nothing = fleet.run("failback")
    assert nothing.returncode == Exit.FAILED
    assert "every region has all its traffic" in nothing.stderr
    fleet.ok("failover", "a", "--now", "--wait")
    last = fleet.run("failover", "b")
    assert last.returncode == Exit.REFUSED
    assert "no region could take over from 'b'" in last.stderr
    fleet.ok("failback", "a", "--now", "--wait")


def test_the_other_verb_turns_it_round(fleet: Home) -> None:
    """Whoever has second thoughts need not wait, and ends where it all began."""
    fleet.ok("failover", "a", "--step-time", "1m")
    assert fleet.run("failover", "b").returncode == Exit.FAILED, "one region at a time"
    fleet.ok("failback", "a", "--now", "--wait")
    assert shares(fleet) == {"a": 50, "b": 50}
    assert "reversed by" in fleet.ok("events", "--limit", "30")

"""Something bigger is done to a fleet in the middle of a drill: that is said beforehand, and nothing of it stays."""

import json

from support.command import Home, finish, read_until
from support.drills import UNHURRIED, options

LONG = options("phases.hold=60s", "limits.max_duration=2m")
"""It would go on for longer than any test here."""


def test_a_fleet_is_taken_down_in_the_middle_of_a_drill(home: Home) -> None:
    """Whoever does it is told before; the drill ends as aborted and clean, and the next `up` has everything back. So it
    is when the runner has been killed as well, and `recover` files the run."""
    home.configure(regions={"a": 2, "b": 2})
    home.ok("up")
    drill = home.start("drill", "run", "region-loss", "--seed", "1", "--json", *LONG)
    read_until(drill, "observe:")
    for verb, told in (
        (("down", "--dry-run"), "it will be aborted"),
        (("up", "--timeout", "1ms"), "it goes on; hactl drill stop ends it"),
        (("daemon", "restart", "--dry-run"), "it goes on: its runner has another 2 s"),
        (
            ("config", "rollback", "--dry-run"),
            "it goes on, but its result would be inconclusive: someone else changed the fleet",
        ),
    ):
        said = home.run(*verb).stderr
        assert "note: drill region-loss on " in said, verb
        assert told in said
    down = home.run("down")
    assert down.returncode == 0
    assert "it will be aborted" in down.stderr.splitlines()[0]
    code, out, said = finish(drill)
    report = json.loads(out)
    assert (code, report["verdict"], report["clean"]) == (11, "aborted", True), said
    assert "the fleet was taken down by" in report["why"]
    assert home.strays() == []

    home.ok("up")
    assert {node.weight for node in home.snapshot().fleet.gateways} == {100}
    assert "drill" not in home.run("down", "--dry-run").stderr
    drill = home.start("drill", "run", "node-hang", "--seed", "1", *LONG)
    read_until(drill, "observe:")
    drill.kill()
    finish(drill)
    home.ok("down")
    recovered = home.run("drill", "recover")
    assert recovered.returncode == 0, recovered.stderr
    assert "node-hang: aborted: its runner" in recovered.stderr
    assert "; nothing of the drill remains" in recovered.stderr
    assert home.strays() == []


def test_another_daemon_takes_over_in_the_middle_of_a_drill(fleet: Home) -> None:
    """It is said, and the drill goes on to its end."""
    drill = fleet.start("drill", "run", "node-kill", "--seed", "1", "--json", *options(*UNHURRIED, "phases.hold=10s"))
    read_until(drill, "observe:")
    assert "it goes on: its runner has another" in fleet.run("daemon", "restart").stderr
    code, out, said = finish(drill)
    assert code in (0, 10), said
    assert json.loads(out)["clean"]
    fleet.ok("wait")


def test_a_region_is_taken_away_in_the_middle_of_its_drill(home: Home) -> None:
    """Nothing of it can be left behind; what the drill would have shown it has not. Nobody drowns in signs of life."""
    home.configure(regions={"a": 2, "b": 2})
    home.ok("up")
    drill = home.start("drill", "run", "region-loss", "--seed", "1", "--json", *options("phases.hold=10s"))
    struck = read_until(drill, "observe:").split("undo: the state to restore ")[1][0]
    home.configure(regions={name: 2 for name in "ab" if name != struck})
    applied = home.run("config", "apply", "--wait", "--bake", "0s", "--confirm", "t")
    assert applied.returncode == 0, applied.stderr
    assert applied.stderr.startswith("note: drill region-loss on ")
    assert "reported in" not in applied.stderr
    code, out, said = finish(drill)
    report = json.loads(out)
    assert (code, report["verdict"], report["clean"]) == (10, "inconclusive", True), said
    assert "no outside changes: apply a configuration" in report["why"]

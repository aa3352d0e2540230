"""What people say to drills, from another terminal than the one in which they run: stop, not now, it is done."""

import json

from support.command import Home, finish, read_until
from support.drills import UNHURRIED, options

from hactl.drill import library

STEP = """
[[step]]
manual = "switch the record"
"""


def test_while_drills_are_locked_none_begins_and_everybody_is_told_why(fleet: Home) -> None:
    """Also when there is none to stop; and whoever comes next can lift it."""
    done = fleet.run("drill", "stop", "--lock", "--reason", "quarter end")
    assert (done.returncode, done.stdout) == (0, "")
    assert "DRILLS LOCKED by " in fleet.ok("status")
    planned = fleet.run("drill", "plan", "node-kill")
    assert planned.returncode == 5
    assert "(quarter end)" in planned.stderr
    assert "hactl drill unlock" in planned.stderr
    before = fleet.json("drill", "report", "--all")
    refused = fleet.run("drill", "run", "node-kill", *options())
    assert refused.returncode == 5
    assert "drill node-kill was not started: drills are locked by" in refused.stderr
    assert fleet.json("drill", "report", "--all") == before, "what never began is no run"
    assert fleet.json("drill", "stop", "--lock") == {"version": 1, "locked": True, "ended": None}
    assert fleet.ok("drill", "unlock") == ""
    assert "LOCKED" not in fleet.ok("status")
    assert fleet.ok("drill", "plan", "node-kill")
    assert "drills are not locked" in fleet.run("drill", "unlock").stderr


def test_a_drill_waits_for_what_a_person_does_and_says_how_long_that_took(fleet: Home) -> None:
    path = fleet.directory / "by-hand.toml"
    path.write_text(library.text("node-kill")[0] + STEP)
    unattended = fleet.run("drill", "run", str(path), *options())
    assert unattended.returncode == 10
    assert "there is a manual step, and nobody is present: switch the record" in unattended.stdout
    drill = fleet.start("drill", "run", str(path), "--input", "--json", *options(*UNHURRIED))
    read_until(drill, "step: switch the record")
    assert "WAITING for a manual step: switch the record" in fleet.run("status").stdout
    assert "switch the record" in fleet.run("drill", "continue", "--reason", "at the registrar").stderr
    code, out, _ = finish(drill)
    report = json.loads(out)
    assert code in (0, 10), report["why"]
    (step,) = report["evidence"]["by_hand"]
    assert step["done"] > step["asked"]
    assert step["note"] == "at the registrar"
    assert report["evidence"]["others"] == []
    assert "* manual step: switch the record: took " in fleet.ok("drill", "report")
    fleet.ok("wait")


def test_who_speaks_to_no_drill_is_told_so(fleet: Home) -> None:
    for verb in ("stop", "continue"):
        done = fleet.run("drill", verb)
        assert done.returncode == 1
        assert "no drill is in progress" in done.stderr

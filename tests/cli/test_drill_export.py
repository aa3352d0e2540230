"""A drill in a real `chaos run`: done under a lease, read back, undone; whatever becomes of the toolkit's process."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from support.command import Home
from support.drills import held_down, of_kind, options
from support.experiment import Experiment, exported, failed
from support.polling import wait_until
from support.processes import children, state

from hactl.control.client import Client
from hactl.core.commands import BeginDrill, EndDrill
from hactl.core.drills import in_progress
from hactl.core.model import Fleet
from hactl.core.node import Goal
from hactl.ctk.borrowing import Borrowed
from hactl.drill.daemon_faults import Guardians
from hactl.drill.definition import FaultKind
from hactl.drill.library import load
from hactl.drill.reading import parse
from hactl.supervisor.procfs import start_ticks


def fleet_of(home: Home) -> Fleet:
    return home.snapshot().fleet


def launches(home: Home) -> dict[str, int]:
    return {node.name: node.launches for node in fleet_of(home).nodes.values()}


def pausing(process: "subprocess.Popen[str]") -> None:
    """It has injected, and waits."""
    assert process.stderr is not None
    said = []
    while "Pausing after activity" not in (line := process.stderr.readline()):
        said.append(line)
        assert line, said
    with suppress(AssertionError):  # where that is not told, a signal may come too early, and is sent again
        wait_until(lambda: "nanosleep" in Path(f"/proc/{process.pid}/wchan").read_text(), patience=1.0)


def interrupt(process: "subprocess.Popen[str]") -> None:
    """Once more where the toolkit did not hear it: a signal that comes while it writes its log is lost in there."""
    for _ in range(5):
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
            return
    raise AssertionError("it does not end")


def test_an_exported_drill_strikes_and_puts_everything_back(fleet: Home) -> None:
    """A whole region, kept down until the rollback; and the journal of the toolkit carries the whole drill."""
    before = launches(fleet)
    code, journal = Experiment(fleet, exported(fleet, "region-loss")).run()
    assert (code, journal["status"], journal["deviated"]) == (0, "completed", False), journal["steady_states"]
    (inject,), (undo,) = journal["run"], journal["rollbacks"]
    assert (inject["status"], undo["status"]) == ("succeeded", "succeeded"), (inject, undo)
    struck = inject["output"]["plan"]["strikes"][0]["nodes"]
    assert [proof["done"] for proof in inject["output"]["proofs"]] == [True] * len(struck)
    after = launches(fleet)
    assert {name for name in after if after[name] > before[name]} == set(struck)
    assert in_progress(fleet_of(fleet)) is None
    fleet.ok("wait")
    (extension,) = journal["experiment"]["extensions"]
    assert extension["drill"]["name"] == load("region-loss").name


def test_a_toolkit_that_is_killed_leaves_nothing(fleet: Home) -> None:
    """No rollback is played then: the lease ends, and the daemon puts everything back."""
    process = Experiment(fleet, exported(fleet, "region-loss", "phases.hold=60s", "limits.lease=1s")).start()
    pausing(process)
    assert in_progress(fleet_of(fleet)) is not None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: in_progress(fleet_of(fleet)) is None, patience=60.0)
    fleet.ok("wait")


def test_a_toolkit_that_sleeps_past_its_lease_strikes_nobody_when_it_goes_on(fleet: Home) -> None:
    """The fleet was put back, and is lent to another drill by then; the fault that is due is refused, and no pass."""
    (fleet.directory / "later.toml").write_text(held_down("a-1", "a-2"))
    document = exported(fleet, "./later.toml", "phases.hold=5s", "limits.lease=1s")
    experiment, before = Experiment(fleet, document), launches(fleet)
    client = Client(fleet.paths.control)
    process = experiment.start()
    try:
        wait_until(lambda: fleet_of(fleet).nodes["a-1"].goal is Goal.DOWN)
        os.killpg(process.pid, signal.SIGSTOP)
        wait_until(lambda: {state(pid) for pid in children(process.pid)} == {"Z"})  # its clients do not go on asking
        for lease in (1.0, 1.0, 1.0, 60.0):  # nobody keeps it, and time passes: the second fault is due
            wait_until(lambda: in_progress(fleet_of(fleet)) is None, patience=60.0)
            fleet.ok("wait")
            other = client.submit(BeginDrill(name="other", nodes=("a-2",), lease=lease), by="test").operation
    finally:
        os.killpg(process.pid, signal.SIGCONT)
        process.communicate(timeout=90)
    client.submit(EndDrill(id=other), by="test")
    journal = json.loads(experiment.journal.read_text())
    assert (process.returncode, journal["deviated"]) == (1, True)
    assert "the fleet was taken back: its runner has been silent for 1 s" in "".join(failed(journal))
    wait_until(lambda: in_progress(fleet_of(fleet)) is None)
    fleet.ok("wait")
    assert {name for name, count in launches(fleet).items() if count > before[name]} == {"a-1"}


def test_a_toolkit_that_is_interrupted_gives_the_fleet_back_at_once(fleet: Home) -> None:
    """It plays no rollbacks by default; a lease of a minute is not waited for."""
    process = Experiment(fleet, exported(fleet, "region-loss", "phases.hold=60s", "limits.lease=60s")).start()
    pausing(process)
    interrupt(process)
    wait_until(lambda: in_progress(fleet_of(fleet)) is None)


def test_what_lasts_for_a_time_only_is_taken_back_meanwhile(fleet: Home) -> None:
    """While the toolkit pauses, and long before it rolls back."""
    (fleet.directory / "slow.toml").write_text(
        'schema = 1\nextends = "node-slow"\nname = "slow"\n[[fault]]\ntype = "node.impair"\ntarget = { nodes = 1 }\n'
        'delay = "5ms"\nfor = "200ms"\n'
    )
    process = Experiment(fleet, exported(fleet, "./slow.toml", "phases.hold=60s")).start()
    pausing(process)
    wait_until(lambda: not any(node.impaired for node in fleet_of(fleet).gateways))
    assert in_progress(fleet_of(fleet)) is not None
    interrupt(process)
    wait_until(lambda: in_progress(fleet_of(fleet)) is None)


def test_every_kind_of_fault_is_valid_to_the_toolkit(home: Home) -> None:
    """To its own command: what an export calls can be loaded, and takes what it is given."""
    for kind in FaultKind:
        (home.directory / f"{kind}.toml").write_text(of_kind(kind))
        home.ok("drill", "export", f"./{kind}.toml", "--seed", "1", "-o", f"{kind}.json")
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, *(f"{kind}.json" for kind in FaultKind)],
        cwd=home.directory, env=home.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [f"{kind}.json" for kind in FaultKind], done.stderr


VALIDATE = """
import sys
from chaostoolkit.cli import cli
for name in sys.argv[1:]:
    valid = cli(["--no-version-check", "validate", name], standalone_mode=False)
    print(name if isinstance(valid, dict) else "")  # else it is an exit code
"""


@pytest.mark.parametrize("kind", [FaultKind.LATENCY, FaultKind.SURGE, FaultKind.CONFIG])
def test_what_is_no_fault_of_a_process_is_done_and_undone_as_well(fleet: Home, kind: FaultKind) -> None:
    """A hop, more clients, a configuration: each read back, and nothing is left of it."""
    path = fleet.directory / "one.toml"
    path.write_text(of_kind(kind))
    code, journal = Experiment(fleet, exported(fleet, "./one.toml", "phases.hold=3s")).run()
    assert (code, failed(journal)) == (0, [])
    assert [proof["done"] for proof in journal["run"][0]["output"]["proofs"]] == [True]
    assert (in_progress(fleet_of(fleet)), fleet_of(fleet).hops) == (None, {})


def test_a_daemon_that_is_struck_is_in_charge_again_and_clients_are_asked_meanwhile(fleet: Home) -> None:
    """Probes of clients do not need it, and the rollback waits for the one that comes."""
    before = fleet.snapshot().pulse.pid
    path = fleet.directory / "one.toml"
    path.write_text(of_kind(FaultKind.DAEMON_KILL).replace('for = "1s"', 'for = "4s"').replace('"3s"', '"5.5s"'))
    document = json.loads(fleet.ok("drill", "export", "./one.toml", "--seed", "1", *options("phases.hold=5.5s")))
    # after the fault, and while nobody is in charge; before it there is nothing to be shown
    check, as_asked = document["steady-state-hypothesis"]["probes"]
    document["steady-state-hypothesis"]["probes"] = [as_asked]
    inject = document["method"][0]
    inject["pauses"] = {}
    del check["tolerance"]
    check["provider"]["arguments"] = {"seconds": 0.5, "least": 0.9}
    document["method"] = [inject, check]
    for _ in range(5):  # a machine that is busy measures nothing, and is asked again
        code, journal = Experiment(fleet, document).run()
        asked = journal["run"][1]
        if "the measurement is invalid" not in "".join(asked.get("exception") or []):
            break
        fleet.ok("wait")
    assert (code, failed(journal), asked["output"]) == (0, [], True)
    assert fleet.snapshot().pulse.pid != before
    assert in_progress(fleet_of(fleet)) is None
    fleet.ok("wait")


@pytest.mark.parametrize("kind", [FaultKind.MEMORY, FaultKind.SURGE])
def test_who_stops_the_drill_takes_away_what_it_put_on_the_machine(fleet: Home, kind: FaultKind) -> None:
    """The daemon says that everything is put back, and so it is: processes of the drill do not wait for the rollback.
    That finds nothing left to do, and why is told."""
    text = of_kind(kind).replace('for = "1s"', "").replace('hold = "3s"', 'hold = "60s"')
    borrowed = Borrowed(fleet.paths, parse(text, "one"), 1)
    try:
        (proof,) = borrowed.inject().proofs
        ours = children(os.getpid())
        assert proof.pid in ours
        assert len(ours) > 1  # and the clients that ask as in the drill
        fleet.ok("drill", "stop")
        wait_until(lambda: not children(os.getpid()) & ours)
    finally:
        left = borrowed.undo()
    assert (left, borrowed.lost.startswith("the fleet was taken back: ")) == ((), True)


class Gone(Guardians):
    """Guardians that cannot be left: what they hold is broken."""

    async def leave(self) -> None:
        await super().leave()
        raise OSError("broken pipe")


def test_what_cannot_be_ended_keeps_neither_the_fleet_nor_the_machine(fleet: Home) -> None:
    """A helper that cannot be let go is told; what weighs on the machine is lifted, and the fleet is given back at
    once: a lease of a minute is not waited for."""
    text = of_kind(FaultKind.MEMORY).replace('for = "1s"', "") + '[limits]\nlease = "60s"\n'
    borrowed = Borrowed(fleet.paths, parse(text, "one"), 1, Gone(fleet.paths, print))
    (proof,) = borrowed.inject().proofs
    assert start_ticks(proof.pid) == proof.ticks
    with pytest.raises(OSError, match="broken pipe"):
        borrowed.undo()
    assert start_ticks(proof.pid) is None
    wait_until(lambda: in_progress(fleet_of(fleet)) is None)


def test_a_stop_condition_of_the_drill_puts_everything_back_at_once(fleet: Home) -> None:
    """Long before the rollback; and the experiment has not passed."""
    (fleet.directory / "stop.toml").write_text(
        'schema = 1\nname = "stop"\ntitle = "stop"\n[[fault]]\ntype = "node.impair"\ntarget = { nodes = 2 }\n'
        'delay = "1s"\n[[limits.abort_when]]\nprobe = "availability"\nbelow = 1\nwindow = "1s"\nfor = "0s"\n'
    )
    code, journal = Experiment(fleet, exported(fleet, "./stop.toml", "phases.hold=8s", "load.timeout=100ms")).run()
    assert (code, journal["deviated"]) == (1, True)
    assert "stop condition: availability below 100 %" in "".join(failed(journal))
    wait_until(lambda: in_progress(fleet_of(fleet)) is None and not fleet_of(fleet).hops)
    fleet.ok("wait")


def test_a_fault_that_may_not_be_is_no_pass(fleet: Home) -> None:
    """The toolkit itself goes on when an action fails, and would end with 0."""
    before = launches(fleet)
    code, journal = Experiment(fleet, exported(fleet, "node-kill", "limits.min_healthy_nodes=4")).run()
    assert (code, journal["deviated"]) == (1, True)
    assert "nodes left to serve" in str(journal["run"][0]["exception"])
    assert launches(fleet) == before


@pytest.mark.parametrize("func", ["inject", "run_drill"])
def test_an_action_that_fails_in_any_way_is_no_pass(fleet: Home, func: str) -> None:
    """Also where nobody has thought of it: nothing was struck, and the experiment says so."""
    document = exported(fleet, "node-kill")
    (action,) = document["method"]
    action["provider"] |= {"func": func, "arguments": {"drill": "node-kill", "settings": [1]}}
    action["pauses"] = {}
    code, journal = Experiment(fleet, document).run()
    assert (journal["run"][0]["status"], code, journal["deviated"]) == ("failed", 1, True)


def whole(expected: list[str], *settings: str) -> dict[str, object]:
    """An experiment that runs one whole drill."""
    arguments = {"drill": "node-kill", "seed": 1, "settings": options(*settings)[1::2], "expected": expected}
    provider = {"type": "python", "module": "hactl.ctk"}
    action = {**provider, "func": "run_drill", "arguments": arguments}
    probes = [
        {"type": "probe", "name": func, "tolerance": True, "provider": {**provider, "func": func}}
        for func in ("serving", "as_asked")
    ]
    return {
        "title": "a drill",
        "description": "a whole one",
        "steady-state-hypothesis": {"title": "well", "probes": probes},
        "method": [{"type": "action", "name": "drill", "provider": action}],
        "rollbacks": [],
    }


def test_a_whole_drill_is_an_action_with_a_verdict(fresh: Home) -> None:
    """Its report is in the toolkit's journal, whatever a busy machine has measured."""
    expected = ["pass", "inconclusive", "fail"]
    ended, journal = Experiment(fresh, whole(expected)).run()
    assert (ended, journal["deviated"]) == (0, False), journal
    assert journal["run"][0]["output"]["verdict"] in expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_whole_drill_ends_in_good_order_with_whoever_waits_for_it(fresh: Home, number: signal.Signals) -> None:
    """Interrupted by a key or by a signal, or killed: a lease of a minute is not waited for, and what the drill has
    seen is reported."""
    process = Experiment(fresh, whole([], "phases.hold=60s", "limits.lease=60s")).start()
    wait_until(lambda: in_progress(fleet_of(fresh)) is not None)
    if number is signal.SIGTERM:
        process.send_signal(number)
    else:  # a terminal signals all who wait there, and so does who kills a job
        os.killpg(process.pid, number)
    wait_until(lambda: in_progress(fleet_of(fresh)) is None)
    process.communicate(timeout=60)
    wait_until(lambda: fresh.run("drill", "report").returncode == 0)
    report = fresh.json("drill", "report")
    assert (report["verdict"], report["clean"], report["why"]) == ("aborted", True, "interrupted by SIGTERM")


CALL = """
import sys
from hactl.core.errors import HactlError
from hactl.ctk import availability, check
try:
    print(availability(seconds=0.5, rate=20), check(most=0.5, seconds=0.5, rate=20), check("latency_p99", most=5.0))
except HactlError as error:
    sys.exit(str(error))
"""


def test_probes_say_what_clients_see(fleet: Home) -> None:
    """Or, on a machine that is too busy to measure anything, just that: never a figure that is none."""
    done = subprocess.run(
        [sys.executable, "-c", CALL], cwd=fleet.directory, env=fleet.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        assert "ms late at p99: the measurement is invalid" in done.stderr
    else:
        assert done.stdout.split() == ["1.0", "False", "True"]


def test_an_export_goes_into_a_file_of_ones_own(home: Home) -> None:
    """No fleet is needed for it; the seed that was drawn is in it."""
    done = home.run("drill", "export", "node-kill", "-o", "mine.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "mine.json\n")
    document = json.loads((home.directory / "mine.json").read_text())
    assert isinstance(document["method"][0]["provider"]["arguments"]["seed"], int)
    wrong = home.run("drill", "export", "node-kil")
    assert (wrong.returncode, 'did you mean "node-kill"' in wrong.stderr) == (2, True)

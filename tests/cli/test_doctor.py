"""`hactl doctor`: every finding is true, and says what mends it."""

import json
import socket

from support.certificates import Files, issue
from support.command import Home

from hactl.cli.checks.faults import faults
from hactl.cli.checks.finding import Finding, Subject
from hactl.cli.doctor import lines
from hactl.core.spec import FleetSpec
from hactl.drill.definition import FaultKind


def findings(home: Home, **more: str) -> dict[str, tuple[bool, str, str]]:
    """What `doctor --json` finds: whether it is well, what it is, and what mends it."""
    found = json.loads(home.run("doctor", "--json", **more).stdout)["findings"]
    return {item["check"]: (item["ok"], item["found"], item["mend"]) for item in found}


def test_a_fleet_that_runs_holds_its_own_port(fleet: Home) -> None:
    found = findings(fleet)
    assert found["edge port"] == (True, f"{fleet.port}, held by this fleet", "")
    assert found["hactl.toml"] == (True, str(fleet.directory / "hactl.toml"), "")


def test_it_looks_at_all_that_bites(fleet: Home) -> None:
    """In this order; what a machine does not have is not spoken of."""
    checks = [
        *("hactl.toml", "envoy", "edge port", "node ports", "open files", "processes", "memory", "clock"),
        *("tcp_migrate_req", "disk", "state directory", "socket paths", "permissions", "configuration"),
        *("daemon", "supervision", "running envoys", "HTTP/1.0", "systemd"),
    ]
    found = [check for check in findings(fleet) if not check.startswith("fault ")]
    assert [check for check in checks if check in found] == found
    assert set(checks) - set(found) <= {"processes", "tcp_migrate_req", "systemd"}


def test_every_kind_of_fault_is_said_to_be_real_emulated_or_unavailable(home: Home) -> None:
    """Also where there is no fleet; what this machine lacks is no reason for an exit code."""
    told = {check.removeprefix("fault "): found for check, (_, found, _) in findings(home).items() if "fault " in check}
    assert {*FaultKind, "tc netem"} <= told.keys()
    assert told["process.kill"] == "real: SIGKILL to the actual process"
    assert all(found.split(":")[0] in ("real", "emulated", "unavailable") for found in told.values())
    assert all(fine for check, (fine, _, _) in findings(home).items() if check.startswith("fault "))


def test_a_fault_that_is_not_to_be_had_is_neither_well_nor_to_be_mended() -> None:
    """Drills that need it say so; a tick before it would be a lie."""
    assert lines(
        [Finding(check="fault disk.full", ok=True, absent=True, found="unavailable: no fleet is selected")]
    ) == ["--  fault disk.full: unavailable: no fleet is selected"]
    assert [finding.absent for finding in faults(Subject(chosen=None, spec=FleetSpec()))][-1], "the disk of no fleet"


def test_text_marks_what_is_well(fleet: Home) -> None:
    lines = fleet.run("doctor").stdout.splitlines()
    assert f"ok  hactl.toml: {fleet.directory / 'hactl.toml'}" in lines


def test_a_port_somebody_holds_is_found_with_its_holder(home: Home) -> None:
    home.configure()
    with socket.create_server(("127.0.0.1", home.port)):
        done = home.run("doctor")
        fine, found, mend = findings(home)["edge port"]
    assert done.returncode == 3
    assert not fine
    assert f"port {home.port} on 127.0.0.1 is in use by" in found
    assert mend
    assert f"!!  edge port: {found}\n    fix: {mend}\n" in done.stdout


def test_a_broken_file_is_a_finding_and_no_end(home: Home) -> None:
    home.configure("nonsense = 1")
    fine, found, mend = findings(home)["hactl.toml"]
    assert not fine
    assert "nonsense" in found
    assert mend


def test_behind_a_broken_file_the_fleet_that_runs_is_looked_at(fleet: Home) -> None:
    path = fleet.directory / "hactl.toml"
    good = path.read_text()
    path.write_text(good + "[[[")
    try:
        found = findings(fleet)
    finally:
        path.write_text(good)
    assert not found["hactl.toml"][0]
    assert found["edge port"] == (True, f"{fleet.port}, held by this fleet", "")


def test_an_envoy_that_is_not_there_is_a_finding(home: Home) -> None:
    home.configure()
    fine, found, mend = findings(home, HACTL_ENVOY="/nowhere/envoy")["envoy"]
    assert (fine, found) == (False, "no envoy binary at '/nowhere/envoy'")
    assert "HACTL_ENVOY" in mend


def test_a_gateway_command_that_is_not_there_is_a_finding(home: Home) -> None:
    home.configure('[gateway]\nkind = "command"\ncommand = ["no-such-gateway", "{port}"]\n')
    assert findings(home)["gateway command"][:2] == (False, "there is no program 'no-such-gateway' on PATH")


def test_a_receiver_of_alerts_that_cannot_be_reached_at_night_is_found_by_day(home: Home) -> None:
    home.configure(
        '[[alert]]\nname = "pager"\nexec = ["./page.sh"]\n'
        '[[alert]]\nname = "chat"\nwebhook = "https://example.com"\nheaders = { Authorization = "file:token" }\n'
        '[[alert]]\nname = "ops"\nwebhook = "env:HOOK"\n'
    )
    found = findings(home)
    assert found["alert pager"][:2] == (False, f"there is no program '{home.directory}/page.sh'")
    assert found["alert chat"][:2] == (False, f"cannot read '{home.directory}/token': no such file or directory")
    assert found["alert ops"] == (True, "ready", "hactl alert test ops")


def test_it_looks_even_where_there_is_no_fleet(home: Home) -> None:
    """Before the first `hactl init`."""
    assert "envoy" in findings(home)
    assert not home.state.exists()


def encrypted(home: Home, **options: float) -> Files:
    """A configuration that names a certificate and its key."""
    files = issue(home.directory / "tls", "app.test", **options)
    home.configure(edge=f'tls = {{ cert = "{files.cert}", key = "{files.key}" }}')
    return files


def test_a_certificate_that_ends_soon_is_a_finding(home: Home) -> None:
    """Two weeks before; one that is good for longer is told with its end."""
    encrypted(home, days=60.5)
    assert findings(home)["certificate"] == (True, "for app.test, expires in 60 d", "")
    encrypted(home, days=13.5)
    fine, found, mend = findings(home)["certificate"]
    assert (fine, found) == (False, "for app.test, expires in 13 d")
    assert mend.startswith("renew it")


def test_files_that_edges_cannot_use_are_a_finding(home: Home) -> None:
    """With the cause that a start would end with."""
    files = encrypted(home)
    files.cert.unlink()
    fine, found, mend = findings(home)["certificate"]
    assert (fine, found) == (False, f"{files.cert}: no such file")
    assert mend


def test_a_key_that_everybody_may_read_is_a_finding(home: Home) -> None:
    files = encrypted(home)
    assert "private key" not in findings(home)
    files.key.chmod(0o644)
    assert findings(home)["private key"] == (False, f"everyone may read {files.key}", f"chmod o= {files.key}")


def test_a_file_that_is_not_in_force_is_a_finding(fleet: Home) -> None:
    """It says what will happen at the next start."""
    path = fleet.directory / "hactl.toml"
    good = path.read_text()
    assert findings(fleet)["configuration"] == (True, "revision 1 is in force", "")
    path.write_text(good.replace("count = 2", "count = 3"))
    try:
        fine, found, mend = findings(fleet)["configuration"]
    finally:
        path.write_text(good)
    assert not fine
    assert found == f"revision 1 is in force, {path} differs"
    assert mend == "hactl config apply"


def test_a_fleet_on_its_last_good_configuration_is_a_finding(home: Home) -> None:
    path = home.configure(edges=1, regions={"a": 1})
    home.ok("up")
    home.ok("down")
    path.write_text('[fleet]\nname = "t"\n[edge\n')
    home.ok("up", "--last-good")
    fine, found, _ = findings(home)["configuration"]
    assert not fine
    assert found.startswith(f"the last good one (revision 1) is in force: {path}")
    assert home.run("doctor").returncode == 3


def test_the_clock_of_a_fleet_that_runs_has_not_jumped(fleet: Home) -> None:
    assert findings(fleet)["clock"] == (True, "has not jumped since the daemon started", "")


def test_a_unit_that_would_kill_the_nodes_is_a_finding(fleet: Home) -> None:
    """Found where systemd would find it."""
    place = fleet.directory / "units"
    place.mkdir()
    unit = f"[Service]\nExecStart=/x/hactl up --foreground --config {fleet.directory}/hactl.toml\n"
    (place / "gw.service").write_text(unit)
    fine, found, mend = findings(fleet, SYSTEMD_UNIT_PATH=str(place))["systemd"]
    assert (fine, "KillMode=control-group" in found, "KillMode=process" in mend) == (False, True, True)

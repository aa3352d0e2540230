"""`hactl doctor`: every finding is true, and says what mends it."""

import json
import socket

from support.certificates import Files, issue
from support.command import Home


def findings(home: Home, **more: str) -> dict[str, tuple[bool, str, str]]:
    """What `doctor --json` finds: whether it is well, what it is, and what mends it."""
    found = json.loads(home.run("doctor", "--json", **more).stdout)
    return {item["check"]: (item["ok"], item["found"], item["mend"]) for item in found}


def test_a_fleet_that_runs_holds_its_own_port(fleet: Home) -> None:
    found = findings(fleet)
    assert found["edge port"] == (True, f"{fleet.port}, held by this fleet", "")
    assert found["hactl.toml"] == (True, str(fleet.directory / "hactl.toml"), "")


def test_it_looks_at_all_that_bites(fleet: Home) -> None:
    checks = ["hactl.toml", "envoy", "edge port", "node ports", "open files", "memory", "disk", "socket paths"]
    assert list(findings(fleet))[:8] == checks


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
    assert f"port {home.port} on 127.0.0.1 is held by" in found
    assert mend
    assert f"!!  edge port: {found}\n    mend: {mend}\n" in done.stdout


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
    assert findings(home)["gateway command"][:2] == (False, "there is no program 'no-such-gateway' where PATH leads")


def test_a_receiver_of_alerts_that_cannot_be_reached_at_night_is_found_by_day(home: Home) -> None:
    home.configure(
        '[[alert]]\nname = "pager"\nexec = ["./page.sh"]\n'
        '[[alert]]\nname = "chat"\nwebhook = "https://example.com"\nheaders = { Authorization = "file:token" }\n'
        '[[alert]]\nname = "ops"\nwebhook = "env:HOOK"\n'
    )
    found = findings(home)
    assert found["alert pager"][:2] == (False, f"there is no program '{home.directory}/page.sh'")
    assert found["alert chat"][:2] == (False, f"cannot read '{home.directory}/token': No such file or directory")
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
    assert findings(home)["private key"] == (False, f"everybody may use {files.key}", f"chmod o= {files.key}")

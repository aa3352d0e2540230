"""Bad input of every kind: one line that names the thing, the cause and what to try; and a running fleet untouched."""

import socket
import subprocess

import pytest
from support.command import HACTL, Home

GOOD = '[fleet]\nname = "t"\n\n[edge]\nlisten = "127.0.0.1:{port}"\n\n[[region]]\nname = "a"\nnodes = 1\n'

FILES = [
    ("unknown-key", GOOD + "\n[edge2]\nx = 1\n", "edge2: unknown key", 'did you mean "edge"?'),
    ("unknown-nested-key", GOOD.replace("listen", "lisen"), "edge.lisen: unknown key", 'did you mean "listen"?'),
    ("wrong-type", GOOD.replace("nodes = 1", 'nodes = "many"'), "region[a].nodes: wants", None),
    ("duplicate-name", GOOD + '\n[[region]]\nname = "a"\n', "region", None),
    ("duplicate-key", GOOD + "nodes = 2\n", "not valid TOML", "the same key or table appears twice in the file"),
    ("no-address", GOOD.replace("127.0.0.1:{port}", "everywhere"), "edge.listen: wants", None),
    (
        "endpoint-no-address",
        GOOD + '\n[[service]]\nname = "app"\nendpoints = ["nowhere"]\n',
        "service[app].endpoints",
        None,
    ),
    ("unknown-service", GOOD + '\n[[route]]\nprefix = "/"\nservice = "app"\n', "app", None),
    ("no-nodes", GOOD.replace("nodes = 1", "nodes = 0"), "region[a].nodes: wants", None),
    ("slashes", GOOD.replace('name = "t"', 'name = "t/../u"'), "fleet.name", None),
    ("syntax", GOOD + "[[[", "not valid TOML", None),
    ("planned", GOOD + "\n[backup]\n", "backup is not built yet", None),
]


def one_line(home: Home, said: str) -> str:
    """The complaint in `said`, which is one line and at most one hint."""
    first, *rest = said.splitlines()
    assert first.startswith("hactl: "), said
    assert len(rest) <= 1, said
    assert all(line.startswith("  try: ") for line in rest), said
    assert "Traceback" not in said
    return first


@pytest.mark.parametrize(("text", "cause", "hint"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_wrong_file_is_one_line_with_path_cause_and_hint(home: Home, text: str, cause: str, hint: str | None) -> None:
    path = home.directory / "hactl.toml"
    path.write_text(text.replace("{port}", str(home.port)))
    done = home.run("up")
    assert (done.returncode, done.stdout) == (2, "")
    said = one_line(home, done.stderr)
    assert str(path) in said
    assert cause in said
    assert (hint or "") in done.stderr
    assert not home.state.exists(), "nothing was begun"


@pytest.mark.parametrize(("text", "cause", "hint"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_wrong_file_does_not_touch_the_fleet_that_runs(fleet: Home, text: str, cause: str, hint: str | None) -> None:
    """Same journal position, same pids, and `up` says what is wrong just the same."""
    path = fleet.directory / "hactl.toml"
    good, before = path.read_text(), fleet.untouched()
    path.write_text(text.replace("{port}", str(fleet.port)))
    try:
        done = fleet.run("up")
        assert done.returncode == 2
        assert cause in one_line(fleet, done.stderr)
        assert fleet.untouched() == before
    finally:
        path.write_text(good)


def test_a_file_that_is_not_there(home: Home) -> None:
    done = home.run("up", "--config", "no/such.toml")
    assert done.returncode == 2
    assert one_line(home, done.stderr) == "hactl: no/such.toml: no such file"


def test_a_directory_in_place_of_the_file(home: Home) -> None:
    done = home.run("up", "--config", str(home.directory))
    assert done.returncode == 2
    assert str(home.directory) in done.stderr
    assert "directory" in done.stderr


def test_a_file_that_is_no_text(home: Home) -> None:
    path = home.configure()
    path.write_bytes(path.read_bytes() + b"# \xff\n")
    done = home.run("up")
    assert done.returncode == 2
    said = one_line(home, done.stderr)
    assert str(path) in said
    assert "not UTF-8 text (byte 0xff)" in said


def test_an_edge_port_that_is_held(home: Home) -> None:
    """The holder is named; nothing runs afterwards, and the port can be had again."""
    home.configure()
    with socket.create_server(("127.0.0.1", home.port)):
        done = home.run("up")
    assert done.returncode == 1
    assert f"port {home.port} on 127.0.0.1 is in use by" in one_line(home, done.stderr)
    assert "ss -ltnp" in done.stderr
    assert home.strays() == []
    home.ok("up")
    home.ok("down")


def test_an_edge_address_of_another_machine(home: Home) -> None:
    path = home.configure()
    path.write_text(path.read_text().replace("127.0.0.1", "192.0.2.1"))
    done = home.run("up")
    assert done.returncode == 1
    assert f"cannot listen on 192.0.2.1:{home.port}" in one_line(home, done.stderr)
    assert home.strays() == []


def test_a_missing_binary(home: Home) -> None:
    """Said before anything is begun."""
    home.configure()
    done = home.run("up", HACTL_ENVOY="/nowhere/envoy")
    assert done.returncode == 1
    assert one_line(home, done.stderr) == "hactl: no envoy binary at '/nowhere/envoy'"
    assert "HACTL_ENVOY" in done.stderr
    assert not home.state.exists()


def test_a_missing_binary_is_no_reason_not_to_adopt(home: Home) -> None:
    """What runs needs no binary any more."""
    home.configure(edges=1, regions={"a": 1})
    home.ok("up")
    before = home.pids()
    home.kill_daemon()
    home.ok("up", HACTL_ENVOY="/nowhere/envoy")
    assert home.pids() == before
    home.ok("down")


def test_a_gateway_command_that_is_not_there(home: Home) -> None:
    """`up` gives up as soon as the nodes are in a crash loop; `down` clears up what it began."""
    gateway = '[gateway]\nkind = "command"\ncommand = ["/nowhere/gateway", "{port}"]\n'
    home.configure(gateway + '[restart]\nbase = "10ms"\nmax = "10ms"\n')
    done = home.run("up")
    assert done.returncode == 1
    assert "/nowhere/gateway" in one_line(home, done.stderr)
    home.ok("down")
    assert home.strays() == []


@pytest.mark.parametrize("place", ["home", "fleet"])
def test_a_file_in_place_of_the_state_directory(home: Home, place: str) -> None:
    home.configure()
    if place == "fleet":
        home.state.mkdir()
    blocking = home.state / "t" if place == "fleet" else home.state
    blocking.write_text("")
    done = home.run("up")
    assert done.returncode == 1
    assert f"cannot use the state directory {home.state}/t: " in one_line(home, done.stderr)
    assert "HACTL_STATE_DIR" in done.stderr
    assert home.strays() == []
    for verb in ("status", "down", "fleets", "where", "events"):
        seen = home.run(verb)
        assert "Traceback" not in seen.stderr
        assert seen.returncode in (0, 6)
    blocking.unlink()


def test_a_journal_that_is_none(home: Home) -> None:
    """A damaged journal is never overwritten; the error says where it is."""
    home.configure()
    home.paths.state.mkdir(parents=True)
    home.paths.journal.write_text("this is no database, " * 500)
    done = home.run("up")
    assert done.returncode == 1
    assert "journal" in one_line(home, done.stderr)
    for verb in ("down", "events"):
        assert "Traceback" not in home.run(verb).stderr
    assert home.paths.journal.read_text().startswith("this is no database")


def test_nonsense_on_the_control_socket(home: Home) -> None:
    """Whatever listens there, it is not waited for without end and not believed."""
    home.configure()
    home.paths.state.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home.paths.control))
        done = home.run("status")
    assert done.returncode == 6
    assert "no daemon answers on" in one_line(home, done.stderr)


def test_a_working_directory_that_was_removed(fleet: Home) -> None:
    """Somebody cleaned up under the operator's feet: the fleet is found by name, or as the only one."""
    gone = fleet.directory / "gone"
    for name in (("--fleet", "t"), ()):
        gone.mkdir()
        done = subprocess.run(
            ["bash", "-c", f'rmdir {gone} && exec "$@"', "-", *HACTL, *name, "status"],
            cwd=gone,
            env=fleet.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")

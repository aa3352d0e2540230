"""Several fleets of one user on one machine: they share the machine and nothing else, and none is taken for another."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Home, finish
from support.polling import wait_until
from support.ports import free_port, free_ports

pytestmark = pytest.mark.envoy

NODES = 3


class Fleets:
    """Fleets in directories of their own below one home, whose node ports all come from the same few."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.ports: dict[str, int] = {}
        first = free_port()
        self._among = range(first, first + 50)
        self.range = f"{first}-{first + 49}"

    def add(self, name: str, *, up: bool = True) -> Path:
        """One more; its directory."""
        directory = self.home.directory / name
        directory.mkdir()
        self.ports[name] = self._outside()
        (directory / "hactl.toml").write_text(
            f'[fleet]\nname = "{name}"\nports = "{self.range}"\n\n[edge]\nlisten = "127.0.0.1:{self.ports[name]}"\n'
            f'count = 1\n\n[[region]]\nname = "a"\nnodes = {NODES}\n\n'
            f'[[route]]\nprefix = "/"\nrespond = 200\nrespond_body = "{name}"\n'
        )
        if up:
            self.home.ok("up", cwd=directory)
        return directory

    def _outside(self) -> int:
        """A port for clients: no edge may have one of those that are for nodes."""
        while (port := free_port()) in self._among:
            pass
        return port

    def answer(self, name: str) -> str:
        """What the gateway of a fleet says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/", timeout=10) as answer:
            return str(answer.read().decode())

    def node_ports(self) -> list[int]:
        """Of every fleet that runs."""
        found = []
        for name in self.ports:
            status = json.loads(self.home.run("--fleet", name, "status", "--json", cwd=Path("/")).stdout)
            nodes = status["snapshot"]["fleet"]["nodes"].values()
            found += [node["port"] for node in nodes if node["role"] == "gateway"]
        return found


@pytest.fixture(scope="module")
def three() -> Iterator[Fleets]:
    """Three fleets that run."""
    with Home() as home:
        fleets = Fleets(home)
        for name in ("one", "two", "three"):
            fleets.add(name)
        yield fleets
        for name in fleets.ports:
            home.ok("--fleet", name, "down", cwd=Path("/"))
        assert home.strays() == []
        assert home.sockets() == []


def test_each_answers_for_itself(three: Fleets) -> None:
    """All their nodes get their ports from the same range: no two have the same."""
    assert {name: three.answer(name) for name in three.ports} == {name: name for name in three.ports}
    ports = three.node_ports()
    assert len(set(ports)) == 3 * NODES
    listed = {row["name"]: row["verdict"] for row in three.home.json("fleets")["fleets"]}
    assert listed == {"one": "ok", "two": "ok", "three": "ok"}


def test_what_happens_to_one_happens_to_no_other(three: Fleets) -> None:
    """Kill every node of one, its daemon as well: the others do not take part, and nobody adopts a stranger."""
    home = three.home

    def pids(name: str) -> dict[str, int]:
        status = json.loads(home.run("--fleet", name, "status", "--json", cwd=Path("/")).stdout)
        found = {node["name"]: node["launch"]["pid"] for node in status["snapshot"]["fleet"]["nodes"].values()}
        return {**found, "daemon": status["snapshot"]["pulse"]["pid"]}

    before = {name: pids(name) for name in three.ports}
    for name in ("daemon", "a-1", "a-2"):
        os.kill(before["one"][name], signal.SIGKILL)
    wait_until(lambda: home.run("--fleet", "one", "status", cwd=Path("/")).returncode == 6)
    home.ok("up", cwd=home.directory / "one")
    assert {name: pids(name) for name in ("two", "three")} == {name: before[name] for name in ("two", "three")}
    after = pids("one")
    assert {name for name, pid in after.items() if pid == before["one"][name]} == {"a-3", "edge-1"}
    assert {name: three.answer(name) for name in three.ports} == {name: name for name in three.ports}


def test_which_one_is_meant(three: Fleets) -> None:
    """The option, then the variable, then the nearest file, then the only one that runs: never a guess."""
    home, one = three.home, three.home.directory / "one"

    def meant(*args: str, cwd: Path, **more: str) -> str:
        return str(json.loads(home.run(*args, "status", "--json", cwd=cwd, **more).stdout)["fleet"])

    assert meant("--fleet", "three", cwd=one, HACTL_FLEET="two") == "three"
    assert meant(cwd=one, HACTL_FLEET="two") == "two"
    assert meant(cwd=one) == "one"
    unsure = home.run("status", cwd=Path("/"))
    assert unsure.returncode == 1
    assert "several fleets are running: one, three, two" in unsure.stderr
    for name in ("one", "two"):
        home.ok("--fleet", name, "down", cwd=Path("/"))
    try:
        assert meant(cwd=Path("/")) == "three"
        assert meant(cwd=one, HACTL_FLEET="three") == "three"
        down = home.run("status", cwd=one)
        assert down.returncode == 6, "the nearest file counts, also when its fleet is down"
    finally:
        for name in ("one", "two"):
            home.ok("up", cwd=home.directory / name)


def test_a_demo_beside_them_disturbs_nobody(three: Fleets) -> None:
    """It comes and goes in a directory of its own; while it is there it can be named."""
    before = three.node_ports()
    done = three.home.run("demo", "--headless", "--rate", "50", "--duration", "4", "--json", cwd=Path("/"))
    told = json.loads(done.stdout)
    assert told["whole"]["failed"] == 0, done.stderr
    assert told["timeline"]["over"], done.stderr
    assert three.node_ports() == before
    assert {name: three.answer(name) for name in three.ports} == {name: name for name in three.ports}
    assert {row["name"] for row in three.home.json("fleets")["fleets"]} == set(three.ports)


def test_a_port_that_another_fleet_has_is_refused(three: Fleets) -> None:
    """Edges share their port with one another, but not with those of another fleet, whatever the kernel would allow."""
    directory = three.home.directory / "four"
    directory.mkdir()
    text = (three.home.directory / "one" / "hactl.toml").read_text().replace('"one"', '"four"')
    (directory / "hactl.toml").write_text(text)
    done = three.home.run("up", cwd=directory)
    assert done.returncode == 1
    assert f"port {three.ports['one']} on 127.0.0.1 is in use by 'envoy'" in done.stderr
    assert three.answer("one") == "one"


def test_two_that_want_one_port_at_once(three: Fleets) -> None:
    """Each finds it free, and the kernel would give it to both: one of them is refused, and clients meet one fleet."""
    names = ("seven", "eight")
    directories = [three.add(name, up=False) for name in names]
    port = three.ports.pop("eight")
    path = directories[1] / "hactl.toml"
    path.write_text(path.read_text().replace(f":{port}", f":{three.ports['seven']}"))
    starts = [three.home.start("up", "--config", str(directory / "hactl.toml")) for directory in directories]
    ended = [finish(start) for start in starts]
    assert sorted(code for code, _, _ in ended) == [0, 1], ended
    (refusal,) = [said for code, _, said in ended if code == 1]
    assert f"port {three.ports['seven']} on 127.0.0.1 is" in refusal
    winner = names[0] if ended[0][0] == 0 else names[1]
    three.ports[winner] = three.ports.pop("seven")
    assert {three.answer(winner) for _ in range(20)} == {winner}


def test_two_that_start_at_once(three: Fleets) -> None:
    """Each looks for free ports while the other does: what both choose, one of them gives up."""
    names = ("five", "six")
    directories = [three.add(name, up=False) for name in names]
    # So few ports that both must want the same.
    low = free_ports(1)[0]
    for directory in directories:
        path = directory / "hactl.toml"
        path.write_text(path.read_text().replace(f'ports = "{three.range}"', f'ports = "{low}-{low + 2 * NODES + 3}"'))
    files = [directory / "hactl.toml" for directory in directories]
    for start in [three.home.start("up", "--config", str(file)) for file in files]:
        code, _, said = finish(start)
        assert code == 0, said
    assert {name: three.answer(name) for name in names} == {name: name for name in names}
    ports = three.node_ports()
    assert len(set(ports)) == len(ports) == len(three.ports) * NODES

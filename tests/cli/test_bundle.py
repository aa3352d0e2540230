"""The support archive of a real fleet, alive and dead: everything that helps, and not one of the secrets planted."""

import io
import json
import os
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Home

SECRETS = [
    "envvar-swordfish",
    "short7!",
    "header-swordfish",
    "response-swordfish",
    "argument-swordfish",
    "bearer-swordfish",
    "query-swordfish",
    "reason-swordfish",
    "pem-swordfish",
    "file-swordfish",
    "comment-swordfish",
    "url-swordfish",
    "applied-swordfish",
]
GATEWAY = """
import http.server, os, sys
print("my database is", os.environ["DATABASE"], flush=True)
print("pin", os.environ["PIN"], "authorization: Bearer bearer-swordfish", flush=True)
print("called as", sys.argv, "postgres://me:url-swordfish@db", flush=True)
print("-----BEGIN PRIVATE KEY-----\\npem-swordfish\\n-----END PRIVATE KEY-----", flush=True)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
HEAD = """\
# comment-swordfish
[fleet]
name = "t"

[edge]
listen = "127.0.0.1:{port}"
count = 1

[[region]]
name = "a"
nodes = 1

"""
BEFORE = """\
[[service]]
name = "app"
endpoints = ["127.0.0.1:1"]

[[route]]
prefix = "/"
service = "app"
request_headers = {{ set = {{ x-anything = "header-swordfish" }} }}
response_headers = {{ add = {{ x-else = "response-swordfish" }} }}
"""
NOW = """\
[gateway]
kind = "command"
command = ["{python}", "{program}", "{{port}}", "--api-key", "argument-swordfish", "file:{file}"]
env = {{ DATABASE = "envvar-swordfish", PIN = "short7!", FROM = "file:{file}" }}

[health]
path = "/"
"""
"""The configuration of before is in the journal for as long as that remembers."""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Home]:
    """A fleet that is full of secrets: in its configurations, its processes' logs, its events."""
    with Home() as home:
        program, secret = home.directory / "gw.py", home.directory / "secret"
        program.write_text(GATEWAY)
        secret.write_text("file-swordfish\n")
        for text in (BEFORE, NOW):
            home.run("down")
            given = (HEAD + text).format(port=home.port, python=sys.executable, program=program, file=secret)
            (home.directory / "hactl.toml").write_text(given)
            home.ok("up")
        path = home.directory / "hactl.toml"
        path.write_text(path.read_text() + "\n# applied-swordfish\n[logs]\nkeep = 2\n")
        home.ok("config", "apply", "--wait", "--bake", "0s")
        home.ok("weight", "a-1", "50", "--wait", "--reason", "token=reason-swordfish for the shop")
        home.paths.node("edge-1").joinpath("errors.jsonl").write_text('{"p":"/x?session=query-swordfish","code":503}\n')
        yield home
        home.ok("down")


def members(archive: bytes) -> dict[str, bytes]:
    """The files in it, by their names below its one directory."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        found = {}
        for entry in tar.getmembers():
            assert entry.isfile()
            file = tar.extractfile(entry)
            assert file is not None
            found[entry.name.partition("/")[2]] = file.read()
        return found


def made(home: Home, *args: str) -> dict[str, bytes]:
    """A new archive's files."""
    path = Path(home.ok("bundle", *args).strip())
    path = home.directory / path
    assert path.stat().st_mode & 0o777 == 0o600, "for its owner alone"
    content = path.read_bytes()
    path.unlink()
    return members(content)


WANTED = {
    "README.txt",
    "config.toml",
    "status.json",
    "events.jsonl",
    "events.txt",
    "measurements.jsonl",
    "doctor.json",
    "doctor.txt",
    "versions.json",
    "machine.json",
    "documents.txt",
    "logs/nodes/a-1/process.log",
    "logs/nodes/edge-1/process.log",
    "logs/nodes/edge-1/errors.jsonl",
}


def test_it_has_what_helps_and_no_secret(fleet: Home) -> None:
    """They were planted wherever one can be; each is looked for in every file."""
    files = made(fleet)
    assert set(files) >= WANTED
    for name, content in files.items():
        for secret in SECRETS:
            assert secret.encode() not in content, (name, secret)
    config = tomllib.loads(files["config.toml"].decode())
    assert config["edge"]["listen"] == f"127.0.0.1:{fleet.port}"
    assert config["gateway"]["env"]["DATABASE"] == "***"
    status = json.loads(files["status.json"])
    assert status["reading"]["verdict"] == "ok"
    assert status["snapshot"]["fleet"]["spec"]["gateway"]["env"] == dict.fromkeys(("DATABASE", "PIN", "FROM"), "***")
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    assert events[0]["event"]["event"] == "FleetFounded"
    assert json.loads(files["measurements.jsonl"].splitlines()[-1])["samples"][0]["node"] == "edge-1"
    assert "for the shop" in files["events.txt"].decode()
    assert "my database is ***" in files["logs/nodes/a-1/process.log"].decode()
    versions = json.loads(files["versions.json"])
    assert versions["running"]["edge-1"]["version"] == versions["envoy"]["version"]
    assert json.loads(files["machine.json"])["cores"] == os.cpu_count()
    assert any(item["check"] == "edge port" for item in json.loads(files["doctor.json"]))
    assert "nodes/edge-1/bootstrap.json" in files["documents.txt"].decode()
    readme = files["README.txt"].decode()
    assert all(name in readme for name in files if name != "README.txt")
    assert "left out:" not in readme


def test_it_says_what_is_inside(fleet: Home) -> None:
    done = fleet.run("bundle", "--output", "b.tar.gz")
    assert done.stdout == "b.tar.gz\n"
    assert "config.toml" in done.stderr
    assert "look through the archive" in done.stderr
    again = fleet.run("bundle", "--output", "b.tar.gz")
    assert again.returncode == 1
    assert "b.tar.gz already exists" in again.stderr
    (fleet.directory / "b.tar.gz").unlink()
    told = fleet.json("bundle", "--output", "c.tar.gz")
    assert told["path"] == str(fleet.directory / "c.tar.gz")
    assert {member["name"] for member in told["contents"]} >= WANTED - {"README.txt"}
    assert told["missing"] == []
    (fleet.directory / "c.tar.gz").unlink()


def test_a_place_that_cannot_be_is_one_line(fleet: Home) -> None:
    done = fleet.run("bundle", "--output", "nowhere/b.tar.gz")
    assert done.returncode == 1
    assert done.stderr.startswith("hactl: cannot write nowhere/b.tar.gz: no such file or directory")


def test_without_a_daemon_it_says_what_the_fleet_has_kept(fleet: Home) -> None:
    """That is when it is needed most. The same secrets are as safe."""
    fleet.kill_daemon()
    try:
        files = made(fleet)
        assert set(files) >= WANTED
        for name, content in files.items():
            for secret in SECRETS:
                assert secret.encode() not in content, (name, secret)
        status = json.loads(files["status.json"])
        assert status["fleet"]["name"] == "t"
        assert "no daemon answers" in status["note"]
        assert "no daemon supervises 2 processes" in files["doctor.txt"].decode()
    finally:
        fleet.ok("up")


def test_what_cannot_be_had_is_named_and_the_rest_is_there(home: Home) -> None:
    """A damaged journal, a missing binary: nothing of it keeps the others out."""
    home.configure(edges=1, regions={"a": 1})
    home.ok("up")
    home.ok("down")
    with home.paths.journal.open("r+b") as file:
        file.seek(200)
        file.write(b"\xff" * 8000)
    done = home.run("bundle", "--output", "b.tar.gz", HACTL_ENVOY="/nowhere/envoy")
    assert done.returncode == 0, done.stderr
    files = members((home.directory / "b.tar.gz").read_bytes())
    readme = files["README.txt"].decode()
    assert "left out: the last 1000 events: " in readme
    assert "damaged" in readme
    assert "no envoy binary" in files["versions.json"].decode()
    assert "logs/nodes/a-1/process.log" in files


def test_a_fleet_that_nobody_knows_has_no_archive(home: Home) -> None:
    done = home.run("--fleet", "other", "bundle")
    assert done.returncode == 6
    assert list(home.directory.glob("*.tar.gz")) == []

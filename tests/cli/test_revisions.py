"""`hactl config diff|apply|history|rollback` and `hactl scale`, as typed."""

import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.build import a_spec
from support.command import HACTL, Home

from hactl.cli.revisions import Revision, _note, ensure_intact
from hactl.config import digest
from hactl.core.codec import VERSION, encode
from hactl.core.config_events import RevisionProposed
from hactl.core.errors import HactlError
from hactl.core.events import Record
from hactl.core.model import Proposal
from hactl.core.spec import FleetSpec
from hactl.store.journal import SqliteJournal

GREETING = '\n[[route]]\npath = "/hello"\nrespond = 200\nrespond_body = "hello"\n'
SUPPORT = Path(__file__).parents[1] / "support"
AT_ONCE = ("--wait", "--bake", "0ms")


@pytest.fixture(scope="module")
def own() -> Iterator[Home]:
    """A fleet of its own, whose file the tests change."""
    with Home() as home:
        home.configure(regions={"a": 2})
        home.ok("up")
        yield home
        home.ok("down")
        assert home.strays() == []


@pytest.fixture
def file(own: Home) -> Path:
    """Its hactl.toml as it was when it came up."""
    return own.configure(regions={"a": 2})


def said(own: Home, *arguments: str) -> str:
    """What a command that does well says beside its data."""
    done = own.run(*arguments)
    assert done.returncode == 0, (arguments, done)
    return done.stderr


def test_the_whole_story(own: Home, file: Path) -> None:
    """Look, try, apply, look back, go back; each step says what it did."""
    assert "no difference: revision 1" in said(own, "config", "diff")
    file.write_text(file.read_text() + GREETING)
    different = own.run("config", "diff")
    assert different.returncode == 1
    assert '+path = "/hello"' in different.stdout
    assert own.json("config", "diff")["same"] is False
    tried = own.ok("config", "apply", "--dry-run")
    assert '+path = "/hello"' in tried
    for step in ("restart a-1", "update edge-1", "watch the traffic", "put it into force"):
        assert step in tried
    assert "revision 2 is in force" in said(own, "config", "apply", *AT_ONCE, "--reason", "say hello")
    assert own.ok("config", "diff") == ""
    same = own.run("config", "apply")
    assert same.returncode == 1
    assert "nothing to change" in same.stderr
    assert "revision 3 is in force" in said(own, "config", "rollback", *AT_ONCE)
    history = own.ok("config", "history")
    assert "say hello" in history
    assert "rollback to revision 1" in history
    listed = own.json("config", "history")["revisions"]
    assert [(one["number"], one["outcome"]) for one in listed] == [
        (1, "was in force"),
        (2, "was in force"),
        (3, "in force"),
    ]
    assert listed[0]["digest"] == listed[2]["digest"] != listed[1]["digest"]
    assert '"/hello"' in own.ok("config", "show", "--revision", "2")
    assert '"/hello"' not in own.ok("config", "show", "--running")


def test_a_scale_and_what_the_file_says_then(own: Home, file: Path) -> None:
    """The file differs then, and is not touched."""
    before = file.read_text()
    own.ok("scale", "a", "3", "--wait")
    assert "a-3" in own.ok("status")
    assert "+nodes = 2" in own.run("config", "diff").stdout
    own.ok("config", "apply", *AT_ONCE)
    assert "a-3" not in own.ok("status")
    assert file.read_text() == before


def test_history_is_there_without_a_daemon(own: Home, file: Path) -> None:
    """It stands in the journal."""
    own.kill_daemon()
    try:
        assert own.json("config", "history")["revisions"][-1]["outcome"] == "in force"
    finally:
        own.ok("up")


def test_a_file_that_cannot_be_used_is_refused_before_anybody_is_asked(own: Home, file: Path) -> None:
    """As by `config check`: path, place, cause."""
    before = own.untouched()
    file.write_text(file.read_text() + "\n[[route]]\nprefix = 7\n")
    refused = own.run("config", "apply")
    assert refused.returncode == 2
    assert "route[2].prefix" in refused.stderr
    assert own.untouched() == before


@pytest.mark.parametrize("verb", ["apply", "diff", "check", "show"])
def test_a_configuration_from_a_pipe_is_refused_and_not_taken_for_empty(own: Home, file: Path, verb: str) -> None:
    """It is read more than once, and only the first reader would find anything in it."""
    before = own.untouched()
    words = ["config", verb, "--config", "/dev/stdin"]
    environment = own.environment()
    done = subprocess.run([*HACTL, *words], input=file.read_bytes(), env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"hactl: /dev/stdin: not a regular file\n  try: it is read more than once")
    assert own.untouched() == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("config", "rollback", "99"), 1, "no revision 99"),
        (("config", "show", "--revision", "99"), 1, "no revision 99"),
        (("config", "show", "--revision", "1", "--schema"), 2, "Choose one of"),
        (("config", "apply", "--config", "missing.toml"), 2, "missing.toml"),
        (("scale", "nowhere", "2"), 1, "no region 'nowhere'"),
        (("scale", "a", "0"), 2, "NODES"),
        (("scale", "a", "1000"), 2, "nodes"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    own: Home, file: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """And nothing has happened."""
    before = own.untouched()
    result = own.run(*arguments)
    assert result.returncode == code, result
    assert words in result.stderr, result
    assert own.untouched() == before


def test_literal_variables_are_never_shown_and_come_back_whole() -> None:
    """A change of a value is seen without the values; a rollback brings the old one back, not its mask."""
    argv = json.dumps([sys.executable, str(SUPPORT / "gateway_program.py"), "{port}"])
    with Home() as home:
        file = home.directory / "hactl.toml"
        file.write_text(
            f'[fleet]\nname = "t"\n[edge]\nlisten = "127.0.0.1:{home.port}"\ncount = 1\n[[region]]\nnodes = 2\n'
            f'[gateway]\nkind = "command"\ncommand = {argv}\nenv = {{ PASSWORD = "hunter2" }}\n'
        )
        home.ok("up")
        file.write_text(file.read_text().replace("hunter2", "hunter3"))
        different = home.run("config", "diff")
        assert different.returncode == 1
        assert '+PASSWORD = "*** (changed)"' in different.stdout
        shown = [different.stdout, home.ok("config", "apply", "--dry-run")]
        home.ok("config", "apply", *AT_ONCE)
        assert password(home) == "hunter3"
        assert home.ok("config", "diff") == ""
        home.ok("config", "rollback", *AT_ONCE)
        assert password(home) == "hunter2"
        verbs = (("history", "--json"), ("show", "--revision", "1"), ("show", "--running", "--json"), ("show",))
        shown += [home.ok("config", *words) for words in verbs]
        shown += [home.ok("status", "--json"), home.ok("events", "--json", "--limit", "1000")]
        home.ok("down")
        shown.append(home.ok("events", "--json", "--limit", "1000"))
        assert "hunter" not in "".join(shown)


def password(home: Home) -> str:
    """What a node has been given."""
    with urllib.request.urlopen(f"http://127.0.0.1:{home.port}/env?PASSWORD", timeout=10) as answer:
        return answer.read().decode()


def proposed(directory: Path, change: Callable[[dict[str, Any]], object], *, then: str = "") -> tuple[Path, Revision]:
    """A journal with a revision that a hactl proposed for which a spec is what `change` makes of ours.

    With `then`, what it says about its name is another by now.
    """
    spec = json.loads(encode(a_spec(nodes=2)))
    change(spec)
    proposal = Proposal(spec=FleetSpec(), nodes=(), revision=2, digest=digest(spec))
    record = json.loads(encode(Record(seq=1, wall=1.0, mono=1.0, event=RevisionProposed(proposal=proposal))))
    record["event"]["proposal"]["spec"] = spec | ({"name": then} if then else {})
    path = directory / "journal.db"
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        row = (1, 1.0, "RevisionProposed", VERSION, json.dumps(record))
        db.execute("INSERT INTO records (seq, wall, kind, v, body) VALUES (?, ?, ?, ?, ?)", row)
    with SqliteJournal.open_read_only(path) as journal:
        found: dict[int, Revision] = {}
        _note(found, journal.query()[0])
    return path, found[2]


def test_a_revision_from_before_a_key_existed_is_as_good_as_ever(tmp_path: Path) -> None:
    """It is read with the default of that key, and shown like any revision that means the same."""
    journal, revision = proposed(tmp_path, lambda spec: (spec.pop("brownout"), spec["edge"].pop("threads")))
    ensure_intact(journal, revision)
    assert revision.spec == a_spec(nodes=2)
    assert revision.digest == digest(a_spec(nodes=2))


def test_a_revision_that_is_not_what_it_was_is_damaged(tmp_path: Path) -> None:
    journal, revision = proposed(tmp_path, lambda spec: None, then="other")
    with pytest.raises(HactlError, match="revision 2 is damaged"):
        ensure_intact(journal, revision)


def test_an_overlay_is_applied_with_its_content_and_taken_back_without_its_file(own: Home, file: Path) -> None:
    """Its file is read where the command is typed; what the daemon has needs no other file, nor does a rollback."""
    before = own.snapshot().fleet.spec
    more = own.directory / "more.json"
    more.write_text('{"edge": {"http": {"colour": 1}}}')
    file.write_text(file.read_text() + '\n[gateway]\nenvoy_overlay = "more.json"\n')
    refused = own.run("config", "apply", *AT_ONCE)
    assert refused.returncode != 0
    assert "colour" in refused.stderr
    assert "gateway.envoy_overlay" in refused.stderr
    more.write_text('{"edge": {"http": {"via": "x"}}}')
    assert "is in force" in said(own, "config", "apply", *AT_ONCE)
    assert own.snapshot().fleet.spec.gateway.envoy_overlay == '{"edge":{"http":{"via":"x"}}}'
    assert "no difference" in said(own, "config", "diff")
    more.write_text('{"edge": {"http": {"via": "y"}}}')
    assert own.run("config", "diff").returncode == 1
    more.unlink()
    assert "is in force" in said(own, "config", "rollback", *AT_ONCE)
    assert own.snapshot().fleet.spec == before

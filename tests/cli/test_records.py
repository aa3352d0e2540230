"""Looking at a fleet of somebody else: what a member of its group may do, and what a stranger is told."""

import grp
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import PATIENCE, Home

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")

OTHER = 65534
"""The user and the group that own nothing."""
_AS_OTHER = f"""
import encodings.idna, encodings.utf_8_sig, grp, importlib, os, pkgutil, pwd, sys
import hactl
for found in pkgutil.walk_packages(hactl.__path__, "hactl."):
    if not found.name.startswith(("hactl.tui", "hactl.ctk", "hactl.__main__")):
        importlib.import_module(found.name)
os.setgroups([])
os.setresgid({OTHER}, {OTHER}, {OTHER})
os.setresuid({OTHER}, {OTHER}, {OTHER})
from hactl.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
"""Everything is loaded first: the other user may not be able to read where Python and hactl lie."""
AT_ONCE = ("--wait", "--bake", "0ms")


def other(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `hactl ARGUMENTS` as another user, who is a member of the fleet's group if it has one."""
    return subprocess.run(
        [sys.executable, "-c", _AS_OTHER, *arguments],
        cwd=home.directory,
        env=home.environment(HOME="/"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def opened(home: Home, text: str) -> Path:
    """Let others pass through the home, with `text` in [fleet]."""
    path = home.configure(edges=1, regions={"a": 2})
    path.write_text(path.read_text().replace("[fleet]", f"[fleet]\n{text}"))
    home.directory.chmod(0o755)
    return path


@pytest.fixture
def shared(home: Home) -> Iterator[Home]:
    """A fleet that a group may operate."""
    opened(home, f'group = "{grp.getgrgid(OTHER).gr_name}"')
    home.ok("up")
    home.state.chmod(0o755)
    yield home
    home.ok("down")


def test_a_member_of_the_group_changes_the_configuration_and_takes_it_back(shared: Home) -> None:
    """The journal is its owner's; what the daemon says of it is enough."""
    file = shared.directory / "hactl.toml"
    assert "no difference: revision 1" in other(shared, "config", "diff").stderr
    file.write_text(file.read_text().replace("hello", "good day"))
    different = other(shared, "config", "diff")
    assert (different.returncode, "good day" in different.stdout) == (1, True), different
    assert "good day" in other(shared, "config", "apply", "--dry-run").stdout
    applied = other(shared, "config", "apply", *AT_ONCE)
    assert applied.returncode == 0, applied
    assert "hello" in other(shared, "config", "show", "--revision", "1").stdout
    back = other(shared, "config", "rollback", *AT_ONCE)
    assert back.returncode == 0, back
    assert other(shared, "config", "history").stdout == shared.ok("config", "history")


def test_what_a_member_may_not_read_is_neither_compared_nor_put_back_as_a_mask(home: Home) -> None:
    """And says so: "no difference" would be half the truth."""
    program = Path(__file__).parents[1] / "support" / "gateway_program.py"
    argv = json.dumps([sys.executable, str(program), "{port}"])
    file = home.directory / "hactl.toml"
    file.write_text(
        f'[fleet]\nname = "t"\ngroup = "{grp.getgrgid(OTHER).gr_name}"\n'
        f'[edge]\nlisten = "127.0.0.1:{home.port}"\ncount = 1\n[[region]]\nname = "a"\nnodes = 2\n'
        f'[gateway]\nkind = "command"\ncommand = {argv}\nenv = {{ PASSWORD = "hunter2" }}\n'
    )
    home.directory.chmod(0o755)
    home.ok("up")
    home.state.chmod(0o755)
    home.ok("scale", "a", "3", "--wait")
    different = other(home, "config", "diff")
    assert "not compared: literal values in gateway.env" in different.stderr
    assert "+nodes = 2" in different.stdout
    assert "PASSWORD" not in different.stdout
    back = other(home, "config", "rollback", "1")
    assert back.returncode == 1
    assert "can be put back only by the fleet's own user" in back.stderr
    assert home.snapshot().fleet.revision == 2
    assert [one["digest"] for one in json.loads(other(home, "config", "history", "--json").stdout)["revisions"]] == [
        "",
        "",
    ]


def test_without_a_daemon_a_member_is_not_told_that_all_is_down(shared: Home) -> None:
    """What runs can be seen in the journal alone."""
    shared.kill_daemon()
    down = other(shared, "down")
    assert (down.returncode, down.stdout) == (1, "")
    assert down.stderr.startswith(f"hactl: the journal '{shared.paths.journal}' may not be read by you\n")
    events = other(shared, "events")
    assert events.returncode == 6
    assert events.stderr.startswith("hactl: no daemon answers on ")
    shared.ok("up")


def test_a_stranger_is_told_so_in_one_line(home: Home) -> None:
    """The state directory cannot be looked into, and nothing ends in a traceback."""
    opened(home, "")
    home.ok("up")
    home.state.chmod(0o755)
    for words in (
        ("events",),
        ("logs", "a-1"),
        ("down",),
        ("config", "history"),
        ("config", "show", "--revision", "1"),
        ("config", "diff"),
        ("config", "rollback"),
    ):
        done = other(home, *words)
        assert done.returncode in (1, 6), (words, done)
        assert "no permission to open" in done.stderr or "may not be read by you" in done.stderr, (words, done)
        assert "Traceback" not in done.stderr, (words, done)
    for words in (("doctor",), ("bundle", "--output", "/tmp/never/there")):
        assert "Traceback" not in other(home, *words).stderr

"""`hactl purge` on a real fleet: refused while it runs, asked for by name, and then nothing is left."""

import os
import pty
import subprocess
from pathlib import Path

import pytest
from support.command import HACTL, PATIENCE, Home


@pytest.fixture
def small(home: Home) -> Home:
    """A home with a fleet that runs."""
    home.configure(edges=1, regions={"a": 1})
    home.ok("up")
    return home


def test_a_whole_life(small: Home) -> None:
    """Running, orphaned, stopped, purged; and then a new fleet."""
    refused = small.run("purge", "--confirm", "t")
    assert refused.returncode == 5
    assert "a daemon already runs for this fleet" in refused.stderr
    assert "hactl --fleet t down" in refused.stderr
    small.kill_daemon()
    orphaned = small.run("purge", "--confirm", "t")
    assert orphaned.returncode == 5
    assert "a-1 (pid" in orphaned.stderr
    assert "edge-1 (pid" in orphaned.stderr
    small.ok("down")
    for args in (("purge",), ("purge", "--confirm", "other")):
        unsure = small.run(*args)
        assert unsure.returncode == 5
        assert "nothing was removed" in unsure.stderr
        assert "--confirm t" in unsure.stderr
    looked = small.ok("purge", "--dry-run")
    assert str(small.paths.journal) in looked
    assert small.paths.journal.exists()
    done = small.run("purge", "--confirm", "t")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"removed {small.paths.journal}" in done.stderr
    assert f"removed {small.paths.state}\n" in done.stderr
    assert not small.paths.state.exists(), "a real fleet leaves nothing that a purge does not know"
    assert small.json("fleets")["fleets"] == []
    again = small.run("purge", "--confirm", "t")
    assert again.returncode == 1
    assert "nothing is kept of fleet" in again.stderr
    small.ok("up")
    assert small.snapshot().fleet.revision == 1
    small.ok("down")


def test_json_says_what_went(small: Home) -> None:
    small.ok("down")
    planned = small.json("purge", "--dry-run")
    done = small.json("purge", "--confirm", "t")
    assert [piece["path"] for piece in done["removed"]] == [piece["path"] for piece in planned["removes"]]
    assert done["left"] == []


def test_on_a_terminal_the_name_is_asked_for(small: Home) -> None:
    """A wrong answer removes nothing."""
    small.ok("down")
    for typed, code in (("yes\n", 5), ("t\n", 0)):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*HACTL, "purge"],
            cwd=small.directory,
            env=small.environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.close(theirs)
            os.write(ours, typed.encode())
            _, said = process.communicate(timeout=PATIENCE)
        os.close(ours)
        assert process.returncode == code, said
        assert "type the fleet's name (t)" in said
        assert small.paths.journal.exists() == (code != 0)


def test_a_state_directory_of_its_own_goes_with_its_name(home: Home) -> None:
    """And what was there before it stays."""
    place = home.directory / "project"
    place.mkdir(mode=0o700)
    (place / "notes").write_text("mine")
    path = home.configure(edges=1, regions={"a": 1})
    path.write_text(path.read_text().replace('name = "t"\n', f'name = "t"\nstate_dir = "{place}"\n'))
    home.ok("up")
    home.ok("down")
    done = home.run("--fleet", "t", "purge", "--confirm", "t", cwd=Path("/"))
    assert done.returncode == 0, done.stderr
    assert f"not the fleet's, left in {place}: notes" in done.stderr
    assert [entry.name for entry in place.iterdir()] == ["notes"]
    assert not (home.state / "t").is_symlink()

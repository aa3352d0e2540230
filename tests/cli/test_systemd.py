"""The unit of a fleet: what systemd itself thinks of it, and what is in it for a reason."""

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.command import Home

from hactl.cli import systemd
from hactl.core.errors import HactlError

ODD = "a b%c$d\"e'f\\g;h"
"""Everything that means something in a unit file."""


def settings(text: str) -> configparser.ConfigParser:
    """A unit, read."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    return parser


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
@pytest.mark.parametrize("directory", ["plain", ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("user", [False, True], ids=["system", "user"])
def test_systemd_has_nothing_to_say_about_it(home: Home, directory: str, user: bool, tmp_path: Path) -> None:
    """Not an error, and not one of the warnings about lines it does not understand."""
    home.ok("init", "--name", "t", "--", directory)
    done = home.run("init", "--systemd", *(["--user"] if user else []), "--", directory)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "hactl-t.service"
    file.write_text(done.stdout)
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    judged = subprocess.run(
        ["systemd-analyze", *(["--user"] if user else []), "verify", str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, "", "")


def test_what_must_be_in_it(home: Home) -> None:
    """Each of these has cost somebody an outage."""
    home.configure(name="shop")
    done = home.run("init", "--systemd", HACTL_ENVOY="envoys/envoy")
    unit = settings(done.stdout)
    service = unit["Service"]
    assert service["KillMode"] == "process", "or nodes and edges die with the daemon"
    assert service["OOMPolicy"] == "continue", "or all of them die with one that ran out of memory"
    assert (service["Type"], service["Restart"], service["WatchdogSec"]) == ("notify", "always", str(systemd.WATCHDOG))
    assert service["RestartPreventExitStatus"].split() == ["0", "2"], "or `hactl down` would not last"
    assert "ExecStop" not in service, "or to stop the service would stop the fleet"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    start = service["ExecStart"].split()
    assert Path(start[0]).is_absolute()
    assert start[-6:] == ["--fleet", "shop", "up", "--foreground", "--config", str(home.directory / "hactl.toml")]
    assert "--fleet shop config apply --wait" in service["ExecReload"]
    assert int(service["LimitNOFILE"]) > 2 * 20_000
    environment = [line for line in done.stdout.splitlines() if line.startswith("Environment=")]
    assert environment == [
        f"Environment=HACTL_STATE_DIR={home.state}",
        f"Environment=HACTL_ENVOY={home.directory}/envoys/envoy",
    ]
    assert str(home.state / "shop") in unit["Unit"]["RequiresMountsFor"].split()
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_the_hints_say_how_to_live_with_it(home: Home) -> None:
    home.configure(name="shop")
    said = home.run("init", "--systemd").stderr
    assert "/etc/systemd/system/hactl-shop.service" in said
    assert "systemctl enable --now hactl-shop.service" in said
    assert "hactl --fleet shop down" in said
    mine = home.run("init", "--systemd", "--user")
    assert "systemctl --user enable --now hactl-shop.service" in mine.stderr
    assert "loginctl enable-linger" in mine.stderr
    unit = settings(mine.stdout)
    assert "User" not in unit["Service"]
    assert "After" not in unit["Unit"], "a user's service manager knows nothing of the network"
    assert unit["Install"]["WantedBy"] == "default.target"


def test_there_is_no_unit_without_a_fleet(home: Home) -> None:
    done = home.run("init", "--systemd")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert "hactl init" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("args", [("--user",), ("--systemd", "--force"), ("--systemd", "--name", "x")])
def test_what_does_not_go_together_is_refused(home: Home, args: tuple[str, ...]) -> None:
    assert home.run("init", *args).returncode == 2
    assert not (home.directory / "hactl.toml").exists()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("/a/b-c_d.e", "/a/b-c_d.e"),
        ("", '""'),
        ("a b", '"a b"'),
        ("100%", '"100%%"'),
        ('say "no"', '"say \\"no\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("it's", '"it\'s"'),
        ("$HOME", "$$HOME"),
    ],
)
def test_an_argument_reaches_the_program_as_it_is(text: str, written: str) -> None:
    assert systemd.argument(text) == written


def test_what_no_unit_can_hold_is_refused() -> None:
    with pytest.raises(HactlError, match="cannot be written in a unit file"):
        systemd.word("a\nExecStop=/bin/rm")

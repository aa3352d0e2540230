"""The systemd unit of a fleet: `hactl init --systemd`. Not what the daemon tells systemd: that is `processes.notifier`.

Two of its lines are not a matter of taste. Without `KillMode=process` systemd kills the nodes and edges together with
the daemon, whenever that is restarted; without `OOMPolicy=continue` it does so when one of them runs out of memory.
"""

import os
import shutil
import sys
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.paths import state_home

WATCHDOG = 30
"""Seconds after which a silent daemon is replaced. Its loop answers within 50 ms; a disk may hold it up for longer."""
FILES = 524_288
"""Open files for every process: two per connection of a busy edge, and what systemd allows without being asked."""

_UNIT = """\
# The fleet "{name}", made by: hactl init --systemd{flag}
#
# Stopping or restarting this service stops the daemon only: nodes and edges keep serving, and the next daemon adopts
# them. To stop everything: hactl --fleet {name} down (the service then ends as well, and stays down until started).
[Unit]
Description=API gateway fleet {name} (hactl)
{after}RequiresMountsFor={mounts}
# A supervisor must never give up.
StartLimitIntervalSec=0

[Service]
Type=notify
{user}ExecStart={start}
ExecReload={reload}
WorkingDirectory=-{directory}
{environment}
# Only ever the daemon: nodes and edges outlive it.
KillMode=process
OOMPolicy=continue
Restart=always
RestartSec=1
# 0: stopped on purpose, with `hactl down` or a signal. 2: there is no configuration to start with.
RestartPreventExitStatus=0 2
WatchdogSec={watchdog}
TimeoutStartSec=120
TimeoutStopSec=30
LimitNOFILE={files}
UMask=0077

[Install]
WantedBy={target}
"""


def unit_name(fleet: str) -> str:
    """What the unit of a fleet is called."""
    return f"hactl-{fleet}.service"


def unit(fleet: str, config: Path, state: Path, *, user: bool, owner: str) -> str:
    """The unit that keeps `fleet` running, as `owner`, or in their own service manager with `user`.

    `state` is its state directory. Raises HactlError when a path in it could not be written in a unit.
    """
    hactl = [*command(), "--fleet", fleet]
    start = [*hactl, "up", "--foreground", "--config", str(config)]
    reload = [*hactl, "config", "apply", "--wait", "--reason", "reload of the service", "--config", str(config)]
    variables = {"HACTL_STATE_DIR": str(state_home().absolute())}
    if envoy := os.environ.get("HACTL_ENVOY"):
        variables["HACTL_ENVOY"] = str(Path(envoy).absolute())
    return _UNIT.format(
        name=fleet,
        flag=" --user" if user else "",
        after="" if user else "Wants=network-online.target\nAfter=network-online.target\n",
        mounts=f"{word(str(config.parent))} {word(str(state))}",
        user="" if user else f"User={owner}\n",
        start=" ".join(argument(part) for part in start),
        reload=" ".join(argument(part) for part in reload),
        directory=plain(str(config.parent)),
        environment="\n".join(f"Environment={word(f'{name}={value}')}" for name, value in variables.items()),
        watchdog=WATCHDOG,
        files=FILES,
        target="default.target" if user else "multi-user.target",
    )


def command() -> tuple[str, ...]:
    """How this very hactl is run, with absolute paths."""
    given = Path(sys.argv[0])
    if given.name == "hactl" and (found := shutil.which(given)):
        return (str(Path(found).absolute()),)
    return (sys.executable, "-P", "-m", "hactl")


def word(text: str) -> str:
    """One word of a setting: "%" begins a specifier, quotes keep blanks together. Raises HactlError."""
    safe = plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"' if safe != text or any(char in " '\t;#" for char in text) or not text else text


def argument(text: str) -> str:
    """One argument of a command line, in which "$" begins a variable as well. Raises HactlError."""
    return word(text).replace("$", "$$")


def plain(text: str) -> str:
    """A setting that is taken as it stands. Raises HactlError for what no unit file can hold."""
    if not text.isprintable():
        raise HactlError(f"{text!r} cannot be written in a unit file", "choose a path without control characters")
    return text.replace("%", "%%")


def advice(fleet: str, *, user: bool) -> str:
    """What to do with the unit, and how to live with it."""
    name = unit_name(fleet)
    place = f"~/.config/systemd/user/{name}" if user else f"/etc/systemd/system/{name}"
    control = "systemctl --user" if user else "systemctl"
    lines = [
        f"to install it: save it as {place}, then",
        f"  {control} daemon-reload && {control} enable --now {name}",
        *(["  loginctl enable-linger    (or everything stops when you log out)"] if user else []),
        f"{control} reload {name} puts a changed hactl.toml into force (hactl config apply);",
        f"{control} stop {name} stops the daemon only, nodes and edges keep serving;",
        f"to stop everything: hactl --fleet {fleet} down",
    ]
    return "\n".join(lines)

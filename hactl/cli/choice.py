"""Which fleet a command means: `--fleet`, HACTL_FLEET, the nearest hactl.toml, the only running fleet; else an error.

Reads of a hactl.toml only the name and the state directory, and tolerates everything else in it: a broken file must
never lock an operator out of a running daemon.
"""

import contextlib
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import click

from hactl.control.client import Client
from hactl.core.errors import ConfigError, HactlError, Unreachable, os_reason
from hactl.core.value import Value
from hactl.paths import FleetPaths, state_home

_NAME = re.compile(r"[a-z0-9-]{1,32}")
_NAME_HINT = "lower-case letters, digits and hyphens, at most 32"
_TABLE = re.compile(r"^\s*\[+\s*([^\]]*?)\s*\]+")
_LINE = re.compile(r"""^\s*(name|state_dir)\s*=\s*["']([^"']+)["']""")


class Chosen(Value):
    """A fleet, and how it was found."""

    name: str
    state: Path
    config: Path | None = None

    @property
    def paths(self) -> FleetPaths:
        """Where it keeps its things."""
        return FleetPaths(self.state)

    @property
    def client(self) -> Client:
        """The door to its daemon. Raises Unreachable when there is no such fleet and no file that describes it."""
        if self.config is None and not self.state.exists():
            known = ", ".join(chosen.name for chosen in fleets())
            raise Unreachable(f"no fleet '{self.name}' on this machine", f"known: {known}" if known else "hactl init")
        return Client(self.paths.control, owner=self.paths.owner)


def choose(config: Path | None = None) -> Chosen:
    """The fleet this command is about; `config` names a hactl.toml. Raises HactlError when there is no telling."""
    if config is not None:
        chosen = of_config(config)
        ensure_meant(chosen.name, config)
        return chosen
    near = nearest()
    if wanted := named():
        if near is not None:
            with contextlib.suppress(HactlError):
                chosen = of_config(near)
                if chosen.name == wanted:
                    return chosen
        return Chosen(name=wanted, state=(state_home() / wanted).resolve())
    return _only_running() if near is None else of_config(near)


def named() -> str:
    """The name that was given with the command: by --fleet, else by HACTL_FLEET, else "". Raises click.BadParameter."""
    given, environment = click.get_current_context().find_root().obj, os.environ.get("HACTL_FLEET")
    if wanted := given or environment or "":
        checked(wanted, "'--fleet'" if given else "HACTL_FLEET")
    return wanted


def ensure_meant(name: str, path: Path) -> None:
    """Raises ConfigError when another fleet was named than `name`, which the file at `path` describes.

    Neither goes before the other: whoever names two fleets must not find out afterwards which one it was.
    """
    if (wanted := named()) and wanted != name:
        given = click.get_current_context().find_root().obj
        without = "leave out --fleet" if given else "unset HACTL_FLEET"
        raise ConfigError(
            f"{path}: describes fleet '{name}', not '{wanted}'",
            f"name the file of '{wanted}' with --config, or {without}",
        )


def of_config(path: Path) -> Chosen:
    """The fleet that the hactl.toml at `path` describes. Raises ConfigError when it does not say which."""
    name, state_dir = _peek(path)
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{path}: fleet.name: '{name}' is not a valid fleet name", _NAME_HINT)
    if state_dir.startswith("~/"):
        state_dir = str(Path.home() / state_dir[2:])
    state = Path(state_dir).absolute() if state_dir else state_home() / name
    return Chosen(name=name, state=state, config=path.absolute())


def nearest() -> Path | None:
    """The hactl.toml in the working directory or the nearest above it."""
    try:
        here = Path.cwd()
    except OSError:  # it was removed under our feet
        return None
    for directory in (here, *here.parents):
        candidate = directory / "hactl.toml"
        with contextlib.suppress(OSError):  # a directory that may not be entered has no file for us
            if candidate.is_file():
                return candidate
    return None


def checked(name: str, source: str) -> str:
    """`name`, if a fleet can be called so; `source` is where it comes from. Raises click.BadParameter."""
    if not _NAME.fullmatch(name):
        raise click.BadParameter(f"'{name}' is not a valid fleet name: {_NAME_HINT}", param_hint=source)
    return name


def program(name: str, state: Path) -> tuple[str, ...]:
    """What a command for the fleet called `name`, which keeps its things in `state`, begins with in a shell here.

    The fleet is named, unless the nearest hactl.toml chooses it: what else would choose it now (HACTL_FLEET, that no
    other fleet runs) may be otherwise in the shell, or at the time, that the command is pasted in.
    """
    near = nearest()
    if near is not None and os.environ.get("HACTL_FLEET") in (None, "", name):
        with contextlib.suppress(HactlError):
            chosen = of_config(near)
            if chosen.name == name and os.path.realpath(chosen.state) == os.path.realpath(state):
                return ("hactl",)
    return ("hactl", "--fleet", name)


def fleets() -> list[Chosen]:
    """Every fleet this user has state of."""
    home = state_home()
    try:
        entries = sorted(home.iterdir()) if home.is_dir() else []
    except OSError as error:
        raise HactlError(f"cannot read {home}: {os_reason(error)}") from error
    return [Chosen(name=entry.name, state=entry.resolve()) for entry in entries if _has_state(entry)]


def _has_state(entry: Path) -> bool:
    try:
        return (entry / "journal.db").exists()
    except OSError:  # somebody else's: not to be looked into
        return False


def running(chosen: Chosen) -> bool:
    """True when its daemon answers."""
    try:
        chosen.client.hello()
    except HactlError:
        return False
    return True


def register(chosen: Chosen) -> None:
    """Make the state directory, and find it again under the fleet's name when it is somewhere else."""
    try:
        chosen.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        usual = state_home() / chosen.name
        if chosen.state != usual and not usual.exists():
            usual.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            usual.unlink(missing_ok=True)
            usual.symlink_to(chosen.state)
    except OSError as error:
        raise HactlError(
            f"cannot use the state directory {chosen.state}: {os_reason(error)}",
            "set fleet.state_dir in hactl.toml, or HACTL_STATE_DIR",
        ) from error


def ensure_found(chosen: Chosen) -> None:
    """Raises ConfigError when `hactl --fleet NAME` finds another state directory than that of `chosen`.

    Somebody elsewhere would then be told that a fleet is down which serves.
    """
    usual = state_home() / chosen.name
    there = os.path.realpath(usual)
    if not os.path.exists(usual) or there == os.path.realpath(chosen.state):  # noqa: PTH110 - never raises
        return
    if running(Chosen(name=chosen.name, state=Path(there))):
        hint = f"give one of them another fleet.name, or stop that one: cd / && hactl --fleet {chosen.name} down"
    else:
        hint = f"if that is not needed any more: cd / && hactl --fleet {chosen.name} purge; else change fleet.name"
    where = f"{chosen.config}: " if chosen.config else ""
    raise ConfigError(f"{where}--fleet {chosen.name} means a fleet in {there}, not this one in {chosen.state}", hint)


def _only_running() -> Chosen:
    up = [chosen for chosen in fleets() if running(chosen)]
    if len(up) == 1:
        return up[0]
    if not up:
        raise Unreachable(
            "no hactl.toml in this directory or above, and no fleet is running", "hactl init, or hactl demo"
        )
    names = ", ".join(chosen.name for chosen in up)
    raise HactlError(f"several fleets are running: {names}", "name one: hactl --fleet NAME ...")


def _peek(path: Path) -> tuple[str, str]:
    """The name and the state directory ("" for the usual one) that the file gives, however broken the rest is."""
    try:
        if not path.is_file():
            from hactl.config.files import ensure_kept

            ensure_kept(path)
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", "write one with: hactl init") from None
    except OSError as error:
        why = os_reason(error)
        raise ConfigError(f"{path}: cannot be read: {why}", "name the fleet: hactl --fleet NAME ...") from error
    try:
        table = tomllib.loads(text).get("fleet", {})
    except (ValueError, RecursionError):
        table = _scan(text)
    if not isinstance(table, dict):
        table = {}
    return str(table.get("name", "default")), str(table.get("state_dir", ""))


def _scan(text: str) -> dict[str, Any]:
    """What a [fleet] table says, read line by line from a text that is no TOML."""
    found, inside = {}, False
    for line in text.splitlines():
        if head := _TABLE.match(line):
            inside = head[1] == "fleet"
        elif inside and (pair := _LINE.match(line)):
            found[pair[1]] = pair[2]
    return found

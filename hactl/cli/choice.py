"""Which fleet a command means: `--fleet`, HACTL_FLEET, the nearest hactl.toml, the only running fleet; else an error.

Reads of a hactl.toml only the name and the state directory, and tolerates everything else in it: a broken file must
never lock an operator out of a running daemon.
"""

import os
import re
import tomllib
from pathlib import Path

import click

from hactl.control.client import Client
from hactl.core.errors import HactlError
from hactl.core.value import Value
from hactl.paths import FleetPaths, state_home

_NAME = re.compile(r"[a-z0-9-]{1,32}")
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
        """The door to its daemon."""
        return Client(self.paths.control)


def choose(config: Path | None = None) -> Chosen:
    """The fleet this command is about; `config` names a hactl.toml. Raises HactlError when there is no telling."""
    wanted = click.get_current_context().find_root().obj or os.environ.get("HACTL_FLEET")
    nearest = config or _nearest(Path.cwd())
    if nearest is not None and not wanted:
        return of_config(nearest)
    if wanted:
        checked(wanted)
        if nearest is not None and (chosen := of_config(nearest)).name == wanted:
            return chosen
        return Chosen(name=wanted, state=_registered(wanted))
    return _only_running()


def of_config(path: Path) -> Chosen:
    """The fleet that the hactl.toml at `path` describes."""
    name, state_dir = _peek(path)
    checked(name)
    state = Path(state_dir).expanduser() if state_dir else state_home() / name
    return Chosen(name=name, state=state, config=path.absolute())


def checked(name: str) -> str:
    """`name`, if a fleet can be called so. Raises HactlError."""
    if not _NAME.fullmatch(name):
        raise HactlError(f"'{name}' is no name for a fleet", "lower-case letters, digits and hyphens, at most 32")
    return name


def fleets() -> list[Chosen]:
    """Every fleet this user has state of."""
    home = state_home()
    if not home.is_dir():
        return []
    return [
        Chosen(name=entry.name, state=entry.resolve())
        for entry in sorted(home.iterdir())
        if entry.is_dir() and (entry / "journal.db").exists()
    ]


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
            f"cannot use the state directory {chosen.state}: {error.strerror}", "set fleet.state_dir in hactl.toml"
        ) from error


def _only_running() -> Chosen:
    up = [chosen for chosen in fleets() if running(chosen)]
    if len(up) == 1:
        return up[0]
    if not up:
        raise HactlError("no hactl.toml here or above, and no fleet is running", "hactl init, or hactl demo")
    names = ", ".join(chosen.name for chosen in up)
    raise HactlError(f"several fleets are running: {names}", "name one: hactl --fleet NAME ...")


def _nearest(start: Path) -> Path | None:
    for directory in (start, *start.parents):
        candidate = directory / "hactl.toml"
        if candidate.is_file():
            return candidate
    return None


def _registered(name: str) -> Path:
    return (state_home() / name).resolve()


def _peek(path: Path) -> tuple[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HactlError(f"cannot read {path}: {error}", "name the fleet: hactl --fleet NAME ...") from error
    try:
        table = tomllib.loads(text).get("fleet", {})
    except tomllib.TOMLDecodeError:
        lines = (_LINE.match(line) for line in text.splitlines())
        table = {line[1]: line[2] for line in lines if line}
    if not isinstance(table, dict):
        table = {}
    return str(table.get("name", "default")), str(table.get("state_dir", ""))

"""A `hactl.toml` as a file: reading it, or saying why it cannot be read. Not what stands in it: `reading`."""

import stat
from collections.abc import Callable
from pathlib import Path

from hactl.config import alert_rules, schedule_rules
from hactl.config.overlay import canonical, is_text
from hactl.config.reading import parse
from hactl.config.unfit import Unfit
from hactl.config.writing import dump
from hactl.core.errors import ConfigError
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.core.value import replace

FILE_NAME = "hactl.toml"
"""What a fleet's configuration is called."""
LARGEST = 1 << 20
"""Bytes; a file beyond this is taken for a mistake, such as a log or a device."""


def load(path: Path) -> FleetSpec:
    """The configuration in the file at `path`: relative paths made absolute, an overlay read in place of its path.

    Raises ConfigError that begins with the path, whatever is wrong.
    """
    try:
        ensure_kept(path)
        said = text(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", "write one with: hactl init") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a directory", f"name the file in it: {path / FILE_NAME}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {why(error)}") from error
    spec = anchored(parse(said, str(path), overlays(path.parent)), path.absolute().parent)
    return beside(spec, str(path.parent.resolve()))


def ensure_kept(path: Path) -> None:
    """Raises ConfigError when `path` is a pipe or a device, and OSError when there is nothing.

    A configuration is read more than once, by the daemon as well: whoever reads a pipe second finds it empty, and an
    empty file describes a fleet.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ConfigError(f"{path}: not a regular file", "it is read more than once: write it to a file, and name that")


def anchored(spec: FleetSpec, directory: Path) -> FleetSpec:
    """`spec` with the relative paths in its tables made absolute: they begin in `directory`, wherever a daemon runs."""
    alerts = tuple(alert_rules.anchored(one, directory) for one in spec.alerts)
    schedules = tuple(schedule_rules.anchored(one, directory) for one in spec.schedules)
    return replace(spec, alerts=alerts, schedules=schedules)


def beside(spec: FleetSpec, directory: str) -> FleetSpec:
    """`spec` as it reads in a file in `directory`: there a command runs, wherever whoever starts it may be."""
    gateway = spec.gateway
    if gateway.kind is not GatewayKind.COMMAND or gateway.directory:
        return spec
    return replace(spec, gateway=replace(gateway, directory=directory))


def portable(path: Path, spec: FleetSpec) -> str:
    """The text of the file at `path`, which says `spec`, for whoever cannot read what it names.

    The file as it is, comments and all; with an overlay everything written out, so that its content goes along.
    """
    return dump(spec) if spec.gateway.envoy_overlay else path.read_text(encoding="utf-8-sig")


def overlays(directory: Path) -> Callable[[str], str]:
    """What reads the overlay that a configuration in `directory` names; what it returns raises Unfit."""

    def read(named: str) -> str:
        path = directory / named
        if is_text(named) or "\0" in named:
            return named
        try:
            return canonical(text(path))
        except Unfit as error:
            raise Unfit(f"{path}: {error.cause}", error.hint) from error
        except ConfigError as error:
            raise Unfit(error.message, error.hint) from error
        except (OSError, ValueError) as error:
            raise Unfit(f"{path}: cannot be read: {why(error)}") from error

    return read


def text(path: Path) -> str:
    """What stands in a file that somebody wrote.

    Raises OSError, ValueError for a path with a NUL in it, and ConfigError when it is too large, or no text.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ConfigError(f"{path}: larger than {LARGEST >> 20}MiB", "is this the right file?")
    try:
        return data.decode("utf-8-sig")  # some editors put a byte order mark first, which neither format allows
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = f"{path}:{line}:{column}: not UTF-8 text (byte 0x{data[error.start]:02x})"
        raise ConfigError(message, "save the file as UTF-8") from error


def why(error: OSError | ValueError) -> str:
    """What was wrong, for a message."""
    return ((isinstance(error, OSError) and error.strerror) or str(error)).lower()

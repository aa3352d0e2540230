"""A `hactl.toml` as a file: reading it, or saying why it cannot be read. Not what stands in it: `reading`."""

from pathlib import Path

from hactl.config.alert_rules import anchored
from hactl.config.reading import parse
from hactl.core.errors import ConfigError
from hactl.core.spec import FleetSpec

FILE_NAME = "hactl.toml"
"""What a fleet's configuration is called."""
LARGEST = 1 << 20
"""Bytes; a file beyond this is taken for a mistake, such as a log or a device."""


def load(path: Path) -> FleetSpec:
    """The configuration in the file at `path`, relative paths in it made absolute.

    Raises ConfigError that begins with the path, whatever is wrong.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", "write one with: hactl init") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a directory", f"name the file in it: {path / FILE_NAME}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"{path}: cannot be read: {why.lower()}") from error
    if len(data) > LARGEST:
        raise ConfigError(f"{path}: larger than {LARGEST >> 20}MiB", "is this the right file?")
    return anchored(parse(_text(data, path), str(path)), path.absolute().parent)


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")  # some editors put a byte order mark first, which TOML does not allow
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = f"{path}:{line}:{column}: not UTF-8 text (byte 0x{data[error.start]:02x})"
        raise ConfigError(message, "save the file as UTF-8") from error

"""What the console remembers between sessions: a theme and a sort order, in a small file.

A file that is no use is as good as none, and that is said; nothing of a console depends on it.
"""

import contextlib
import os
import tomllib
from pathlib import Path

import msgspec
import tomli_w

from hactl.core.errors import HactlError, os_reason
from hactl.core.value import Value


class Settings(Value, omit_defaults=True):
    """All of it."""

    theme: str = ""
    """The theme that was chosen in a console; "" for none."""
    sort: str = ""
    """Title of the column that rows are sorted by; "" for the order they come in."""
    reverse: bool = False


class SettingsFile:
    """Settings with the file they are kept in; without one they last as long as the console."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.trouble: HactlError | None = None
        """Why what stands in the file is of no use."""
        try:
            self.settings = load(file) if file is not None else Settings()
        except HactlError as error:
            self.settings, self.trouble = Settings(), error

    def keep(self, settings: Settings) -> None:
        """From now on it is these; what is as before is not written. Raises HactlError when they cannot be written."""
        if settings != self.settings:
            self.settings = settings
            if self._file is not None:
                save(self._file, settings)


def load(file: Path) -> Settings:
    """What `file` has; nothing when there is none, and what nobody knows is left out. Raises HactlError if damaged."""
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Settings)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        why = os_reason(error)
        raise HactlError(f"{file}: {why}: the console starts with default settings") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        hint = "remove it; the next change in a console writes a new one"
        raise HactlError(f"{file}: {error}: the console starts with default settings", hint) from error


def save(file: Path, settings: Settings) -> None:
    """Put `settings` in the place of what `file` has, all or nothing. Raises HactlError when that is not possible."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.write_text(tomli_w.dumps(msgspec.to_builtins(settings)), encoding="utf-8")
        new.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        why = os_reason(error)
        raise HactlError(f"cannot write {file}: {why}", "settings made here will not be remembered") from error

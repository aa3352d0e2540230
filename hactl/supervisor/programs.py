"""What every program that is started here has in common: how it is found, its environment, its signals.

Not the starting itself: a process that outlives us and a program that is handed an alert want different things.
"""

import os
import shutil
import signal
from pathlib import Path

from hactl.core.errors import HactlError

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where programs are looked for when nobody says."""
TO_DEFAULT = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
"""What we ignore or handle is no concern of a program."""
_INHERITED = ("PATH", "HOME", "LANG", "TZ")


def minimal_environment(*more: str) -> dict[str, str]:
    """What a program gets of our environment: where programs and its home are, language, time zone, and `more`."""
    return {"PATH": DEFAULT_PATH} | {name: os.environ[name] for name in (*_INHERITED, *more) if name in os.environ}


def find(given: str, path: str) -> str:
    """The file of a program that is named as in a shell. Raises HactlError that says what is wrong with it."""
    found = shutil.which(given, path=path)
    if found is not None:
        return found
    if Path(given).is_file():
        raise HactlError(f"'{given}' is not executable", f"chmod +x {given}")
    raise HactlError(f"there is no program '{given}'", "give its full path, or install it in a directory on PATH")

"""Finding the program of a gateway, and saying what is wrong with it before the kernel does in fewer words.

Not running it: that is the shell's. A name with a slash is resolved from the directory of hactl.toml, a bare name is
searched on PATH, as everywhere on Unix.
"""

import os
import shutil
from pathlib import Path

from hactl.core.errors import HactlError

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where programs are looked for when nobody says."""
_FIRST_LINE = 256
"""Bytes of a script that the kernel looks at to find its interpreter."""


def find(given: str, directory: str, path: str = "") -> str:
    """The absolute path of the program `given`, which can be run. `directory` is where relative paths start.

    `path` is the PATH in force, "" for that of this process. Raises HactlError when there is none, or when it cannot
    be run: not executable, a directory, a script whose interpreter is missing.
    """
    if "/" not in given:
        path = path or os.environ.get("PATH", DEFAULT_PATH)
        found = shutil.which(given, path=path)
        if found is None:
            raise HactlError(f"there is no program {given!r} on PATH", _hint(given, directory))
        return found
    program = Path(directory) / given
    if program.is_dir():
        raise HactlError(f"the program {given!r} is a directory", f"name the file in it: {program}/...")
    if not program.exists():
        raise HactlError(f"there is no program {str(program)!r}", _misplaced(given, directory))
    if not os.access(program, os.X_OK):
        raise HactlError(f"the program {str(program)!r} is not executable", f"chmod +x {program}")
    _check_interpreter(program)
    return str(program)


def _hint(given: str, directory: str) -> str:
    if (Path(directory) / given).is_file():
        return f"there is one beside hactl.toml: write './{given}'"
    return "give its full path, or install it in a directory on PATH"


def _misplaced(given: str, directory: str) -> str:
    return "" if given.startswith("/") else f"relative paths start at {directory}, where hactl.toml is"


def _check_interpreter(script: Path) -> None:
    """The kernel says "no such file" of a script that is there, when it means its interpreter."""
    try:
        with script.open("rb") as file:
            first = file.read(_FIRST_LINE).split(b"\n", 1)[0]
    except OSError:  # may be run, but not read: then it is no script
        return
    words = first.removeprefix(b"#!").strip(b" \t").split(maxsplit=1) if first.startswith(b"#!") else []
    if not words:
        return
    # With blanks stripped, but not a carriage return: the kernel takes that for a part of the name.
    interpreter = os.fsdecode(first.removeprefix(b"#!").strip(b" \t").replace(b"\t", b" ").split(b" ", 1)[0])
    if os.access(interpreter, os.X_OK) and not Path(interpreter).is_dir():
        return
    windows = "it has the line ends of Windows: sed -i 's/\\r$//' " + str(script)
    hint = windows if interpreter.endswith("\r") else f"correct the first line of {script}"
    raise HactlError(f"the interpreter {interpreter!r} of {str(script)!r} cannot be run", hint)

"""What references to secrets stand for, read at the moment a process is started and never stored. Not their grammar,
which is the core's; not their use, which is the environment of one process.

Errors name the variable of `gateway.env` and where its value was looked for, never a value.
"""

import os
import stat
from pathlib import Path
from typing import assert_never

from hactl.core.errors import HactlError, os_reason
from hactl.core.secrets import Reference, Secret, Source

LARGEST = 64 << 10
"""Bytes of a secret; the kernel takes no variable above 128 KiB."""


def resolve(key: str, where: Reference, directory: str) -> Secret:
    """The secret that `where` names, for the variable `key`. A relative path starts at `directory`.

    Of a file one line end at its end does not count. Raises HactlError when the variable is not set, or the file is
    missing, unreadable, not a regular file, too large, or holds a NUL.
    """
    match where.source:
        case Source.ENV:
            return _from_environment(key, where.name)
        case Source.FILE:
            return _from_file(key, Path(directory) / where.name)
        case _:
            assert_never(where.source)


def _from_environment(key: str, name: str) -> Secret:
    value = os.environ.get(name)
    if value is None:
        hint = "set it where `hactl up` is called, or give a file: " + repr("file:PATH")
        raise HactlError(f"gateway.env.{key}: the daemon has no variable {name!r} in its environment", hint)
    return Secret(value)


def _from_file(key: str, path: Path) -> Secret:
    try:
        # A pipe or a device that nobody writes to would hold the daemon up.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise HactlError(f"gateway.env.{key}: {str(path)!r} is not a regular file", "keep the secret in a file")
            with open(fd, "rb", closefd=False) as file:
                data = file.read(LARGEST + 1)
        finally:
            os.close(fd)
    except OSError as error:
        why = os_reason(error)
        raise HactlError(f"gateway.env.{key}: cannot read {str(path)!r}: {why}", f"ls -l {path}") from error
    if len(data) > LARGEST:
        raise HactlError(
            f"gateway.env.{key}: {str(path)!r} is larger than {LARGEST >> 10}KiB", "is this the right file?"
        )
    if b"\0" in data:
        raise HactlError(f"gateway.env.{key}: {str(path)!r} holds a NUL", "a variable can hold text only")
    return Secret(os.fsdecode(data.removesuffix(b"\n").removesuffix(b"\r")))

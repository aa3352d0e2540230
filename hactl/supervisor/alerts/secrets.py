"""`env:NAME` and `file:PATH` in the configuration of a receiver: looked up for each delivery, kept nowhere.

So a secret that is changed is used from the next delivery on, and never stands in an event, a log or an argument.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from hactl.core.errors import HactlError, os_reason
from hactl.core.secrets import MASK, Source, reference

LONGEST = 64 << 10
"""Bytes of a file that may hold a secret."""
_SHORTEST_WORD = 6
"""Letters from which a part of a secret is struck out as well; shorter ones would strike out plain words."""


def look_up(text: str) -> str:
    """`text` itself, or the value it refers to without blanks around it. Reads a file: may block.

    Raises HactlError that names the place, when nothing is there, and never what is.
    """
    where = reference(text)
    if where is None:
        return text
    variable, place = where.source is Source.ENV, where.name
    value = os.environ.get(place, "") if variable else _file(place)
    if not value.strip():
        what = f"the daemon's environment has no {place}" if variable else f"the file '{place}' is empty"
        hint = "set it where the daemon is started, then start the daemon again" if variable else ""
        raise HactlError(what, hint)
    return value.strip()


def strike_out(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, nor any longer word of one."""
    parts = {word for secret in secrets for word in (secret, *secret.split()) if len(word) >= _SHORTEST_WORD}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, MASK)
    return text


def _file(place: str) -> str:
    try:
        with Path(place).open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise HactlError(f"cannot read '{place}': {os_reason(error)}", f"ls -l {place}") from error
    if len(data) > LONGEST:
        raise HactlError(f"'{place}' is too long for a secret", "name a file with nothing else in it")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise HactlError(f"'{place}' is not text", "name a file with nothing else in it") from None

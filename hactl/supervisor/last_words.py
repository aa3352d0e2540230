"""The last line that a process wrote before it ended, where most programs say why. Not a reader of logs: `logs`."""

import re
from collections.abc import Iterable
from pathlib import Path

from hactl.core.secrets import MASK

LONGEST = 200
"""Characters of a line that are repeated."""
_TAIL = 4096
"""Bytes that are looked at."""
_SHORTEST = 4
"""Characters of a line of a secret; what is shorter hides nothing and would deface much."""
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x1f\x7f-\x9f]")


def last_words(log: Path, since: int, hidden: Iterable[str]) -> str:
    """The last line in `log` that is not blank and was written behind offset `since`, on one line, shortened.

    Whatever is in `hidden` is masked. "" when nothing was written, or the file cannot be read.
    """
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            begin = since if size >= since else 0  # cut by a rotation
            file.seek(max(begin, size - _TAIL))
            lines = file.read(_TAIL).decode(errors="replace").splitlines()
    except OSError:
        return ""
    line = next((line for line in reversed(lines) if line.strip()), "")
    for secret in hidden:
        for part in sorted({secret, *secret.splitlines()}, key=len, reverse=True):
            if len(part) >= _SHORTEST:
                line = line.replace(part, MASK)
    plain = _CONTROL.sub("", line).strip()
    return plain if len(plain) <= LONGEST else plain[:LONGEST] + "..."

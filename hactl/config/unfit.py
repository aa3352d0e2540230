"""How something in a `hactl.toml` is said to be wrong, in one line. Not the error operators see: `reading` makes it."""

import json
from collections.abc import Iterable

from hactl.core.value import Value

LONGEST_QUOTE = 60
"""Characters of a wrong value that a message repeats."""
_HUGE = 10**18


class Unfit(Exception):
    """One value does not fit: `cause` says what is wanted and what was found, `hint` what to write instead."""

    def __init__(self, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.hint = hint


class Problem(Value):
    """One thing that is wrong, and where."""

    path: str
    """Of the key: `edge.listen`, `region[eu].nodes`, `route[2].prefix` (counted from 1)."""
    cause: str
    hint: str = ""
    verb: str = ""
    """Joins path and cause into a sentence; "" for a colon."""

    @property
    def sentence(self) -> str:
        """Path and cause, without the hint."""
        return f"{self.path} {self.verb} {self.cause}" if self.verb else f"{self.path}: {self.cause}"


def quoted(text: str) -> str:
    """`text` in double quotes on one line, shortened when it is long."""
    short = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "..."
    return json.dumps(short, ensure_ascii=not short.isprintable())


def found(raw: object) -> str:
    """What stands in the file, in words."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return quoted(raw)
    if isinstance(raw, int):
        return str(raw) if abs(raw) < _HUGE else "a huge number"  # Python refuses to print the longest ones
    if isinstance(raw, float):
        return repr(raw)
    if isinstance(raw, list):
        return "an array"
    return "a table" if isinstance(raw, dict) else "a date or time"


def unfit(wants: str, raw: object, hint: str = "") -> Unfit:
    """The usual refusal."""
    return Unfit(f"wants {wants}, found {found(raw)}", hint)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` was probably meant to be, or ""."""
    from difflib import get_close_matches  # noqa: PLC0415  # only a wrong file needs it

    return next(iter(get_close_matches(name, list(known), n=1)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name, else with all of them; "" when nothing is known."""
    names = list(known)
    if near := nearest(name, names):
        return f"did you mean {quoted(near)}?"
    return f"known: {', '.join(names)}" if names else ""

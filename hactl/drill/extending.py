"""Drills that extend others with a few changes: `extends = "region-loss"`. Merges tables; reads no file itself."""

from collections.abc import Callable
from typing import Any

from hactl.config.reading import toml
from hactl.config.unfit import found
from hactl.core.errors import ConfigError

EXTENDS = "extends"
Find = Callable[[str, str], tuple[str, str]]
"""Text and name of a drill called so, as a file of that name would mean it. Raises ConfigError."""


def extended(text: str, source: str, find: Find) -> tuple[dict[str, Any], list[str]]:
    """What stands in `text` and in the drills it extends, and the texts of all of them.

    Tables are merged key by key; what stands in a list, such as the faults, is replaced as a whole. A drill has a name
    of its own. Raises ConfigError about one that cannot be extended.
    """
    raw, texts, sources = toml(text, source), [text], [source]
    while EXTENDS in raw:
        base = raw.pop(EXTENDS)
        if not isinstance(base, str):
            raise ConfigError(
                f"{source}: {EXTENDS}: wants the name of a drill, found {found(base)}", "hactl drill list"
            )
        said, name = find(base, sources[-1])
        if name in sources:
            raise ConfigError(f"{source}: {EXTENDS}: {' extends '.join([*sources, name])}", "leave one of them out")
        below = toml(said, name)
        below.pop("name", None)
        raw = merged(below, raw)
        texts.append(said)
        sources.append(name)
    return raw, texts


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes` in it: tables key by key, everything else replaced."""
    result = dict(base)
    for name, value in changes.items():
        was = result.get(name)
        result[name] = merged(was, value) if isinstance(was, dict) and isinstance(value, dict) else value
    return result

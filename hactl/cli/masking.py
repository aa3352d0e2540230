"""Takes secrets out of what leaves the machine: values of a configuration by their place, texts by what is known.

Rather too much is masked than too little: whoever asks for a support archive wants to know how things hang together,
and never needs a value. Not an encryption, and no promise about a secret that looks like any other word of a log.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from hactl.core.secrets import MASK, Source, reference
from hactl.core.spec import FleetSpec
from hactl.core.value import Value

SHORTEST = 6
"""Characters of a known value below which it is not searched in texts: "true" and "8080" stand everywhere."""
LARGEST = 64 << 10
"""Bytes of a file with a secret in it that are read to find it again."""

_WORDS = r"secret|token|passw(?:or)?d|pwd|passphrase|(?:api|access|private|signing)[-_]?key|credential|webhook"
_SECRET_NAME = re.compile(_WORDS, re.IGNORECASE)
_SECRET_FLAG = re.compile(rf"^--?[\w-]*(?:{_WORDS})[\w-]*$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\w+\}")
_PART = r"[\w-]{0,40}"
"""What a name has besides the word. Bounded, and never before a word that need not be found: a log of one endless line
would be searched without end."""
_HEADER = r"\b(?:(?:proxy-)?authorization|(?:set-)?cookie)"
_Pattern = tuple[re.Pattern[str], str]


def _named(name: str, value: str) -> tuple[_Pattern, ...]:
    """A value behind its name: to the end of the quotes it is in, which may be escaped ones, else what `value` matches.

    Quotes that do not end on the line have all of the rest.
    """
    before = rf"(?i)({name}\\?[\"']?\s*[:=]\s*"
    return (
        (re.compile(before + r"([\"']))(?:\\.|(?!\2)[^\\\r\n])*"), rf"\1{MASK}"),
        (re.compile(before + r"\\([\"']))(?:(?!\\\2)[^\r\n])*"), rf"\1{MASK}"),
        (re.compile(before + rf")(?!\s*(?:{re.escape(MASK)})?\\?[\"']){value}"), rf"\1{MASK}"),
    )


_PATTERNS: tuple[_Pattern, ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    # the rest of one whose beginning lies before the tail of a log
    (re.compile(r"\A(?:(?!-----BEGIN).)*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL), MASK),
    # a whole header in quotes ends with them
    (re.compile(rf"(?i)\\([\"'])({_HEADER}\s*[:=]\s*)(?:(?!\\\1)[^\r\n])+"), rf"\\\1\2{MASK}"),
    (re.compile(rf"(?i)(?<!\\)([\"'])({_HEADER}\s*[:=]\s*)(?:\\.|(?!\1)[^\\\r\n])+"), rf"\1\2{MASK}"),
    *_named(_HEADER, r"[^\r\n]+"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?"), MASK),
    (re.compile(r"(\w://)[^\s\"']{1,1000}@"), rf"\1{MASK}@"),
    (re.compile(r"([?&][\w.\[\]%-]+=)[^&\s\"'#]+"), rf"\1{MASK}"),
    *_named(rf"(?:{_WORDS}){_PART}", r"[^\s\"'&,;}\\]+"),
    (re.compile(rf"(?i)(--{_PART}?(?:{_WORDS}){_PART}\s+)\S+"), rf"\1{MASK}"),
)
"""What gives a secret away where its value is not known."""


class Masker:
    """Knows which values are secret."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {variant for secret in secrets for variant in _variants(secret)}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    @classmethod
    def of(cls, *values: Value) -> "Masker":
        """One that knows the secrets of configurations, fleets and records, and what references in them lead to."""
        return cls(secret for value in values for secret in _secrets(msgspec.to_builtins(value)))

    def text(self, text: str) -> str:
        """`text` without secrets."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def value(self, value: Any) -> Any:
        """A value of any vocabulary, as plain JSON, without secrets."""
        return self._plain(msgspec.to_builtins(value))

    def spec(self, spec: FleetSpec) -> FleetSpec:
        """A configuration without secrets that is still one."""
        return msgspec.convert(self.value(spec), FleetSpec)

    def _plain(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            if _holds_secrets(name):
                return dict.fromkeys(value, MASK)
            return {key: self._plain(item, _path(name, key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            masked = [self._plain(item, name) for item in value]
            after = [False, *(isinstance(item, str) and bool(_SECRET_FLAG.match(item)) for item in value)]
            return [MASK if follows else item for item, follows in zip(masked, after, strict=False)]
        if isinstance(value, str):
            secret = _SECRET_NAME.search(name.rpartition(".")[2])
            return MASK if value and secret else self.text(value)
        return value


def _path(name: str, key: str) -> str:
    return f"{name}.{key}"


def _holds_secrets(name: str) -> bool:
    """True for a table whose values may all be secret: a process's environment, and headers that are sent."""
    return name.endswith((".env", ".headers", "headers.set", "headers.add"))


def _secrets(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if _holds_secrets(name):
                yield str(item)
            yield from _secrets(item, _path(name, key))
    elif isinstance(value, list | tuple):
        for before, item in zip(["", *value], value, strict=False):
            if isinstance(item, str) and isinstance(before, str) and _SECRET_FLAG.match(before):
                yield item
            yield from _secrets(item, name)
    elif isinstance(value, str):
        if _SECRET_NAME.search(name.rpartition(".")[2]):
            yield value
        yield from _referred(value)


def _referred(value: str) -> Iterator[str]:
    """What a reference leads to: `env:NAME` to a variable, `file:PATH` to what stands in a file."""
    where = reference(value)
    if where is None or not where.name:
        return
    if where.source is Source.ENV:
        yield os.environ.get(where.name, "")
    else:
        with suppress(OSError, ValueError), Path(where.name).open("rb") as file:
            yield from file.read(LARGEST).decode(errors="replace").splitlines()


def _variants(secret: str) -> Iterator[str]:
    """A secret as it may stand in a text: between placeholders, and escaped for JSON or for a URL."""
    for piece in _PLACEHOLDER.split(secret):
        stripped = piece.strip()
        if len(stripped) >= SHORTEST:
            yield stripped
            yield json.dumps(stripped)[1:-1]
            yield quote(stripped, safe="")

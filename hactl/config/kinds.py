"""The plain kinds of value a key can have: text, numbers, choices, lists. Each reads, writes and describes itself.

A kind knows nothing of keys, tables or files. `quantities` has the kinds with a notation of their own.
"""

import re
import signal
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from hactl.config.unfit import Unfit, did_you_mean, found, quoted, unfit
from hactl.core.secrets import MASK, Source, reference
from hactl.core.value import Value

_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"


def _same(value: Any) -> Any:
    return value


class Kind(Value):
    """One way to write a value in the file."""

    wants: str
    """What is accepted, to be read after "wants"."""
    schema: dict[str, Any]
    """What is accepted, as JSON schema."""
    read: Callable[[object], Any]
    """From the file to the spec. Raises Unfit."""
    write: Callable[[Any], Any] = _same
    """From the spec to the file; `read` takes the result back."""


def text(wants: str, pattern: str = "", longest: int = 0) -> Kind:
    """Strings that match `pattern` as a whole ("" for any), of at most `longest` bytes of UTF-8 (0 for any)."""

    def read(raw: object) -> str:
        if not isinstance(raw, str):
            number = isinstance(raw, int | float) and not isinstance(raw, bool)
            raise unfit(wants, raw, f"write it in quotes: {quoted(found(raw))}" if number else "")
        if "\0" in raw or (pattern and not re.fullmatch(pattern, raw)):
            raise unfit(wants, raw)
        if longest and len(raw.encode()) > longest:
            raise Unfit(f"wants {wants}, found {len(raw.encode())} bytes")
        return raw

    schema = {"type": "string"} | ({"pattern": f"^(?:{pattern})$"} if pattern else {})
    return Kind(wants=wants, read=read, schema=schema)


def directory() -> Kind:
    """Absolute paths; `~/` is the home directory of whoever reads the file, "" stands for none."""
    wants = 'an absolute path, or one that begins with "~/"'

    def read(raw: object) -> str:
        if not isinstance(raw, str) or "\0" in raw or (raw and not raw.startswith(("/", "~/"))):
            raise unfit(wants, raw)
        try:
            return str(Path(raw).expanduser()) if raw.startswith("~") else raw
        except RuntimeError as error:
            raise unfit(wants, raw, "this user has no home directory") from error

    return Kind(wants=wants, read=read, schema={"type": "string", "pattern": "^(?:|~?/[^\\n]*)$"})


def flag() -> Kind:
    """true or false."""
    wants = "true or false"

    def read(raw: object) -> bool:
        if not isinstance(raw, bool):
            plain = isinstance(raw, str) and raw.lower() in ("true", "false")
            raise unfit(wants, raw, f"write it without quotes: {str(raw).lower()}" if plain else "")
        return raw

    return Kind(wants=wants, read=read, schema={"type": "boolean"})


def whole(low: int, high: int, *, auto: bool = False, off: bool = False) -> Kind:
    """Whole numbers between two bounds; with `auto` ("auto" in the file) or `off` also 0, outside the bounds."""
    extra = '"auto" or ' if auto else "0 or " if off else ""
    wants = f"{extra}a whole number from {low} to {high}"

    def read(raw: object) -> int:
        if auto and raw == "auto":
            return 0
        if isinstance(raw, bool) or not isinstance(raw, int):
            digits = isinstance(raw, str) and re.fullmatch(r"-?[0-9]{1,9}", raw)
            raise unfit(wants, raw, f"write it without quotes: {raw}" if digits else "")
        if not (low <= raw <= high or (off and raw == 0)):
            raise unfit(wants, raw)
        return raw

    def write(value: int) -> int | str:
        return "auto" if auto and value == 0 else value

    number = {"type": "integer", "minimum": low, "maximum": high}
    schema = {"anyOf": [{"const": "auto" if auto else 0}, number]} if auto or off else number
    return Kind(wants=wants, read=read, write=write, schema=schema)


def choice(among: type[StrEnum] | tuple[str, ...]) -> Kind:
    """One of the values of an enum, or one of some words."""
    names = among if isinstance(among, tuple) else tuple(str(member) for member in among)
    wants = "one of " + ", ".join(quoted(name) for name in names)

    def read(raw: object) -> str:
        if isinstance(raw, str) and raw in names:
            return raw if isinstance(among, tuple) else among(raw)
        hint = ""
        if isinstance(raw, str):
            alike = [name for name in names if name.lower() == raw.lower()]
            hint = did_you_mean(alike[0] if alike else raw, names)
        raise unfit(wants, raw, hint if hint.startswith("did") else "")

    return Kind(wants=wants, read=read, write=str, schema={"enum": list(names)})


def signal_name() -> Kind:
    """A signal of this system, held without SIG."""
    wants = 'the name of a signal, like "TERM"'

    def read(raw: object) -> str:
        name = raw.removeprefix("SIG") if isinstance(raw, str) else ""
        if f"SIG{name}" not in signal.Signals.__members__:
            raise unfit(wants, raw)
        return name

    return Kind(wants=wants, read=read, schema={"type": "string", "pattern": "^(?:SIG)?[A-Z][A-Z0-9]*$"})


def many(of: Kind, plural: str) -> Kind:
    """An array of values of one kind, held as a tuple; `plural` is read after "an array of"."""
    wants = f"an array of {plural}"

    def read(raw: object) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise unfit(wants, raw, f"write it in brackets: [{quoted(raw)}]" if isinstance(raw, str) else "")
        return tuple(of.read(item) for item in raw)

    def write(value: tuple[Any, ...]) -> list[Any]:
        return [of.write(item) for item in value]

    return Kind(wants=wants, read=read, write=write, schema={"type": "array", "items": of.schema})


def environment() -> Kind:
    """A table of environment variables."""
    wants = 'a table of variables, like { LANG = "C", TOKEN = "env:TOKEN" }'
    texts = named_texts(wants, "variable", _VARIABLE, hint="letters, digits and underscores only")

    def read(raw: object) -> dict[str, str]:
        values: dict[str, str] = texts.read(raw)
        for name, value in values.items():
            where = reference(value)
            if value == MASK:
                raise Unfit(f"variable {name} is masked", 'write its value, "env:NAME" or "file:PATH"')
            if where and where.source is Source.ENV and not re.fullmatch(_VARIABLE, where.name):
                raise Unfit(
                    f"variable {name} refers to {quoted(value)}", 'like "env:NAME", with the name of a variable'
                )
            if where and not where.name:
                raise Unfit(f"variable {name} refers to {quoted(value)}", 'like "file:PATH", with the path of a file')
        return values

    return Kind(wants=wants, read=read, write=dict, schema=texts.schema)


def named_texts(wants: str, what: str, named: str, *, value: str = r"[^\0]*", hint: str = "") -> Kind:
    """A table of texts that match `value`, under names that match `named`; one entry is called a `what`."""

    def read(raw: object) -> dict[str, str]:
        if not isinstance(raw, dict):
            raise unfit(wants, raw)
        for name, text_ in raw.items():
            if not re.fullmatch(named, name):
                raise Unfit(f"{quoted(name)} cannot name a {what}", hint)
            if not isinstance(text_, str) or not re.fullmatch(value, text_, re.DOTALL):
                raise Unfit(f"{what} {name} wants text, found {found(text_)}")
        return dict(raw)

    schema = {
        "type": "object",
        "patternProperties": {f"^{named}$": {"type": "string"}},
        "additionalProperties": False,
    }
    return Kind(wants=wants, read=read, write=dict, schema=schema)


def one_of(*numbers: int) -> Kind:
    """One of some whole numbers."""
    wants = "one of " + ", ".join(map(str, numbers))

    def read(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or raw not in numbers:
            raise unfit(wants, raw)
        return raw

    return Kind(wants=wants, read=read, schema={"enum": list(numbers)})


def record(of: type[Value], parts: dict[str, tuple[Kind, object]]) -> Kind:
    """A small table in one line that becomes an `of`; the parts are its fields."""
    held = inline(parts)

    def read(raw: object) -> Value:
        return of(**dict(zip(parts, held.read(raw), strict=True)))

    def write(value: Value) -> dict[str, Any]:
        fields: dict[str, Any] = held.write(tuple(getattr(value, name) for name in parts))
        return fields

    return Kind(wants=held.wants, read=read, write=write, schema=held.schema)


def filled(of: Kind, cause: str, hint: str) -> Kind:
    """A table that may be left out, but not be left empty."""

    def read(raw: object) -> Any:
        if raw == {}:
            raise Unfit(cause, hint)
        return of.read(raw)

    return Kind(wants=of.wants, read=read, write=of.write, schema={**of.schema, "minProperties": 1})


def inline(parts: dict[str, tuple[Kind, object]]) -> Kind:
    """A small table in one line: name → (kind, default), held as a tuple in that order."""
    wants = "a table with " + " and ".join(f"{name} ({kind.wants})" for name, (kind, _) in parts.items())

    def read_part(name: str, raw: dict[str, object]) -> object:
        kind, default = parts[name]
        try:
            return kind.read(raw[name]) if name in raw else default
        except Unfit as error:
            raise Unfit(f"{name} {error.cause}", error.hint) from error

    def read(raw: object) -> tuple[Any, ...]:
        if not isinstance(raw, dict):
            raise unfit(wants, raw)
        for name in raw:
            if name not in parts:
                raise Unfit(f"unknown key {quoted(name)}", did_you_mean(name, parts))
        return tuple(read_part(name, raw) for name in parts)

    def write(value: tuple[Any, ...]) -> dict[str, Any]:
        return {name: kind.write(held) for (name, (kind, _)), held in zip(parts.items(), value, strict=True)}

    properties = {name: kind.schema | {"default": kind.write(default)} for name, (kind, default) in parts.items()}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return Kind(wants=wants, read=read, write=write, schema=schema)


def is_path(named: str) -> bool:
    """True for the path of a drill or a suite of one's own, False for the name of one that comes with hactl."""
    return "/" in named or named.endswith(".toml")

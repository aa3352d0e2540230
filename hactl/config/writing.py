"""From a FleetSpec back to text: the effective configuration, the file a new fleet starts with, a digest."""

import hashlib
import json
import re
from typing import Any

import msgspec

from hactl.config.keys import TABLES
from hactl.config.table import Key, Table
from hactl.config.traffic_keys import name as fleet_name
from hactl.config.unfit import Unfit
from hactl.core.errors import ConfigError
from hactl.core.spec import FleetSpec
from hactl.core.value import Value

_PREFACE = """\
# hactl.toml: a fleet of gateway nodes behind redundant edges.
#
# Every key is listed with its default; remove the "#" to change one. Durations are strings like "250ms", "5s",
# "2m", "1h", sizes are strings like "1MiB". Check the file with: hactl config check
"""


def dump(spec: FleetSpec) -> str:
    """`spec` as a `hactl.toml` with every default shown; `parse` gives back an equal spec."""
    import tomli_w  # noqa: PLC0415  # commands that only read do without it

    written: list[str] = []
    for table in TABLES.values():
        value: Any = getattr(spec, table.into) if table.into else spec
        if table.repeated:
            # with tables inside in one line each: as tables of their own they would end the entry
            written += ["\n".join([table.header, *_lines(_entry(table, one))]) + "\n" for one in value]
        else:
            written.append(tomli_w.dumps({table.name: _entry(table, value)}))
    return "\n".join(written)


def _entry(table: Table, value: Value) -> dict[str, Any]:
    return {key.name: key.kind.write(key.held(value)) for key in table.keys}


def _lines(entry: dict[str, Any]) -> list[str]:
    return [f"{name} = {literal(value)}" for name, value in entry.items()]


def digest(spec: FleetSpec | dict[str, Any]) -> str:
    """SHA-256 of the meaning of a configuration, in hex: equal specs have equal digests, comments do not count.

    The JSON of a spec has the digest of its time: it has no keys that were added since.
    """
    return hashlib.sha256(msgspec.json.encode(spec, order="sorted")).hexdigest()


def template(name: str) -> str:
    """A commented `hactl.toml` for a fleet called `name`: every key, its default and what it means.

    Raises ConfigError when no fleet can be called so.
    """
    try:
        fleet_name.read(name)
    except Unfit as error:
        raise ConfigError(f"fleet.name: {error.cause}", error.hint) from error
    tables = [_example(table) if _wants_example(table) else _commented(table, name) for table in TABLES.values()]
    return "\n".join([_PREFACE, *tables])


def literal(value: Any) -> str:
    """A value of TOML in one line. Knows what kinds write: text, numbers, flags, arrays and tables of these."""
    if isinstance(value, dict):
        inside = ", ".join(f"{_bare(name)} = {literal(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(literal(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # which JSON allows and TOML does not


def _bare(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else literal(name)


def default_literal(table: Table, key: Key) -> str:
    """The default of a key as the file would have it."""
    return literal(key.kind.write(key.held(table.blank)))


def _commented(table: Table, name: str) -> str:
    """A table that is there, with its keys commented out: `#key = default`, each below its meaning."""
    lines = [f"# {table.doc}", table.header]
    for key in table.keys:
        lines.append(f"# {meaning(key)}")
        named = table.name == "fleet" and key.name == "name"
        lines.append(f"name = {literal(name)}" if named else f"#{key.name} = {default_literal(table, key)}")
    return "\n".join(lines) + "\n"


def _example(table: Table) -> str:
    """A repeated table of which a new fleet has none: an indented example, to be taken as a whole."""
    lines = [f"# {table.doc}", "#", f"#     {table.header}"]
    for key in table.keys:
        shown = default_literal(table, key) if key.example is None else literal(key.kind.write(key.example))
        lines += [f"#     # {meaning(key)}", f"#     {key.name} = {shown}"]
    return "\n".join(lines) + "\n"


def _wants_example(table: Table) -> bool:
    return table.repeated and not getattr(FleetSpec(), table.into)


def meaning(key: Key) -> str:
    """What a key means, with its choices, and with the default it has for programs where that differs."""
    choices = [literal(name) for name in key.kind.schema.get("enum", ())]
    doc = key.doc if all(choice in key.doc for choice in choices) else f"{key.doc}: {', '.join(choices)}"
    if key.command_default is None:
        return doc
    return f'{doc} ({literal(key.kind.write(key.command_default))} for kind = "command")'

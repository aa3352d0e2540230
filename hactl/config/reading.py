"""From the text of a `hactl.toml` to a FleetSpec, or to everything that is wrong with it. Touches no file: `files`."""

import re
import tomllib
from collections.abc import Callable
from typing import Any, NoReturn

from hactl.config.alert_rules import named
from hactl.config.keys import PLANNED_TABLES, TABLES
from hactl.config.overlay import is_text
from hactl.config.rules import broken_rules
from hactl.config.table import Table
from hactl.config.unfit import Problem, Unfit, did_you_mean, found, nearest, quoted
from hactl.core.errors import ConfigError
from hactl.core.plural import counted
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.core.value import replace

_PLACE = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)
_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate")


def parse(text: str, source: str = "hactl.toml", read: Callable[[str], str] | None = None) -> FleetSpec:
    """The configuration in `text`, complete with defaults; `source` is what errors call the file.

    `read` gives the content of a file that the configuration names; without it, none can be named. Raises ConfigError
    about the first thing that is wrong, with the rest in its `also`.
    """
    reading = _Reading(read or _no_file)
    fields = reading.document(toml(text, source))
    spec = replace(FleetSpec(), **fields)
    spec = replace(spec, alerts=named(spec.alerts))
    problems = reading.problems or broken_rules(spec)
    if problems:
        refuse(problems, source)
    return spec


def _no_file(named: str) -> str:
    if is_text(named):
        return named
    raise Unfit(f"the file {quoted(named)} cannot be read here", "put its content in its place")


def refuse(problems: list[Problem], source: str) -> NoReturn:
    """Raises ConfigError about the first of them, with the rest in its `also`."""
    first, *rest = [ConfigError(f"{source}: {problem.sentence}", problem.hint) for problem in problems]
    more = f"{counted(len(rest), 'more problem')} in this file" if rest else ""
    hint = "; ".join(part for part in (first.hint, more) if part)
    raise ConfigError(first.message, hint, also=tuple(str(error) for error in rest))


def toml(text: str, source: str) -> dict[str, Any]:
    """The tables of a file. Raises ConfigError with the place where it is no TOML."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{source}: not valid TOML: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and a plain one for numbers beyond Python's limit of digits
        raise _syntax_error(str(error), text, source) from error


def _syntax_error(said: str, text: str, source: str) -> ConfigError:
    match = _PLACE.match(said)
    what, line, column = match.groups() if match else (said, None, None)
    if line is None and match:
        line, column = str(text.count("\n") + 1), str(len(text) - text.rfind("\n"))
    place = f":{line}:{column}" if line else ""
    hint = "the same key or table appears twice in the file" if what.startswith(_TWICE) else ""
    return ConfigError(f"{source}{place}: not valid TOML: {what[:1].lower()}{what[1:]}", hint)


class _Reading:
    """One pass over a document. Goes on after a problem, so that all of them can be told at once."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read
        self.problems: list[Problem] = []

    def document(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The fields of FleetSpec that the document sets."""
        command = self._is_command(raw)
        if command:
            raw = raw | {"health": raw.get("health", {})}  # its defaults differ even where the table is absent
        fields: dict[str, Any] = {}
        for name, content in raw.items():
            table = TABLES.get(name)
            if table is None:
                self._unknown("", name, tuple(TABLES), PLANNED_TABLES)
            elif table.repeated:
                fields[table.into] = self._entries(table, content)
            else:
                values = self._entry(table, content, table.name, command=command)
                fields |= {table.into: replace(table.blank, **values)} if table.into else values
        return fields

    def _is_command(self, raw: dict[str, Any]) -> bool:
        gateway = raw.get("gateway")
        return isinstance(gateway, dict) and gateway.get("kind") == GatewayKind.COMMAND

    def _entries(self, table: Table, content: object) -> tuple[Any, ...]:
        if not isinstance(content, list) or not content:
            found_ = "none" if content == [] else found(content)
            self._add(table.name, f"wants one table or more, found {found_}", f"write {table.header}")
            return ()
        return tuple(
            replace(table.blank, **self._entry(table, entry, _place(table, entry, number)))
            for number, entry in enumerate(content, start=1)
        )

    def _entry(self, table: Table, content: object, place: str, *, command: bool = False) -> dict[str, Any]:
        """The fields that one table sets. What is wrong is left out, and told."""
        if not isinstance(content, dict):
            self._add(place, f"wants a table, found {found(content)}", f"write {table.header}")
            return {}
        keys = {key.name: key for key in table.keys}
        values: dict[str, Any] = {}
        for key in keys.values():
            if command and key.command_default is not None:
                values |= key.fill(key.command_default)
            if key.required and key.name not in content:
                self._add(place, f"{quoted(key.name)} is missing", "")
        for name, raw in content.items():
            if name not in keys:
                self._unknown(place, name, tuple(keys), table.planned)
                continue
            try:
                given = self._read(raw) if keys[name].from_file and isinstance(raw, str) else raw
                values |= keys[name].fill(keys[name].kind.read(given))
            except Unfit as error:
                self._add(f"{place}.{name}", error.cause, error.hint)
        return values

    def _unknown(self, place: str, name: str, known: tuple[str, ...], planned: tuple[str, ...]) -> None:
        path = ".".join(part for part in (place, _bare(name)) if part)
        if name in planned:
            self.problems.append(Problem(path=path, cause="not built yet in this version of hactl", verb="is"))
            return
        elsewhere = [f"{table.name}.{name}" for table in TABLES.values() for key in table.keys if key.name == name]
        if not nearest(name, known) and len(elsewhere) == 1:
            self._add(path, "unknown key", f"did you mean {quoted(elsewhere[0])}?")
        else:
            self._add(path, "unknown key", did_you_mean(name, known))

    def _add(self, path: str, cause: str, hint: str) -> None:
        self.problems.append(Problem(path=path, cause=cause, hint=hint))


def _place(table: Table, entry: object, number: int) -> str:
    """What messages call one of several tables: by its name, else by its number, counted from 1."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"{table.name}[{_bare(name) if isinstance(name, str) else number}]"


def _bare(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]{1,60}", name) else quoted(name)

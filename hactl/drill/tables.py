"""The tables of a TOML file, read by their keys; all errors are reported at once. Knows no drill and no file.

What a drill file says is `reading`, what a suite says `suite`.
"""

from typing import Any

from hactl.config.unfit import Problem, Unfit, did_you_mean, found
from hactl.core.value import Value
from hactl.drill.keys import Key


class Tables:
    """One pass over a document. Goes on after a problem, so that all of them can be told."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def _table(self, raw: dict[str, Any], name: str) -> dict[str, Any]:
        content = raw.get(name, {})
        if isinstance(content, dict):
            return content
        self._add(name, f"wants a table, found {found(content)}", f"write [{name}]")
        return {}

    def _many(self, place: str, raw: object, known: dict[str, Key], kind: type[Value]) -> tuple[Any, ...]:
        if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
            self._add(place, f"wants tables, found {found(raw)}", f"write [[{place}]]")
            return ()
        before = len(self.problems)
        read = [self._fields(f"{place}[{number}]", entry, known) for number, entry in enumerate(raw, start=1)]
        return tuple(kind(**fields) for fields in read) if len(self.problems) == before else ()

    def _fields(
        self, place: str, content: dict[str, Any], known: dict[str, Key], *, more: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """The fields that one table sets. What is wrong is left out, and told."""
        fields: dict[str, Any] = {}
        for name, wanted in known.items():
            if wanted.required and name not in content:
                path = f"{place}.{name}" if place else name
                self.problems.append(Problem(path=path, cause="missing", verb="is"))
        for name, raw in content.items():
            path = f"{place}.{name}" if place else name
            key = known.get(name)
            if key is None:
                self._add(path, "unknown key", did_you_mean(name, (*known, *more)))
            else:
                try:
                    fields[key.field or name] = key.kind.read(raw)
                except Unfit as error:
                    self._add(path, error.cause, error.hint)
        return fields

    def _add(self, path: str, cause: str, hint: str) -> None:
        self.problems.append(Problem(path=path, cause=cause, hint=hint))

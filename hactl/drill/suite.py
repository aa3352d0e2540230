"""A suite: drills run in sequence and judged together. Its file, and how its outcome is formed.

A suite is a TOML file of a list of drills, in their order, and of what is set in them, for all or for one. It is not
more of a drill than that: each one is planned, gated, judged and filed by itself.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hactl.config import kinds
from hactl.config.reading import refuse, toml
from hactl.config.unfit import did_you_mean
from hactl.core.errors import ConfigError
from hactl.core.value import Value, replace
from hactl.drill import library
from hactl.drill.definition import Definition
from hactl.drill.keys import TOP, Key
from hactl.drill.report import DrillReport
from hactl.drill.tables import Tables
from hactl.drill.verdict import Verdict

BUILT_IN = Path(__file__).parent / "suites"
_TOP = {name: TOP[name] for name in ("schema", "name", "title")}
_SETTING = kinds.text('a path and a value, like "phases.hold=10s"', r"[a-z_.0-9]+ *=[^\0\n]+")
_SETTINGS = {"set": Key(kind=kinds.many(_SETTING, "settings"), field="settings")}
_DRILL = {
    "name": Key(kind=kinds.text("the name of a drill, or the path of a file", r"[^\0\n]{1,200}"), required=True),
    **_SETTINGS,
}


class Entry(Value):
    """One drill of a suite."""

    name: str
    """One that comes with hactl, or the path of a file."""
    settings: tuple[str, ...] = ()
    """`path=value` that change it, besides those of the suite."""


class Suite(Value):
    """Drills that are run one after the other."""

    name: str
    title: str
    drills: tuple[Entry, ...] = ()
    settings: tuple[str, ...] = ()
    """`path=value` that change every drill of it."""

    def load(self, more: tuple[str, ...] = (), without: Iterable[str] = ()) -> tuple[Definition, ...]:
        """Its drills as they will be run, in order, but for those called as in `without`; `more` are settings that win
        over those of the file, and do not have to fit those that are left out. Raises ConfigError about one that
        cannot be read, or is not in it."""
        left_out = set(without)
        known = tuple(one.name if one.name in library.names() else library.load(one.name).name for one in self.drills)
        if unknown := left_out - set(known):
            raise ConfigError(f"no drill '{min(unknown)}' in suite '{self.name}'", did_you_mean(min(unknown), known))
        return tuple(
            library.load(one.name, (*self.settings, *one.settings, *more))
            for name, one in zip(known, self.drills, strict=True)
            if name not in left_out
        )


def names() -> tuple[str, ...]:
    """The suites that come with hactl, by name."""
    return library.names(BUILT_IN)


def load(name: str) -> Suite:
    """The suite called so: one that comes with hactl, else the file at that path, from where paths in it are meant.

    Raises ConfigError about everything that is wrong with it.
    """
    suite = parse(*library.text(name, BUILT_IN, "suite"))
    beside = Path(name).parent
    drills = (one if one.name in library.names() else replace(one, name=str(beside / one.name)) for one in suite.drills)
    return suite if name in names() else replace(suite, drills=tuple(drills))


def parse(text: str, source: str) -> Suite:
    """The suite in `text`; `source` is what errors call the file. Raises ConfigError about everything that is wrong."""
    reading = _Reading()
    suite = reading.suite(toml(text, source))
    if reading.problems:
        refuse(reading.problems, source)
    return suite


class _Reading(Tables):
    """One pass over the file of a suite."""

    def suite(self, raw: dict[str, Any]) -> Suite:
        """What it says, as far as it can be read."""
        entries = raw.pop("drill", [])
        fields = self._fields("", raw, {**_TOP, **_SETTINGS}, more=("drill",))
        fields.pop("schema", None)
        if not entries:
            self._add("drill", "a suite needs at least one drill", "write [[drill]]")
        drills = self._many("drill", entries, _DRILL, Entry)
        return Suite(**fields, drills=drills) if not self.problems else Suite(name="", title="")


def goes_on(report: DrillReport) -> bool:
    """Whether the next drill may follow. Not after one that was ended by a person or a rule, that broke, or that left
    something behind: what it leaves is looked at first."""
    return report.clean and not report.interrupted and report.verdict not in (Verdict.ABORTED, Verdict.ERROR)

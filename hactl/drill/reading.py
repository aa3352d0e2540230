"""From the text of a drill file to a Definition, or to all of its errors. Touches no file: that is `library`.

Messages are those of `hactl.toml`: path, cause, hint. An unknown key is an error, for a limit that is misspelt is none.
"""

import hashlib
import math
import tomllib
from typing import Any

from hactl.config.reading import refuse
from hactl.config.unfit import Problem, quoted
from hactl.core.errors import ConfigError
from hactl.core.hop import HopFault
from hactl.core.impairment import ALL, Impairment
from hactl.core.value import replace
from hactl.drill import burden_keys, keys
from hactl.drill.burden import Burden, Surge
from hactl.drill.definition import (
    AIMLESS,
    BESIDES,
    LONGEST_AWAY,
    OF_THE_DAEMON,
    SILENCING,
    AbortRule,
    CanarySpec,
    ConfigChange,
    Definition,
    Fault,
    FaultKind,
    Hypothesis,
    Limits,
    LoadSpec,
    ManualStep,
    Objectives,
    Phases,
    Probe,
    Target,
)
from hactl.drill.extending import EXTENDS, Find, extended
from hactl.drill.hop_faults import MEANINGS, meant
from hactl.drill.limit_keys import steady
from hactl.drill.tables import Tables

_STEPS = 50
"""Requests within an rto without which nobody can tell whether it was met."""
TABLES = ("limits", "load", "canary", "phases", "hypothesis", "fault", "step", "objectives")
"""Tables of a drill file."""


def _nothing(name: str, source: str) -> tuple[str, str]:
    raise ConfigError(f"{source}: extends: no drill {quoted(name)} is known here", "hactl drill list")


def parse(text: str, source: str, settings: tuple[str, ...] = (), find: Find = _nothing) -> Definition:
    """The drill in `text`; `source` is what errors call the file, `settings` are `path=value` that change it, `find`
    has the drills that it may extend.

    Raises ConfigError about the first thing that is wrong, with the rest in its `also`.
    """
    raw, texts = document(text, source, settings, find)
    reading = _Reading()
    definition = reading.document(raw)
    if reading.problems or definition is None:
        refuse(reading.problems, source)
    digest = hashlib.sha256("\n".join((*texts, *settings)).encode()).hexdigest()
    return replace(definition, digest=digest)


def document(text: str, source: str, settings: tuple[str, ...], find: Find) -> tuple[dict[str, Any], list[str]]:
    """What stands in `text` with all that it extends and `settings` in it, unread; and the texts of all of them."""
    raw, texts = extended(text, source, find)
    for setting in settings:
        _override(raw, setting)
    return raw, texts


def _override(raw: dict[str, Any], setting: str) -> None:
    """Let `objectives.rto=2s` stand in the file. Raises ConfigError."""
    path, equals, value = setting.partition("=")
    names = path.strip().split(".")
    if not equals or not all(names) or names[0] in ("fault", "hypothesis", "schema"):
        raise ConfigError(f"--set {setting}: must be a path and a value", "like --set objectives.rto=2s")
    table = raw
    for name in names[:-1]:
        inner = table.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {setting}: {quoted(name)} is not a table", "like --set objectives.rto=2s")
        table = inner
    try:
        table[names[-1]] = tomllib.loads(f"value = {value.strip()}")["value"]
    except ValueError:
        table[names[-1]] = value.strip()  # what is no TOML is text without its quotes


class _Reading(Tables):
    """One pass over a drill file."""

    def document(self, raw: dict[str, Any]) -> Definition | None:
        """The drill; None when it cannot be one."""
        if "rollback" in raw:
            told = "is not needed: what a drill touches is journaled before its first fault, and the daemon restores it"
            self._add("rollback", told, "leave it out")
        top = {name: value for name, value in raw.items() if name not in (*TABLES, "rollback")}
        fields = self._fields("", top, keys.TOP, more=(*TABLES, EXTENDS))
        fields.pop("schema", None)
        limits = dict(self._table(raw, "limits"))
        aborts = self._many("limits.abort_when", limits.pop("abort_when", []), keys.ABORT, AbortRule)
        parts: dict[str, Any] = {
            "limits": Limits(**self._fields("limits", limits, keys.LIMITS, more=("abort_when",)), abort_when=aborts),
            "load": LoadSpec(**self._fields("load", self._table(raw, "load"), keys.LOAD)),
            "canary": CanarySpec(**self._fields("canary", self._table(raw, "canary"), keys.CANARY)),
            "phases": Phases(**self._fields("phases", self._table(raw, "phases"), keys.PHASES)),
            "objectives": Objectives(**self._fields("objectives", self._table(raw, "objectives"), keys.OBJECTIVES)),
            "faults": self._faults(raw.get("fault", [])),
            "steps": self._many("step", raw.get("step", []), keys.STEP, ManualStep),
        }
        if "hypothesis" in raw:
            parts["hypotheses"] = self._many("hypothesis", raw["hypothesis"], keys.HYPOTHESIS, Hypothesis)
        if self.problems:
            return None
        definition = Definition(**fields, **parts)
        self._rules(definition)
        return definition

    def _faults(self, raw: object) -> tuple[Fault, ...]:
        if not isinstance(raw, list) or not raw:
            self._add("fault", "a drill needs at least one fault", "write [[fault]]")
            return ()
        faults = []
        for number, entry in enumerate(raw, start=1):
            place = f"fault[{number}]"
            table = dict(entry) if isinstance(entry, dict) else {}
            aims = table.get("type") not in AIMLESS
            target = table.pop("target", None if aims else {})
            if not isinstance(target, dict):
                self._add(f"{place}.target", "wants a table", 'like target = { nodes = 1 }, or { names = ["edge-1"] }')
                continue
            aimed = Target(**self._fields(f"{place}.target", target, keys.TARGET))
            if aims:
                self._aim(f"{place}.target", target)
            elif target:
                self._add(f"{place}.target", f"does not apply to a {table['type']}", "leave it out")
            borne = self._burden(place, table)
            suffered = {name: table.pop(name) for name in (*keys.IMPAIRMENT, *keys.HOP) if name in table}
            fields = self._fields(place, table, keys.FAULT, more=("target", *keys.IMPAIRMENT, *keys.HOP))
            if fields.get("kind") in MEANINGS:
                hop, impairment = self._hop(place, fields, suffered, aimed), None
            else:
                hop, impairment = None, self._impairment(place, fields, suffered)
                if aimed.service:
                    self._add(f"{place}.target.service", "only hops to a service can be struck", "type = upstream.down")
            self._fits(place, fields)
            if "kind" in fields:
                faults.append(Fault(**fields, target=aimed, impairment=impairment, hop=hop, burden=borne))
        return tuple(faults)

    def _hop(self, place: str, fields: dict[str, Any], suffered: dict[str, Any], aimed: Target) -> HopFault | None:
        """What a hop suffers; each kind has its keys."""
        kind: FaultKind = fields["kind"]
        meaning = MEANINGS[kind]
        read = self._fields(place, suffered, {name: keys.HOP[name] for name in (*meaning.wants, *meaning.takes)})
        for name in meaning.wants:
            if name not in suffered:
                hint = f"give {' and '.join(meaning.wants)}"
                self.problems.append(Problem(path=f"{place}.{name}", cause="missing", verb="is", hint=hint))
        if meaning.services and not aimed.service:
            self._add(f"{place}.target", f"names no service, which {kind} needs", '{ service = "random" }')
        if aimed.edges is not None:
            self._add(
                f"{place}.target",
                "is not a hop",
                "name nodes, for the hops from edges, or a service, for the hops from nodes",
            )
        return None if self.problems else meant(kind, read)

    def _burden(self, place: str, table: dict[str, Any]) -> Burden | None:
        """What a fault puts on the machine, if it is one of that kind; its keys are taken out of `table`."""
        kind = next((kind for kind in burden_keys.TABLES if kind == table.get("type")), None)
        if kind is None:
            return None
        known = burden_keys.TABLES[kind]
        fields = self._fields(place, {name: table.pop(name) for name in known if name in table}, known)
        borne = burden_keys.burden(kind, fields)
        if borne == Surge():
            self._add(place, "adds no load", "give a factor above 1, or reconnects")
        return borne

    def _aim(self, place: str, target: dict[str, Any]) -> None:
        """A target says in one way who is meant: what says it in two is told, and not guessed at."""
        ways = [way for way in ("names", "nodes", "edges", "service") if way in target]
        if not ways:
            hint = 'add nodes = "all", or how many' if "region" in target else "give nodes, edges, names or a service"
            self._add(place, "names no target", hint)
        elif len(ways) > 1:
            self._add(place, f"selects targets in two ways: {ways[0]} and {ways[1]}", "leave one of them out")
        elif "region" in target and ways != ["nodes"]:
            reason = "edges stand in front of all regions" if ways == ["edges"] else "named targets need no region"
            self._add(f"{place}.region", f"does not apply to {ways[0]}: {reason}", "leave it out")

    def _fits(self, place: str, fields: dict[str, Any]) -> None:
        """What only some kinds of faults take."""
        kind = fields.get("kind")
        for name, given, kinds in (
            ("keep_down", fields.get("keep_down"), keys.KEPT_DOWN),
            ("for", "lasting" in fields, keys.LASTS),
            ("change", "change" in fields, (FaultKind.CONFIG,)),
        ):
            if given and kind is not None and kind not in kinds:
                hint = f"leave it out; it applies to: {', '.join(kinds)}"
                self._add(f"{place}.{name}", f"does not apply to a {kind}", hint)
        if kind is FaultKind.CONFIG and "change" not in fields:
            self._add(f"{place}.change", "is missing: what to change", " or ".join(ConfigChange))

    def _impairment(self, place: str, fields: dict[str, Any], suffered: dict[str, Any]) -> Impairment | None:
        """What requests suffer, of a fault that impairs; where none does, its keys mean nothing, and that is told."""
        if fields.get("kind") is not FaultKind.IMPAIR:
            if suffered and "kind" in fields:
                hint = f"type = {FaultKind.IMPAIR}"
                self._add(f"{place}.{next(iter(suffered))}", f"does not apply to a {fields['kind']}", hint)
            return None
        read = self._fields(place, suffered, keys.IMPAIRMENT)
        if "delay" in read:
            read.setdefault("delayed", ALL)
        elif read.get("delayed"):
            self._add(f"{place}.delayed", "is a share without a delay", 'give a delay, like "300ms"')
        if not (read.get("delayed") or read.get("failed")) and len(read) == len(suffered):
            self._add(place, "impairs no request", "give a delay, or the share of requests that fail")
        return Impairment(**read)

    def _rules(self, drill: Definition) -> None:
        """What no key says alone."""
        if drill.needs > (most := drill.limits.max_duration):
            told = f"its phases take {drill.length:g} s, and start and failback up to {BESIDES:g} s"
            hint = f'make them shorter, or set limits.max_duration = "{math.ceil(drill.needs)}s"'
            self._add("phases", f"{told}: more than limits.max_duration = {most:g} s", hint)
        for number, fault in enumerate(drill.faults, start=1):
            if fault.at >= drill.phases.hold:
                self._add(f"fault[{number}].at", "is after the end of the hold", f"less than {drill.phases.hold:g} s")
            elif fault.kind in SILENCING and not 0 < (fault.lasting or 0.0) <= drill.limits.lease / 2:
                told = "is required, and at most half of limits.lease: meanwhile no heartbeats arrive"
                self._add(f"fault[{number}].for", told, f'like for = "{min(3.0, drill.limits.lease / 2):g}s"')
            elif fault.kind in OF_THE_DAEMON and (fault.lasting or 0.0) > LONGEST_AWAY:
                self._add(
                    f"fault[{number}].for",
                    "leaves the fleet without a daemon for too long",
                    f"at most {LONGEST_AWAY:g} s",
                )
            elif fault.lasting is not None and fault.at + fault.lasting > drill.phases.hold:
                left = f"at most {drill.phases.hold - fault.at:g} s, or leave it out"
                self._add(f"fault[{number}].for", "ends after the end of the hold", left)
        if drill.phases.baseline < (asked := steady(drill.limits.requires)):
            told = f"{drill.phases.baseline:g} s is too short for limits.requires"
            self._add("phases.baseline", told, f"at least {asked:g} s")
        if drill.canary.rate * drill.limits.lease < 3:
            told = f"a heartbeat every {1 / drill.canary.rate:g} s is too rare for limits.lease"
            self._add("canary.rate", told, f"at least {3 / drill.limits.lease:.1f}")
        self._objective_rules(drill)
        last = max(fault.at for fault in drill.faults)
        for number, step in enumerate(drill.steps, start=1):
            if not last <= step.at < drill.phases.hold:
                told = f"must be after the last fault ({last:g} s) and before the end of the hold"
                self._add(f"step[{number}].at", told, f"less than {drill.phases.hold:g} s")
        for number, stop in enumerate(drill.limits.abort_when, start=1):
            if stop.probe is not Probe.AVAILABILITY:
                self._add(f"limits.abort_when[{number}].probe", "can only be availability so far", "availability")
        self._hypotheses(drill)

    def _hypotheses(self, drill: Definition) -> None:
        """What can be asked of a fleet that is well, by what it is measured."""
        for number, rule in enumerate(drill.hypotheses, start=1):
            if rule.least is None and rule.most is None and rule.ratio is None:
                self._add(f"hypothesis[{number}]", "sets no limit", "give min, max or max_ratio")
            if rule.ratio is not None and rule.probe is not Probe.LATENCY_P99:
                self._add(f"hypothesis[{number}].max_ratio", "is for latencies only", "min, or latency_p99")
            if rule.probe is Probe.LATENCY_P99 and rule.least is not None:
                self._add(f"hypothesis[{number}].min", "a latency has no minimum", "max")

    def _objective_rules(self, drill: Definition) -> None:
        """What an objective needs of the rest of the file."""
        asked, rto = drill.objectives, drill.objectives.rto
        if rto and drill.load.rate < (wanted := _STEPS / rto):
            told = f"{drill.load.rate:g} requests/s cannot measure an rto of {rto:g} s"
            if wanted > keys.FASTEST:
                least = f"at least {_STEPS / keys.FASTEST * 1000:g}ms, which takes load.rate = {keys.FASTEST}"
                self._add("objectives.rto", f"{told}, and no load can", least)
            else:
                self._add("load.rate", told, f"at least {math.ceil(wanted - 1e-9)}")
        if asked.failed_with_retries is not None and not drill.load.retries:
            self._add("objectives.failed_with_retries", "needs clients that retry", "give load.retries, like 2")
        if asked.others_availability is not None and not drill.load.others:
            self._add("objectives.others_availability", "needs clients of another route", 'load.others = "/-/echo"')
        if asked.rpo_records is not None and not drill.canary.stores:
            self._add("objectives.rpo_records", "needs a store to look in", "leave canary.stores out, for all of them")
        passing = (fault for fault in drill.faults if fault.lasting is not None and fault.kind not in OF_THE_DAEMON)
        if asked.recovered is not None and not any(passing):
            self._add("objectives.recovered", "needs a fault that ends before the failback", 'for = "10s"')
        self._occasions(drill)

    def _occasions(self, drill: Definition) -> None:
        """What only some kinds of faults give an occasion to measure: without it, a run would show nothing."""
        asked = drill.objectives
        kinds, changes = {fault.kind for fault in drill.faults}, {fault.change for fault in drill.faults}
        surge, killed = FaultKind.SURGE in kinds, FaultKind.DAEMON_KILL in kinds
        wrong = ConfigChange.WRONG_PORT in changes
        down = any(fault.target.service and fault.lasting is not None for fault in drill.faults)
        aimed = any(fault.target.names or fault.target.nodes is not None for fault in drill.faults)
        whole = any(fault.target.region and fault.target.nodes == 0 for fault in drill.faults)
        for name, wanted, there, occasion in (
            ("herd", asked.herd is not None, down, f'{FaultKind.UPSTREAM_DOWN} with for = "5s"'),
            ("turns", asked.turns is not None, whole, 'target = { region = "random", nodes = "all" }'),
            ("shifted", asked.shifted is not None, aimed, "target = { nodes = 1 }"),
            ("goodput", asked.goodput is not None, surge, FaultKind.SURGE),
            ("refused_p99", asked.refused_p99 is not None, surge, FaultKind.SURGE),
            ("adopted", asked.adopted is not None, killed, FaultKind.DAEMON_KILL),  # one that thaws adopts nobody
            ("refused", asked.refused, ConfigChange.INVALID in changes, f'change = "{ConfigChange.INVALID}"'),
            ("nodes_reached", asked.nodes_reached is not None, wrong, f'change = "{ConfigChange.WRONG_PORT}"'),
            ("reverted", asked.reverted is not None, wrong, f'change = "{ConfigChange.WRONG_PORT}"'),
        ):
            if wanted and not there:
                self._add(f"objectives.{name}", "has nothing to measure", f"leave it out, or add {occasion}")

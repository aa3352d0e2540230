"""Chaos by a seed: which faults a monkey chooses, of whom and when, as an ordinary drill file. Pure.

The same configuration, seed and options make the same file, so that a run can be repeated, and its file read before.
The monkey does nothing itself, and knows no limit of its own: it touches only as much of a fleet, over all its faults
together, as the drill's limits and those of `hactl.toml` allow at once.
"""

import math
from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

import tomli_w

from hactl.config import kinds
from hactl.config.reading import refuse, toml
from hactl.config.unfit import did_you_mean
from hactl.core.errors import CommandRejected
from hactl.core.model import Fleet
from hactl.drill.candidates import (
    CALM,
    OF_SERVICES,
    USUAL,
    Candidate,
    chosen_from,
    fitting,
    impossible,
    of_one_service,
    touchable_of,
)
from hactl.drill.definition import FaultKind, Limits
from hactl.drill.keys import Key
from hactl.drill.plan import SERVICE_ROUTE, askable
from hactl.drill.reading import TABLES, parse
from hactl.drill.tables import Tables

MOST = 400
"""Faults in one run."""
BASELINE, SETTLE = 15.0, 10.0
"""Seconds of the phases around them."""
SPARE = 60.0
"""Seconds that the run may take longer than its phases: the way back."""
_HARM = {"probe": "availability", "window": "5s", "below": 0.5, "for": "3s"}
"""What clients suffer that ends a run, unless other limits say so."""
_TYPES = {"types": Key(kind=kinds.many(kinds.choice(tuple(FaultKind)), "kinds of faults"))}
_OWN = ("name", "title", "tags", "phases", "fault", "step")
"""What the monkey writes itself."""


class Chaos(NamedTuple):
    """What is asked of the monkey."""

    seed: int
    length: float
    """Seconds in which its faults strike."""
    gap: float
    """Seconds between two of them on average; how long each is follows an exponential distribution."""


class Frame(NamedTuple):
    """Within what the monkey stays, and what its drill file has besides its faults."""

    limits: Limits = Limits()
    types: tuple[FaultKind, ...] = ()
    """Which faults its file lets it choose; it does not say when there is none."""
    tables: Mapping[str, Any] = MappingProxyType({})

    @property
    def of_a_service(self) -> bool:
        """Clients ask for a service that is struck: they see what it suffers, and that can end the run."""
        return bool(self.tables.get("load", {}).get("route") == SERVICE_ROUTE)

    @property
    def usual(self) -> tuple[FaultKind, ...]:
        """Kinds that are chosen from when none is named."""
        return (*USUAL, *OF_SERVICES) if self.of_a_service else USUAL


class Choice(NamedTuple):
    """Among which faults it chooses, besides what a file of limits says of that."""

    only: tuple[FaultKind, ...] = ()
    """These, each of which has to be possible here; () for the usual ones."""
    without: tuple[FaultKind, ...] = ()
    missing: Mapping[FaultKind, str] = MappingProxyType({})
    """What cannot be had on this machine, and why."""


def frame_of(text: str, source: str) -> Frame:
    """What a file of limits says: a drill file without its faults, and `types`, the kinds of them that may be chosen.

    Raises ConfigError about everything that is wrong with it.
    """
    raw = toml(text, source)
    said = {name: raw.pop(name) for name in _TYPES if name in raw}
    raw.pop("schema", None)
    reading = _Reading()
    types = reading.frame(raw, said)
    if reading.problems:
        refuse(reading.problems, source)
    one = {"type": FaultKind.KILL.value, "target": {"nodes": 1}}
    drill = parse(tomli_w.dumps({"schema": 1, "name": "chaos", "title": "chaos", **raw, "fault": [one]}), source)
    return Frame(limits=drill.limits, types=tuple(map(FaultKind, types)), tables=raw)


class _Reading(Tables):
    """One pass over a file of limits, for what a drill file does not say."""

    def frame(self, raw: dict[str, Any], types: dict[str, Any]) -> tuple[str, ...]:
        """The kinds that may be chosen."""
        for name in raw:
            if name in _OWN:
                self._add(name, "is what the monkey writes itself", "leave it out")
            elif name not in TABLES:
                self._add(
                    name, "unknown key", did_you_mean(name, (*(one for one in TABLES if one not in _OWN), *_TYPES))
                )
        if "max_duration" in self._table(raw, "limits"):
            self._add("limits.max_duration", "follows from how long it lasts", "leave it out, and give --for")
        named: tuple[str, ...] = self._fields("", types, _TYPES).get("types", ())
        return named


ANY = Choice()


def drill_of(chaos: Chaos, fleet: Fleet, frame: Frame, choice: Choice = ANY, *, asked: str = "") -> str:
    """The text of the drill file; `asked` are the options that `chaos` does not have, as they were typed.

    Raises CommandRejected when nobody may be touched, not in that way, or not for so long, and HactlError when there is
    nothing to choose from.
    """
    longest = BASELINE + chaos.length + SETTLE + SPARE
    allowed = fleet.spec.safety.max_drill
    if longest > allowed:
        most = max(0.0, allowed - BASELINE - SETTLE - SPARE)
        raise CommandRejected(
            f"chaos for {chaos.length:g} s is a drill of {longest:g} s, and safety.max_drill allows {allowed:g} s",
            f"--for {most:.0f}s, or raise safety.max_drill in hactl.toml",
            guard=True,
        )
    chance = Random(chaos.seed)
    faults = list(_faults(chance, chaos, _candidates(chance, fleet, frame, choice)))
    if frame.of_a_service and not any("service" in fault.get("target", {}) for fault in faults):
        hint = "another seed, a longer --for, --only upstream.down, or a path as load.route"
        raise CommandRejected(
            f"load.route is {SERVICE_ROUTE}, and no service is struck by this chaos", hint, guard=True
        )
    drill = {
        "schema": 1,
        "name": f"chaos-{chaos.seed}",
        "title": f"Chaos with seed {chaos.seed}",
        "tags": ["chaos"],
        **frame.tables,
        "limits": {"abort_when": [_HARM], **frame.tables.get("limits", {}), "max_duration": _seconds(longest)},
        "phases": {"baseline": _seconds(BASELINE), "hold": _seconds(chaos.length), "settle": _seconds(SETTLE)},
        "fault": faults,
        "objectives": frame.tables.get("objectives") or _objectives(chaos.length),
    }
    return (
        f"# Chosen by a monkey: hactl chaos --monkey --seed {chaos.seed} --for {_seconds(chaos.length)}"
        f" --mean-gap {_seconds(chaos.gap)}{asked}\n" + tomli_w.dumps(drill)
    )


def _candidates(chance: Random, fleet: Fleet, frame: Frame, choice: Choice) -> list[Candidate]:
    """What it may do; what was asked for by name and cannot be done is told."""
    touchable = touchable_of(chance, fleet.spec, frame.limits)
    among = chosen_from(choice.only, choice.without, frame.types, frame.usual)
    for kind, why in impossible(fleet, touchable, frame.limits, choice.only, choice.missing):
        raise CommandRejected(f"{kind} cannot be done here: {why}", f"leave out --only {kind}", guard=True)
    candidates = fitting(fleet, touchable, frame.limits, among, choice.missing)
    return of_one_service(chance, candidates, askable(fleet)) if frame.of_a_service else candidates


def _faults(chance: Random, chaos: Chaos, candidates: list[Candidate]) -> Iterator[dict[str, Any]]:
    """One after the other, the first at once, each with time to be over before the next."""
    at = 0.0
    for _ in range(MOST):
        fit = [candidate for candidate in candidates if at + candidate.breath <= chaos.length]
        if not fit:
            break
        candidate = chance.choices(fit, [candidate.weight for candidate in fit])[0]
        following = round(at + max(candidate.breath, chance.expovariate(1 / chaos.gap)), 1)
        target = chance.choice(candidate.targets)
        fault = {
            "type": candidate.kind.value,
            "at": _seconds(at),
            **({"target": target} if target else {}),
            **candidate.said,
        }
        if candidate.longest:
            room = min(following, chaos.length) - at - CALM
            fault["for"] = _seconds(math.floor(10 * min(candidate.longest, room) + 1e-6) / 10)
        yield fault
        at = following
    if not at:
        least = min(candidate.breath for candidate in candidates)
        wanted = ", ".join(dict.fromkeys(candidate.kind for candidate in candidates))
        raise CommandRejected(f"{wanted}: over after {least:g} s at the soonest", f"--for {least:g}s", guard=True)


def _objectives(length: float) -> dict[str, Any]:
    return {"availability": {"min": 0.99, "window": _seconds(length)}, "rpo_records": 0, "rollback_clean": True}


def _seconds(seconds: float) -> str:
    return f"{seconds:g}s"

"""Every key of a drill file: what it accepts and which field it sets. The order of a file is that of these tables.

The kinds are those of `hactl.toml`, so that a duration is written alike everywhere.
"""

from hactl.config import kinds, quantities
from hactl.config.kinds import Kind
from hactl.config.unfit import Unfit, unfit
from hactl.core.hop import LONGEST_LAG, LONGEST_SWING, SHORTEST_SWING, Way
from hactl.core.impairment import ALL, HIGHEST_STATUS, LONGEST_DELAY, LOWEST_STATUS
from hactl.core.value import Value
from hactl.drill.definition import (
    OF_HOPS,
    OF_THE_DAEMON,
    OF_THE_MACHINE,
    Availability,
    CanaryStore,
    ConfigChange,
    Connections,
    FaultKind,
    Probe,
)
from hactl.drill.limit_keys import budget_share, requirement

NAME = "[a-z0-9-]{1,40}"
FASTEST = 5000
"""Requests per second of a load."""


class Key(Value):
    """One key of a table."""

    kind: Kind
    field: str = ""
    """The field that it sets; "" for the one of the same name."""
    required: bool = False


def number(low: float, high: float) -> Kind:
    """Any number between two bounds."""
    wants = f"a number from {low:g} to {high:g}"

    def read(raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not low <= raw <= high:
            raise unfit(wants, raw)
        return float(raw)

    return Kind(wants=wants, read=read, schema={"type": "number", "minimum": low, "maximum": high})


def _how_many() -> Kind:
    wants = 'a whole number from 1 to 1000, or "all"'

    def read(raw: object) -> int:
        if raw == "all":
            return 0
        if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= 1000:
            raise unfit(wants, raw, 'to name nodes, use names, like names = ["a-1"]' if _names(raw) else "")
        return raw

    return Kind(wants=wants, read=read, schema={"anyOf": [{"const": "all"}, kinds.whole(1, 1000).schema]})


def _names(raw: object) -> bool:
    """Somebody was meant by name."""
    return isinstance(raw, str) or (isinstance(raw, list) and all(isinstance(one, str) for one in raw))


def _availability() -> Kind:
    wants = 'a number from 0 to 1, or a table like { min = 0.995, window = "60s" }'
    part, time = number(0, 1), quantities.duration("1s", "1h")

    def read(raw: object) -> Availability:
        table = {"min": raw} if isinstance(raw, int | float) and not isinstance(raw, bool) else raw
        if not isinstance(table, dict) or "min" not in table:
            raise unfit(wants, raw)
        if unknown := table.keys() - {"min", "window"}:
            raise Unfit(f"unknown key {min(unknown)!r}", "known: min, window")
        return Availability(least=part.read(table["min"]), window=time.read(table.get("window", "60s")))

    described = {"min": part.schema, "window": time.schema}
    table = {"type": "object", "properties": described, "required": ["min"], "additionalProperties": False}
    return Kind(wants=wants, read=read, schema={"anyOf": [part.schema, table]})


def _limit() -> Kind:
    """A part (0..1) or a duration, whichever the probe measures."""
    wants = 'a number from 0 to 1, or a duration like "250ms"'
    part, time = number(0, 1), quantities.duration("0s", "1h")

    def read(raw: object) -> float:
        if isinstance(raw, str):
            value: float = time.read(raw)
            return value
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 1:
            raise unfit(wants, raw)
        return float(raw)

    return Kind(wants=wants, read=read, schema={"anyOf": [part.schema, time.schema]})


def _per_cent() -> Kind:
    """A part of the requests: written as every part of a drill file, kept in whole per cent."""
    part = quantities.proportion()

    def read(raw: object) -> int:
        read: float = part.read(raw)
        return round(read * ALL)

    return Kind(wants=part.wants, read=read, schema=part.schema)


_time = quantities.duration("0s", "1h")
_text = kinds.text("some text in one line, without control characters", r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]{1,200}")
_path = kinds.text("a path that begins with /", r"/[^\s]*")
_route = kinds.text('a path that begins with /, or "@service"', r"/[^\s]*|@service")
_named = kinds.text("letters, digits and hyphens", "[a-zA-Z0-9-]{1,40}")

TOP: dict[str, Key] = {
    "schema": Key(kind=kinds.whole(1, 1), required=True),
    "name": Key(kind=kinds.text("lower-case letters, digits and hyphens, at most 40", NAME), required=True),
    "title": Key(kind=_text, required=True),
    "tags": Key(kind=kinds.many(_named, "words")),
}
STEP: dict[str, Key] = {
    "manual": Key(kind=_text, required=True),
    "at": Key(kind=_time),
    "within": Key(kind=quantities.duration("1s", "1h")),
}
LIMITS: dict[str, Key] = {
    "max_faulted_share": Key(kind=quantities.proportion()),
    "min_healthy_nodes": Key(kind=kinds.whole(0, 1000)),
    "min_healthy_regions": Key(kind=kinds.whole(0, 1000)),
    "lease": Key(kind=quantities.duration("1s", "2m")),
    "max_duration": Key(kind=quantities.duration("1s", "1d")),
    "requires": Key(kind=kinds.many(requirement(), "requirements")),
}
ABORT: dict[str, Key] = {
    "probe": Key(kind=kinds.choice(Probe), required=True),
    "below": Key(kind=number(0, 1), required=True),
    "window": Key(kind=quantities.duration("1s", "5m")),
    "for": Key(kind=quantities.duration("0s", "5m"), field="lasting"),
}
LOAD: dict[str, Key] = {
    "rate": Key(kind=number(1, FASTEST)),
    "timeout": Key(kind=quantities.duration("10ms", "1m")),
    "route": Key(kind=_route),
    "connections": Key(kind=kinds.choice(Connections)),
    "retries": Key(kind=kinds.whole(0, 10)),
    "others": Key(kind=_path),
}
CANARY: dict[str, Key] = {
    "rate": Key(kind=number(1, 100)),
    "stores": Key(kind=kinds.many(kinds.choice(CanaryStore), "names of stores")),
}
PHASES: dict[str, Key] = {
    "baseline": Key(kind=quantities.duration("2s", "1h")),
    "hold": Key(kind=quantities.duration("1s", "1h")),
    "settle": Key(kind=quantities.duration("1s", "1h")),
    "failback": Key(kind=kinds.flag()),
}
HYPOTHESIS: dict[str, Key] = {
    "probe": Key(kind=kinds.choice(Probe), required=True),
    "min": Key(kind=_limit(), field="least"),
    "max": Key(kind=_limit(), field="most"),
    "max_ratio": Key(kind=number(1, 1000), field="ratio"),
}
FAULT: dict[str, Key] = {
    "type": Key(kind=kinds.choice(FaultKind), field="kind", required=True),
    "at": Key(kind=_time),
    "keep_down": Key(kind=kinds.flag()),
    "for": Key(kind=quantities.duration("100ms", "1h"), field="lasting"),
    "change": Key(kind=kinds.choice(ConfigChange)),
}
LASTS = (FaultKind.IMPAIR, *OF_THE_DAEMON, *OF_THE_MACHINE, FaultKind.CPU, *OF_HOPS)
"""Kinds of faults that can be over before the failback: that take `for`."""
KEPT_DOWN = (FaultKind.KILL,)
"""Kinds of faults after which somebody can be kept down until the failback. The daemon ends a process that hangs and
starts it again: freezing keeps nobody down."""
IMPAIRMENT: dict[str, Key] = {
    "delay": Key(kind=quantities.duration("1ms", f"{LONGEST_DELAY:g}s")),
    "delayed": Key(kind=_per_cent()),
    "status": Key(kind=kinds.whole(LOWEST_STATUS, HIGHEST_STATUS)),
    "failed": Key(kind=_per_cent()),
}
"""Keys of a fault that only one which impairs has."""
_swing = quantities.duration(f"{SHORTEST_SWING * 1000:g}ms", f"{LONGEST_SWING:g}s")
HOP: dict[str, Key] = {
    "direction": Key(kind=kinds.choice(Way)),
    "how": Key(kind=kinds.text('"refuse", "hang" or "reset"', "refuse|hang|reset")),
    "delay": Key(kind=quantities.duration("1ms", f"{LONGEST_LAG:g}s")),
    "rate": Key(kind=quantities.size("1KiB", "1GiB")),
    "down": Key(kind=_swing),
    "up": Key(kind=_swing),
}
"""Keys of a fault that only one which strikes hops has."""
TARGET: dict[str, Key] = {
    "nodes": Key(kind=_how_many()),
    "edges": Key(kind=kinds.whole(1, 100)),
    "region": Key(kind=_named),
    "names": Key(kind=kinds.many(_named, "names")),
    "service": Key(kind=_named),
}
OBJECTIVES: dict[str, Key] = {
    "detect": Key(kind=_time),
    "rto": Key(kind=_time),
    "rpo_records": Key(kind=kinds.whole(0, 1_000_000)),
    "availability": Key(kind=_availability()),
    "failed": Key(kind=kinds.whole(0, 1_000_000)),
    "failed_with_retries": Key(kind=kinds.whole(0, 1_000_000)),
    "goodput": Key(kind=quantities.proportion()),
    "refused_p99": Key(kind=_time),
    "recovered": Key(kind=_time),
    "others_availability": Key(kind=quantities.proportion()),
    "amplification": Key(kind=number(1, 100)),
    "herd": Key(kind=number(1, 100)),
    "shifted": Key(kind=_time),
    "turns": Key(kind=kinds.whole(0, 1000)),
    "latency_p99": Key(kind=_time),
    "restore_capacity": Key(kind=_time),
    "failback_failed": Key(kind=kinds.whole(0, 1_000_000)),
    "nodes_out": Key(kind=kinds.whole(0, 1000)),
    "longest_out": Key(kind=_time),
    "adopted": Key(kind=_time),
    "restarts": Key(kind=kinds.whole(0, 1000)),
    "journal_gaps": Key(kind=kinds.whole(0, 1_000_000)),
    "refused": Key(kind=kinds.flag()),
    "nodes_reached": Key(kind=kinds.whole(0, 1000)),
    "reverted": Key(kind=_time),
    "rollback_clean": Key(kind=kinds.flag()),
    "latency_p99_ratio": Key(kind=number(1, 1000), field="latency_ratio"),
    "budget_share": Key(kind=budget_share()),
}

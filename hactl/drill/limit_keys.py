"""Kinds of values for limits that only drill files have. Which key uses which is `keys`."""

from enum import StrEnum

from hactl.config import quantities
from hactl.config.kinds import Kind
from hactl.config.unfit import Unfit, unfit
from hactl.drill.definition import BudgetShare


class Requirement(StrEnum):
    """What a drill can demand of a fleet besides its hypothesis."""

    NO_OTHER_DRILL = "no_other_drill"
    """Always demanded: there is one at a time."""
    STEADY = "steady>="
    """A baseline of so long, in which the hypothesis holds."""


def requirement() -> Kind:
    """One of the requirements; held as text, that with a duration as it was written."""
    wants = "no_other_drill, or steady>= and a duration"
    known = "known: no_other_drill, steady>=15s"
    time = quantities.duration("1s", "1h")

    def read(raw: object) -> str:
        if not isinstance(raw, str):
            raise unfit(wants, raw, known)
        if raw == Requirement.NO_OTHER_DRILL:
            return raw
        if not raw.startswith(Requirement.STEADY):
            raise Unfit(f"this hactl cannot check the requirement {raw!r}", known)
        time.read(raw.removeprefix(Requirement.STEADY))
        return raw

    return Kind(
        wants=wants, read=read, schema={"type": "string", "pattern": "^(no_other_drill|steady>=[0-9.]+(ms|s|m|h))$"}
    )


def steady(requirements: tuple[str, ...]) -> float:
    """The longest baseline that is demanded, in seconds; 0 when none is."""
    asked = [text.removeprefix(Requirement.STEADY) for text in requirements if text.startswith(Requirement.STEADY)]
    return max(map(quantities.parse_duration, asked), default=0.0)


def budget_share() -> Kind:
    """A part of an error budget, and of which budget."""
    wants = 'a number from 0 to 1, or a table like { max = 0.0005, slo = 0.999, window = "30d" }'
    part, time = quantities.proportion(), quantities.duration("1h", "365d")

    def read(raw: object) -> BudgetShare:
        table = {"max": raw} if isinstance(raw, int | float) and not isinstance(raw, bool) else raw
        if not isinstance(table, dict) or "max" not in table:
            raise unfit(wants, raw)
        if unknown := table.keys() - {"max", "slo", "window"}:
            raise Unfit(f"unknown key {min(unknown)!r}", "known: max, slo, window")
        asked = BudgetShare(
            most=part.read(table["max"]),
            slo=part.read(table.get("slo", 0.999)),
            window=time.read(table.get("window", "30d")),
        )
        if asked.slo >= 1:
            raise Unfit("an slo of 1 leaves no error budget", "less than 1, like 0.999")
        return asked

    described = {"max": part.schema, "slo": part.schema, "window": time.schema}
    table = {"type": "object", "properties": described, "required": ["max"], "additionalProperties": False}
    return Kind(wants=wants, read=read, schema={"oneOf": [{"type": "number", "minimum": 0, "maximum": 1}, table]})

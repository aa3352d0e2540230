"""Drill files described for editors: a JSON schema of what each key accepts on its own. No rules between keys."""

from collections.abc import Mapping
from typing import Any

from hactl.drill import burden_keys, keys
from hactl.drill.extending import EXTENDS
from hactl.drill.keys import Key


def schema() -> dict[str, Any]:
    """A drill file as a JSON schema (draft 2020-12). What a fault takes depends on its type: there it is open."""
    fault = _table(keys.FAULT) | {"additionalProperties": True}
    fault["properties"] |= {"target": _table(keys.TARGET)}
    for own in (keys.HOP, keys.IMPAIRMENT, *burden_keys.TABLES.values()):
        fault["properties"] |= _table(own)["properties"]
    limits = _table(keys.LIMITS)
    limits["properties"]["abort_when"] = _many(_table(keys.ABORT))
    top = _table(keys.TOP)
    top["required"] = ["schema", "name"]  # the rest may come from the drill that it extends
    top["properties"] |= {
        EXTENDS: {"type": "string", "description": "a built-in drill, or the path of a file beside this one"},
        "limits": limits,
        "load": _table(keys.LOAD),
        "canary": _table(keys.CANARY),
        "phases": _table(keys.PHASES),
        "hypothesis": _many(_table(keys.HYPOTHESIS)),
        "fault": _many(fault),
        "step": _many(_table(keys.STEP)),
        "objectives": _table(keys.OBJECTIVES),
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "hactl drill"} | top


def _many(table: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": table}


def _table(known: Mapping[str, Key]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: key.kind.schema | {"description": key.kind.wants} for name, key in known.items()},
        "required": [name for name, key in known.items() if key.required],
    }

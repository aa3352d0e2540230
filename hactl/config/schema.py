"""The configuration described for others: a JSON schema for editors, a reference for the docs. Checks nothing."""

from typing import Any

from hactl.config.keys import TABLES
from hactl.config.table import Table
from hactl.config.writing import default_literal, meaning
from hactl.core.value import Value


class KeyDoc(Value):
    """What the reference says about one key."""

    path: str
    """`edge.listen`; of a repeated table `region[].nodes`."""
    accepts: str
    default: str
    """As the file would have it; "" for a key that must be given."""
    meaning: str


def reference() -> list[KeyDoc]:
    """Every key in the order of the template."""
    return [
        KeyDoc(
            path=f"{table.name}{'[]' if table.repeated else ''}.{key.name}",
            accepts=key.kind.wants,
            default="" if key.required else default_literal(table, key),
            meaning=meaning(key),
        )
        for table in TABLES.values()
        for key in table.keys
    ]


def schema() -> dict[str, Any]:
    """The file as a JSON schema (draft 2020-12): what each key by itself accepts. Rules between keys are not in it."""
    properties: dict[str, Any] = {}
    for table in TABLES.values():
        one = _table(table)
        listed = {"type": "array", "description": table.doc, "minItems": 1, "items": one}
        properties[table.name] = listed if table.repeated else one
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hactl.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _table(table: Table) -> dict[str, Any]:
    properties = {}
    for key in table.keys:
        properties[key.name] = key.kind.schema | {"description": meaning(key)}
        if not key.required:
            properties[key.name]["default"] = key.kind.write(key.held(table.blank))
    described = {"type": "object", "description": table.doc, "additionalProperties": False, "properties": properties}
    required = [key.name for key in table.keys if key.required]
    return described | ({"required": required} if required else {})

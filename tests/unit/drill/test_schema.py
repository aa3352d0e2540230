"""The schema of drill files knows every key that they may have, and none besides."""

import re
import tomllib
from typing import Any

import pytest

from hactl.drill.library import names, text
from hactl.drill.schema import schema


def problems(value: Any, wanted: dict[str, Any], place: str = "") -> list[str]:
    """What is wrong with `value` by as much of the language of schemas as ours is written in."""
    found: list[str] = []
    kind = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if "type" in wanted and not isinstance(value, kind[wanted["type"]]):
        return [f"{place} is no {wanted['type']}"]
    if isinstance(value, dict) and "properties" in wanted:
        found += [f"{place}.{name} is missing" for name in wanted.get("required", []) if name not in value]
        for name, inner in value.items():
            if name in wanted["properties"]:
                found += problems(inner, wanted["properties"][name], f"{place}.{name}")
            elif not wanted["additionalProperties"]:
                found.append(f"{place}.{name} is unknown")
    if isinstance(value, list):
        found += [told for item in value for told in problems(item, wanted.get("items", {}), f"{place}[]")]
    if isinstance(value, str) and "pattern" in wanted and not re.search(wanted["pattern"], value):
        found.append(f"{place} is not like {wanted['pattern']}")
    if isinstance(value, int | float) and not wanted.get("minimum", value) <= value <= wanted.get("maximum", value):
        found.append(f"{place} is not from {wanted['minimum']} to {wanted['maximum']}")
    if "const" in wanted and value != wanted["const"]:
        found.append(f"{place} is not {wanted['const']}")
    ways = wanted.get("anyOf", wanted.get("oneOf", ()))
    if ways and all(problems(value, way, place) for way in ways):
        found.append(f"{place} is none of {len(ways)} things that it may be")
    if "enum" in wanted and value not in wanted["enum"]:
        found.append(f"{place} is none of {wanted['enum']}")
    return found


def test_every_key_says_what_it_accepts() -> None:
    """One that says nothing accepts everything, and an editor helps with none of it."""

    def silent(part: dict[str, Any], place: str) -> list[str]:
        inner = [*part.get("properties", {}).items(), *([("[]", part["items"])] if "items" in part else [])]
        says = part.keys() & {"type", "enum", "const", "anyOf", "oneOf"}
        return [*([] if says else [place]), *(one for name, value in inner for one in silent(value, f"{place}.{name}"))]

    assert silent(schema(), "") == []


@pytest.mark.parametrize("name", names())
def test_every_built_in_drill_is_one_by_the_schema(name: str) -> None:
    """What is built in has nothing that is unknown to an editor."""
    assert problems(tomllib.loads(text(name)[0]), schema()) == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"schema": 1}, ".name is missing"),
        ({"schema": 1, "name": "a", "objectives": {"rtoo": "1s"}}, ".objectives.rtoo is unknown"),
        ({"schema": 1, "name": "a", "limits": {"requires": ["moon"]}}, ".limits.requires[] is not like"),
        (
            {"schema": 1, "name": "a", "objectives": {"availability": {"least": 0.9}}},
            ".objectives.availability is none",
        ),
        ({"schema": 1, "name": "a", "hypothesis": [{"probe": "availability", "min": "fast"}]}, ".hypothesis[].min is"),
        ({"schema": 1, "name": "a", "fault": [{"type": "disk.full", "target": {"nodes": 0}}]}, ".fault[].target.nodes"),
        ({"schema": 1, "name": "a", "fault": [{"type": "process.kil", "target": {}}]}, ".fault[].type is none of"),
    ],
)
def test_an_editor_sees_what_is_wrong(document: dict[str, Any], said: str) -> None:
    (found,) = problems(document, schema())
    assert found.startswith(said)

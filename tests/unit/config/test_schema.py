"""Stories of what editors and readers are told: the schema accepts what hactl accepts, the reference names it all."""

import json
import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from support.specs import fleet_specs

from hactl.config import dump, parse, reference, schema, template
from hactl.config.keys import TABLES
from hactl.core.spec import FleetSpec, Policy

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


def accepts(rule: dict[str, Any], value: Any) -> bool:
    """A JSON schema validator for the words that ours uses (`format` is an annotation in this draft)."""
    if "anyOf" in rule and not any(accepts(one, value) for one in rule["anyOf"]):
        return False
    if "enum" in rule and value not in rule["enum"]:
        return False
    if "const" in rule and value != rule["const"]:
        return False
    wanted = rule.get("type")
    if wanted and (not isinstance(value, TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean")):
        return False
    if isinstance(value, str) and not re.search(rule.get("pattern", ""), value):
        return False
    if "minimum" in rule and not rule["minimum"] <= value <= rule["maximum"]:
        return False
    if isinstance(value, list):
        return len(value) >= rule.get("minItems", 0) and all(accepts(rule["items"], item) for item in value)
    return accepts_object(rule, value) if isinstance(value, dict) else True


def accepts_object(rule: dict[str, Any], value: dict[str, Any]) -> bool:
    if not set(rule.get("required", ())) <= value.keys():
        return False
    for name, item in value.items():
        rules = [rule["properties"][name]] if name in rule.get("properties", {}) else []
        rules += [one for pattern, one in rule.get("patternProperties", {}).items() if re.search(pattern, name)]
        if not rules or not all(accepts(one, item) for one in rules):
            return False
    return True


def test_the_schema_is_json_of_the_draft_it_names():
    document = json.loads(json.dumps(schema()))
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(document["properties"]) == list(TABLES)


@given(fleet_specs())
def test_the_schema_accepts_every_configuration_hactl_writes(spec: FleetSpec):
    assert accepts(schema(), tomllib.loads(dump(spec)))


def test_the_schema_accepts_the_file_of_a_new_fleet_and_its_examples():
    text = template("shop")
    assert accepts(schema(), tomllib.loads(text))
    everything = re.sub(r"(?m)^#(?:     )?(?=[a-z_]+ = |\[)", "", text)
    assert parse(everything).services
    assert accepts(schema(), tomllib.loads(everything))


@pytest.mark.parametrize(
    "text",
    [
        '[edge]\npolcy = "random"',
        '[edge]\npolicy = "rnd"',
        "[edge]\ncount = 0",
        "[edge]\ncount = true",
        "[edge]\nidle_timeout = 5",
        '[edge]\nlisten = "8080"',
        "region = []",
        '[[service]]\nname = "app"',
        "[restart]\nbudget = { restart = 1 }",
        '[gateway]\nenv = { "A-B" = "" }',
        '[fleet]\nname = "a/b"',
    ],
)
def test_the_schema_refuses_what_hactl_refuses(text: str):
    assert not accepts(schema(), tomllib.loads(text))


def test_every_key_is_described_with_its_default_and_its_choices():
    properties = schema()["properties"]
    for table in TABLES.values():
        described = properties[table.name]["items" if table.repeated else "properties"]
        described = described["properties"] if table.repeated else described
        assert list(described) == [key.name for key in table.keys]
        for key in table.keys:
            assert key.doc in described[key.name]["description"]
            assert key.required or accepts(described[key.name], described[key.name]["default"])
    assert properties["edge"]["properties"]["policy"]["enum"] == [str(policy) for policy in Policy]


def test_the_reference_has_every_key_once_with_a_default_that_can_be_copied():
    docs = {doc.path: doc for doc in reference()}
    assert len(docs) == len(reference()) == sum(len(table.keys) for table in TABLES.values())
    assert docs["edge.listen"].default == '"127.0.0.1:8080"'
    assert docs["service[].endpoints"].default == ""
    assert docs["health.probe"].default == '"200ms"'
    assert docs["health.probe"].meaning.endswith('("250ms" for kind = "command")')
    for doc in docs.values():
        assert doc.default == "" or tomllib.loads(f"key = {doc.default}").keys() == {"key"}
        assert "\n" not in doc.meaning + doc.accepts

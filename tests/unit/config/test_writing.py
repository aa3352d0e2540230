"""Stories of configurations written out: what is shown is what is meant."""

import json
import re
import subprocess
import sys
import tomllib

import msgspec
import pytest
from hypothesis import given
from support.specs import fleet_specs

from hactl.config import digest, dump, parse, template
from hactl.config.keys import TABLES
from hactl.core.errors import ConfigError
from hactl.core.spec import FleetSpec, GatewayKind, GatewaySpec
from hactl.core.value import replace


@given(fleet_specs())
def test_any_configuration_survives_being_written_and_read(spec: FleetSpec):
    assert parse(dump(spec)) == spec


@given(fleet_specs())
def test_equal_configurations_have_equal_digests_however_they_were_written(spec: FleetSpec):
    again = parse("# a comment\n" + dump(spec))
    assert digest(again) == digest(spec)
    assert digest(replace(spec, name=spec.name[:-1] + ("a" if spec.name[-1] != "a" else "b"))) != digest(spec)


@given(fleet_specs())
def test_what_a_journal_holds_of_a_configuration_has_the_digest_it_had(spec: FleetSpec):
    """Without being read as one first: that would add the keys there are since."""
    assert digest(json.loads(msgspec.json.encode(spec))) == digest(spec)


def test_the_order_of_variables_does_not_change_the_digest():
    one, other = ('[gateway]\nenv = { A = "1", B = "2" }', '[gateway]\nenv = { B = "2", A = "1" }')
    assert digest(parse(one)) == digest(parse(other))


def test_the_effective_configuration_shows_every_key_of_every_table_that_is_there():
    document = tomllib.loads(dump(FleetSpec()))
    for table in TABLES.values():
        if table.name in ("service", "route", "alert", "schedule"):
            assert table.name not in document
            continue
        entry = document[table.name][0] if table.repeated else document[table.name]
        assert list(entry) == [key.name for key in table.keys]
    assert document["health"]["interval"] == "250ms"
    assert document["edge"]["listen"] == "127.0.0.1:8080"


def test_a_program_is_written_with_its_own_defaults():
    """What was left out of the file stands in the effective configuration as it is in force."""
    spec = parse('[gateway]\nkind = "command"\ncommand = ["./serve"]')
    assert spec.gateway == GatewaySpec(kind=GatewayKind.COMMAND, command=("./serve",))
    assert tomllib.loads(dump(spec))["health"]["probe"] == "250ms"


def test_the_file_of_a_new_fleet_is_the_default_fleet_by_that_name():
    assert parse(template("shop")) == FleetSpec(name="shop")


def test_the_file_of_a_new_fleet_shows_every_key_with_its_meaning_above_it():
    lines = template("shop").splitlines()
    for table in TABLES.values():
        start = next(number for number, line in enumerate(lines) if line.removeprefix("#     ") == table.header)
        for key in table.keys:
            shown = re.compile(rf"(#|#     )?{key.name} = ")
            number = next(number for number in range(start, len(lines)) if shown.match(lines[number]))
            assert key.doc in lines[number - 1]


KEY_LINES = [number for number, line in enumerate(template("shop").splitlines()) if re.match(r"#[a-z_]+ = ", line)]


@pytest.mark.parametrize("number", KEY_LINES)
def test_taking_the_comment_sign_off_a_key_changes_nothing_yet(number: int):
    lines = template("shop").splitlines()
    lines[number] = lines[number].removeprefix("#")
    assert parse("\n".join(lines)) == FleetSpec(name="shop")


def test_the_examples_in_the_file_of_a_new_fleet_work_when_taken_whole():
    text = re.sub(r"(?m)^#     ", "", template("shop"))
    spec = parse(text)
    assert [service.name for service in spec.services] == ["app"]
    assert [(route.prefix, route.service) for route in spec.routes] == [("/", "app")]
    assert [alert.webhook for alert in spec.alerts] == ["https://example.com/hooks/1"]
    assert [schedule.drill for schedule in spec.schedules] == ["node-kill"]
    assert replace(spec, services=(), routes=(), alerts=(), schedules=()) == FleetSpec(name="shop")


@pytest.mark.parametrize("name", ["", "a/b", "..", "Shop", "x" * 33, 'a"\n[edge]'])
def test_a_name_no_fleet_can_have_gets_no_file(name: str):
    with pytest.raises(ConfigError, match=r"^fleet\.name: wants a name"):
        template(name)


def test_reading_a_configuration_does_not_load_the_writer():
    code = "import sys, hactl.config as c; c.parse(''); print('tomli_w' in sys.modules, 'asyncio' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["False", "False"]

"""Whom a command names stands in one place, for every command; what is named has to be there."""

from typing import get_args

import pytest
from hypothesis import given, settings
from support.build import a_spec
from support.script import serving
from support.values import values

from hactl.core.commands import (
    BeginDrill,
    Command,
    Down,
    Failover,
    Kill,
    Scale,
    SetWeight,
    Stop,
    TryAlert,
)
from hactl.core.errors import CommandRejected
from hactl.core.hop_commands import MendHop
from hactl.core.scope import Scope, check, scope_of

FLEET = serving(a_spec(regions=2))
NAMING = {"nodes", "in_turn", "regions", "region", "services", "alert"}
"""The fields of commands that hold names."""


@pytest.mark.parametrize(
    ("command", "scope"),
    [
        (Stop(nodes=("seoul-1",)), Scope(nodes=("seoul-1",))),
        (SetWeight(weight=1, nodes=("seoul-1",), regions=("osaka",)), Scope(nodes=("seoul-1",), regions=("osaka",))),
        (MendHop(services=("users",)), Scope(services=("users",))),
        (BeginDrill(name="x", nodes=("a",), in_turn=("b", "a")), Scope(nodes=("a", "b"), somebody=False)),
        (Failover(region="seoul"), Scope(regions=("seoul",))),
        (TryAlert(alert="pager"), Scope(alerts=("pager",))),
        (Down(), Scope(somebody=False)),
    ],
)
def test_whom_a_command_names(command: Command, scope: Scope) -> None:
    assert scope_of(command) == scope


@settings(max_examples=300)
@given(values(Command))
def test_no_name_in_a_command_is_left_out(command: Command) -> None:
    """A field that holds names and that nobody looks up would let a command through for what is not there."""
    scope = scope_of(command)
    known = {*scope.nodes, *scope.regions, *scope.services, *scope.alerts}
    for field in NAMING & set(command.__struct_fields__):
        names = getattr(command, field)
        assert {names} <= known if isinstance(names, str) else set(names) <= known


def test_every_field_of_names_is_known_here() -> None:
    """Else the test above would say nothing of it."""
    lists = {
        field for kind in get_args(Command) for field, is_a in kind.__annotations__.items() if is_a == tuple[str, ...]
    }
    assert lists <= NAMING


@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        (Kill(nodes=()), "no node given", "name nodes, or use --region NAME or --all"),
        (MendHop(), "no node given", "name nodes, or use --region NAME or --all"),
        (Kill(nodes=("x",)), "no node 'x' in fleet 'default'", f"known: {', '.join(FLEET.nodes)}"),
        (Scale(region="x", count=3), "no region 'x' in fleet 'default'", "known: seoul, osaka"),
        (Failover(region="x"), "no region 'x' in fleet 'default'", "known: seoul, osaka"),
        (TryAlert(alert="x"), "no alert 'x' in fleet 'default'", "add an [[alert]] to hactl.toml"),
    ],
)
def test_what_is_not_there_is_refused_by_name(command: Command, message: str, hint: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        check(FLEET, command)
    assert (refused.value.message, refused.value.hint) == (message, hint)


@pytest.mark.parametrize("command", [Down(), BeginDrill(name="x", nodes=())])
def test_what_is_about_the_fleet_need_name_nobody(command: Command) -> None:
    check(FLEET, command)

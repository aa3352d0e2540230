"""Values: made once, never changed, and a misspelt field is never a silent no-op."""

import pytest

from hactl.core.node import Node, Role
from hactl.core.value import replace


def test_a_value_cannot_be_changed() -> None:
    """Only copied."""
    node = Node(name="seoul-1", role=Role.GATEWAY)
    with pytest.raises(AttributeError):
        node.weight = 1
    assert replace(node, weight=1) == Node(name="seoul-1", role=Role.GATEWAY, weight=1)
    assert node.weight == 100


def test_fields_are_named() -> None:
    """Positions mean nothing."""
    with pytest.raises(TypeError):
        Node("seoul-1", Role.GATEWAY)


def test_a_misspelt_field_is_an_error() -> None:
    """In a copy as in the making."""
    node = Node(name="seoul-1", role=Role.GATEWAY)
    with pytest.raises(TypeError, match="Node has no field 'wieght'"):
        replace(node, wieght=1)
    with pytest.raises(TypeError):
        Node(name="seoul-1", role=Role.GATEWAY, wieght=1)

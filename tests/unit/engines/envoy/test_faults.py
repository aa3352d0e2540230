"""The fault filter's words: nothing by itself, everything by the runtime, and what the runtime says is what counts."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from hactl.core.impairment import Impairment
from hactl.engines.envoy.faults import KEYS, in_force, injector, order
from hactl.engines.envoy.routes import OURS

SLOW = Impairment(delay=0.25, delayed=20)
BOTH = Impairment(delay=0.3, delayed=100, status=500, failed=5)


def told(fault: Impairment | None) -> dict[str, str]:
    """What an order sets; an empty value takes a key away."""
    return dict(parse_qsl(urlsplit(order(fault)).query, keep_blank_values=True))


def after(fault: Impairment | None) -> dict[str, str]:
    """The runtime of a process that has heard it."""
    return {key: value for key, value in told(fault).items() if value}


def test_it_does_nothing_by_itself_and_nothing_to_what_the_daemon_asks() -> None:
    config = injector()["typed_config"]
    assert isinstance(config, dict)
    assert config["delay"]["percentage"]["numerator"] == config["abort"]["percentage"]["numerator"] == 0
    assert config["headers"] == [{"name": OURS, "present_match": True, "invert_match": True}]


def test_the_runtime_is_asked_for_what_is_ordered() -> None:
    """The keys that the filter reads are those that an order sets."""
    config = injector()["typed_config"]
    assert isinstance(config, dict)
    assert {value for key, value in config.items() if key.endswith("_runtime")} == set(KEYS)


@pytest.mark.parametrize("fault", [None, SLOW, BOTH, Impairment(failed=1)])
def test_an_order_leaves_nothing_of_the_one_before(fault: Impairment | None) -> None:
    """Every key is set or taken away."""
    assert set(told(fault)) == set(KEYS)
    assert in_force(after(fault), fault)


@pytest.mark.parametrize(("ordered", "other"), [(SLOW, None), (None, SLOW), (SLOW, BOTH), (BOTH, SLOW)])
def test_anything_else_is_not_in_force(ordered: Impairment | None, other: Impairment | None) -> None:
    assert not in_force(after(other), ordered)


def test_what_else_stands_in_the_runtime_is_nobodys_concern() -> None:
    assert in_force({"overload.x": "1", **after(SLOW)}, SLOW)
    assert in_force({"overload.x": "1"}, None)


def test_times_are_told_in_milliseconds() -> None:
    assert "250" in told(SLOW).values()

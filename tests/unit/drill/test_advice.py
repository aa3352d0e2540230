"""What was missed is explained by what clients ran into, and names a knob."""

import pytest

from hactl.config.keys import TABLES
from hactl.core.value import replace
from hactl.drill.advice import _CLASSES, _OTHERS, blamed, explained
from hactl.drill.definition import Definition, Objectives, Probe
from hactl.drill.evidence import Evidence, Times
from hactl.drill.judging import Windows
from hactl.drill.keys import LOAD
from hactl.drill.records import Row
from hactl.drill.verdict import Judged, Status
from hactl.engines.envoy.account import NOBODY, Account

EVIDENCE = Evidence(times=Times(fault=10.0))


def missed(name: str) -> Judged:
    return Judged(name=name, limit="<= 1", value="2", margin=None, status=Status.MISSED)


def cause(name: str, *errors: str, status: int = 0) -> str:
    rows = [Row(10.0 + at, 10.0 + at, 10.1 + at, status, "", error) for at, error in enumerate(errors)]
    windows = Windows(Definition(name="d", title="t"), EVIDENCE, rows)
    (item,) = explained((missed(name),), windows)
    return item.cause


def test_the_commonest_failure_is_the_one_that_is_explained() -> None:
    """With its part of all of them: two causes may be at work."""
    said = cause("rto", "timeout", "timeout", "reset")
    assert said.startswith("2 of 3 failures are 'timeout'")
    assert "health.hang_grace" in said
    assert "region.spares" in cause("failed", "", status=503)
    assert cause("failed", "something new") == "1 of 1 failures are 'something new'"


@pytest.mark.parametrize(
    ("error", "status", "knob"),
    [
        ("", 429, "edge.rate_limit"),
        ("", 500, "hactl logs"),
        ("", 502, "service.health"),
        ("", 504, "route.timeout"),
        ("no local port left", 0, "load.connections"),
        ("no file descriptor left", 0, "ulimit -n"),
    ],
)
def test_what_clients_were_told_or_ran_into_themselves_leads_to_a_knob(error: str, status: int, knob: str) -> None:
    assert knob in cause("failed", error, status=status)


@pytest.mark.parametrize("name", _OTHERS)
def test_what_no_request_explains_has_its_own_advice(name: str) -> None:
    assert cause(name).startswith("likely ")


BY_THEIR_FAILURES = {"rto", "availability", "failed", "failed_with_retries", "budget_share"}
"""Objectives that the commonest failure explains."""
NAMED_OTHERWISE = {"latency_ratio": "latency_p99_ratio"}


def test_every_objective_that_can_be_missed_has_advice() -> None:
    """Of its own, or by what clients ran into; the hypothesis afterwards as well."""
    asked = {NAMED_OTHERWISE.get(name, name) for name in Objectives.__struct_fields__}
    asked |= {f"settled_{probe}" for probe in Probe} | {f"settled_{Probe.LATENCY_P99}_ratio"}
    by_failures = {*BY_THEIR_FAILURES, f"settled_{Probe.AVAILABILITY}"}
    assert asked - set(_OTHERS) == by_failures
    for name in by_failures:
        assert "health.hang_grace" in cause(name, "timeout")


WRONG = Account(
    edge="edge-1",
    pid=1,
    panics=40,
    given_up=7,
    ejections=3,
    panic_threshold=50.0,
    most_retries=0,
    judges_status=True,
)
"""An edge that does everything it should not."""


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (replace(WRONG, panics=0, given_up=0), "ejected nodes 3 times for the status of their responses"),
        (replace(WRONG, ejections=0, given_up=0), "healthy_panic_threshold is 50 %"),
        (replace(WRONG, panics=0, ejections=0), "did not retry 7 requests"),
    ],
)
def test_what_an_edge_counts_is_told_with_its_setting_and_in_the_place_of_a_guess(account: Account, said: str) -> None:
    rows = [Row(10.0, 10.0, 10.1, 503, "", "")]
    windows = Windows(Definition(name="d", title="t"), EVIDENCE, rows)
    (item,) = explained((missed("failed"),), windows, (account,))
    assert said in item.cause
    assert "gateway.envoy_overlay: edge.clusters.gw." in item.cause
    assert item.cause.endswith("1 of 1 failures are 'status 503'")
    assert "likely" not in item.cause
    (other,) = explained((missed("adopted"),), windows, (account,))
    assert "edge-1" not in other.cause, "no setting of an edge has to do with that"


def test_an_edge_that_runs_with_the_documents_of_hactl_is_not_blamed() -> None:
    """Nor one that could have done something and did not."""
    own = Account(edge="edge-1", pid=1, retries=50)
    idle = replace(WRONG, panics=0, given_up=0, ejections=0)
    assert list(blamed((own, idle))) == []
    budget = replace(WRONG, panics=0, ejections=0, most_retries=None)
    assert list(blamed((budget,))) == [], "a budget of retries is hactl's own"
    last = replace(WRONG, given_up=0, ejections=0, panic_threshold=NOBODY)
    assert list(blamed((last,))) == [], "when nobody is well everybody is tried"


def test_what_was_met_needs_none() -> None:
    met = Judged(name="rto", limit="<= 1", value="0", margin=None, status=Status.MET)
    windows = Windows(Definition(name="d", title="t"), EVIDENCE, [])
    assert explained((met,), windows) == (met,)


def test_every_knob_that_is_named_exists() -> None:
    """Advice to turn what is not there is worse than none."""
    keys = {f"{table.name}.{key.name}" for table in TABLES.values() for key in table.keys}
    words = (
        " ".join((*_CLASSES.values(), *_OTHERS.values())).replace(",", " ").replace(":", " ").replace(";", " ").split()
    )
    named = {word for word in words if word.partition(".")[0] in TABLES and "." in word}
    assert named
    assert named - keys == set()
    of_drills = {word for word in words if word.startswith("load.")}
    assert {word.removeprefix("load.") for word in of_drills} <= LOAD.keys()
    assert of_drills

"""An edge's account of itself: what it counted, and the settings it really runs with, Envoy's defaults included."""

from pathlib import Path

import msgspec
import pytest
from support.build import a_spec
from support.script import serving

from hactl.engines.envoy.account import NOBODY, Account
from hactl.engines.envoy.accounting import Cluster, account
from hactl.engines.envoy.admin import Stat
from hactl.engines.envoy.clusters import nodes_cluster
from hactl.engines.envoy.seat import Seat
from hactl.paths import FleetPaths

STATS = [
    Stat(name="cluster.gw.lb_healthy_panic", value=3),
    Stat(name="cluster.gw-hedged.lb_healthy_panic", value=1),
    Stat(name="cluster.gw.upstream_rq_retry", value=9),
    Stat(name="cluster.gw.upstream_rq_retry_overflow", value=2),
    Stat(name="cluster.gw.outlier_detection.ejections_enforced_consecutive_5xx", value=4),
    Stat(name="cluster.gw.outlier_detection.ejections_enforced_success_rate", value=1),
]


def told(document: object) -> Account:
    cluster = msgspec.json.decode(msgspec.json.encode(document), type=Cluster)
    return account("edge-1", 7, STATS, cluster)


def test_both_clusters_of_nodes_are_counted_together() -> None:
    said = told({})
    assert (said.panics, said.retries, said.given_up, said.ejections) == (4, 9, 2, 5)


def test_the_documents_of_hactl_let_an_edge_do_nothing_of_the_kind(tmp_path: Path) -> None:
    """No panic, a budget of retries, no judgement by status."""
    fleet = serving(a_spec())
    seat = Seat.of(FleetPaths(tmp_path), "edge-1")
    said = told(nodes_cluster(fleet, fleet.policy, seat))
    assert (said.panic_threshold, said.most_retries, said.judges_status) == (NOBODY, None, False)


@pytest.mark.parametrize(
    ("document", "panic", "retries", "judges"),
    [
        ({}, 50.0, 3, False),
        ({"common_lb_config": {"healthy_panic_threshold": {}}}, 0.0, 3, False),
        ({"common_lb_config": {"healthy_panic_threshold": {"value": 30}}}, 30.0, 3, False),
        ({"outlier_detection": {}}, 50.0, 3, True),
        ({"outlier_detection": {"enforcing_consecutive_5xx": 0}}, 50.0, 3, True),
        ({"outlier_detection": {"enforcing_consecutive_5xx": 0, "enforcing_success_rate": 0}}, 50.0, 3, False),
        ({"circuit_breakers": {"thresholds": [{"max_retries": 0}]}}, 50.0, 0, False),
        ({"circuit_breakers": {"thresholds": [{"priority": "HIGH", "max_retries": 9}]}}, 50.0, 3, False),
        ({"circuit_breakers": {"thresholds": [{"retry_budget": {}}]}}, 50.0, None, False),
    ],
)
def test_what_a_document_leaves_out_is_as_envoy_has_it(
    document: object, panic: float, retries: int | None, judges: bool
) -> None:
    said = told(document)
    assert (said.panic_threshold, said.most_retries, said.judges_status) == (panic, retries, judges)


def test_what_was_counted_before_does_not_count() -> None:
    """Unless another process has begun anew."""
    now = told({})
    before = Account(edge="edge-1", pid=7, panics=1, retries=2, given_up=1, ejections=1)
    since = now.since(before)
    assert (since.panics, since.retries, since.given_up, since.ejections) == (3, 7, 1, 4)
    other = Account(edge="edge-1", pid=6, panics=100)
    assert now.since(other) == now.since(None) == now

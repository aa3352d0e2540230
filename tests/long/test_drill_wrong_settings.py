"""Fleets with a setting that is wrong on purpose, laid over hactl's own documents: the drill that is about it fails,
and says which setting it was. On fleets without it the same drills find nothing of the kind.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from support.drills import CLIENTS_LATE, FEW_CANARIES, only_late, runner, spoilt
from support.fleet import Region, RunningFleet
from support.long import SHORT, takes_minutes

from hactl.drill import library
from hactl.drill.definition import Definition
from hactl.drill.report import DrillReport
from hactl.drill.verdict import Judged, Status, Verdict

FOUR = (Region(name="seoul", nodes=4),)
BUSY = (CLIENTS_LATE, FEW_CANARIES, "availability before the fault")
"""What a busy machine spoils here besides: then a run that failed is inconclusive."""
DRILL = """
schema = 1
name = "{name}"
title = "What holds when all settings are right"
[limits]
max_faulted_share = 1
min_healthy_nodes = 0
min_healthy_regions = 0
lease = "5s"
[load]
rate = 200
[canary]
rate = 40
[phases]
baseline = "{baseline}"
hold = "{hold}"
settle = "{settle}"
failback = false
[[fault]]
{fault}
[objectives]
{objective}
"""
THREE_DIE = 'type = "process.kill"\ntarget = { names = ["seoul-1", "seoul-2", "seoul-3"] }'
A_FIFTH_FAILS = 'type = "node.impair"\ntarget = { nodes = "all" }\nfailed = 0.2\nstatus = 503'
NO_RETRIES = {"circuit_breakers": {"thresholds": [{"priority": "DEFAULT", "max_retries": 0}]}}
PANIC = {**NO_RETRIES, "common_lb_config": {"healthy_panic_threshold": {"value": 50}}}
BY_STATUS = {
    "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
    "outlier_detection": {
        "consecutive_5xx": 1,
        "enforcing_consecutive_5xx": 100,
        "max_ejection_percent": 100,
        "base_ejection_time": "30s",
        "max_ejection_time": "30s",
    },
}
ANY = "[safety]\nmax_faulted_share = 1\nmin_serving_nodes = 1\n"
SPILLING = '[region_failover]\nmode = "spill-over"\n'


def fleet(extra: str, wrong: dict[str, Any] | None) -> RunningFleet:
    """One region of four nodes; `wrong` is laid over the edges' cluster of nodes."""
    if wrong is None:
        return RunningFleet(regions=FOUR, extra=ANY + extra)
    files = {"wrong.json": json.dumps({"edge": {"clusters": {"gw": wrong}}})}
    overlay = '[gateway]\nenvoy_overlay = "wrong.json"\n'
    return RunningFleet(regions=FOUR, extra=ANY + extra + overlay, files=files)


def drill(directory: Path, fault: str, objective: str) -> Definition:
    file = directory / "mine.toml"
    phases = dict(zip(("baseline", "hold", "settle"), ("2s", "2s", "1s") if SHORT else ("4s", "5s", "3s"), strict=True))
    file.write_text(DRILL.format(name="mine", fault=fault, objective=objective, **phases))
    return library.load(str(file))


def missed(report: DrillReport) -> Judged:
    """The objective that was missed, of a drill that failed for it."""
    assert report.clean, report.evidence.leftovers
    (item,) = [item for item in report.objectives if item.status is Status.MISSED]
    late = spoilt(report) and only_late(report, *BUSY)
    assert report.verdict is Verdict.FAIL or late, (report.why, report.validity)
    return item


@pytest.mark.envoy
async def test_edges_that_try_nothing_again_are_named(tmp_path: Path) -> None:
    """Three of four nodes die, and nobody is to notice: whatever met one of them is tried again elsewhere, or fails."""
    async with fleet("", NO_RETRIES) as running:
        report = await runner(running, drill(tmp_path, THREE_DIE, "failed = 0")).run()
    cause = missed(report).cause
    assert "requests: gateway.envoy_overlay: edge.clusters.gw.circuit_breakers allows 0 retries" in cause
    assert "panic" not in cause.partition(";")[0]


@takes_minutes
@pytest.mark.envoy
async def test_edges_that_send_to_the_dead_in_a_panic_are_named(tmp_path: Path) -> None:
    """One of four is left: with a threshold of half of them, edges send to all four as long as the others are away."""
    async with fleet(SPILLING, PANIC) as running:
        report = await runner(running, drill(tmp_path, THREE_DIE, "failed = 0")).run()
    cause = missed(report).cause
    setting = "gateway.envoy_overlay: edge.clusters.gw.common_lb_config.healthy_panic_threshold is 50 %"
    assert f"in panic mode: {setting}" in cause


@takes_minutes
@pytest.mark.envoy
async def test_edges_that_judge_nodes_by_the_status_of_answers_are_named(tmp_path: Path) -> None:
    """A fifth of the answers are errors, as of a service that is ill: no more than that may fail. Edges that take nodes
    out for it have soon nobody left, and these do not try all of them then."""
    async with fleet("", BY_STATUS) as running:
        wanted = drill(tmp_path, A_FIFTH_FAILS, "availability = 0.7")
        report = await runner(running, wanted).run()
    cause = missed(report).cause
    assert "for the status of their responses: gateway.envoy_overlay: edge.clusters.gw.outlier_detection" in cause


@pytest.mark.envoy
@takes_minutes
@pytest.mark.parametrize(
    ("extra", "fault", "objective"),
    [("", THREE_DIE, "failed = 0"), (SPILLING, THREE_DIE, "failed = 0"), ("", A_FIFTH_FAILS, "availability = 0.7")],
    ids=("retries", "panic", "status"),
)
async def test_without_the_setting_the_same_drill_finds_nothing(
    tmp_path: Path, extra: str, fault: str, objective: str
) -> None:
    """What is named is never a guess."""
    async with fleet(extra, None) as running:
        report = await runner(running, drill(tmp_path, fault, objective)).run()
    assert report.clean, report.evidence.leftovers
    assert {item.name: item.value for item in report.objectives if item.status is Status.MISSED} == {}
    assert [(edge.panics, edge.ejections, edge.given_up) for edge in report.evidence.edges] == [(0, 0, 0), (0, 0, 0)]

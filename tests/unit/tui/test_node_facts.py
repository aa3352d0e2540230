"""One process in full."""

import pytest
from support.pictures import AT, MONO, a_fleet, a_snapshot, a_view, with_node

from hactl.core.events import DaemonStarted, FailoverBegan, FailoverEnded, NodeChanged
from hactl.core.model import Failover
from hactl.core.node import Deadline, DeadlineKind, Health, NodeState, Reason, ReasonCode
from hactl.core.talk import Pulse
from hactl.core.value import replace
from hactl.tui.lines import Line, plain
from hactl.tui.meaning import Glyphs
from hactl.tui.node_facts import facts, history
from hactl.tui.picture import View


def said(view: View, name: str) -> str:
    return text((*facts(view, name, Glyphs(), 100, command="envoy -c x.json"), *history(view, name)))


def text(lines: tuple[Line, ...]) -> str:
    return "\n".join(plain(line) for line in lines)


def test_one_that_serves():
    told = said(a_view(), "seoul-1")
    assert " seoul-1 ● serving for 2m" in told
    assert "100, share 25.0%, seen 25.0%" in told
    assert "http /-/ready, every 0.2 s" in told
    assert "every 0.25 s, out after 2" in told
    assert "0 of 5 deaths in 60 s used" in told
    assert "3: takes requests" in told
    assert "edge-1    3 in use, proved" in told
    assert "envoy -c x.json" in told
    assert "p50 1.5 ms, p99 12.2 ms" in told
    assert "up 2m" in told
    assert "3.1% of a core, 66 MiB" in told
    assert " why " not in told


def test_one_that_is_out_says_why_and_what_comes_next():
    out = with_node(
        a_fleet(),
        "seoul-1",
        state=NodeState.BACKOFF,
        health=Health.UNKNOWN,
        since=AT - 4.0,
        reason=Reason(code=ReasonCode.EXITED, text="killed by signal 9"),
        launch=None,
        deadline=Deadline(kind=DeadlineKind.BACKOFF, at=MONO + 0.8),
    )
    told = said(a_view(a_snapshot(out)), "seoul-1")
    assert "✖ backoff for 4s" in told
    assert "killed by signal 9" in told
    assert "backoff, 0.8 s left" in told
    assert "pid" not in told


def test_what_happened_to_it_and_to_no_other():
    nodes = a_fleet().nodes
    events = [NodeChanged(was=NodeState.STARTING, node=nodes[name], why="ready") for name in ("seoul-1", "osaka-1")]
    told = said(a_view(None, *events), "seoul-1")
    assert " starting -> serving (ready)" in told
    assert told.count("starting -> serving") == 1


def test_an_edge_has_documents_of_its_own():
    fleet = a_fleet(revision=4, proved={"edge-1": 4, "edge-2": 3})
    assert "4 in use, proved" in said(a_view(a_snapshot(fleet)), "edge-1")
    late = replace(fleet, confirmed={"edge-1": 3})
    told = said(a_view(a_snapshot(late)), "edge-2")
    assert "3 in use, 4 not proved yet" in told
    assert "3 not proved yet" in told
    assert "shared by all edges" in told
    assert "weight" not in told


def test_a_node_that_is_in_no_plan_says_so():
    plan = a_fleet().plan
    without = tuple(replace(region, endpoints=region.endpoints[1:]) for region in plan.regions)
    fleet = replace(a_fleet(), plan=replace(plan, regions=without))
    assert "3: not in it" in said(a_view(a_snapshot(fleet)), "seoul-1")


def test_its_losses_are_told_with_what_each_took():
    killed = Reason(code=ReasonCode.KILLED, text="killed by ann")
    failover = Failover(node="seoul-1", cause=killed, seen=1.0, version=3)
    ended = FailoverEnded(node="seoul-1", moved_ms=9.0, back_ms=71.0)
    view = a_view(None, FailoverBegan(failover=failover), ended)
    told = text(history(view, "seoul-1"))
    assert "moved 9 ms    back 71 ms   killed by ann" in told
    assert "lost and back" not in text(history(view, "osaka-1"))


def test_the_daemon_is_a_process_too():
    snapshot = a_snapshot()
    full = replace(snapshot, pulse=replace(snapshot.pulse, unwritten=3, read_only=True, lag_ms=1.5))
    told = said(a_view(full, DaemonStarted(pid=7, version="0", boot="b")), "daemon")
    assert "pid 7, up 2m, version 0" in told
    assert "at most 1.5 ms late" in told
    assert "3 records waiting for room" in told
    assert "it accepts no changes" in told
    assert "daemon 0 in charge (pid 7)" in told


def test_what_a_recording_does_not_have_of_the_daemon_is_not_made_up():
    """Of a moment that was measured there is its load; of one that was not, nothing."""
    told = said(a_view(replace(a_snapshot(), pulse=Pulse(lag_ms=1.5, cpu=0.03, rss=50 << 20))), "daemon")
    assert "pid, age and watchers are not part of a recording" in told
    assert "3.0% of a core, 50 MiB" in told
    assert "currently at most 1.5 ms late\n" in told
    assert "pid 0" not in told
    unknown = said(a_view(replace(a_snapshot(), pulse=Pulse())), "daemon")
    assert "0 MiB" not in unknown
    assert "late" not in unknown


@pytest.mark.parametrize(("width", "cells"), [(160, 60), (60, 30), (42, 20), (30, 12), (10, 6)])
def test_a_minute_takes_as_many_cells_as_divide_it(width, cells):
    """Otherwise some of them would stand for more seconds than others."""
    view = a_view()
    full = replace(view, rates={"seoul-1": [5.0] * 90})
    (minute,) = [line for line in facts(full, "seoul-1", Glyphs(), width) if "last 60 s" in text((line,))]
    assert text((minute,)).count("▇") == cells


def test_one_that_has_gone_is_said_to_have_gone():
    assert "process 'seoul-9' is gone" in said(a_view(), "seoul-9")
    assert "is gone" in said(View(), "seoul-1")
    assert "no process selected" in said(a_view(), "")

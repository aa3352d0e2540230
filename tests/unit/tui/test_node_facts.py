"""One process in full."""

from support.pictures import AT, MONO, a_fleet, a_snapshot, a_view, with_node

from hactl.core.events import NodeChanged
from hactl.core.node import Deadline, DeadlineKind, Health, NodeState, Reason, ReasonCode
from hactl.tui.meaning import Glyphs
from hactl.tui.node_facts import facts
from hactl.tui.picture import View


def said(view: View, name: str) -> str:
    return "\n".join("".join(span.text for span in line) for line in facts(view, name, Glyphs(), 100))


def test_one_that_serves():
    text = said(a_view(), "seoul-1")
    assert " seoul-1 ● serving for 2m" in text
    assert "100, meant to get 25.0%, gets 25.0%" in text
    assert "p50 1.5 ms, p99 12.2 ms" in text
    assert "up 2m" in text
    assert "3.1% of a core, 66 MiB" in text
    assert " why " not in text


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
    text = said(a_view(a_snapshot(out)), "seoul-1")
    assert "✖ backoff for 4s" in text
    assert "killed by signal 9" in text
    assert "backoff, 0.8 s left" in text
    assert "pid" not in text


def test_what_happened_to_it_and_to_no_other():
    nodes = a_fleet().nodes
    events = [NodeChanged(was=NodeState.STARTING, node=nodes[name], why="ready") for name in ("seoul-1", "osaka-1")]
    text = said(a_view(None, *events), "seoul-1")
    assert "seoul-1: starting -> serving (ready)" in text
    assert "osaka-1" not in text


def test_one_that_has_gone_is_said_to_have_gone():
    assert "no process 'seoul-9' any more" in said(a_view(), "seoul-9")
    assert "any more" in said(View(), "seoul-1")
    assert "no process chosen" in said(a_view(), "")

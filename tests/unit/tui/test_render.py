"""A fleet in rows: what is meant beside what is measured, and a reason for everything that is out of service."""

import pytest
from support.build import a_node
from support.pictures import AT, MONO, a_fleet, a_snapshot, a_view, samples, with_node

from hactl.core.brownout import Brownout
from hactl.core.evacuation import Evacuation, RegionLoss
from hactl.core.impairment import Impaired, Impairment, ImpairmentPhase
from hactl.core.node import Deadline, DeadlineKind, Goal, Health, NodeState, Reason, ReasonCode
from hactl.core.value import replace
from hactl.tui.meaning import ASCII, Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.render import COLUMNS, drifting, fleet_rows, looks, spark
from hactl.tui.rows import Row, fitted

GLYPHS = Glyphs()
STOPPED = {"state": NodeState.STOPPED, "health": Health.UNKNOWN}
KILLED = Reason(code=ReasonCode.KILLED, text="killed by ann")
TITLES = [column.title for column in COLUMNS]


def rows(view: View) -> dict[str, dict[str, str]]:
    return {row.key: dict(zip(TITLES, (cell.text for cell in row.cells), strict=True)) for row in found(view)}


def found(view: View) -> tuple[Row, ...]:
    return fleet_rows(view, GLYPHS)


def test_edges_come_first_and_then_each_region_with_its_nodes():
    assert [row.key for row in found(a_view())] == [
        "[edges]", "edge-1", "edge-2",
        "[seoul]", "seoul-1", "seoul-2",
        "[osaka]", "osaka-1", "osaka-2",
    ]  # fmt: skip


def test_what_is_meant_stands_beside_what_is_measured():
    row = rows(a_view())["seoul-1"]
    assert (row["WGT"], row["SHARE"], row["SEEN"], row["REQ/S"]) == ("100", "25%", "25%", "25")
    assert (row["P50"], row["P99"], row["CPU"], row["MEM"], row["FOR"]) == ("1.5", "12.2", "3%", "66M", "2m")


def test_a_node_that_a_drill_impairs_is_no_node_in_order():
    """It serves; the word, the mark and the reason say that it does not do so by itself."""
    impaired = Impaired(fault=Impairment(delay=0.3, delayed=20), by="drill x", phase=ImpairmentPhase.EFFECTIVE)
    node = replace(a_node(NodeState.SERVING), impaired=impaired)
    assert looks(node, GLYPHS) == (GLYPHS.degraded, "impaired", Meaning.DEGRADED)
    shown = rows(a_view(a_snapshot(with_node(a_fleet(), "seoul-1", impaired=impaired))))["seoul-1"]
    assert shown["WHY"] == str(impaired)


def test_a_share_that_drifts_is_marked():
    fleet = a_fleet()
    measured = tuple(replace(sample, share=0.40) if sample.node == "seoul-1" else sample for sample in samples(fleet))
    seen = TITLES.index("SEEN")
    cells = {row.key: row.cells[seen] for row in found(a_view(a_snapshot(fleet, measured)))}
    assert cells["seoul-1"].meaning is Meaning.DEGRADED
    assert cells["seoul-2"].meaning is Meaning.TEXT
    drift = {row.key: row.cells[TITLES.index("DRIFT")] for row in found(a_view(a_snapshot(fleet, measured)))}
    assert (drift["seoul-1"].text, drift["seoul-1"].meaning) == ("+15!", Meaning.DEGRADED)
    assert (drift["seoul-2"].text, drift["seoul-2"].meaning) == ("0", Meaning.MUTED)


def test_what_chance_does_is_no_drift():
    """At ten requests a second one node may well get none of them; at a thousand it may not."""
    assert not drifting(0.25, 0.0, 10.0)
    assert drifting(0.25, 0.0, 1000.0)
    assert not drifting(0.25, 0.22, 100_000.0), "three points are nobody's trouble"
    assert not drifting(0.25, 0.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"evacuations": {"seoul": Evacuation(region="seoul", by="ann", why="new switch", since=AT - 180)}},
            ("3m", "failed over by ann (new switch)"),
        ),
        (
            {"region_losses": {"seoul": RegionLoss(region="seoul", cause=KILLED, seen=MONO - 4, version=3)}},
            ("4s", "lost: killed by ann"),
        ),
        (
            {"brownouts": {"seoul": Brownout(region="seoul", why="9 % failed", heard=MONO - 61)}},
            ("1m", "responses far worse than usual; 9 % failed"),
        ),
    ],
)
def test_a_region_in_trouble_has_a_reason_and_an_age_as_well(changes, said):
    shown = rows(a_view(a_snapshot(a_fleet(**changes))))
    assert (shown["[seoul]"]["FOR"], shown["[seoul]"]["WHY"]) == said
    assert (shown["[osaka]"]["FOR"], shown["[osaka]"]["WHY"]) == ("", "")


def test_a_region_that_was_stopped_does_not_look_like_one_that_fell():
    """As long as one of its nodes is out for another reason it does."""
    one = with_node(a_fleet(), "seoul-1", **STOPPED)
    stopped = with_node(one, "seoul-2", **STOPPED)
    fell = with_node(one, "seoul-2", state=NodeState.BACKOFF, health=Health.UNKNOWN)
    for fleet, said in ((stopped, ("■ 0/2", Meaning.STOPPED)), (fell, ("✖ 0/2", Meaning.DOWN))):
        head = next(row for row in found(a_view(a_snapshot(fleet))) if row.key == "[seoul]")
        assert (head.cells[0].text, head.cells[0].meaning) == said


def test_whoever_is_out_has_a_reason_and_an_age():
    out = with_node(
        a_fleet(),
        "seoul-2",
        state=NodeState.BACKOFF,
        health=Health.UNKNOWN,
        since=AT - 4.0,
        reason=Reason(code=ReasonCode.EXITED, text="killed by signal 9"),
    )
    row = rows(a_view(a_snapshot(out)))["seoul-2"]
    assert (row["STATE"], row["FOR"], row["WHY"]) == ("✖ backoff", "4s", "killed by signal 9")
    waits = with_node(out, "seoul-2", deadline=Deadline(kind=DeadlineKind.BACKOFF, at=MONO + 3.2))
    assert rows(a_view(a_snapshot(waits)))["seoul-2"]["WHY"] == "killed by signal 9; restarts in 3s"


def test_the_age_of_a_state_stays_in_the_smallest_window():
    """That and the reason are what one looks for; how much of the traffic it gets can be asked elsewhere."""
    shown = {TITLES[at] for at, _ in fitted(COLUMNS, found(a_view()), 60 - 2 - 2)}
    assert {"STATE", "NAME", "FOR", "WHY"} <= shown


@pytest.mark.parametrize("width", [78, 118, 158])
def test_no_column_moves_when_a_node_fails(width):
    """Whatever its state is called, and however slow its answers are then."""
    fleet = a_fleet()
    before = fitted(COLUMNS, found(a_view(a_snapshot(fleet))), width)
    slow = tuple(replace(each, p50_ms=900.5, p99_ms=4999.5, errors=12.5) for each in samples(fleet))
    for state in NodeState:
        for health in Health:
            out = with_node(
                fleet,
                "seoul-2",
                state=state,
                health=health,
                since=AT - 4.0,
                reason=Reason(code=ReasonCode.EXITED, text="killed by signal 9"),
            )
            assert fitted(COLUMNS, found(a_view(a_snapshot(out, slow))), width) == before, (state, health)
    assert {"P99", "ERR/S", "WHY"} <= {TITLES[at] for at, _ in before}


def test_bad_rows_are_those_that_somebody_should_look_at():
    fleet = a_fleet()
    out = with_node(fleet, "seoul-1", state=NodeState.BACKOFF, health=Health.UNKNOWN)
    slow = with_node(out, "seoul-2", reason=Reason(code=ReasonCode.SLOW, text="slow"))
    ordered = with_node(slow, "osaka-1", state=NodeState.STOPPED, goal=Goal.DOWN, health=Health.UNKNOWN)
    failing = tuple(replace(each, share=None, errors=2.0 if each.node == "edge-2" else 0.0) for each in samples(fleet))
    bad = [row.key for row in found(a_view(a_snapshot(ordered, failing))) if row.bad]
    assert bad == ["edge-2", "seoul-1", "seoul-2"]


def test_a_region_is_what_its_nodes_are():
    """Computed from measured children, never from the configuration."""
    one = with_node(a_fleet(), "seoul-2", state=NodeState.BACKOFF, health=Health.UNKNOWN)
    none = with_node(one, "seoul-1", state=NodeState.FAILED, health=Health.UNKNOWN)
    assert rows(a_view(a_snapshot(a_fleet())))["[seoul]"]["STATE"] == "● 2/2"
    assert rows(a_view(a_snapshot(one)))["[seoul]"]["STATE"] == "▲ 1/2"
    assert rows(a_view(a_snapshot(none)))["[seoul]"]["STATE"] == "✖ 0/2"


def test_what_was_not_measured_is_not_invented():
    row = rows(a_view(a_snapshot(measured=())))["seoul-1"]
    assert [row[name] for name in ("SEEN", "REQ/S", "ERR/S", "P50", "P99", "CPU", "MEM")] == ["-"] * 7
    head = rows(a_view(a_snapshot(measured=())))["[seoul]"]
    assert [head[name] for name in ("SEEN", "REQ/S", "ERR/S")] == ["-"] * 3


def test_without_a_view_there_are_no_rows():
    assert found(View()) == ()


@pytest.mark.parametrize("glyphs", [GLYPHS, ASCII])
def test_no_two_kinds_of_state_share_a_glyph(glyphs):
    """Colour is never the only sign."""
    shown = {}
    for state in NodeState:
        glyph, _, meaning = looks(a_node(state), glyphs)
        assert shown.setdefault(glyph, meaning) is meaning


def test_a_serving_node_with_a_reason_does_not_look_well():
    suspect = a_node(NodeState.SERVING, reason=Reason(code=ReasonCode.SUSPECT, text="no answer"))
    assert looks(suspect, GLYPHS)[2] is Meaning.DEGRADED
    assert looks(a_node(NodeState.SERVING, health=Health.UNHEALTHY), GLYPHS)[1:] == ("unhealthy", Meaning.DOWN)


class TestSpark:
    def test_a_minute_against_its_highest_value_newest_to_the_right(self):
        assert spark([0.0] * 30 + [8.0] * 30, 4, GLYPHS) == "▁▁▇▇"

    def test_what_is_not_known_is_blank(self):
        assert spark([5.0] * 15, 4, GLYPHS) == "   ▇"
        assert spark([], 4, GLYPHS) == "    "
        assert spark([5.0] * 15 + [None] * 15 + [5.0] * 30, 4, GLYPHS) == "▇ ▇▇"

    def test_nothing_is_a_low_line(self):
        assert spark([0.0] * 60, 4, GLYPHS) == "▁▁▁▁"

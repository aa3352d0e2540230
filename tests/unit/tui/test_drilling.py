"""Screens 5 and 6: how to get a drill, and what was measured is told without any."""

from support.pictures import a_view

from hactl.core.events import FailoverBegan, FailoverEnded
from hactl.core.model import Failover
from hactl.core.node import Reason, ReasonCode
from hactl.tui.drilling import how_to_drill, reports
from hactl.tui.lines import Line, plain
from hactl.tui.picture import View


def text(lines: tuple[Line, ...]) -> str:
    return "\n".join(plain(each) for each in lines)


def a_loss(node: str, back: float | None) -> tuple[FailoverBegan, FailoverEnded]:
    failover = Failover(node=node, cause=Reason(code=ReasonCode.KILLED, text="killed by ann"), seen=1.0, version=3)
    return FailoverBegan(failover=failover), FailoverEnded(node=node, moved_ms=9.0, back_ms=back)


def test_before_the_first_drill_it_says_how_to_run_one():
    said = text(how_to_drill())
    assert "no drill has been run from here" in said
    assert "hactl drill run NAME" in said


def test_measured_losses_are_a_report_with_medians_and_the_worst():
    events = [event for number, back in enumerate((70.0, 90.0, 400.0)) for event in a_loss(f"seoul-{number}", back)]
    said = text(reports(a_view(None, *events), 40))
    assert "measured losses: 3" in said
    assert "median 90 ms, worst 400 ms, of 3" in said
    assert "seen   median" not in said, "nobody ordered them: there is no time at which they began"
    assert said.index("seoul-2") < said.index("seoul-0"), "newest first"
    assert "killed by ann" in said


def test_only_as_many_as_there_is_room_for_the_newest():
    events = [event for number in range(50) for event in a_loss(f"seoul-{number}", 70.0)]
    shown = reports(a_view(None, *events), 15)
    assert len(shown) == 15
    assert "seoul-49" in text(shown)
    assert "seoul-1 " not in text(shown)


def test_one_that_never_came_back_is_in_no_median():
    said = text(reports(a_view(None, *a_loss("seoul-1", None)), 40))
    assert "did not come back on its own" in said
    assert "back   median" not in said


def test_without_any_loss_it_says_how_to_have_one():
    said = text(reports(View(), 40))
    assert "no loss" in said
    assert "X runs a drill" in said

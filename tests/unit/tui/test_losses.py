"""What was lost and how long it took, from nothing but records."""

import pytest
from support.pictures import MONO

from hactl.core.evacuation import RegionLoss
from hactl.core.events import (
    EdgeBack,
    EdgeGivenUp,
    EdgeLost,
    Event,
    FailoverBegan,
    FailoverEnded,
    FailoverMoved,
    OperationBegan,
    Record,
    WeightsChanged,
)
from hactl.core.model import EdgeLoss, Failover
from hactl.core.node import Reason, ReasonCode
from hactl.core.operation import Operation, Target, Verb
from hactl.core.region_events import RegionBack, RegionLost, RegionMoved
from hactl.tui.losses import Loss, course, losses, took

KILLED = Reason(code=ReasonCode.KILLED, text="killed by signal 9")


def a_failover(seen: float = MONO) -> Failover:
    return Failover(node="seoul-1", cause=KILLED, seen=seen, version=3)


def an_order(verb: Verb = Verb.KILL, began: float = MONO - 0.002) -> OperationBegan:
    operation = Operation(
        id="op-1", verb=verb, by="ann", began=began, wall=1.0, deadline=900.0, targets=(Target(node="seoul-1"),)
    )
    return OperationBegan(operation=operation)


def told(*events: Event) -> tuple[Loss, ...]:
    return losses(Record(seq=seq, wall=1000.0 + seq, mono=MONO, event=event) for seq, event in enumerate(events))


def said(loss: Loss) -> str:
    return "".join(span.text for span in course(loss))


MOVED = FailoverMoved(failover=a_failover(), ms=9.4)
BACK = FailoverEnded(node="seoul-1", moved_ms=9.4, back_ms=71.0)


def test_an_ordered_death_from_the_order_to_the_return():
    (loss,) = told(an_order(), FailoverBegan(failover=a_failover()), MOVED, BACK)
    assert (loss.what, loss.wall, loss.cause) == ("seoul-1", 1001.0, "killed by signal 9")
    assert loss.seen_ms == pytest.approx(2.0)
    assert (loss.moved_ms, loss.back_ms, loss.over) == (9.4, 71.0, True)
    assert said(loss).split() == ["seen", "2", "ms", "moved", "9", "ms", "back", "71", "ms"]


def test_a_death_that_nobody_ordered_has_no_time_at_which_it_began():
    (loss,) = told(FailoverBegan(failover=a_failover()), MOVED)
    assert loss.seen_ms is None
    assert said(loss).endswith("not back yet ")


@pytest.mark.parametrize("order", [an_order(Verb.DRAIN), an_order(began=MONO - 60.0), an_order(began=MONO + 1.0)])
def test_an_order_that_has_nothing_to_do_with_it_begins_nothing(order):
    (loss,) = told(order, FailoverBegan(failover=a_failover()))
    assert loss.seen_ms is None


def test_an_order_begins_one_loss_only():
    first, second = told(an_order(), FailoverBegan(failover=a_failover()), BACK, FailoverBegan(failover=a_failover()))
    assert first.seen_ms is not None
    assert second.seen_ms is None
    assert not second.over


def test_one_that_does_not_come_back_says_so():
    (loss,) = told(FailoverBegan(failover=a_failover()), FailoverEnded(node="seoul-1", moved_ms=5.0, back_ms=None))
    assert loss.moved_ms == 5.0
    assert said(loss).endswith("did not come back on its own ")


def test_edges_and_regions_are_lost_as_well():
    edge = EdgeLoss(edge="edge-1", cause=KILLED, seen=MONO, wall=1.0)
    region = RegionLoss(region="seoul", cause=KILLED, seen=MONO, version=3)
    found = told(
        EdgeLost(loss=edge),
        RegionLost(loss=region),
        RegionMoved(loss=region, to=("osaka",), ms=12.0),
        EdgeBack(edge="edge-1", ms=80.0),
        RegionBack(region="seoul", moved_ms=12.0, back_ms=400.0),
    )
    assert [(loss.what, loss.moved_ms, loss.back_ms, loss.over) for loss in found] == [
        ("edge-1", None, 80.0, True),
        ("region seoul", 12.0, 400.0, True),
    ]


def test_an_edge_that_is_given_up_is_not_waited_for():
    (loss,) = told(
        EdgeLost(loss=EdgeLoss(edge="edge-1", cause=KILLED, seen=MONO, wall=1.0)), EdgeGivenUp(edge="edge-1")
    )
    assert loss.over
    assert loss.back_ms is None


def test_an_end_whose_beginning_is_too_old_to_be_at_hand_is_nothing():
    assert told(MOVED, BACK, WeightsChanged(nodes={"seoul-1": 5})) == ()


@pytest.mark.parametrize(("ms", "said"), [(0.84, "0.8 ms"), (31.2, "31 ms"), (999.0, "999 ms"), (6201.0, "6.20 s")])
def test_durations_are_read_at_a_glance(ms, said):
    assert took(ms) == said

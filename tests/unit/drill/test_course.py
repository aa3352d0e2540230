"""How a run stands, whoever looks at it."""

from support.courses import FAULT, NODE_KILL, PROOF, course, said

from hactl.drill.canary import Written
from hactl.drill.course import Course, grown, last
from hactl.drill.definition import CanaryStore
from hactl.drill.phases import Phase


def test_who_was_struck_and_where_it_stands() -> None:
    assert Course(run="r", definition=NODE_KILL).phase is Phase.PLAN
    assert course(110.0).phase is Phase.OBSERVE
    assert course(110.0).proofs == (PROOF,)


def test_a_course_grows_by_what_is_said_and_written() -> None:
    began = grown(Course(run="r", definition=NODE_KILL), said(105.0))
    more = grown(began, said(108.0)[len(said(105.0)) :], [Written(number=1, sent=1.0, acknowledged=1.5)])
    assert more.entered == course(108.0).entered
    assert more.asked == course(108.0).asked
    assert (more.times.fault, more.acknowledged, more.newest) == (FAULT, 1, 1.5)
    assert last(more) == 108.0
    assert grown(more, (), [Written(number=2, sent=2.0)]).newest == 1.5, "it was not acknowledged"
    revision = Written(number=1, sent=2.0, acknowledged=2.5, store=CanaryStore.REVISIONS, digest="a")
    assert grown(more, (), [revision]).acknowledged == 1, "a configuration is no sign of life"

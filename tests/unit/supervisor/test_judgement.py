"""Answers in, crossings out, each once; what is excused is no silence, for a while."""

import pytest

from hactl.core.spec import HealthSpec
from hactl.supervisor.judgement import EXCUSED, Judgement, Verdict

SPEC = HealthSpec(unhealthy_threshold=2, healthy_threshold=3, hang_grace=1.0)
NO_ANSWER = Verdict(healthy=False, why="no answer")
STUCK = Verdict(healthy=False, why="silent for 1.0 s", hung=True)


@pytest.fixture
def judgement() -> Judgement:
    """Of a process that was well."""
    judgement = Judgement()
    assert judgement.well(SPEC, starting=True) == Verdict(healthy=True)
    return judgement


def silent(judgement: Judgement, *, since: float, looks: int) -> list[Verdict | None]:
    """Of so many probes of 0.25 s, one behind the other."""
    times = [(since + 0.25 * look, since + 0.25 * (look + 1)) for look in range(looks)]
    return [judgement.missed(SPEC, "no answer", silence=silence) for silence in times]


def test_each_crossing_is_told_once(judgement: Judgement) -> None:
    """As many as are configured, in a row."""
    assert silent(judgement, since=0.0, looks=6) == [None, NO_ANSWER, None, STUCK, None, None]
    assert [judgement.well(SPEC, starting=False) for _ in range(4)] == [None, None, Verdict(healthy=True), None]


def test_what_is_excused_does_not_count_as_silence(judgement: Judgement) -> None:
    """It begins with the first probe behind that."""
    silent(judgement, since=0.0, looks=3)
    assert judgement.excused(1.0)
    assert silent(judgement, since=1.0, looks=4) == [None, None, None, STUCK]


def test_one_silence_is_excused_for_so_long(judgement: Judgement) -> None:
    """From the first excuse on, whatever lies between; an answer begins another silence."""
    assert judgement.excused(10.0)
    silent(judgement, since=10.0, looks=1)
    assert judgement.excused(9.9 + EXCUSED)
    assert not judgement.excused(10.0 + EXCUSED)
    judgement.well(SPEC, starting=False)
    assert judgement.excused(11.0 + EXCUSED)


def test_time_we_did_not_look_ourselves_is_no_silence_of_theirs(judgement: Judgement) -> None:
    """A daemon that was stopped for a minute has not excused anybody for a minute."""
    assert judgement.excused(10.0)
    assert judgement.excused(70.0, late=59.0)
    assert judgement.excused(70.9 + EXCUSED - 2)
    assert not judgement.excused(70.0 + EXCUSED)


def test_a_silence_begins_with_its_first_probe(judgement: Judgement) -> None:
    """Excused or not, until there is an answer of any kind."""
    assert judgement.unanswered(5.0) == 5.0
    judgement.excused(6.0)
    assert judgement.unanswered(7.0) == 5.0
    judgement.missed(SPEC, "status 503", silence=None)
    assert judgement.unanswered(8.0) == 8.0

"""The five verdicts: nothing that was not measured is ever a pass."""

from hypothesis import given
from hypothesis import strategies as st

from hactl.drill.gate import Check
from hactl.drill.verdict import Judged, Status, Verdict, conclude


def judged(*statuses: Status) -> tuple[Judged, ...]:
    return tuple(
        Judged(name=f"o{number}", limit="<= 1", value="2", margin=None, status=status)
        for number, status in enumerate(statuses)
    )


def checks(*ok: bool) -> tuple[Check, ...]:
    return tuple(Check(name=f"c{number}", value="1", limit="2", ok=one) for number, one in enumerate(ok))


def test_all_met_and_all_valid_is_a_pass() -> None:
    assert conclude(judged(Status.MET, Status.MET), checks(True)).verdict is Verdict.PASS


def test_what_was_missed_is_named_with_what_was_wanted() -> None:
    conclusion = conclude(judged(Status.MET, Status.MISSED), checks(True))
    assert (conclusion.verdict, conclusion.why) == (Verdict.FAIL, "o1 2, wanted <= 1")


def test_a_run_that_proves_nothing_fails_nobody() -> None:
    """A late generator cannot tell good from bad."""
    conclusion = conclude(judged(Status.MISSED), checks(True, False))
    assert (conclusion.verdict, conclusion.why) == (Verdict.INCONCLUSIVE, "c1: 1 (2)")


def test_what_was_not_measured_is_inconclusive() -> None:
    assert conclude(judged(Status.MET, Status.UNMEASURED), checks(True)).verdict is Verdict.INCONCLUSIVE
    assert conclude((), checks(True)).verdict is Verdict.INCONCLUSIVE
    assert conclude(judged(Status.MET), (), pointless="no load").verdict is Verdict.INCONCLUSIVE


def test_what_was_missed_for_certain_is_missed_whatever_else_is_not_known() -> None:
    assert conclude(judged(Status.MISSED, Status.UNMEASURED), checks(True)).verdict is Verdict.FAIL


def test_what_did_not_run_to_its_end_is_aborted_and_what_broke_is_an_error() -> None:
    assert conclude(judged(Status.MET), checks(True), stopped="by bob").verdict is Verdict.ABORTED
    assert conclude(judged(Status.MET), checks(True), error="no daemon", stopped="so").verdict is Verdict.ERROR


@given(
    st.lists(st.sampled_from(Status)),
    st.lists(st.booleans()),
    st.sampled_from(["", "stopped"]),
    st.sampled_from(["", "broken"]),
)
def test_a_pass_is_never_anything_else(statuses: list[Status], valid: list[bool], stopped: str, error: str) -> None:
    """Only when everything was asked for, measured, met and valid, and the run came to its end."""
    conclusion = conclude(judged(*statuses), checks(*valid), stopped=stopped, error=error)
    proved = bool(statuses) and set(statuses) == {Status.MET} and all(valid) and not stopped and not error
    assert (conclusion.verdict is Verdict.PASS) == proved
    assert conclusion.why

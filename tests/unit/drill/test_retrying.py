"""What a client does about a request that failed, decided without a clock."""

from random import Random

import pytest

from hactl.drill.retrying import IDEMPOTENT, RetryPolicy

POLICY = RetryPolicy(retries=2, deadline=1.5)


def pause(attempts: int = 1, *, method: str = "GET", status: int = 0, spent: float = 0.0) -> float | None:
    return POLICY.pause(method, attempts, status, spent, Random(1))


@pytest.mark.parametrize("status", [0, 429, 502, 503, 504])
def test_what_may_succeed_at_another_time_is_tried_again(status: int) -> None:
    """No answer at all, and answers that say so."""
    assert pause(status=status) is not None


@pytest.mark.parametrize("status", [200, 204, 302, 400, 404, 409, 500, 501])
def test_any_other_answer_is_the_answer(status: int) -> None:
    """Also an error: it would be the same again."""
    assert pause(status=status) is None


@pytest.mark.parametrize("method", ["POST", "PATCH", "CONNECT"])
def test_what_would_do_harm_twice_is_never_tried_again(method: str) -> None:
    """Not even when there was no answer: it may have been done."""
    assert pause(method=method) is None
    assert all(pause(method=harmless) is not None for harmless in IDEMPOTENT)


def test_there_is_an_end_to_trying() -> None:
    """By the number of attempts, and by the time that all of them may take together."""
    assert pause(2) is not None
    assert pause(3) is None
    assert pause(spent=1.5) is None


def test_pauses_double_up_to_a_limit_and_are_drawn() -> None:
    """Clients that failed together do not come back together."""
    many = RetryPolicy(retries=9, deadline=100.0, base=0.1, longest=0.4)
    chance = Random(3)
    drawn = {
        attempts: [many.pause("GET", attempts, 0, 0.0, chance) or 0.0 for _ in range(400)] for attempts in (1, 2, 3, 8)
    }
    for attempts, most in ((1, 0.1), (2, 0.2), (3, 0.4), (8, 0.4)):
        assert 0.9 * most < max(drawn[attempts]) <= most
        assert min(drawn[attempts]) < 0.1 * most


def test_an_attempt_has_its_part_of_the_time_and_no_more_than_is_left() -> None:
    """So that a server which hangs does not use up the time of the attempts after."""
    assert POLICY.attempt(0.0) == 0.5
    assert POLICY.attempt(1.2) == pytest.approx(0.3)
    assert POLICY.attempt(2.0) == 0.0
    assert RetryPolicy(retries=0, deadline=1.5).attempt(0.0) == 1.5


def test_a_policy_in_words() -> None:
    assert str(POLICY) == ("up to 2 retries where safe, after pauses of up to 25 ms that double, all within 1.5 s")

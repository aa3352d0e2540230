"""How long a certificate is good for, and for whom, in words."""

import pytest

from hactl.core.certificate import DAY, Certificate, bearers, expires_soon, lifetime


def ending(not_after: float, *names: str) -> Certificate:
    return Certificate(digest="d", fingerprint="f", names=names, not_after=not_after)


@pytest.mark.parametrize(
    ("left", "said", "soon"),
    [
        (60 * DAY, "expires in 60 d", False),
        (14 * DAY, "expires in 14 d", False),
        (14 * DAY - 1, "expires in 14 d", True),
        (30 * 3600, "expires in 30 h", True),
        (0.0, "expires in 0 h", True),
        (-7200.0, "expired 2 h ago", True),
        (-5 * DAY, "expired 5 d ago", True),
    ],
)
def test_its_end_is_worth_a_word_two_weeks_before(left: float, said: str, soon: bool) -> None:
    """And from then on, also when it has come."""
    certificate = ending(1000.0 + left)
    assert lifetime(certificate, 1000.0) == said
    assert expires_soon(certificate, 1000.0) is soon


def test_whom_it_is_for_fits_into_a_line() -> None:
    """Three names are enough to know it by."""
    assert bearers(ending(0.0)) == "no names"
    assert bearers(ending(0.0, "a", "b", "c")) == "a, b, c"
    assert bearers(ending(0.0, "a", "b", "c", "d", "e")) == "a, b, c and 2 more"

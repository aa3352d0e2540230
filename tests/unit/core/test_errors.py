"""What a person reads of an error: what failed, and what to try."""

import errno

import pytest

from hactl.core.errors import HactlError, os_reason


def test_what_to_try_comes_last() -> None:
    assert str(HactlError("it does not fit", "make it fit")) == "it does not fit (make it fit)"
    assert str(HactlError("it does not fit")) == "it does not fit"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on device"),
        (OSError("Bad start"), "bad start"),
        (TimeoutError(), "timeouterror"),
    ],
    ids=repr,
)
def test_why_the_system_would_not_do_it_is_the_end_of_a_message(error: OSError, reason: str) -> None:
    """Never empty, and never `None`, which is what an error without a number has in its place."""
    assert os_reason(error) == reason

"""The daemon may open as many files as it can get; what it starts has the limit that it was given itself."""

import os
import resource
from collections.abc import Iterator

import pytest
from support.processes import Nursery

from hactl.supervisor.open_files import limited, raise_limit

GIVEN = 512


@pytest.fixture(autouse=True)
def given() -> Iterator[int]:
    """This process has a soft limit below its hard one, which is returned; afterwards all is as before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (GIVEN, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_is_started_has_the_limit_of_before(nursery: Nursery, given: int) -> None:
    """As a program that counts on it expects, or may be raised by one that needs more."""
    assert raise_limit() == GIVEN
    with limited(GIVEN):
        process = nursery.start()
    assert resource.prlimit(process.launch.pid, resource.RLIMIT_NOFILE) == (GIVEN, given)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (given, given)
    with limited(None):
        process = nursery.start()
    assert resource.prlimit(process.launch.pid, resource.RLIMIT_NOFILE) == (given, given)


def test_it_can_be_started_by_somebody_who_has_more_open_already(nursery: Nursery) -> None:
    """What is open stays open, and a start opens nothing beyond the limit."""
    raise_limit()
    many = [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(GIVEN)]
    try:
        process = nursery.start(open_files=GIVEN)
    finally:
        for descriptor in many:
            os.close(descriptor)
    assert resource.prlimit(process.launch.pid, resource.RLIMIT_NOFILE)[0] == GIVEN

"""The daemon may open as many files as it can get; what it starts has the limit that it was given itself."""

import os
import resource
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from support.processes import Nursery

from hactl.supervisor.open_files import limited, raise_limit

ROOM = 256
"""Descriptors beyond those that are open already, whatever ran here before."""


class Limits(NamedTuple):
    """Soft and hard, as this process was given them."""

    soft: int
    hard: int


@pytest.fixture(autouse=True)
def given() -> Iterator[Limits]:
    """This process has a soft limit below its hard one; afterwards all is as before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limits = Limits(ROOM + max(int(name) for name in os.listdir("/proc/self/fd")), hard)  # noqa: PTH208
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    yield limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_is_started_has_the_limit_of_before(nursery: Nursery, given: Limits) -> None:
    """As a program that counts on it expects, or may be raised by one that needs more."""
    assert raise_limit() == given.soft
    with limited(given.soft):
        process = nursery.start()
    assert resource.prlimit(process.launch.pid, resource.RLIMIT_NOFILE) == given
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (given.hard, given.hard)
    with limited(None):
        process = nursery.start()
    assert resource.prlimit(process.launch.pid, resource.RLIMIT_NOFILE) == (given.hard, given.hard)


def test_it_can_be_started_by_somebody_who_has_more_open_already(nursery: Nursery, given: Limits) -> None:
    """What is open stays open, and a start opens nothing beyond the limit."""
    raise_limit()
    many = [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(given.soft)]
    try:
        process = nursery.start(open_files=given.soft)
    finally:
        for descriptor in many:
            os.close(descriptor)
    assert resource.prlimit(process.launch.pid, resource.RLIMIT_NOFILE)[0] == given.soft

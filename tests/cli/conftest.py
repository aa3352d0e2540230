"""One fleet for all tests of the command; each test finds it serving. And homes of their own for some."""

import shutil
import signal
from collections.abc import Iterator

import pytest
from support.command import Home


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Commands can be interrupted although whoever started the tests in the background ignores that: what a program
    handles is back to its default in the programs it starts, what it ignores stays ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="package")
def standing() -> Iterator[Home]:
    """Two edges, two regions of two nodes."""
    with Home() as home:
        home.configure(regions={"a": 2, "b": 2})
        home.ok("up")
        yield home
        home.ok("down")
        assert home.strays() == []


@pytest.fixture
def fleet(standing: Home) -> Home:
    """A fleet that runs and serves."""
    standing.ok("wait")
    return standing


@pytest.fixture
def home() -> Iterator[Home]:
    """A home in which nothing has happened yet; what runs in the end is ended."""
    with Home() as home:
        yield home


@pytest.fixture
def fresh(fleet: Home) -> Iterator[Home]:
    """A fleet that serves and in which no drill was run."""
    yield fleet
    fleet.ok("wait")
    shutil.rmtree(fleet.paths.drills, ignore_errors=True)

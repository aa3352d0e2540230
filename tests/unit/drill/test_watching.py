"""When clients suffer so much that a drill is given up, and a load that is watched while it runs."""

import asyncio
from types import TracebackType

import pytest

from hactl.core.errors import HactlError
from hactl.drill.definition import AbortRule, Probe
from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.records import Records, Row
from hactl.drill.watching import Clients, broken

HALF = AbortRule(probe=Probe.AVAILABILITY, below=0.5, window=5.0, lasting=3.0)


def said(*failed: int) -> list[Progress]:
    """A hundred requests a second, of which so many failed in each."""
    return [
        Progress(t=float(second), sent=100 * second, failed=sum(failed[:second]))
        for second in range(1, len(failed) + 1)
    ]


def test_a_rule_is_broken_when_it_has_been_for_as_long_as_it_says() -> None:
    """Not by one bad window, and not before there is a whole one."""
    assert not broken(HALF, said(*[100] * 6))
    assert broken(HALF, said(*[100] * 9))
    assert not broken(HALF, said(*[0] * 10))
    assert not broken(HALF, said(*[0] * 6, *[100] * 4)), "bad for a moment only"
    assert broken(HALF, said(*[0] * 10, *[100] * 8))
    assert not broken(HALF, [])


class Scripted:
    """A load that says what it is told to."""

    def __init__(self, lines: list[Progress | HactlError]) -> None:
        self.plan = LoadPlan(url="http://x/")
        self.warm = True
        self._lines = lines
        self._over = asyncio.Event()

    async def __aenter__(self) -> "Scripted":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def progress(self) -> Progress | None:
        if self._lines:
            line = self._lines.pop(0)
            if isinstance(line, HactlError):
                raise line
            return line
        await self._over.wait()
        return None

    async def finish(self) -> Records:
        return Records([Row(1.0, 1.0, 1.0, 200, "a-1", "")])

    def stop(self) -> None:
        self._over.set()


async def test_a_load_is_watched_to_its_end() -> None:
    """What it has said so far is its availability; its requests are there when it was told to stop."""
    clients = Clients(Scripted(list(said(0, 50))), (), pytest.fail)
    async with clients.asking():
        assert clients.warm
        records = await clients.records()
        assert clients.availability == 0.75
    assert len(records) == 1


async def test_suffering_clients_and_a_broken_load_stop_the_drill() -> None:
    reasons: list[str] = []
    async with Clients(Scripted(list(said(*[100] * 9))), (HALF,), reasons.append).asking() as _:
        pass
    clients = Clients(Scripted([*said(*[100] * 9)]), (HALF,), reasons.append)
    async with clients.asking():
        await clients.records()
    assert "stop condition: availability below 50 % for 3 s" in reasons
    clients = Clients(Scripted([HactlError("it died")]), (), reasons.append)
    async with clients.asking():
        await clients.records()
    assert "the load broke: it died" in reasons
    assert clients.availability is None

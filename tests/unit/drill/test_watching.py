"""When clients suffer so much that a drill is given up, and a load that is watched while it runs."""

import pytest
from support.lending import ScriptedLoad

from hactl.core.errors import HactlError
from hactl.drill.definition import AbortRule, Probe
from hactl.drill.load_plan import Progress
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


def test_a_rule_that_has_to_last_no_time_is_broken_by_one_window() -> None:
    """And is not one that nothing ever breaks."""
    at_once = AbortRule(probe=Probe.AVAILABILITY, below=0.5, window=2.0, lasting=0.0)
    assert broken(at_once, said(0, 0, 100, 100))
    assert not broken(at_once, said(100, 100, 100, 0, 0))


async def test_a_load_is_watched_to_its_end() -> None:
    """What it has said so far is its availability; its requests are there when it was told to stop."""
    clients = Clients(ScriptedLoad(list(said(0, 50))), (), pytest.fail)
    async with clients.asking():
        assert clients.warm
        records = await clients.records()
        assert clients.availability == 0.75
    assert len(records) == 1


async def test_suffering_clients_and_a_broken_load_stop_the_drill() -> None:
    reasons: list[str] = []
    async with Clients(ScriptedLoad(list(said(*[100] * 9))), (HALF,), reasons.append).asking() as _:
        pass
    clients = Clients(ScriptedLoad([*said(*[100] * 9)]), (HALF,), reasons.append)
    async with clients.asking():
        await clients.records()
    assert "stop condition: availability below 50 % for 3 s" in reasons
    clients = Clients(ScriptedLoad([HactlError("it died")]), (), reasons.append)
    async with clients.asking():
        await clients.records()
    assert "the load failed: it died" in reasons
    assert clients.availability is None

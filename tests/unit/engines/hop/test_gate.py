"""What a hop lets through at a moment, without any socket."""

import pytest

from hactl.core.hop import Disturbance, HopCount, HopFault, Way
from hactl.engines.hop.gate import Gate, count

WAYS = (Way.TO, Way.FROM)


def gate() -> Gate:
    return Gate(lambda: None)


async def test_without_a_fault_everything_passes() -> None:
    assert all(gate().passes(way) and gate().wait(way, 0.0, 10) == 0.0 for way in WAYS)


@pytest.mark.parametrize("way", Way)
async def test_only_the_ways_that_are_struck_are(way: Way) -> None:
    narrowed = gate()
    narrowed.suffer(HopFault(what=Disturbance.HOLD, way=way))
    struck = [one for one in WAYS if narrowed.severed(one)]
    assert struck == (list(WAYS) if way is Way.BOTH else [way])
    assert [one for one in WAYS if narrowed.wait(one, 0.0, 1) is None] == struck
    assert [one for one in WAYS if not narrowed.passes(one)] == struck


async def test_refusing_and_resetting_keep_no_byte_waiting() -> None:
    """They end connections instead."""
    for what in (Disturbance.REFUSE, Disturbance.RESET):
        ending = gate()
        ending.suffer(HopFault(what=what))
        assert ending.suffers(what)
        assert ending.passes(Way.TO)
        assert ending.wait(Way.TO, 0.0, 10) == 0.0


async def test_a_narrow_hop_gives_no_more_than_two_portions_at_once() -> None:
    """A pause saves nothing up, and something always gets through in the end."""
    narrow = gate()
    narrow.suffer(HopFault(what=Disturbance.NARROW, rate=10_000))
    assert narrow.wait(Way.TO, 0.0, 5_000) == 0.0
    assert narrow.portion(Way.TO, 5_000) == 200
    assert narrow.portion(Way.TO, 5_000) == 1
    assert narrow.wait(Way.TO, 0.0, 0) == 0.0, "the end of a connection takes no room"


async def test_parts_of_a_hop_are_counted_together() -> None:
    one = HopCount(connections=1, resets=2, sent=3, received=4, held=5)
    assert count([one, one]) == HopCount(connections=2, resets=4, sent=6, received=8, held=10)
    assert count([]) == HopCount()

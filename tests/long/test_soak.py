"""Twenty minutes of faults under load: no idempotent request is lost, nothing is leaked, everything comes back.

HACTL_SEED chooses the faults, HACTL_LONG=short the setting of every build; `pytest -n 0 tests/long` shows the summary.
"""

import json
import os

import pytest
from support.fleet import APP, TIRELESS, Region, RunningFleet
from support.load import open_loop
from support.long import SHORT
from support.soak import KINDS, Soak, Usage, faults

pytestmark = pytest.mark.envoy

SECONDS = 60.0 if SHORT else 1200.0
SEED = int(os.environ.get("HACTL_SEED", "7"))
RATE = 200
REGIONS = (Region(name="a", nodes=3), Region(name="b", nodes=2))
HELLO = '[[route]]\npath = "/hello"\nrespond = 200\n\n'
ROOM = 24 << 20
"""Bytes the daemon may have grown by: allocators keep what they once had."""


def test_a_seed_is_a_list() -> None:
    """The same one, every time; and every kind of fault is in a long one."""
    assert faults(SEED, 1200.0) == faults(SEED, 1200.0)
    assert {fault.kind for fault in faults(SEED, 1200.0)} == set(KINDS)
    assert faults(SEED, 60.0) == [fault for fault in faults(SEED, 1200.0) if fault.at < 60.0]


async def test_nothing_is_lost_and_nothing_leaks(capsys: pytest.CaptureFixture[str]) -> None:
    """What was in flight on an edge that was killed is counted apart."""
    async with RunningFleet(regions=REGIONS, extra=TIRELESS) as fleet:
        processes = len(fleet.strays())
        async with open_loop(fleet.port, rate=RATE, limit=int(RATE * SECONDS * 2)) as load:
            await load.answered(RATE)
            before = Usage.of(fleet)
            texts = (fleet.toml(routes=HELLO + APP), fleet.toml())
            soak = Soak(fleet=fleet, load=load, texts=texts)
            await soak.run(faults(SEED, SECONDS))
            await soak.settle()
            await load.answered(RATE)
            missing = await soak.missing()
        after = Usage.of(fleet)
        with capsys.disabled():
            print(json.dumps({"seed": SEED, "seconds": SECONDS, **soak.summary()}, indent=2))
            print(before, after, sep="\n")
        assert soak.lost == []
        assert missing == []
        assert after.processes == processes
        assert after.descriptors <= before.descriptors + 8
        assert after.files <= before.files + 40
        assert after.rss <= before.rss + ROOM

"""Nodes that answer badly without dying, for real: measured by who answered, under load.

Those of whole regions, which take minutes, are in `tests/long`.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.fleet import Region, RunningFleet
from support.load import open_loop
from support.troubled import PROGRAM, RATE, warm

from hactl.core.events import NodeChanged
from hactl.core.model import Fleet
from hactl.core.traffic import shares

pytestmark = pytest.mark.envoy


async def test_a_node_far_slower_than_its_peers_is_said_and_gets_less(tmp_path: Path) -> None:
    """And its whole weight when it is as fast as they are again."""
    argv = [sys.executable, str(PROGRAM), "{port}", f"{tmp_path}/{{name}}"]
    gateway = f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\n'
    edge = 'policy = "round-robin"'
    extra = f'{gateway}[health]\npath = "/healthz"\nslow_weight = 10\n'
    regions = (Region(nodes=3),)

    def slow(fleet: Fleet) -> list[str]:
        return [node.name for node in fleet.gateways if node.slow]

    async with (
        RunningFleet(regions=regions, routes="", edge=edge, extra=extra) as fleet,
        open_loop(fleet.port, rate=RATE) as load,
    ):
        await warm(load)
        (tmp_path / "local-2").write_text("0.1 0")
        await fleet.until(lambda now: slow(now) == ["local-2"])
        expected = next(each.part for each in shares(fleet.now) if each.node == "local-2")
        assert expected == pytest.approx(10 / 210)
        await load.answered(RATE)
        before = Counter(load.nodes)
        await load.answered(300)
        assert (load.nodes - before)["local-2"] / 300 == pytest.approx(expected, abs=0.03)
        (tmp_path / "local-2").unlink()
        await fleet.until(lambda now: not slow(now))
        assert load.failed == 0, load
        assert len([event for event in fleet.since(0, NodeChanged) if "slow" in event.why]) == 2

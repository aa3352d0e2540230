"""Every kind of fault in a real `chaos run`: done, read back, undone."""

import asyncio

import pytest
from support.command import Home
from support.drills import of_kind
from support.experiment import Experiment, exported, failed
from support.long import takes_minutes
from support.upstream import Upstream

from hactl.core.drills import in_progress
from hactl.drill.definition import FaultKind

pytestmark = pytest.mark.envoy


@takes_minutes
async def test_every_kind_of_fault_is_done_and_undone_by_the_toolkit() -> None:
    """But for a full disk, which is refused where it would be somebody else's as well; and nothing of any is left."""
    async with Upstream() as service:
        with Home() as home:
            home.configure(service.toml(), regions={"a": 2, "b": 2})
            await asyncio.to_thread(home.ok, "up")
            for kind in FaultKind:
                await asyncio.to_thread(home.ok, "wait")
                (home.directory / "one.toml").write_text(of_kind(kind))
                document = await asyncio.to_thread(exported, home, "./one.toml", "phases.hold=3s")
                code, journal = await asyncio.to_thread(Experiment(home, document).run)
                fleet = home.snapshot().fleet
                assert (in_progress(fleet), fleet.hops) == (None, {}), kind
                if kind is FaultKind.DISK:
                    assert (code, journal["deviated"]) == (1, True)
                    assert "disk that may be filled" in failed(journal)[0]
                else:
                    assert (kind, code, failed(journal)) == (kind, 0, [])
                    assert {proof["done"] for proof in journal["run"][0]["output"]["proofs"]} == {True}
            await asyncio.to_thread(home.ok, "down")
            assert home.strays() == []

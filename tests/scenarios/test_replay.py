"""What a real daemon leaves behind is enough to see everything again: also when it was killed, and by whom."""

import pytest
from support.fleet import Region, RunningFleet

from hactl.core.events import DaemonStarted, FailoverBegan, FailoverEnded
from hactl.core.node import NodeState
from hactl.core.talk import Measured
from hactl.tui.picture import UNMEASURED
from hactl.tui.recording import Recording

pytestmark = pytest.mark.envoy


async def measured(fleet: RunningFleet, times: int) -> list[Measured]:
    """The next few."""
    return [await fleet.measured(lambda _: True) for _ in range(times)]


async def test_a_death_is_seen_again_at_its_second() -> None:
    """Out of service with its reason, then serving; after a kill -9 of the daemon, and across two daemons."""
    async with RunningFleet(regions=(Region(nodes=3),)) as fleet:
        await measured(fleet, 2)
        mark = fleet.seq
        fleet.kill("local-2")
        began = await fleet.happens(FailoverBegan, after=mark)
        ended = await fleet.happens(FailoverEnded, after=mark)
        seen = await measured(fleet, 3)
        await fleet.kill_daemon()

        recording = Recording(fleet.paths)
        dead = recording.then(began.wall).snapshot.fleet.nodes["local-2"]
        assert not dead.serviceable
        assert dead.reason.text == "killed by signal 9"
        assert recording.then(began.wall - 0.5).snapshot.fleet.nodes["local-2"].state is NodeState.SERVING
        assert recording.then(ended.wall).snapshot.fleet.nodes["local-2"].serviceable
        assert recording.stop(ended.wall, -1) == began.wall
        # all but the last, which may have been on its way
        for update in seen[:-1]:
            view = recording.then(update.at)
            assert {sample.at for sample in view.snapshot.samples} == {update.at}
            for sample, original in zip(view.snapshot.samples, update.samples, strict=True):
                assert sample.node == original.node
                assert sample.rss == pytest.approx(original.rss)
                assert sample.cpu == (None if original.cpu is None else pytest.approx(original.cpu, rel=1e-6))
        assert recording.then(recording.last).snapshot.fleet == fleet.now
        recording.close()

        await fleet.launch()
        await fleet.calm()
        await measured(fleet, 2)
        recording = Recording(fleet.paths)
        assert len(list(fleet.paths.samples.iterdir())) == 2
        again = recording.stop(ended.wall, 1)
        assert again is not None
        started = [record for record in fleet.records if isinstance(record.event, DaemonStarted)]
        assert again == started[-1].wall
        assert recording.then(began.wall).snapshot.fleet.nodes["local-2"] == dead
        assert recording.then(recording.last).trouble != UNMEASURED
        recording.close()

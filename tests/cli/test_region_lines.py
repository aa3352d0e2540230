"""What `status` says of regions that have less than their traffic."""

from support.build import a_spec
from support.script import Script, after, applied, exited, healthy, serving, spawned

from hactl.cli.region_lines import troubles
from hactl.core.commands import Failback, Failover, Request
from hactl.core.draft import evolve
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.region_events import RegionEvacuated


def said(story: Script) -> list[str]:
    """The lines a minute later."""
    return list(troubles(story.fleet, story.now.wall + 60.0, story.mono + 60.0))


def two(**rules: object) -> Script:
    """osaka waits behind seoul."""
    return Script(serving(a_spec(regions=2, nodes=1, standby=True, **rules)))


def proved(story: Script) -> Script:
    """Every edge has proved the newest plan."""
    return story >> applied("edge-1") >> applied("edge-2")


def test_nothing_is_said_when_all_is_well() -> None:
    assert said(two()) == []


def test_who_moved_it_why_and_how_it_ends() -> None:
    story = two() >> Request(command=Failover(region="seoul", steps=1, pause=0.0), by="alice", reason="new switch")
    (operation,) = story.fleet.operations
    assert said(story) == [f"seoul has taken no traffic for 1m, by alice (new switch); {operation} is under way"]
    assert said(proved(story)) == [
        "seoul has taken no traffic for 1m, by alice (new switch); to end it: hactl failback seoul"
    ]
    story >> Failback(region="seoul", steps=2)
    assert said(story)[0].startswith("seoul has kept 50 % of its traffic for 1m, by alice (new switch); op-")


def test_a_loss_and_that_it_waits() -> None:
    """First what is missing, then what it means for the traffic."""
    story = proved(two() >> exited("seoul-1", signal=9))
    lost, kept = said(story)
    assert lost == (
        "seoul was lost 1m ago and has not fully recovered: killed by signal 9, traffic moved on every edge after 0 ms"
    )
    why = "all its nodes were lost, the last one because: killed by signal 9"
    assert kept == f"seoul has taken no traffic for 1m, because it was lost ({why}); to end it: hactl failback seoul"
    back = proved(story >> spawned("seoul-1") >> healthy("seoul-1"))
    assert said(back) == [kept]


def test_when_it_returns_by_itself() -> None:
    story = proved(two(auto_failback=True, stable_for=180.0) >> exited("seoul-1", signal=9))
    assert said(story)[1].endswith(
        "; all of it returns once the region has been healthy for 3m, or now with: hactl failback seoul"
    )
    back = proved(story >> spawned("seoul-1") >> healthy("seoul-1")) >> after(30.0)
    assert said(back)[0].endswith(
        "; all of it returns in 1m if the region stays healthy, or now with: hactl failback seoul"
    )


def test_one_that_falters_and_one_that_nobody_can_stand_in_for() -> None:
    slow = Evacuation(region="seoul", keep=10, cause=EvacuationCause.FALTERED, why="slow")
    story = Script(evolve(two().fleet, RegionEvacuated(evacuation=slow)))
    assert "because it was degraded (slow); more returns once it" in said(story)[0]
    alone = proved(two() >> Failover(region="seoul", steps=1, pause=0.0)) >> exited("osaka-1", signal=9)
    assert said(alone)[-1].endswith("; but no other region can serve now; to end it: hactl failback seoul")

"""What an operator reads about a region that falters: what it keeps, why, and when that changes."""

from support.build import a_spec
from support.script import Script, after, applied, serving

from hactl.cli.region_lines import troubles
from hactl.core.commands import Failback, Pause
from hactl.core.observations import RegionFaltered, RegionRecovered, TakersFaltered

BAD = RegionFaltered(region="seoul", why="p50 300 ms (10 ms)")


def story() -> Script:
    return Script(serving(a_spec(regions=2, nodes=2, stable_for=20.0)))


def said(played: Script) -> list[str]:
    return list(troubles(played.fleet, played.now.wall, played.now.mono))


def followed(played: Script) -> Script:
    return played >> applied("edge-1") >> applied("edge-2")


def test_what_it_keeps_and_until_when() -> None:
    """With the command that ends it at once."""
    played = followed(story() >> BAD) >> after(5.0)
    (line,) = said(played)
    assert line == (
        "seoul has kept 10 % of its traffic for 5s, because it was degraded (p50 300 ms (10 ms)); more returns once"
        " it has been healthy for 20s, or now with: hactl failback seoul"
    )
    played >> RegionRecovered(region="seoul", why="well") >> after(15.0)
    assert "; more returns in 5s if it stays healthy, or now with" in said(played)[0]
    followed(played >> after(5.0))
    assert "seoul has kept 25 %" in said(played)[0]
    assert "; healthy again, traffic is returning in steps, or now with" in said(played)[0]


def test_what_keeps_its_traffic_from_being_moved() -> None:
    """A pause, that it was tried in vain, or that an operator has decided."""
    played = story() >> Pause() >> BAD >> after(5.0)
    assert said(played) == [
        "seoul has been degraded for 5s (p50 300 ms (10 ms)) and still has its traffic: the fleet is paused by alice"
    ]
    vain = followed(story() >> BAD) >> TakersFaltered(region="seoul", why="as bad") >> after(60.0)
    assert said(vain)[0].endswith("moving it did not help; next try in 4m")
    given = followed(followed(story() >> BAD) >> Failback(region="seoul", steps=1, pause=0.0)) >> after(1.0)
    assert said(given)[0].endswith("an operator has taken over, so nothing is moved until it has recovered")
    assert said(story()) == []

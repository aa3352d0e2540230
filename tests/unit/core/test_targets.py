"""When an ordered fault is over is told in `test_operations`; here, what is added to the end of one."""

from support.build import a_spec
from support.script import Script, exited, serving

from hactl.core.commands import Failover
from hactl.core.targets import waiting_for_failback


def test_who_is_back_without_traffic_is_told_how_to_get_it() -> None:
    """Of a region that was lost; what an operator has moved away is where it should be."""
    fleet = serving(a_spec(regions=2, nodes=1, standby=True))
    assert waiting_for_failback(fleet, ["seoul-1", "gone-1", "edge-1"]) == ""
    lost = (Script(fleet) >> exited("seoul-1", signal=9)).fleet
    assert waiting_for_failback(lost, ["seoul-1"]) == "seoul takes no traffic until: hactl failback seoul"
    moved = (Script(fleet) >> Failover(region="seoul", steps=1, pause=0.0)).fleet
    assert waiting_for_failback(moved, ["seoul-1"]) == ""

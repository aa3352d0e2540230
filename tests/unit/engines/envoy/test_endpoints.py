"""Plans as endpoints."""

from hypothesis import given
from hypothesis import strategies as st

from hactl.core.plan import Endpoint, EndpointStatus, RegionPlan, TrafficPlan
from hactl.core.spec import FailoverMode
from hactl.engines.envoy.endpoints import assignment

NODE = Endpoint(node="seoul-1", address="127.0.0.1", port=20001, weight=30, status=EndpointStatus.DRAINING)


def test_a_region_is_a_locality() -> None:
    """Name, priority and weight of a region and address, weight, status and name of a node all arrive."""
    plan = TrafficPlan(regions=(RegionPlan(name="seoul", priority=2, weight=80, endpoints=(NODE,)),))
    assert assignment(plan, FailoverMode.STANDBY)["endpoints"] == [
        {
            "locality": {"region": "seoul"},
            "priority": 2,
            "load_balancing_weight": 80,
            "lb_endpoints": [
                {
                    "endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 20001}}},
                    "health_status": "DRAINING",
                    "load_balancing_weight": 30,
                    "metadata": {"filter_metadata": {"hactl": {"node": "seoul-1"}}},
                }
            ],
        }
    ]


def test_a_plan_of_nobody_has_no_endpoints() -> None:
    """Neither an empty plan nor an empty region names a locality."""
    for plan in (TrafficPlan(), TrafficPlan(regions=(RegionPlan(name="seoul"),))):
        assert assignment(plan, FailoverMode.STANDBY)["endpoints"] == []


def test_standby_is_all_or_nothing() -> None:
    """One of many nodes keeps a standby region out; with spill-over seven of ten do not."""
    factors = {mode: assignment(TrafficPlan(), mode)["policy"]["overprovisioning_factor"] for mode in FailoverMode}
    assert factors[FailoverMode.STANDBY] / 1000 >= 100
    assert factors[FailoverMode.SPILL_OVER] == 140


@given(st.integers(min_value=0, max_value=1000), st.integers(min_value=0, max_value=1000))
def test_no_weight_is_ever_zero(node: int, region: int) -> None:
    """Envoy rejects a whole plan for one weight of 0."""
    endpoint = Endpoint(node="a", address="127.0.0.1", port=1, weight=node)
    plan = TrafficPlan(regions=(RegionPlan(name="r", weight=region, endpoints=(endpoint,)),))
    (locality,) = assignment(plan, FailoverMode.STANDBY)["endpoints"]
    assert locality["load_balancing_weight"] == max(1, region)
    assert locality["lb_endpoints"][0]["load_balancing_weight"] == max(1, node)


def test_priorities_beyond_what_envoy_knows_keep_their_order() -> None:
    """A configuration may count to 1000, Envoy to 128; what it knows is left as it is."""

    def told(*priorities: int) -> list[object]:
        regions = tuple(RegionPlan(name=str(one), priority=one, endpoints=(NODE,)) for one in priorities)
        endpoints = assignment(TrafficPlan(regions=regions), FailoverMode.STANDBY)["endpoints"]
        return [locality["priority"] for locality in endpoints]

    assert told(0, 7, 128) == [0, 7, 128]
    assert told(500, 0, 1001) == [1, 0, 2]

"""What counts as a proof, and versions."""

from pathlib import Path

import pytest
from support.descriptors import none_left

from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.plan import Endpoint, EndpointStatus, RegionPlan, TrafficPlan
from hactl.core.spec import EdgeSpec, FleetSpec, GatewayKind, GatewaySpec
from hactl.engines.envoy.edge import EnvoyEdge, _unique_versions, proof_of
from hactl.engines.http1 import Response
from hactl.paths import FleetPaths


def plan(**statuses: EndpointStatus) -> TrafficPlan:
    points = tuple(Endpoint(node=n, address="127.0.0.1", port=1, status=status) for n, status in statuses.items())
    return TrafficPlan(version=1, regions=(RegionPlan(name="r", endpoints=points),))


def fleet(kind: GatewayKind = GatewayKind.ENVOY, header: str = "x-hactl-node") -> Fleet:
    return Fleet(id="f1", spec=FleetSpec(edge=EdgeSpec(node_header=header), gateway=GatewaySpec(kind=kind)))


GOOD = plan(a=EndpointStatus.ACTIVE, b=EndpointStatus.DRAINING)
BODY = b'{"node":"a","fleet":"f1"}'


@pytest.mark.parametrize(
    ("kind", "header", "answer", "proves"),
    [
        (GatewayKind.ENVOY, "x-hactl-node", Response(200, {"x-hactl-node": "a"}, b""), True),
        (GatewayKind.ENVOY, "X-Hactl-Node", Response(200, {"x-hactl-node": "a"}, b""), True),
        (GatewayKind.ENVOY, "x-hactl-node", Response(200, {"x-hactl-node": "b"}, b""), False),
        (GatewayKind.ENVOY, "x-hactl-node", Response(200, {}, BODY), False),
        (GatewayKind.ENVOY, "x-hactl-node", Response(404, {"x-hactl-node": "a"}, b""), False),
        (GatewayKind.ENVOY, "", Response(200, {}, BODY), True),
        (GatewayKind.ENVOY, "", Response(200, {}, b"hello"), False),
        (GatewayKind.COMMAND, "x-hactl-node", Response(404, {"x-hactl-node": "a"}, b""), True),
        (GatewayKind.COMMAND, "x-hactl-node", Response(503, {}, b""), False),
        (GatewayKind.COMMAND, "", Response(404, {}, b""), True),
        (GatewayKind.COMMAND, "", Response(503, {}, b""), False),
    ],
)
def test_a_proof_names_a_node_that_may_answer(kind: GatewayKind, header: str, answer: Response, proves: bool) -> None:
    """The answer must come from an active node of the plan; of another program any answer that names it will do."""
    wrong = proof_of(fleet(kind, header), GOOD)
    assert wrong is not None
    assert (wrong(answer) == "") is proves


def test_nothing_can_be_proved_when_nobody_may_answer() -> None:
    """A plan without an active node is confirmed by its version alone."""
    assert proof_of(fleet(), plan(b=EndpointStatus.DRAINING)) is None
    assert proof_of(fleet(), TrafficPlan()) is None


def test_no_version_is_used_twice() -> None:
    """Not for the same plan, not by a second daemon; fleet, launch and plan can be read from it."""
    edge = Node(name="edge-1", role=Role.EDGE, launches=3)
    first, second = _unique_versions(), _unique_versions()
    made = [versions(fleet(), edge, GOOD) for versions in (first, first, second)]
    assert len(set(made)) == 3
    assert all(version.startswith("f1.3.1.") for version in made)


async def test_who_could_not_be_asked_is_not_judged(tmp_path: Path) -> None:
    """We have no descriptor left: that is nobody's fault but ours."""
    kind = EnvoyEdge(FleetPaths(tmp_path))
    node = Node(name="one", role=Role.EDGE, address="127.0.0.1", port=1)
    await kind.probe(node, 1.0)  # what is needed for it has been opened
    with none_left():
        answer = await kind.probe(node, 1.0)
    assert (answer.ok, answer.unasked) == (False, True)

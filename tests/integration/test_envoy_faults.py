"""The fault filter in real Envoys: what one is told it does and says, and who has no filter is left alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.build import a_launch
from support.envoy import Site, fleet_of, site
from support.load import fetch

from hactl.core.errors import HactlError
from hactl.core.impairment import Impairment
from hactl.core.node import Node
from hactl.core.routing import RouteSpec
from hactl.core.running import ImpairmentImpossible
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec, SafetySpec
from hactl.core.value import replace
from hactl.engines.envoy.admin import Admin
from hactl.engines.envoy.faults import KEYS
from hactl.engines.envoy.seat import Seat

pytestmark = pytest.mark.envoy

NAME = "seoul-1"
SPEC = FleetSpec(edge=EdgeSpec(threads=1), routes=(RouteSpec(prefix="/", respond=200),))


@asynccontextmanager
async def one_node(tmp_path: Path, spec: FleetSpec = SPEC) -> AsyncIterator[tuple[Site, Node]]:
    """An edge and a node, and that node with its process."""
    async with site(tmp_path, fleet_of(RegionSpec(name="seoul", nodes=1), spec=spec)) as built:
        launch = replace(a_launch(NAME), pid=built.processes[NAME].pid)
        yield built, replace(built.node(NAME), launch=launch)


async def runtime(built: Site) -> dict[str, str]:
    """What of faults the node's own runtime says."""
    admin = Admin(Seat.of(built.paths, NAME))
    try:
        return {key: value for key, value in (await admin.runtime()).items() if key in KEYS}
    finally:
        admin.close()


@pytest.mark.parametrize("status", [200, 429, 500, 503, 599])
async def test_requests_are_answered_with_the_status_that_was_ordered(tmp_path: Path, status: int) -> None:
    """Any that a service could give; and with their own again afterwards."""
    async with one_node(tmp_path) as (built, node):
        await built.gateway.impair(node, Impairment(status=status, failed=100))
        assert (await fetch(built.port))[0] == status
        assert (await built.gateway.probe(node, 1.0)).ok
        await built.gateway.impair(node, None)
        assert await runtime(built) == {}
        assert (await fetch(built.port))[0] == 200


async def test_an_order_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    async with one_node(tmp_path) as (built, node):
        await built.gateway.impair(node, Impairment(failed=100))
        await built.gateway.impair(node, Impairment(delay=0.01, delayed=100))
        assert (await fetch(built.port))[0] == 200
        assert set((await runtime(built)).values()) == {"10", "100"}


async def test_a_process_without_the_filter_is_not_touched(tmp_path: Path) -> None:
    """It would say that it had heard, and do nothing: a drill would prove nothing."""
    spec = replace(SPEC, safety=SafetySpec(max_faulted_share=0.0))
    async with one_node(tmp_path, spec) as (built, node):
        with pytest.raises(ImpairmentImpossible, match="started without a fault filter") as refused:
            await built.gateway.impair(node, Impairment(failed=100))
        assert refused.value.hint == f"hactl restart {NAME}"
        assert await runtime(built) == {}
        await built.gateway.impair(node, None)


async def test_a_process_that_has_ended_is_not_told(tmp_path: Path) -> None:
    async with one_node(tmp_path) as (built, node):
        built.processes[NAME].kill()
        with pytest.raises(HactlError, match="does not answer"):
            await built.gateway.impair(node, Impairment(failed=100))

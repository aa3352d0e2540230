"""Overlays on real Envoys: what hactl does not model works, and neither probes nor proofs notice."""

import json
from pathlib import Path

import pytest
from support.envoy import fleet_of, site
from support.load import fetch
from support.places import fleet_paths
from support.raw import raw
from support.upstream import Upstream

from hactl.config.overlay import canonical
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.running import PlanRefused
from hactl.core.spec import EdgeSpec, FleetSpec, GatewaySpec, RegionSpec
from hactl.core.value import replace
from hactl.engines.envoy.edge import EnvoyEdge
from hactl.engines.envoy.gateway import EnvoyGateway

pytestmark = pytest.mark.envoy

KIND = "type.googleapis.com/envoy.extensions."
NOBODY = {
    "name": "nobody-may",
    "typed_config": {"@type": KIND + "filters.http.rbac.v3.RBAC", "rules": {"action": "ALLOW", "policies": {}}},
}
"""A filter that forbids everything."""


def overlaid(port: int = 9, **layers: dict) -> Fleet:
    """One node that asks one service, with a patch that `hactl.config` would take."""
    spec = FleetSpec(
        edge=EdgeSpec(threads=1),
        gateway=GatewaySpec(envoy_overlay=canonical(json.dumps(layers))),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", port),)),),
        routes=(RouteSpec(prefix="/", service="app"),),
    )
    return fleet_of(RegionSpec(nodes=1), spec=spec)


@pytest.mark.parametrize("role", ["edge", "node"])
async def test_a_filter_stands_between_clients_and_services_only(role: str, tmp_path: Path) -> None:
    """One that forbids everything is asked about every request; processes are ready and plans proved all the same."""
    async with Upstream() as service:
        fleet = overlaid(service.port, **{role: {"http_filters": [NOBODY]}})
        async with site(tmp_path, fleet) as running:
            assert (await fetch(running.port))[0] == 403
            assert [(await fetch(running.port, path))[0] for path in ("/-/echo", "/-/ready")] == [200, 200]
            await running.publish(replace(running.fleet.plan, version=2))
        assert service.count == 0


async def test_every_part_arrives(tmp_path: Path) -> None:
    """Proxy protocol on the listener, a header by routes, a log of one's own, a service's cluster, a new cluster."""
    log = tmp_path / "requests.log"
    edge = {
        "bootstrap": {"node": {"metadata": {"team": "web"}}},
        "listener": {
            "listener_filters": [
                {
                    "name": "proxy",
                    "typed_config": {"@type": KIND + "filters.listener.proxy_protocol.v3.ProxyProtocol"},
                }
            ]
        },
        "routes": {"request_headers_to_remove": ["x-secret"]},
        "access_logs": [
            {
                "name": "mine",
                "typed_config": {
                    "@type": KIND + "access_loggers.file.v3.FileAccessLog",
                    "path": str(log),
                    "log_format": {"text_format_source": {"inline_string": "%DOWNSTREAM_REMOTE_ADDRESS%\n"}},
                },
            }
        ],
    }
    more = {"load_assignment": {"cluster_name": "more", "endpoints": []}}
    node = {"http": {"server_name": "shop"}, "clusters": {"app": {"lb_policy": "RANDOM"}, "more": more}}
    async with Upstream() as service, site(tmp_path, overlaid(service.port, edge=edge, node=node)) as running:
        async with raw(running.port) as client:
            client.send(b"PROXY TCP4 203.0.113.7 203.0.113.8 1234 80\r\n")
            assert await client.ask(b"GET / HTTP/1.1\r\nhost: x\r\nx-secret: 1\r\n\r\n") == 200
        async with raw(running.port) as client:
            assert await client.ask(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n") == 0  # the listener wants to hear who asks
        assert "x-secret" not in service.asked
        assert service.asked["x-forwarded-for"] == "203.0.113.7"
        names = [stat.name for stat in await running.gateway._admin(running.node("local-1")).stats("^cluster.more.")]
        assert names
        assert await running.processes["edge-1"].terminate() == 0
    assert log.read_text() == "203.0.113.7:1234\n"


@pytest.mark.parametrize("role", ["edge", "node"])
async def test_what_envoy_does_not_take_starts_nothing(role: str, tmp_path: Path) -> None:
    """A field nobody knows is refused before the start, in Envoy's words, with the key to look at."""
    fleet = overlaid(**{role: {"http": {"colour": "blue"}}})
    with fleet_paths(tmp_path) as paths:
        engine, name = (EnvoyEdge(paths), "edge-1") if role == "edge" else (EnvoyGateway(paths), "local-1")
        with pytest.raises(HactlError, match=r"envoy rejects .*colour") as refused:
            await engine.prepare(fleet.nodes[name], fleet)
    assert refused.value.hint == "gateway.envoy_overlay is part of them"


async def test_a_running_edge_keeps_what_it_has_when_a_new_overlay_is_wrong(tmp_path: Path) -> None:
    """The twin refuses it; the good one after that is taken without a restart."""
    async with Upstream() as service, site(tmp_path, overlaid(service.port)) as running:
        edge = running.node("edge-1")
        wrong = overlaid(service.port, edge={"routes": {"colour": "blue"}}).spec
        with pytest.raises(PlanRefused):
            await running.edge.publish(edge, replace(running.fleet, spec=_at(wrong, running.fleet)), running.fleet.plan)
        assert (await fetch(running.port, headers=(("x-secret", "1"),)))[0] == 200
        assert service.asked["x-secret"] == "1"
        good = overlaid(service.port, edge={"routes": {"request_headers_to_remove": ["x-secret"]}}).spec
        await running.edge.publish(edge, replace(running.fleet, spec=_at(good, running.fleet)), running.fleet.plan)
        assert (await fetch(running.port, headers=(("x-secret", "1"),)))[0] == 200
        assert "x-secret" not in service.asked


def _at(spec: FleetSpec, fleet: Fleet) -> FleetSpec:
    """`spec` where `fleet` listens."""
    return replace(spec, edge=fleet.spec.edge)

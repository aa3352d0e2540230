"""hactl beside two bare Envoys in a row that have nothing but defaults: it is nowhere worse, whatever clients send.

The same requests go to both. A fleet passes on nothing that the bare ones refuse, and where they wait for ever it has
hung up.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.envoy import Processes, fleet_of, site
from support.load import fetch
from support.malformed import CASES, numbered
from support.polling import until
from support.ports import free_port
from support.raw import raw
from support.upstream import Upstream

from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.running import CommandLine
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec
from hactl.engines.envoy import binary

pytestmark = pytest.mark.envoy

IMPATIENT = EdgeSpec(threads=1, request_headers_timeout=0.5, idle_timeout=1.0)
WITHIN = 10.0
"""Seconds in which such a fleet must have hung up: many times what it may take, for busy machines."""
BARE_WITHIN = 3.0
"""Seconds after which a bare Envoy is not listened to any more: it may wait for ever."""
ON_PURPOSE = {"http 0.9", "http 1.2", "http 2.0 in words"}
"""Bare Envoys speak no HTTP/1.0. A fleet does, for old clients and monitors, and Envoy takes all of these for it."""
HONEST = {"chunked in a folded header", "body of a GET"}
"""Cases in which a second request is sent and meant: whatever Envoy makes of the first one, it has no other body."""


class Outcome:
    """What came of one request."""

    def __init__(self, said: bytes, *, ended: bool) -> None:
        self.statuses = [int(status) for status in re.findall(rb"HTTP/1\.\d (\d{3}) ", said)]
        self.ended = ended
        """Whether the other side hung up."""
        self.passed_on: list[str] = []
        """What reached the service, smuggled requests included."""

    def __str__(self) -> str:
        answers = " ".join(map(str, self.statuses)) or "-"
        return f"{answers} {'hung up' if self.ended else 'waiting'} {len(self.passed_on)}"


@asynccontextmanager
async def two_hops(directory: Path, service: int) -> AsyncIterator[int]:
    """The port of a bare Envoy in front of another one in front of `service`."""
    node, edge = free_port(), free_port()
    with Processes() as processes:
        for name, port, to in (("node", node, service), ("edge", edge, node)):
            document = directory / f"{name}.json"
            document.write_text(json.dumps(bare(port, to)))
            argv = (str(binary.find()), "-c", str(document), "--concurrency", "1", "--disable-hot-restart")
            processes.start(CommandLine(argv=argv, directory=str(directory / name)))
        await until(lambda: status_of(edge), lambda status: status == 200)
        yield edge


async def status_of(port: int) -> int:
    """What `port` answers; 0 when nobody does."""
    try:
        return (await fetch(port, "/up"))[0]
    except OSError:
        return 0


def bare(port: int, to: int) -> dict[str, object]:
    """The start-up document of an Envoy with nothing but defaults."""
    kind = "type.googleapis.com/envoy.extensions.filters."
    manager = {
        "@type": kind + "network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bare",
        "http_filters": [{"name": "router", "typed_config": {"@type": kind + "http.router.v3.Router"}}],
        "route_config": {
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "next"}}]}
            ]
        },
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(to)}}]}]
    cluster = {"name": "next", "load_assignment": {"cluster_name": "next", "endpoints": endpoints}}
    listener = {"address": address(port), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def address(port: int) -> dict[str, object]:
    """A port of this machine."""
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


async def ask(port: int, request: bytes, patience: float) -> Outcome:
    """Send `request` and listen until the other side hangs up or patience is over."""
    said = bytearray()
    async with raw(port) as client:
        client.send(request)
        try:
            async with asyncio.timeout(patience):
                while part := await client.read():
                    said += part
        except TimeoutError:
            return Outcome(said, ended=False)
    return Outcome(said, ended=True)


async def ask_all(port: int, service: Upstream, patience: float) -> dict[str, Outcome]:
    """Every case at once, by name."""
    service.requests.clear()
    requests = [numbered(request, number) for number, request in enumerate(CASES.values())]
    outcomes = await asyncio.gather(*(ask(port, request, patience) for request in requests))
    for number, outcome in enumerate(outcomes):
        arrived = [path for (_, path), count in service.requests.items() for _ in range(count)]
        outcome.passed_on = [path for path in arrived if f"/case-{number:03}" in path]
    return dict(zip(CASES, outcomes, strict=True))


def table(bare: dict[str, Outcome], ours: dict[str, Outcome], cases: list[str]) -> str:
    """Both answers side by side: statuses, whether it hung up, how many requests it passed on."""
    return "\n".join(f"{case:40} {bare[case]!s:24} {ours[case]!s:24} {ours[case].passed_on}" for case in cases)


async def test_a_fleet_is_nowhere_worse_than_bare_envoys(tmp_path: Path) -> None:
    """It passes on nothing they refuse, makes no two requests of what is one to them, and leaves no client waiting."""
    async with Upstream() as service:
        async with two_hops(tmp_path, service.port) as port:
            bare = await ask_all(port, service, BARE_WITHIN)
        spec = FleetSpec(
            edge=IMPATIENT,
            services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
            routes=(RouteSpec(prefix="/", service="app", timeout=1.0),),
        )
        async with site(tmp_path / "fleet", fleet_of(RegionSpec(nodes=1), spec=spec)) as running:
            ours = await ask_all(running.port, service, WITHIN)
    print(table(bare, ours, list(CASES)))
    worse = [case for case in CASES if len(ours[case].passed_on) > len(bare[case].passed_on) or not ours[case].ended]
    assert set(worse) == ON_PURPOSE, "\n" + table(bare, ours, worse)
    smuggled = [case for case in CASES if any("smuggled" in path for path in ours[case].passed_on)]
    assert set(smuggled) == HONEST, "\n" + table(bare, ours, smuggled)

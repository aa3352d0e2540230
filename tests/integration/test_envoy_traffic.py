"""How an edge shares traffic among nodes, and how it treats what clients send."""

import asyncio
import select
import socket
from pathlib import Path

import pytest
from support.envoy import Site, fleet_of, plan_of, site
from support.load import Load, fetch, open_loop
from support.polling import until
from support.upstream import Upstream

from hactl.core.model import Fleet
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import EdgeSpec, FleetSpec, Policy, RegionSpec
from hactl.core.value import replace
from hactl.engines.envoy.admin import Admin
from hactl.engines.envoy.seat import Seat

pytestmark = pytest.mark.envoy


def responding(edge: EdgeSpec, *regions: RegionSpec) -> Fleet:
    """Nodes that answer 200 by themselves."""
    return fleet_of(*regions, spec=FleetSpec(edge=edge, routes=(RouteSpec(prefix="/", respond=200),)))


def serving(service: Upstream, edge: EdgeSpec | None = None, nodes: int = 1) -> Fleet:
    """Nodes that ask one service."""
    spec = FleetSpec(
        edge=edge or EdgeSpec(threads=1),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", service.port),)),),
        routes=(RouteSpec(prefix="/", service="app"),),
    )
    return fleet_of(RegionSpec(nodes=nodes), spec=spec)


def weighted(fleet: Fleet, **weights: int) -> Fleet:
    """`fleet` with other node weights, `local_1=10` for the node local-1, in its plan as well."""
    named = {name.replace("_", "-"): weight for name, weight in weights.items()}
    nodes = {name: replace(node, weight=named.get(name, node.weight)) for name, node in fleet.nodes.items()}
    fleet = replace(fleet, nodes=nodes)
    return replace(fleet, plan=plan_of(fleet, 1))


async def raw(port: int, request: bytes) -> bytes:
    """Everything the edge says to `request` until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(5.0):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def undisturbed(running: Site) -> Load:
    """200 answered requests during which the edge found nobody ill: on a busy machine a check may be answered too late,
    and who missed one rightly gets nothing for a moment. Raises AssertionError when there is no such time."""
    admin = Admin(Seat.of(running.paths, "edge-1"))
    for _ in range(10):
        missed, _ = await checks(admin)
        async with open_loop(running.port, rate=400, limit=200) as load:
            await load.answered(200)
        if await checks(admin) == (missed, 0):
            return load
    raise AssertionError("the edge finds nodes ill all the time")


async def checks(admin: Admin) -> tuple[int, int]:
    """How many health checks have failed so far, and how many hosts are out of service for that."""
    found = await admin.stats(r"health_check.failure$|membership_(total|healthy)$")
    failed, total, healthy = (
        sum(int(stat.value) for stat in found if stat.name.endswith(kind))
        for kind in ("check.failure", "membership_total", "membership_healthy")
    )
    assert total
    return failed, total - healthy


async def test_weights_are_exact_for_round_robin(tmp_path: Path) -> None:
    """Weights 10, 20 and 70 give 10, 20 and 70 of 100 requests."""
    fleet = responding(EdgeSpec(threads=1, policy=Policy.ROUND_ROBIN), RegionSpec(nodes=3))
    fleet = weighted(fleet, local_1=10, local_2=20, local_3=70)
    async with site(tmp_path, fleet) as running:
        load = await undisturbed(running)
    # the proof of the first publication took one turn, and edges start at a random place of the cycle
    assert abs(load.nodes["local-1"] - 20) <= 2, load
    assert abs(load.nodes["local-2"] - 40) <= 2, load
    assert abs(load.nodes["local-3"] - 140) <= 2, load


async def test_regions_share_by_weight(tmp_path: Path) -> None:
    """Two regions of equal priority and weights 80 and 20 share 80 to 20, however many nodes they have."""
    regions = (RegionSpec(name="seoul", weight=80, nodes=1), RegionSpec(name="busan", weight=20, nodes=2))
    fleet = responding(EdgeSpec(threads=1, policy=Policy.ROUND_ROBIN), *regions)
    async with site(tmp_path, fleet) as running:
        load = await undisturbed(running)
    assert abs(load.nodes["seoul-1"] - 160) <= 4, load


async def test_a_hash_on_a_header_keeps_a_user_on_one_node(tmp_path: Path) -> None:
    """The same header value goes to the same node every time; many values reach every node."""
    fleet = responding(EdgeSpec(threads=1, policy=Policy.MAGLEV, hash_on="header:x-user"), RegionSpec(nodes=3))
    async with site(tmp_path, fleet) as running:
        seen = set()
        for user in range(20):
            async with open_loop(running.port, rate=500, limit=5, headers=(("x-user", str(user)),)) as load:
                await load.answered(5)
            assert len(load.nodes) == 1, load
            seen |= load.nodes.keys()
        assert len(seen) == 3


async def test_a_sticky_session_stays_until_its_node_dies(tmp_path: Path) -> None:
    """The cookie pins a client; when its node is killed the session moves without a failed request."""
    fleet = responding(EdgeSpec(threads=1, policy=Policy.ROUND_ROBIN, sticky=True), RegionSpec(nodes=2))
    async with site(tmp_path, fleet) as running:
        _, headers, _ = await fetch(running.port)
        cookie = headers["set-cookie"].split(";")[0]
        home = headers["x-hactl-node"]
        async with open_loop(running.port, rate=300, headers=(("cookie", cookie),)) as load:
            await load.answered(30)
            assert load.nodes.keys() == {home}
            running.processes[home].kill()
            await load.answered(60)
        assert load.failed == 0, load


async def test_nobody_can_pretend_to_be_another_node(tmp_path: Path) -> None:
    """Neither a client nor a service can set the header that names the node, or ask the edge for a repetition."""
    async with Upstream() as service, site(tmp_path, serving(service)) as running:
        service.headers = {"x-hactl-node": "liar", "x-hactl-refused": "yes"}
        _, headers, _ = await fetch(running.port)
        assert headers["x-hactl-node"] == "local-1"
        assert "x-hactl-refused" not in headers
        assert service.count == 1


async def test_old_clients_and_monitors_are_served(tmp_path: Path) -> None:
    """HTTP/1.0 is answered, with and without a Host header."""
    async with site(tmp_path, responding(EdgeSpec(threads=1), RegionSpec(nodes=1))) as running:
        for request in (b"GET / HTTP/1.0\r\n\r\n", b"GET /-/ready HTTP/1.0\r\nhost: x\r\n\r\n"):
            assert b" 200 " in (await raw(running.port, request)).split(b"\r\n")[0]


async def test_ambiguous_requests_are_refused(tmp_path: Path) -> None:
    """Two Host headers are a 400 at the edge; no node ever sees them."""
    async with Upstream() as service, site(tmp_path, serving(service)) as running:
        two = b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n"
        assert b" 400 " in (await raw(running.port, two)).split(b"\r\n")[0]
        assert service.count == 0


async def test_paths_are_the_same_at_edge_and_node(tmp_path: Path) -> None:
    """Dots, double slashes and escaped slashes are resolved before a route is chosen."""
    async with Upstream() as service, site(tmp_path, serving(service)) as running:
        await raw(running.port, b"GET /a/../b//c HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert service.requests["GET", "/b/c"] == 1
        answer = await raw(running.port, b"GET /a%2Fb HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert b" 307 " in answer.split(b"\r\n")[0]


async def test_large_bodies_pass_whole(tmp_path: Path) -> None:
    """Bodies beyond what the edge keeps for a repetition pass in both directions."""
    async with Upstream(body=b"y" * 5_000_000) as service, site(tmp_path, serving(service)) as running:
        _, _, body = await fetch(running.port, method="POST", body=b"x" * 3_000_000)
        assert body == service.body
        assert service.bodies == [b"x" * 3_000_000]


async def given_up(client: socket.socket, *, within: float) -> bool:
    """Whether the other end drops the connection while the client reads nothing, as after a lost packet."""
    poller = select.poll()
    poller.register(client, select.POLLHUP | select.POLLERR)
    return bool(await asyncio.to_thread(poller.poll, within * 1000))


async def test_a_slow_reader_gets_everything(tmp_path: Path) -> None:
    """A client that reads late gets the whole answer although the edge wants to close the connection."""
    async with Upstream(body=b"z" * 4_000_000) as service, site(tmp_path, serving(service)) as running:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", running.port))
            await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            await service.arrived(1)
            assert await given_up(client, within=0.4) is False
            received = b""
            async with asyncio.timeout(20.0):
                while part := await loop.sock_recv(client, 65536):
                    received += part
        assert received.partition(b"\r\n\r\n")[2] == service.body


async def test_a_websocket_opens_through_edge_and_node(tmp_path: Path) -> None:
    """An upgrade is passed on and bytes flow both ways."""
    hung_up = asyncio.Event()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")
        while data := await reader.read(1000):
            writer.write(data.upper())
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    service = Upstream(port=server.sockets[0].getsockname()[1])  # only its address is used
    async with server, site(tmp_path, serving(service)) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(
            b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        async with asyncio.timeout(5.0):
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            for word in (b"hello", b"again"):
                writer.write(word)
                assert await reader.readexactly(5) == word.upper()
            writer.close()
            await writer.wait_closed()
            await hung_up.wait()


async def test_slow_headers_are_not_waited_for(tmp_path: Path) -> None:
    """A client that never finishes its request is let go after the time the configuration gives it."""
    edge = EdgeSpec(threads=1, request_headers_timeout=0.3)
    async with site(tmp_path, responding(edge, RegionSpec(nodes=1))) as running:
        answer = await raw(running.port, b"GET / HTTP/1.1\r\nhost: x\r\n")
        assert b" 408 " in answer.split(b"\r\n")[0]


async def written(path: Path) -> str:
    """What stands in a file as soon as anything does."""
    return await until(lambda: asyncio.to_thread(path.read_text), bool)


async def test_errors_are_written_down(tmp_path: Path) -> None:
    """Each request that ends with 500 or more leaves one line with its path; the others leave none, nor do checks."""
    async with Upstream() as service, site(tmp_path, serving(service)) as running:
        node = running.node("local-1")
        await running.gateway.drain(node)
        assert (await fetch(node.port, "/-/ready"))[0] == 503
        await running.gateway.undrain(node)
        await fetch(running.port, "/fine")
        service.status = 500
        await fetch(node.port, "/broken")
        await fetch(running.port, "/broken")
        log = running.paths.node("edge-1") / "errors.jsonl"
        said = await written(log)
        assert "/broken" in said
        assert "/fine" not in said
        of_node = running.paths.node("local-1") / "errors.jsonl"
        said = await written(of_node)
        assert "/broken" in said
        assert "/-/ready" not in said

"""What clients over TLS meet: the protocols they ask for, the certificate, and a gateway that knows it was TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import httpx
import pytest
import websockets
from support.certificates import Files, ed25519_key, issue, renew
from support.envoy import Site, fleet_of, site
from support.grpc_service import UNARY, grpc_service
from support.load import SERVER, fetch
from support.raw import raw
from support.upstream import Upstream

from hactl.core.errors import HactlError
from hactl.core.plan import TrafficPlan
from hactl.core.routing import RedirectSpec, RouteSpec, ServiceSpec
from hactl.core.running import PlanRefused
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FleetSpec, RegionSpec
from hactl.core.value import replace
from hactl.engines.envoy import client_tls
from hactl.engines.envoy.seat import Seat

pytestmark = pytest.mark.envoy
PATIENCE = 20.0


@asynccontextmanager
async def gateway(directory: Path, port: int, *, edges: int = 1) -> AsyncIterator[tuple[Site, Files]]:
    """One node behind edges that speak TLS, before the service at `port`."""
    files = issue(directory / "tls", SERVER)
    spec = FleetSpec(
        edge=EdgeSpec(threads=1, tls=EdgeTlsSpec(cert=str(files.cert), key=str(files.key))),
        services=(ServiceSpec(name="app", endpoints=(("127.0.0.1", port),)),),
        routes=(
            RouteSpec(path="/old", redirect=RedirectSpec(to="/new")),
            RouteSpec(prefix="/", service="app", timeout=30.0),
        ),
    )
    async with site(directory / "site", fleet_of(RegionSpec(nodes=1), spec=spec, edges=edges)) as running:
        yield running, files


async def shown(running: Site, edge: str = "edge-1") -> bytes:
    """What one edge shows, by its own door."""
    return await client_tls.show(Seat.of(running.paths, edge), PATIENCE)


@pytest.mark.parametrize(("http2", "spoken"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
async def test_clients_choose_their_protocol(http2: bool, spoken: str, tmp_path: Path) -> None:
    """By ALPN; the service learns that its client came by https, and redirects stay there."""
    async with Upstream() as service, gateway(tmp_path, service.port) as (running, files):
        url = f"https://127.0.0.1:{running.port}"
        async with httpx.AsyncClient(http2=http2, verify=files.trust, timeout=PATIENCE) as client:
            for path in ("/", "/old"):
                answer = await client.get(url + path, headers={"host": SERVER}, extensions={"sni_hostname": SERVER})
                assert answer.http_version == spoken
            assert answer.headers["location"] == f"https://{SERVER}/new"
        assert service.asked["x-forwarded-proto"] == "https"


async def test_old_and_cleartext_clients_are_turned_away(tmp_path: Path) -> None:
    """No TLS before 1.2, and nothing in clear text; the private door for probes has none of either."""
    async with Upstream() as service, gateway(tmp_path, service.port) as (running, files):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = files.trust
            context.minimum_version = context.maximum_version = version
            assert (await fetch(running.port, tls=context))[0] == 200
        context = files.trust
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(OSError, match=r"(?i)version|alert|closed"):
            await fetch(running.port, tls=context)
        async with raw(running.port) as clear:
            clear.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await clear.hung_up()
        assert (await running.edge.probe(running.node("edge-1"), PATIENCE)).ok
        assert service.count == 2


async def test_a_websocket_over_tls(tmp_path: Path) -> None:
    """wss:// works as ws:// does."""

    async def echo(connection: websockets.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0) as service, asyncio.timeout(PATIENCE):
        port = service.sockets[0].getsockname()[1]
        async with gateway(tmp_path, port) as (running, files):
            url = f"wss://127.0.0.1:{running.port}/"
            async with websockets.connect(url, ssl=files.trust, server_hostname=SERVER, proxy=None) as client:
                await client.send("hello")
                assert await client.recv() == "hello"


async def test_grpc_over_tls(tmp_path: Path) -> None:
    """As most gRPC is spoken."""

    def call(port: int, trusted: bytes) -> bytes:
        options = [("grpc.enable_http_proxy", 0), ("grpc.ssl_target_name_override", SERVER)]
        with grpc.secure_channel(
            f"127.0.0.1:{port}", grpc.ssl_channel_credentials(trusted), options=options
        ) as channel:
            answer: bytes = channel.unary_unary(UNARY)(b"hello", timeout=PATIENCE)
            return answer

    with grpc_service() as service:
        async with gateway(tmp_path, service) as (running, files):
            assert await asyncio.to_thread(call, running.port, files.cert.read_bytes()) == b"HELLO"


async def test_an_edge_shows_the_new_certificate_before_it_counts(tmp_path: Path) -> None:
    """Of two edges on one port one is told: it alone shows the new one, connections stay, the old copy is gone."""
    async with Upstream() as service, gateway(tmp_path, service.port, edges=2) as (running, files):
        old = files.der
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", running.port, ssl=files.trust, server_hostname=SERVER
        )
        renew(files, SERVER)
        await running.certify()
        await running.publish(edge="edge-1")
        assert await shown(running, "edge-1") == files.der
        assert await shown(running, "edge-2") == old
        await running.publish(edge="edge-2")
        assert await shown(running, "edge-2") == files.der
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b" 200 " in await reader.readline()
        writer.transport.abort()
        for edge in ("edge-1", "edge-2"):
            (copy,) = Seat.of(running.paths, edge).keys.iterdir()
            assert copy.stat().st_mode & 0o777 == 0o600


async def test_an_edge_that_shows_something_else_is_not_believed(tmp_path: Path) -> None:
    """It names the new version and shows another certificate: not confirmed, but its traffic has moved all the same."""
    async with Upstream() as service, gateway(tmp_path, service.port) as (running, files):
        old, seat = files.der, Seat.of(running.paths, "edge-1")
        (before,) = seat.keys.iterdir()
        renew(files, SERVER)
        await running.certify()
        assert running.fleet.certificate is not None
        copy = client_tls.copy_in(seat, running.fleet.certificate)
        copy.write_bytes(before.read_bytes())  # what Envoy will read is not what was meant
        with pytest.raises(PlanRefused, match="a handshake shows otherwise: another certificate"):
            await running.publish(running.without("local-1"))
        assert await shown(running) == old
        assert (await fetch(running.port, tls=trusting(old)))[0] == 503, "nobody is left in the plan"
        copy.unlink()
        await running.publish()
        assert await shown(running) == files.der
        assert (await fetch(running.port, tls=files.trust))[0] == 200


def trusting(der: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=der)


async def test_what_envoy_would_not_take_is_never_given_to_an_edge(tmp_path: Path) -> None:
    """It is asked before: what is refused leaves no copy behind."""
    async with Upstream() as service, gateway(tmp_path, service.port) as (running, files):
        before = files.der
        seat = Seat.of(running.paths, ".twin-edge")
        kept = sorted(seat.keys.iterdir())
        running.edge._binary = tmp_path / "envoy"
        (tmp_path / "envoy").write_text("#!/bin/sh\necho 'error: no such curve' >&2\nexit 1\n")
        (tmp_path / "envoy").chmod(0o700)
        renew(files, SERVER)
        with pytest.raises(HactlError, match=f"^{files.cert}: .*no such curve"):
            await running.certify()
        assert sorted(seat.keys.iterdir()) == kept
        assert await shown(running) == before


async def test_modern_keys_are_taken(tmp_path: Path) -> None:
    """Ed25519, too."""
    async with Upstream() as service, gateway(tmp_path, service.port) as (running, files):
        other = issue(tmp_path / "other", SERVER, key=ed25519_key())
        spec = running.fleet.spec
        tls = EdgeTlsSpec(cert=str(other.cert), key=str(other.key))
        running.fleet = replace(running.fleet, spec=replace(spec, edge=replace(spec.edge, tls=tls)))
        await running.certify()
        await running.publish(replace(running.fleet.plan, version=2))
        assert (await fetch(running.port, tls=other.trust))[0] == 200
        assert files.der != other.der


async def test_a_new_certificate_needs_no_node(tmp_path: Path) -> None:
    """A plan without a single node still brings it."""
    async with Upstream() as service, gateway(tmp_path, service.port) as (running, files):
        renew(files, SERVER)
        await running.certify()
        await running.publish(TrafficPlan(version=2))
        assert await shown(running) == files.der

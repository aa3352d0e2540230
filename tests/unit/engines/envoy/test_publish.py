"""Publishing against an edge that does as it is told: files on one side, statistics and answers on the other."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from support.build import CERTIFICATE
from support.certificates import Files, issue
from support.places import fleet_paths

from hactl.core.certificate import Certificate
from hactl.core.model import Fleet
from hactl.core.plan import Endpoint, EndpointStatus, RegionPlan, TrafficPlan
from hactl.core.running import PlanRefused
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FailoverMode, FleetSpec, Policy
from hactl.core.value import replace
from hactl.engines.envoy.admin import Admin
from hactl.engines.envoy.document import ENDPOINTS as ENDPOINTS_KIND
from hactl.engines.envoy.document import Document, Documents, discovery
from hactl.engines.envoy.edge import documents
from hactl.engines.envoy.endpoints import assignment
from hactl.engines.envoy.publish import Publisher, addresses
from hactl.engines.envoy.seat import Seat, take
from hactl.engines.http1 import Http1Client, Response

ENDPOINTS = assignment(TrafficPlan(), FailoverMode.STANDBY)
FLEET = Fleet(id="f1")


class Edge:
    """Reads the files at once and says so, unless it is told to `reject` or to be `deaf`."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.reject = False
        self.deaf = False
        self.rejected = 0
        self.known: dict[str, str] = {}
        self.echo = b"well"
        self.unchecked: list[int] = []
        """Ports of nodes that do not answer their checks; each look takes one of them off."""
        self.looks = 0
        self.asked: list[bytes] = []
        """Every request, those to its admin included."""
        self.visits: set[asyncio.Task[None] | None] = set()
        """Connections that it has served."""
        self.publisher = Publisher(seat, Admin(seat), Http1Client(path=str(seat.proof)))

    def wanted(self, policy: Policy = Policy.ROUND_ROBIN) -> Documents:
        return documents(FLEET, policy, self.seat)

    def version(self, path: Path) -> str:
        return str(json.loads(path.read_text())["version_info"])

    def stats(self) -> bytes:
        places = {
            "cluster.gw.version_text": self.seat.endpoints,
            "cluster_manager.cds.version_text": self.seat.clusters,
            "http.edge.rds.edge_routes.version_text": self.seat.routes,
            "listener_manager.lds.version_text": self.seat.listeners,
            "sds.clients.version_text": self.seat.secrets,
        }
        now = {name: self.version(path) for name, path in places.items() if path.exists()}
        if not self.deaf and self.reject and now != self.known:
            self.rejected += 1
        elif not self.deaf:
            self.known = now
        stats = [{"name": name, "value": version} for name, version in self.known.items()]
        stats += [{"name": "cluster.gw.update_rejected", "value": self.rejected}]
        return json.dumps({"stats": stats}).encode()

    def clusters(self) -> bytes:
        self.looks += 1
        hosts = [
            {
                "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
                "health_status": {"eds_health_status": "HEALTHY", "pending_active_hc": port in self.unchecked},
            }
            for port in (1, 2)
        ]
        self.unchecked = self.unchecked[1:]
        return json.dumps({"cluster_statuses": [{"name": "gw", "host_statuses": hosts}]}).encode()

    async def admin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, self.stats, self.clusters)

    async def proof(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, lambda: self.echo, lambda: b"")

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        say: Callable[[], bytes],
        clusters: Callable[[], bytes],
    ) -> None:
        self.visits.add(asyncio.current_task())
        try:
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                self.asked.append(asked)
                body = clusters() if asked.startswith(b"GET /clusters") else say()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):  # a client that is interrupted may hang up in any way
            await closed(writer)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Hang up, and wait until nothing of the connection is left."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def running(tmp_path: Path) -> AsyncIterator[Edge]:
    with fleet_paths(tmp_path) as paths:
        take(Seat.of(paths, "edge-1"))
        async with served(Edge(Seat.of(paths, "edge-1"))) as edge:
            yield edge


@asynccontextmanager
async def served(edge: Edge) -> AsyncIterator[Edge]:
    seat = edge.seat
    async with (
        await asyncio.start_unix_server(edge.admin, str(seat.admin)) as admin,
        await asyncio.start_unix_server(edge.proof, str(seat.proof)) as proof,
    ):
        yield edge
        edge.publisher._admin.close()
        edge.publisher._proof.close()
        for server in (admin, proof):
            server.close()
        await asyncio.gather(*filter(None, edge.visits))


async def test_an_unknown_edge_is_given_everything_then_only_what_changed(tmp_path: Path) -> None:
    """After an adoption all files are written; later endpoints alone, with clusters when the policy changes."""
    async with running(tmp_path) as edge:
        await edge.publisher.publish("v1", edge.wanted(), ENDPOINTS, None)
        await edge.publisher.publish("v2", edge.wanted(), ENDPOINTS, None)
        await edge.publisher.publish("v3", edge.wanted(Policy.RANDOM), ENDPOINTS, None)
        await edge.publisher.publish("v4", edge.wanted(Policy.RANDOM), ENDPOINTS, None)
        seat = edge.seat
        versions = [edge.version(path) for path in (seat.endpoints, seat.clusters, seat.routes, seat.listeners)]
        assert versions == ["v4", "v3", "v1", "v1"]


async def test_a_rejected_plan_is_taken_back(tmp_path: Path) -> None:
    """The last good files are in place again, under a version of their own."""
    async with running(tmp_path) as edge:
        await edge.publisher.publish("v1", edge.wanted(), ENDPOINTS, None)
        good = json.loads(edge.seat.endpoints.read_text())["resources"]
        edge.reject = True
        with pytest.raises(PlanRefused, match="'edge-1' rejects the plan"):
            await edge.publisher.publish("v2", edge.wanted(), {"cluster_name": "bad"}, None)
        assert json.loads(edge.seat.endpoints.read_text()) == {"version_info": "v2.back", "resources": good}


async def test_an_edge_that_does_not_move_confirms_nothing(tmp_path: Path) -> None:
    """Silence about the new version is a refusal once the time is over."""
    async with running(tmp_path) as edge:
        await edge.publisher.publish("v1", edge.wanted(), ENDPOINTS, None)
        edge.deaf = True
        with pytest.raises(PlanRefused, match="did not confirm"):
            await edge.publisher.publish("v2", edge.wanted(), ENDPOINTS, None)


async def test_a_confirmation_without_a_proof_is_not_enough(tmp_path: Path) -> None:
    """The request through the edge decides; it is repeated until it proves the plan or the time is over."""
    async with running(tmp_path) as edge:
        asked: list[bytes] = []

        def third_time_lucky(answer: Response) -> str:
            asked.append(answer.body)
            return "" if len(asked) == 3 else "not yet"

        await edge.publisher.publish("v1", edge.wanted(), ENDPOINTS, third_time_lucky)
        assert asked == [b"well"] * 3
        with pytest.raises(PlanRefused, match="shows otherwise: never"):
            await edge.publisher.publish("v2", edge.wanted(), ENDPOINTS, lambda _: "never")


async def test_nodes_that_speak_grpc_are_asked_by_a_call(tmp_path: Path) -> None:
    """They reset what is no call, and late: a plan would be refused for their silence."""
    async with running(tmp_path) as edge:
        await edge.publisher.publish("v1", edge.wanted(), ENDPOINTS, lambda _: "")
        await edge.publisher.publish("v2", edge.wanted(), ENDPOINTS, lambda _: "", grpc=True)
        page, call = [asked for asked in edge.asked if b" /-/echo " in asked]
        assert page.startswith(b"GET /-/echo ")
        assert call.startswith(b"POST /-/echo ")
        assert b"content-type: application/grpc\r\nte: trailers\r\n" in call


async def test_an_interrupted_publication_is_made_up_for(tmp_path: Path) -> None:
    """When nobody knows what the edge uses, the next publication writes everything."""
    async with running(tmp_path) as edge:
        await edge.publisher.publish("v1", edge.wanted(), ENDPOINTS, None)
        edge.deaf = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await edge.publisher.publish("v2", edge.wanted(), ENDPOINTS, None)
        edge.deaf = False
        await edge.publisher.publish("v3", edge.wanted(), ENDPOINTS, None)
        assert edge.version(edge.seat.listeners) == "v3"


def plan_of(*ports: int, out: int = 0) -> Document:
    """Endpoints on these ports; who listens on `out` is only counted."""
    nodes = tuple(Endpoint(node=f"n{port}", address="127.0.0.1", port=port) for port in ports)
    counted = (Endpoint(node="out", address="127.0.0.1", port=out, status=EndpointStatus.UNHEALTHY),) if out else ()
    plan = TrafficPlan(regions=(RegionPlan(name="r", endpoints=(*nodes, *counted)),))
    return assignment(plan, FailoverMode.SPILL_OVER if out else FailoverMode.STANDBY)


async def test_a_node_that_is_new_has_passed_its_first_check(tmp_path: Path) -> None:
    """An edge uses none before that; one that it knows already is not waited for, nor for ever one that is silent."""
    async with running(tmp_path) as edge:
        edge.unchecked = [1, 1]
        await edge.publisher.publish("v1", edge.wanted(), plan_of(1), None)
        assert edge.looks == 3
        edge.unchecked = [1, 1, 1]
        await edge.publisher.publish("v2", edge.wanted(), plan_of(1), None)
        assert edge.looks == 3
        edge.unchecked = [2] * 10_000
        await edge.publisher.publish("v3", edge.wanted(), plan_of(1, 2), None)
        assert edge.looks > 3


async def test_who_is_out_is_not_waited_for(tmp_path: Path) -> None:
    """It would pass no check; when it is back, it is waited for like one that is new."""
    async with running(tmp_path) as edge:
        edge.unchecked = [2] * 10_000
        await edge.publisher.publish("v1", edge.wanted(), plan_of(1, out=2), None)
        assert edge.looks == 1
        edge.unchecked = [2]
        await edge.publisher.publish("v2", edge.wanted(), plan_of(1, 2), None)
        assert edge.looks == 3


async def test_an_edge_too_busy_to_tell_of_checks_takes_the_plan_all_the_same(tmp_path: Path) -> None:
    """It has confirmed it, and the request through it decides."""
    async with running(tmp_path) as edge:
        edge.clusters = lambda: b"not now"  # type: ignore[method-assign]
        await edge.publisher.publish("v1", edge.wanted(), plan_of(1), lambda _: "")
        assert edge.version(edge.seat.endpoints) == "v1"


def test_addresses_are_read_from_plans_and_from_files() -> None:
    """A file wraps what the plan says."""
    plan = plan_of(1, 2)
    assert addresses(plan) == addresses(discovery("v", ENDPOINTS_KIND, plan)) == {("127.0.0.1", 1), ("127.0.0.1", 2)}
    assert addresses(None) == set()


def shown_by(files: Files) -> Certificate:
    """The certificate in `files`, as far as a handshake tells."""
    return replace(CERTIFICATE, fingerprint=hashlib.sha256(files.der).hexdigest(), digest=files.der.hex()[-20:])


def with_tls(edge: Edge, certificate: Certificate) -> Documents:
    tls = EdgeTlsSpec(cert="/c", key="/k")
    fleet = replace(FLEET, spec=FleetSpec(edge=EdgeSpec(tls=tls)), certificate=certificate)
    return documents(fleet, Policy.ROUND_ROBIN, edge.seat)


async def test_a_certificate_counts_when_a_handshake_has_shown_it(tmp_path: Path) -> None:
    """Not before, though Envoy has named the version; what the plan says about nodes holds all the same."""
    good, bad = issue(tmp_path / "good"), issue(tmp_path / "bad")
    async with running(tmp_path) as edge, showing(edge, good):
        first, other = shown_by(good), shown_by(bad)
        await edge.publisher.publish("v1", with_tls(edge, first), ENDPOINTS, None, first)
        with pytest.raises(PlanRefused, match="a handshake shows otherwise: another certificate"):
            await edge.publisher.publish("v2", with_tls(edge, other), ENDPOINTS, None, other)
        versions = [edge.version(path) for path in (edge.seat.endpoints, edge.seat.secrets, edge.seat.listeners)]
        assert versions == ["v2", "v2.back", "v1"]
        assert json.loads(edge.seat.secrets.read_text())["resources"][0]["name"] == "clients"
        assert first.digest in edge.seat.secrets.read_text()
        await edge.publisher.publish("v3", with_tls(edge, first), ENDPOINTS, None, first)
        assert edge.version(edge.seat.endpoints) == "v3"


async def test_what_is_shown_already_is_not_looked_at_again(tmp_path: Path) -> None:
    """A failover waits for no handshake."""
    files = issue(tmp_path / "tls")
    async with running(tmp_path) as edge:
        certificate = shown_by(files)
        async with showing(edge, files) as handshakes:
            await edge.publisher.publish("v1", with_tls(edge, certificate), ENDPOINTS, None, certificate)
        await edge.publisher.publish("v2", with_tls(edge, certificate), ENDPOINTS, None, certificate)
        assert len(handshakes) == 1
        assert edge.version(edge.seat.secrets) == "v1"


@asynccontextmanager
async def showing(edge: Edge, files: Files) -> AsyncIterator[list[asyncio.Task[None] | None]]:
    """The edge's own door, with this certificate; an item for each who came."""
    came: list[asyncio.Task[None] | None] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(asyncio.current_task())
        with suppress(OSError):
            await reader.read()
        await closed(writer)

    async with await asyncio.start_unix_server(meet, str(edge.seat.proof_tls), ssl=files.context) as server:
        yield came
        server.close()
        await asyncio.gather(*filter(None, came))

"""The edge engine that is an Envoy: prepared, probed, told plans, read, drained. Knows nothing of how nodes run."""

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.plan import EndpointStatus, TrafficPlan
from hactl.core.running import CommandLine, EdgeReading, PlanRefused, ProbeAnswer
from hactl.core.spec import EdgeTlsSpec, GatewayKind, Policy, ProbeKind
from hactl.core.value import replace
from hactl.engines.envoy import binary as binaries
from hactl.engines.envoy import client_tls, overlay
from hactl.engines.envoy.admin import Admin
from hactl.engines.envoy.bootstrap import arguments, bootstrap
from hactl.engines.envoy.clusters import hedged_cluster, nodes_cluster
from hactl.engines.envoy.document import ENDPOINTS, Documents, digest, discovery
from hactl.engines.envoy.endpoints import assignment
from hactl.engines.envoy.listeners import edge_listeners
from hactl.engines.envoy.publish import Proof, Publisher
from hactl.engines.envoy.routes import READY, edge_routes
from hactl.engines.envoy.seat import Seat, furnish, place, take
from hactl.engines.envoy.stats import OPTIONS, PATTERN, reading
from hactl.engines.envoy.twin import Twin
from hactl.engines.http1 import Http1Client, Response
from hactl.engines.question import could_not_ask
from hactl.paths import FleetPaths

_WELL = ProbeAnswer(ok=True)
_BUSY = r"^(http\.edge\.downstream_cx_active|listener_manager\.listener_stopped)$"
_REQUESTS = r"^http\.edge\.downstream_rq_active$"


class EnvoyEdge:
    """The engine of edges that are Envoys."""

    def __init__(self, paths: FleetPaths, *, binary: Path | None = None) -> None:
        """`binary` replaces HACTL_ENVOY and the packaged Envoy."""
        self._paths = paths
        self._binary = binary
        self._twin = Twin(Seat.of(paths, ".twin-edge"))
        self._vault = client_tls.Vault(self._twin.seat)
        self._lines: dict[str, _Line] = {}
        self._versions = _unique_versions()

    async def prepare(self, node: Node, fleet: Fleet) -> CommandLine:
        """Write and judge the edge's documents and the plan in force.

        Raises HactlError when they are refused or Envoy is missing.
        """
        binary = binaries.find(self._binary)
        seat = Seat.of(self._paths, node.name)
        await self._judge(fleet, fleet.plan.policy)
        await self.forget(node)
        take(seat)
        given = documents(fleet, fleet.plan.policy, seat)
        version = self._versions(fleet, node, fleet.plan)
        place(seat, seat.endpoints, discovery(version, ENDPOINTS, assignment(fleet.plan, fleet.spec.failover_mode)))
        self._hand_out(fleet, seat)
        furnish(seat, given, version)
        client_tls.forget(seat, *_shown(fleet))
        if not fleet.spec.edge.tls.cert and fleet.proposal is None:
            self._vault.forget()
        self._line(node).publisher.given = given
        edge = fleet.spec.edge
        threads = edge.threads or max(1, (os.cpu_count() or 1) // max(1, edge.count))
        # no address of its own: all edges share one on purpose
        return CommandLine(argv=arguments(binary, seat, threads), directory=str(seat.directory))

    async def judge(self, fleet: Fleet) -> None:
        """Return when Envoy would take the documents of an edge of `fleet`. Raises HactlError."""
        await self._judge(fleet, fleet.spec.edge.policy)

    def identity(self, fleet: Fleet) -> str:
        """What an edge cannot be told while it runs: its start-up document, its threads and its listeners.

        It could be told of listeners, but closes every connection of the old one a second later, with all requests
        in flight (measured); one that restarts lets them finish.
        """
        given = documents(fleet, fleet.spec.edge.policy, self._twin.seat)
        return digest(given.bootstrap, given.listeners, fleet.spec.edge.threads)

    async def probe(self, node: Node, timeout: float) -> ProbeAnswer:
        """Ask through the private listener: on the shared port another edge could answer for a frozen one."""
        try:
            answer = await self._line(node).proof.get(READY, timeout=timeout)
        except TimeoutError:
            return ProbeAnswer(ok=False, why=f"no answer within {timeout * 1000:.0f} ms")
        except OSError as error:
            return ProbeAnswer(ok=False, why=str(error) or type(error).__name__, unasked=could_not_ask(error))
        return _WELL if answer.status == 200 else ProbeAnswer(ok=False, why=f"it answers {answer.status}")

    async def publish(self, edge: Node, fleet: Fleet, plan: TrafficPlan) -> None:
        """Bring `edge` to `plan` and prove it.

        Raises PlanRefused when the edge will not take it, does not confirm it in time, or a request through it shows
        otherwise; the last good documents are then back in place.
        """
        seat = Seat.of(self._paths, edge.name)
        line = self._line(edge)
        wanted = documents(fleet, plan.policy, seat)
        if wanted != line.publisher.given:
            try:
                await self._judge(fleet, plan.policy)
            except HactlError as error:
                raise PlanRefused(error.message, error.hint) from error
        endpoints = assignment(plan, fleet.spec.failover_mode)
        changes = line.publisher.given is None or line.publisher.given.secrets != wanted.secrets
        if changes:
            self._hand_out(fleet, seat)
        grpc = fleet.spec.gateway.kind is GatewayKind.COMMAND and fleet.spec.health.kind is ProbeKind.GRPC
        version, proof = self._versions(fleet, edge, plan), proof_of(fleet, plan)
        await line.publisher.publish(version, wanted, endpoints, proof, fleet.certificate, grpc=grpc)
        if changes:
            client_tls.forget(seat, *_shown(fleet))

    def keep(self, tls: EdgeTlsSpec) -> Certificate:
        """Take a private copy of the operator's certificate and key. Raises HactlError when they are of no use."""
        return self._vault.keep(tls)

    async def certify(self, fleet: Fleet) -> Certificate:
        """The same with the files that `fleet` names, and let Envoy judge them, too: it refuses some that others take.

        Raises HactlError; what is in use then stays as it is.
        """
        tls = fleet.spec.edge.tls
        certificate = await asyncio.to_thread(self.keep, tls)
        try:
            await self.vouch(replace(fleet, certificate=certificate))
        except HactlError:
            if certificate not in _in_use(fleet):
                self._vault.drop(certificate)
            raise
        self._vault.forget(certificate, *_in_use(fleet))
        return certificate

    async def vouch(self, fleet: Fleet) -> None:
        """Let Envoy judge edges with the certificate that `fleet` has by now. Raises HactlError."""
        try:
            await self._judge(fleet, fleet.plan.policy)
        except HactlError as error:
            raise HactlError(f"{fleet.spec.edge.tls.cert}: {error.message}", error.hint) from error

    async def read(self, edge: Node, fleet: Fleet) -> EdgeReading:
        """Counters of everything this edge did. Raises HactlError when it does not answer."""
        stats = await self._line(edge).admin.stats(PATTERN, options=OPTIONS)
        nodes = {_address(node): node.name for node in fleet.gateways}
        for node in fleet.gateways:
            if (hop := fleet.hops.get(node.name)) is not None and hop.port:  # the same node, called through a proxy
                nodes[_address(replace(node, port=hop.port))] = node.name
        return reading(edge.name, time.monotonic(), stats, nodes)

    async def drain(self, node: Node) -> None:
        """Close client connections after their next answer, and stop listening a second later. Cannot be taken back.

        Raises HactlError.
        """
        await self._line(node).admin.post("/drain_listeners?graceful&inboundonly")

    async def undrain(self, node: Node) -> None:
        """Raises HactlError: a drained edge does not listen any more."""
        raise HactlError(f"{node.name!r} cannot undo a drain", f"hactl restart {node.name}")

    async def in_flight(self, node: Node) -> int | None:
        """Client connections it still has, and at least 1 for as long as it listens; None when it does not answer.

        Connections, not requests: a client that keeps one open may send at any moment.
        """
        try:
            stats = await self._line(node).admin.stats(_BUSY)
        except HactlError:
            return None
        values = {stat.name.rpartition(".")[2]: stat.value for stat in stats if isinstance(stat.value, int)}
        connections = values.get("downstream_cx_active", 0)
        return connections if values.get("listener_stopped") else max(1, connections)

    async def unfinished(self, node: Node) -> int | None:
        """Requests of clients it works on; None when it does not answer."""
        try:
            stats = await self._line(node).admin.stats(_REQUESTS)
        except HactlError:
            return None
        return next((stat.value for stat in stats if isinstance(stat.value, int)), None)

    async def forget(self, node: Node) -> None:
        """Drop what is kept about a process that has ended."""
        if line := self._lines.pop(node.name, None):
            line.close()

    async def close(self) -> None:
        """Drop every kept connection."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    async def _judge(self, fleet: Fleet, policy: Policy) -> None:
        twin = documents(fleet, policy, self._twin.seat)
        await self._twin.judge(binaries.find(self._binary), twin, hint=overlay.hint(fleet))

    def _hand_out(self, fleet: Fleet, seat: Seat) -> None:
        for certificate in _shown(fleet):
            self._vault.hand_out(certificate, seat)

    def _line(self, node: Node) -> "_Line":
        if (line := self._lines.get(node.name)) is None:
            line = self._lines[node.name] = _Line(Seat.of(self._paths, node.name))
        return line


class _Line:
    """The ways to one edge."""

    def __init__(self, seat: Seat) -> None:
        self.admin = Admin(seat)
        self.proof = Http1Client(path=str(seat.proof))
        self.publisher = Publisher(seat, self.admin, self.proof)

    def close(self) -> None:
        self.admin.close()
        self.proof.close()


def documents(fleet: Fleet, policy: Policy, seat: Seat) -> Documents:
    """Everything an edge is given but endpoints."""
    hedged = (hedged_cluster(fleet, policy, seat),) if any(route.hedge for route in fleet.spec.routes) else ()
    made = Documents(
        bootstrap=bootstrap(seat, fleet=fleet.id, max_connections=fleet.spec.edge.max_connections, edge=True),
        listeners=tuple(edge_listeners(fleet, seat)),
        routes=edge_routes(fleet),
        clusters=(nodes_cluster(fleet, policy, seat), *hedged),
        secrets=client_tls.secrets(fleet, seat),
    )
    return overlay.laid_over(made, fleet, Role.EDGE)


def _shown(fleet: Fleet) -> tuple[Certificate, ...]:
    """What clients of `fleet` are shown."""
    return (fleet.certificate,) if fleet.certificate is not None else ()


def _in_use(fleet: Fleet) -> tuple[Certificate, ...]:
    """What clients of `fleet` are shown, and what they are about to be."""
    coming = fleet.proposal.certificate if fleet.proposal is not None else None
    return (*_shown(fleet), *((coming,) if coming is not None else ()))


def proof_of(fleet: Fleet, plan: TrafficPlan) -> Proof | None:
    """What an answer to /-/echo through an edge must show to prove `plan`; None when nobody could answer."""
    active = {endpoint.node for endpoint in plan.endpoints if endpoint.status is EndpointStatus.ACTIVE}
    header = fleet.spec.edge.node_header.lower()
    own = fleet.spec.gateway.kind is GatewayKind.ENVOY

    def wrong(answer: Response) -> str:
        if (own and answer.status != 200) or (not header and answer.status == 503):
            return f"status {answer.status}"
        if not own and not header:
            return ""
        named = answer.headers.get(header, "") if header else _echoed(answer)
        return "" if named in active else f"status {answer.status} from {named or 'no node'!r}"

    return wrong if active else None


def _echoed(answer: Response) -> str:
    try:
        return str(msgspec.json.decode(answer.body)["node"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""


def _address(node: Node) -> str:
    """How Envoy writes the address of a node."""
    host = f"[{node.address}]" if ":" in node.address else node.address
    return f"{host}:{node.port}"


def _unique_versions() -> Callable[[Fleet, Node, TrafficPlan], str]:
    """Version ids that are never used twice, not even by two daemons: Envoy confirms an id, not a content."""
    run = secrets.token_hex(4)
    count = 0

    def version(fleet: Fleet, edge: Node, plan: TrafficPlan) -> str:
        nonlocal count
        count += 1
        return f"{fleet.id}.{edge.launches}.{plan.version}.{run}{count}"

    return version

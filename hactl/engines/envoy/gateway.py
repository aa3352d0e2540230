"""A gateway node that is an Envoy: prepared, probed, drained. Knows nothing of edges.

A node gets everything in its start-up document and watches no file. The kernel lets a process that holds inotify
watches die slowly: 36 to 51 ms after SIGKILL instead of 1 to 2 (measured), during which its connections hang and
nobody is told. A node that is to change is restarted, one at a time; edges, which change often, do watch files.
"""

import os
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet
from hactl.core.node import Node, Role
from hactl.core.running import CommandLine, ImpairmentImpossible, LeadingImpossible, ProbeAnswer
from hactl.core.spec import MAX_EDGES
from hactl.engines.envoy import binary as binaries
from hactl.engines.envoy import faults, hops, overlay
from hactl.engines.envoy.admin import Admin
from hactl.engines.envoy.bootstrap import arguments, bootstrap
from hactl.engines.envoy.clusters import service_clusters
from hactl.engines.envoy.document import Documents, digest
from hactl.engines.envoy.listeners import node_listeners
from hactl.engines.envoy.routes import ECHO, MARK, echo_body, node_routes
from hactl.engines.envoy.seat import Seat, fleet_of, place, private, take
from hactl.engines.envoy.twin import Twin, static_twin
from hactl.engines.http1 import Http1Client
from hactl.engines.question import could_not_ask
from hactl.paths import FleetPaths

_WELL = ProbeAnswer(ok=True)
_CANONICAL = Node(name="node", role=Role.GATEWAY, address="127.0.0.1", port=1)
"""Stands for every node when documents are judged: they differ in name and address only."""


class EnvoyGateway:
    """The engine of nodes that are Envoys."""

    def __init__(self, paths: FleetPaths, *, binary: Path | None = None) -> None:
        """`binary` replaces HACTL_ENVOY and the packaged Envoy."""
        self._paths = paths
        self._binary = binary
        self._twin = Twin(Seat.of(paths, ".twin-node"))
        self._admins: dict[str, Admin] = {}
        self._doors: dict[str, _Door] = {}

    async def prepare(self, node: Node, fleet: Fleet) -> CommandLine:
        """Write and judge the node's documents. Raises HactlError when they are refused or Envoy is missing."""
        binary = binaries.find(self._binary)
        seat = Seat.of(self._paths, node.name)
        await self._twin.judge(binary, documents(_CANONICAL, fleet, self._twin.seat), hint=overlay.hint(fleet))
        await self.forget(node)
        take(seat)
        place(seat, seat.bootstrap, static_twin(documents(node, fleet, seat)))
        threads = max(1, (os.cpu_count() or 1) // max(1, len(fleet.gateways)))
        return CommandLine(
            argv=arguments(binary, seat, threads),
            directory=str(seat.directory),
            listens=((node.address, node.port),),
        )

    async def judge(self, fleet: Fleet) -> None:
        """Return when Envoy would take the documents of a node of `fleet`. Raises HactlError."""
        given = documents(_CANONICAL, fleet, self._twin.seat)
        await self._twin.judge(binaries.find(self._binary), given, hint=overlay.hint(fleet))

    def identity(self, fleet: Fleet) -> str:
        """Everything a node is given: it watches no file, so whatever changes takes a restart."""
        return digest(static_twin(documents(_CANONICAL, fleet, self._twin.seat)))

    async def probe(self, node: Node, timeout: float) -> ProbeAnswer:
        """Ask the node's own address for its name: another process on that address is no good answer."""
        try:
            door = self._door(node)
            answer = await door.client.get(ECHO, timeout=timeout, headers=MARK)
        except TimeoutError:
            return ProbeAnswer(ok=False, why=f"no answer within {timeout * 1000:.0f} ms")
        except OSError as error:
            refused, unasked = isinstance(error, ConnectionRefusedError), could_not_ask(error)
            return ProbeAnswer(ok=False, why=str(error) or type(error).__name__, refused=refused, unasked=unasked)
        if answer.status == 200 and answer.body == door.echo:
            return _WELL
        said = answer.body[:80].decode(errors="replace").strip()
        return ProbeAnswer(ok=False, why=f"something else answers there: {answer.status} {said!r}")

    async def drain(self, node: Node) -> None:
        """Fail its health checks and close connections after their next answer. Raises HactlError."""
        await self._admin(node).post("/healthcheck/fail")

    async def undrain(self, node: Node) -> None:
        """Pass health checks again. Raises HactlError."""
        await self._admin(node).post("/healthcheck/ok")

    async def impair(self, node: Node, fault: Impairment | None) -> None:
        """Have its fault filter do that, or nothing, and read it back from the very process that `node` names.

        Raises ImpairmentImpossible when it has no such filter, HactlError when it does not answer or says otherwise.
        """
        if node.launch is None:
            raise HactlError(f"{node.name!r} has no process")
        admin = Admin(Seat.of(self._paths, node.name), pid=node.launch.pid)
        try:
            if fault is not None and not await admin.stats(faults.COUNTER):
                raise ImpairmentImpossible(
                    "its process was started without a fault filter: by an older hactl, or while"
                    " safety.max_faulted_share was 0",
                    f"hactl restart {node.name}",
                )
            await admin.post(faults.order(fault))
            if not faults.in_force(await admin.runtime(), fault):
                raise HactlError(f"{node.name!r} was told what to do to requests, but its runtime says otherwise")
        finally:
            admin.close()

    def places(self, service: str, count: int) -> tuple[str, ...]:
        """Sockets of the fleet. Raises HactlError and OSError when there is no directory for them."""
        found = hops.places(self._twin.seat, service, count)
        for directory in {path.parent for path in found}:
            private(directory)
        return tuple(map(str, found))

    async def lead(self, node: Node, services: tuple[str, ...], known: tuple[str, ...]) -> None:
        """Have it call `services` at those sockets, and read that back from the very process that `node` names.

        Raises LeadingImpossible when it was not made for that, HactlError when it does not answer or says otherwise.
        """
        if node.launch is None:
            raise HactlError(f"{node.name!r} has no process")
        admin = Admin(Seat.of(self._paths, node.name), pid=node.launch.pid)
        try:
            for service in services:
                if not await admin.stats(hops.counter(service)):
                    raise LeadingImpossible(
                        "its process was started by an older hactl, or while safety.max_faulted_share was 0",
                        f"hactl restart {node.name}",
                    )
            await admin.post(hops.order(services, known))
            if not hops.in_force(await admin.runtime(), services, known):
                raise HactlError(f"{node.name!r} was told how to call its services, but its runtime says otherwise")
        finally:
            admin.close()

    async def in_flight(self, node: Node) -> int | None:
        """Requests it is working on; None when its admin socket does not answer."""
        try:
            stats = await self._admin(node).stats(r"^http\.gw\.downstream_rq_active$")
        except HactlError:
            return None
        return next((stat.value for stat in stats if isinstance(stat.value, int)), None)

    async def unfinished(self, node: Node) -> int | None:
        """The same."""
        return await self.in_flight(node)

    async def forget(self, node: Node) -> None:
        """Drop connections kept to a process that has ended."""
        if admin := self._admins.pop(node.name, None):
            admin.close()
        if door := self._doors.pop(node.name, None):
            door.client.close()

    async def close(self) -> None:
        """Drop every kept connection."""
        for admin in self._admins.values():
            admin.close()
        for door in self._doors.values():
            door.client.close()
        self._admins.clear()
        self._doors.clear()

    def _admin(self, node: Node) -> Admin:
        if (admin := self._admins.get(node.name)) is None:
            admin = self._admins[node.name] = Admin(Seat.of(self._paths, node.name))
        return admin

    def _door(self, node: Node) -> "_Door":
        door = self._doors.get(node.name)
        if door is None or (door.address, door.port) != (node.address, node.port):
            if door is not None:
                door.client.close()
            fleet = fleet_of(Seat.of(self._paths, node.name))
            door = self._doors[node.name] = _Door(node, echo_body(fleet, node.name).encode())
        return door


class _Door:
    """A node's own address, and what it must answer there."""

    def __init__(self, node: Node, echo: bytes) -> None:
        self.address = node.address
        self.port = node.port
        self.echo = echo
        self.client = Http1Client(host=node.address, port=node.port)


def documents(node: Node, fleet: Fleet, seat: Seat) -> Documents:
    """Everything `node` is given."""
    made = Documents(
        bootstrap=bootstrap(seat, fleet=fleet.id, region=node.region, max_connections=_connections(fleet)),
        listeners=tuple(
            node_listeners(
                node,
                seat,
                cors=any(route.cors.origins for route in fleet.spec.routes),
                faults=fleet.spec.safety.max_faulted_share > 0,
            )
        ),
        routes=node_routes(fleet, node.name),
        clusters=tuple(cluster for service in fleet.spec.services for cluster in service_clusters(service)),
    )
    laid = overlay.laid_over(made, fleet, Role.GATEWAY)
    return hops.with_hops(laid, fleet, seat) if fleet.spec.safety.max_faulted_share > 0 else laid


def _connections(fleet: Fleet) -> int:
    """More than as many edges as there may ever be can bring, so that checks and probes still get in.

    Not as many as there are: a node would have to restart for each edge that comes or goes.
    """
    return (MAX_EDGES + 1) * fleet.spec.edge.max_connections

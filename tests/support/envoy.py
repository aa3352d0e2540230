"""Starts what an engine says should be started, and always ends it again. Not a supervisor: nothing is restarted.

with Processes() as processes:
    process = processes.start(await edge.prepare(node, fleet))
    await until_well(edge, node)
    process.kill()
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from support.places import fleet_paths
from support.polling import until
from support.ports import free_port

from hactl.core.model import Fleet
from hactl.core.node import Health as NodeHealth
from hactl.core.node import Node, NodeState, Role
from hactl.core.plan import Endpoint, EndpointStatus, RegionPlan, TrafficPlan
from hactl.core.running import CommandLine, NodeCounters, ProbeAnswer
from hactl.core.spec import EdgeSpec, FleetSpec, RegionSpec
from hactl.core.value import replace
from hactl.engines.envoy.edge import EnvoyEdge
from hactl.engines.envoy.gateway import EnvoyGateway
from hactl.paths import FleetPaths
from hactl.supervisor.ports import ProcessKind


class Process:
    """One started process, known by its pid for as long as it has not been waited for."""

    def __init__(self, command: CommandLine) -> None:
        directory = Path(command.directory)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log = directory / "process.log"
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command.argv,
                cwd=directory,
                env={"PATH": os.environ.get("PATH", ""), **command.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """True while it has not ended."""
        return self._child.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when it has ended."""
        self._child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, as a crash would, and wait until it is gone."""
        self._child.kill()
        self._child.wait()

    def freeze(self) -> None:
        """SIGSTOP, and wait until it has stopped."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """SIGCONT."""
        self.signal(signal.SIGCONT)

    async def terminate(self, timeout: float = 10.0) -> int:
        """SIGTERM, wait, and give the exit code."""
        self._child.terminate()
        return await asyncio.to_thread(self._child.wait, timeout)


class Processes:
    """Every process a test started; all of them are ended when the block is left."""

    def __init__(self) -> None:
        self._started: list[Process] = []

    def start(self, command: CommandLine) -> Process:
        """Start one process in a session of its own, its output in `process.log` of its directory."""
        process = Process(command)
        self._started.append(process)
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            process.kill()


async def until_well(kind: ProcessKind, node: Node, timeout: float = 20.0) -> None:
    """Wait until one probe of `node` is answered well. Raises AssertionError with the last answer otherwise."""
    answer = ProbeAnswer(ok=False, why="it was never asked")

    async def ask() -> ProbeAnswer:
        nonlocal answer
        answer = await kind.probe(node, 1.0)
        return answer

    try:
        await until(ask, lambda found: found.ok, patience=timeout)
    except TimeoutError:
        raise AssertionError(f"{node.name} is not well after {timeout} s: {answer.why}") from None


class Site:
    """A fleet of real Envoys without a daemon: nobody restarts, publishes or drains but the test."""

    def __init__(self, paths: FleetPaths, fleet: Fleet) -> None:
        self.fleet = fleet
        self.paths = paths
        self.edge = EnvoyEdge(self.paths)
        self.gateway = EnvoyGateway(self.paths)
        self.processes: dict[str, Process] = {}

    @property
    def port(self) -> int:
        """Where clients go."""
        return self.fleet.spec.edge.port

    def node(self, name: str) -> Node:
        """The node or edge called `name`."""
        return self.fleet.nodes[name]

    def kind(self, name: str) -> EnvoyEdge | EnvoyGateway:
        """The engine of the node or edge called `name`."""
        return self.edge if self.node(name).role is Role.EDGE else self.gateway

    async def start(self, processes: Processes, *names: str) -> None:
        """Prepare and start processes, and wait until each is well."""
        for name in names:
            self.processes[name] = processes.start(await self.kind(name).prepare(self.node(name), self.fleet))
        for name in names:
            await until_well(self.kind(name), self.node(name))

    async def certify(self) -> None:
        """Take the certificate in the files that the configuration names, if it names any."""
        if self.fleet.spec.edge.tls.cert:
            self.fleet = replace(self.fleet, certificate=await self.edge.certify(self.fleet))

    async def publish(self, plan: TrafficPlan | None = None, edge: str = "edge-1") -> None:
        """Publish `plan`, or the fleet's own, to one edge."""
        await self.edge.publish(self.node(edge), self.fleet, plan or self.fleet.plan)

    async def stat(self, name: str, edge: str = "edge-1") -> int:
        """One number of an edge; the sum of several, where `name` (a regular expression) is of several."""
        found = await self.edge._line(self.node(edge)).admin.stats(f"^{name}$")
        return sum(each.value for each in found if isinstance(each.value, int))

    async def counted(self, edge: str = "edge-1") -> dict[str, NodeCounters]:
        """What an edge has counted for each node, which is called at one address here."""
        reading = await self.edge.read(self.node(edge), self.fleet)
        return {name: reading.places.get(place, NodeCounters()) for place, name in reading.nodes.items()}

    def without(self, *names: str, version: int = 2) -> TrafficPlan:
        """The fleet's plan without some nodes."""
        return plan_of(self.fleet, version, without=names)


@asynccontextmanager
async def site(directory: Path, fleet: Fleet, *, start: tuple[str, ...] | None = None) -> AsyncIterator[Site]:
    """`fleet` with all its processes running (or those named in `start`), its plan published; ended afterwards."""
    names = tuple(fleet.nodes) if start is None else start
    with fleet_paths(directory) as paths, Processes() as processes:
        built = Site(paths, fleet)
        try:
            await built.certify()
            await built.start(processes, *names)
            for edge in fleet.edges:
                if edge.name in names and start is None:
                    await built.publish(edge=edge.name)
            yield built
        finally:
            await built.edge.close()
            await built.gateway.close()


def fleet_of(
    *regions: RegionSpec, spec: FleetSpec | None = None, edges: int = 1, fleet_id: str = "f1", host: str = "127.0.0.1"
) -> Fleet:
    """A fleet on free ports, every node serving and healthy, with the plan that sends traffic to all of them.

    `regions` replaces those of `spec`; node names are REGION-1, REGION-2, ... and edge-1, edge-2, ...
    """
    spec = spec or FleetSpec(edge=EdgeSpec(threads=1))
    spec = replace(spec, regions=regions or spec.regions, edge=replace(spec.edge, port=free_port(), count=edges))
    nodes = [
        Node(name=f"{region.name}-{number}", role=Role.GATEWAY, region=region.name, address=host, port=free_port())
        for region in spec.regions
        for number in range(1, region.nodes + 1)
    ]
    nodes += [Node(name=f"edge-{number}", role=Role.EDGE) for number in range(1, edges + 1)]
    up = {node.name: replace(node, state=NodeState.SERVING, health=NodeHealth.HEALTHY, launches=1) for node in nodes}
    fleet = Fleet(id=fleet_id, name="test", spec=spec, nodes=up, policy=spec.edge.policy)
    return replace(fleet, plan=plan_of(fleet, 1))


def plan_of(
    fleet: Fleet, version: int, *, without: tuple[str, ...] = (), draining: tuple[str, ...] = ()
) -> TrafficPlan:
    """All gateway nodes of `fleet` but those named in `without`, with the weights they have."""
    statuses = dict.fromkeys(draining, EndpointStatus.DRAINING)
    return TrafficPlan(
        version=version,
        policy=fleet.policy,
        regions=tuple(
            RegionPlan(
                name=region.name,
                priority=region.priority,
                weight=region.weight,
                endpoints=tuple(
                    Endpoint(
                        node=node.name,
                        address=node.address,
                        port=node.port,
                        weight=node.weight,
                        status=statuses.get(node.name, EndpointStatus.ACTIVE),
                    )
                    for node in fleet.in_region(region.name)
                    if node.name not in without
                ),
            )
            for region in fleet.spec.regions
        ),
    )

"""Engines whose processes are real but idle (`sleep`), and whose edges take any plan: a fleet without Envoy.

`FakeEngine.refuse` makes edges refuse plans, `sick` and `mute` make probes fail: everything a test wants to go wrong.
"""

import asyncio
import time
from collections.abc import Callable

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.plan import TrafficPlan
from hactl.core.running import (
    CommandLine,
    EdgeReading,
    ImpairmentImpossible,
    LeadingImpossible,
    PlanRefused,
    ProbeAnswer,
)
from hactl.core.value import replace


class FakeEngine:
    """An edge engine and a gateway kind in one."""

    def __init__(self, directory: str, *, mono: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._mono = mono
        self.programs: dict[str, tuple[str, ...]] = {}
        """What runs as which process, where it is not `sleep`."""
        self.counted: dict[str, EdgeReading] = {}
        """What edges have counted whenever they are read; the others have counted nothing, at no known moment."""
        self.published: list[tuple[str, int]] = []
        """(edge, plan version), in order."""
        self.refuse = ""
        """Why every plan is refused; "" when it is taken."""
        self.sick: set[str] = set()
        """Processes whose probes fail."""
        self.mute: set[str] = set()
        """Processes that do not answer at all."""
        self.drained: list[str] = []
        self.faults: dict[str, Impairment | None] = {}
        """What each was last told to do to requests."""
        self.unimpairable = ""
        """Why no process can be impaired; "" when all can."""
        self.led: dict[str, tuple[str, ...]] = {}
        """The services that each was last told to call through a proxy."""
        self.unleadable = ""
        """Why no process can be led past a service; "" when all can."""
        self.unfit = ""
        """Why every configuration is refused; "" when all are fine."""
        self.hold: asyncio.Event | None = None
        """When set, publications wait for it."""

    async def prepare(self, node: Node, fleet: Fleet) -> CommandLine:
        return CommandLine(argv=self.programs.get(node.name, ("sleep", "120")), directory=self._directory)

    async def judge(self, fleet: Fleet) -> None:
        if self.unfit:
            raise HactlError(self.unfit)

    def identity(self, fleet: Fleet) -> str:
        return repr(fleet.spec.routes)

    async def probe(self, node: Node, timeout: float) -> ProbeAnswer:
        if node.name in self.mute:
            await asyncio.sleep(timeout)
            return ProbeAnswer(ok=False, why="no answer")
        return ProbeAnswer(ok=False, why="sick") if node.name in self.sick else ProbeAnswer(ok=True)

    async def drain(self, node: Node) -> None:
        self.drained.append(node.name)

    async def undrain(self, node: Node) -> None:
        # told again by every daemon that takes over, drained or not
        if node.name in self.drained:
            self.drained.remove(node.name)

    async def impair(self, node: Node, fault: Impairment | None) -> None:
        if self.unimpairable and fault is not None:
            raise ImpairmentImpossible(self.unimpairable)
        self.faults[node.name] = fault

    def places(self, service: str, count: int) -> tuple[str, ...]:
        return tuple(f"{self._directory}/{service}-{number}.sock" for number in range(count))

    async def lead(self, node: Node, services: tuple[str, ...], known: tuple[str, ...]) -> None:
        if self.unleadable and services:
            raise LeadingImpossible(self.unleadable)
        self.led[node.name] = services

    async def in_flight(self, node: Node) -> int | None:
        return 0

    async def unfinished(self, node: Node) -> int | None:
        return 0

    async def forget(self, node: Node) -> None:
        return

    async def publish(self, edge: Node, fleet: Fleet, plan: TrafficPlan) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.refuse:
            raise PlanRefused(self.refuse)
        self.published.append((edge.name, plan.version))

    async def certify(self, fleet: Fleet) -> Certificate:
        if fleet.certificate is None:
            raise HactlError("no certificates here")
        return fleet.certificate

    async def read(self, edge: Node, fleet: Fleet) -> EdgeReading:
        if edge.name in self.counted:
            return replace(self.counted[edge.name], mono=self._mono())
        return EdgeReading(edge=edge.name, mono=0.0, nodes={node.name: node.name for node in fleet.gateways})

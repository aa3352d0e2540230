"""One worker per edge: each works on the newest plan only, so that a slow edge never holds up another or a failover."""

import asyncio
from collections.abc import Awaitable, Callable

from hactl.core.lifecycle import instance_of
from hactl.core.model import Fleet, NodeState
from hactl.core.observations import Observation, PlanApplied, PlanRejected
from hactl.core.running import PlanRefused
from hactl.supervisor.ports import EdgeEngine

RETRY = 0.25
"""Seconds before a plan that was not taken is offered again."""


class EdgeWorker:
    """Brings one edge to the newest plan and reports what it proved."""

    def __init__(
        self,
        name: str,
        engine: EdgeEngine,
        *,
        look: Callable[[], Fleet],
        deliver: Callable[[Observation], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._name = name
        self._engine = engine
        self._look = look
        self._deliver = deliver
        self._sleep = sleep
        self._news = asyncio.Event()

    def tell(self) -> None:
        """There is a new plan, or the edge has come up: look again."""
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            if not await self._bring_up_to_date():
                await self._sleep(RETRY)
                self._news.set()

    async def _bring_up_to_date(self) -> bool:
        """Publish the newest plan and report; False when it has to be tried again."""
        fleet = self._look()
        edge = fleet.nodes.get(self._name)
        if edge is None or edge.launch is None or edge.state not in (NodeState.SERVING, NodeState.DRAINING):
            return True
        plan = fleet.plan
        if fleet.confirmed.get(self._name) == plan.version:
            return True
        instance = instance_of(edge, fleet.id)
        try:
            await self._engine.publish(edge, fleet, plan)
        except PlanRefused as refused:
            if self._look().plan.version == plan.version:
                self._deliver(PlanRejected(edge=self._name, instance=instance, version=plan.version, why=str(refused)))
                return self._look().plan.version != plan.version
            return False
        self._deliver(PlanApplied(edge=self._name, instance=instance, version=plan.version))
        return True

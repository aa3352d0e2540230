"""One worker per edge: each works on the newest plan only, so that a slow edge never holds up another or a failover."""

import asyncio
import contextlib
from collections.abc import Callable

from hactl.core.causes import instance_of
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.observations import Observation, PlanApplied, PlanRejected
from hactl.supervisor.ports import EdgeEngine

RETRY = 0.25
"""Seconds before a plan that was not taken is offered again, unless there is news before."""


class EdgeWorker:
    """Brings one edge to the newest plan and reports what it proved."""

    def __init__(
        self,
        name: str,
        engine: EdgeEngine,
        *,
        look: Callable[[], Fleet],
        deliver: Callable[[Observation], None],
        retry: float = RETRY,
    ) -> None:
        self._name = name
        self._engine = engine
        self._look = look
        self._deliver = deliver
        self._retry = retry
        self._news = asyncio.Event()
        self._dismissed = False
        self._refused = ("", -1, -1)
        """Instance, plan and configuration of the refusal reported last: repeating it would only fill the journal."""

    def tell(self) -> None:
        """There is a new plan, or the edge has come up: look again."""
        self._news.set()

    def dismiss(self) -> None:
        """The edge has been removed; one that has its name later has another worker."""
        self._dismissed = True
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled or dismissed."""
        while not self._dismissed:
            await self._news.wait()
            self._news.clear()
            while not await self._bring_up_to_date():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._retry):
                        await self._news.wait()
                self._news.clear()

    async def _bring_up_to_date(self) -> bool:
        """Publish the newest plan and report; False when it has to be tried again."""
        fleet = self._look()
        edge = fleet.nodes.get(self._name)
        if (
            self._dismissed
            or edge is None
            or edge.launch is None
            or edge.state not in (NodeState.SERVING, NodeState.DRAINING)
        ):
            return True
        plan = fleet.plan
        if fleet.confirmed.get(self._name) == plan.version and fleet.proved.get(self._name) == edge.revision:
            return True
        instance = instance_of(edge, fleet.id)
        try:
            await self._engine.publish(edge, fleet.seen_by(edge), plan)
        except (HactlError, OSError) as refused:  # also a disk that has no room for the files an edge is told by
            # A plan that has been overtaken is nobody's concern any more.
            asked = (instance, plan.version, edge.revision)
            if self._is_current(plan.version, edge.revision) and self._refused != asked:
                self._refused = asked
                self._deliver(
                    PlanRejected(
                        edge=self._name,
                        instance=instance,
                        version=plan.version,
                        why=str(refused),
                        revision=edge.revision,
                    )
                )
            return False
        self._deliver(PlanApplied(edge=self._name, instance=instance, version=plan.version, revision=edge.revision))
        return True

    def _is_current(self, version: int, revision: int) -> bool:
        fleet = self._look()
        edge = fleet.nodes.get(self._name)
        return fleet.plan.version == version and edge is not None and edge.revision == revision

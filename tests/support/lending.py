"""A fleet that is lent to drills, and a load for them: the real core decides, and nobody is really struck or asked."""

import asyncio
import os
from types import TracebackType

from support.controller import MemoryController

from hactl.core.commands import Command, KeepDrill, Kill, Request
from hactl.core.errors import HactlError
from hactl.core.machine import step
from hactl.core.model import Fleet, Now
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.drill.faults import borrowing
from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan
from hactl.drill.records import Records, Row

PATIENCE = 20.0
"""Seconds after which a sign of life that does not come will not; never a measure of anything."""


class Lender(MemoryController):
    """The real core decides who gets the fleet; what it answers to signs of life can be spoilt. Kills are accepted, and
    come to nothing: no process of this fleet has ever been there."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet)
        self.spoil: Exception | None = None
        self.heard = asyncio.Event()

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        await super().submit(command, by=by, reason=reason, dry_run=dry_run)
        if isinstance(command, KeepDrill):
            self.heard.set()
            if self.spoil is not None:
                raise self.spoil
        decision = step(self.snapshot.fleet, self.requests[-1], Now(mono=1000.0, wall=0.0, boot="boot-1"))
        if not dry_run and not isinstance(command, Kill):
            self.happen(*decision.events)
            self.snapshot = replace(self.snapshot, fleet=decision.fleet)
        return Receipt(seq=self.snapshot.fleet.seq, operation=decision.operation)

    async def until(self, canary: int) -> None:
        """It has heard of that canary."""
        async with asyncio.timeout(PATIENCE):
            while not any(isinstance(one.command, KeepDrill) and one.command.canary >= canary for one in self.requests):
                self.heard.clear()
                await self.heard.wait()


class ScriptedLoad:
    """A load that says what it is told to."""

    def __init__(self, lines: list[Progress | HactlError]) -> None:
        self.plan = LoadPlan(url="http://x/")
        self.warm = True
        self.retried = Records()
        self.others = Records()
        self.pid = os.getpid()
        self._lines = lines
        self._over = asyncio.Event()

    async def __aenter__(self) -> "ScriptedLoad":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def progress(self) -> Progress | None:
        if self._lines:
            line = self._lines.pop(0)
            if isinstance(line, HactlError):
                raise line
            return line
        await self._over.wait()
        return None

    async def finish(self) -> Records:
        return Records([Row(1.0, 1.0, 1.0, 200, "a-1", "")])

    def stop(self) -> None:
        self._over.set()


def on_loan(controller: MemoryController, plan: DrillPlan) -> Loan:
    """A loan of a fleet that does what the test says: the real core has lent it, and nobody was asked."""
    loan, fleet = Loan(controller, plan, by="me"), controller.snapshot.fleet
    lent = step(fleet, Request(command=borrowing(plan), by="me"), Now(mono=1000.0, wall=0.0, boot="boot-1"))
    loan.operation = lent.operation
    controller.snapshot = replace(controller.snapshot, fleet=replace(fleet, operations=lent.fleet.operations))
    return loan

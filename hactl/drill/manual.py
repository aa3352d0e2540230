"""A manual step in the middle of a drill: requested, awaited and timed. Not its effect on the fleet.

The question and the answer are commands: whoever drives the fleet sees what is waited for and can say that it is done,
from another terminal as well as from a console. The time it takes a person is part of every time that clients measure.
"""

import asyncio
import time
from collections.abc import Callable

from hactl.control.controller import Controller
from hactl.core.commands import AskDrill
from hactl.core.drill_events import DrillAnswered
from hactl.core.events import Record
from hactl.drill.definition import ManualStep
from hactl.drill.evidence import ByHand
from hactl.drill.following import Follower
from hactl.drill.stopping import unless


class Person:
    """Whoever is at hand during one drill."""

    def __init__(
        self,
        controller: Controller,
        follower: Follower,
        operation: str,
        *,
        by: str,
        stop: asyncio.Event,
        say: Callable[[str], None],
    ) -> None:
        """`operation` is that of the drill; when `stop` is set nobody is waited for any more."""
        self._controller = controller
        self._follower = follower
        self._operation = operation
        self._by = by
        self._stop = stop
        self._say = say

    async def do(self, step: ManualStep) -> ByHand:
        """Ask for one step, and wait until it is done, not for longer than it may take, and not when the drill ends."""
        asked = time.monotonic()
        receipt = await self._controller.submit(AskDrill(id=self._operation, question=step.manual), by=self._by)
        self._say(f"step: {step.manual} (then: hactl drill continue; within {step.within:g} s)")
        await unless(self._stop, self._follower.until(lambda: self._answer(receipt.seq) is not None, step.within))
        answer = self._answer(receipt.seq)
        if answer is None:
            if not self._stop.is_set():
                await self._controller.submit(AskDrill(id=self._operation, question=""), by=self._by)
                self._say(f"step: not confirmed as done within {step.within:g} s")
            return ByHand(step=step.manual, asked=asked)
        self._say(f"step: done by {answer.by or 'someone'} after {answer.mono - asked:.1f} s")
        return ByHand(step=step.manual, asked=asked, done=answer.mono, by=answer.by, note=answer.reason)

    def _answer(self, seq: int) -> Record | None:
        """The record in which somebody says that it is done, after the record `seq`."""
        for record in self._follower.records:
            if record.seq > seq and isinstance(record.event, DrillAnswered) and record.event.id == self._operation:
                return record
        return None

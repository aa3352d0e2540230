"""Faults in the course of time: each done at its moment, and taken back when its time is over."""

import os
import time

import pytest
from support.impairer import FLEET, SLOW, Impairer, running

from hactl.core.commands import Heal, Impair
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.following import Follower
from hactl.drill.plan import plan
from hactl.drill.strikes import Strikes


class Over(Exception):
    """There is a reason to end the drill."""


class Clock:
    """Lets time pass in no time, and remembers until when."""

    def __init__(self, *, patience: int) -> None:
        self.ends: list[float] = []
        self._patience = patience

    async def wait(self, seconds: float) -> None:
        self.ends.append(time.monotonic() + seconds)
        if len(self.ends) > self._patience:
            raise Over


def struck(clock: Clock, daemon: Impairer, follower: Follower, said: list[str], **fault: float) -> Strikes:
    one = Fault(kind=FaultKind.IMPAIR, target=Target(names=("seoul-1",)), impairment=SLOW, **fault)
    drill = plan(Definition(name="d", title="t", faults=(one,)), FLEET, 1)
    return Strikes(daemon, follower, drill, by="me", wait=clock.wait, say=said.append)


async def test_a_fault_is_taken_back_when_its_time_is_over_and_not_before() -> None:
    """Its time counts from the moment at which it was in effect."""
    clock, said, fleet = Clock(patience=9), list[str](), running(os.getpid())
    daemon = Impairer(fleet)
    follower = Follower(daemon, fleet)
    async with follower.following():
        await daemon.until_watchers(1)
        strikes = struck(clock, daemon, follower, said, at=5.0, lasting=10.0)
        began = time.monotonic()
        await strikes.inject()
        assert clock.ends[0] >= began + 5.0
        assert strikes.began == daemon.records[0].mono
        assert [proof.done for proof in strikes.proofs] == [True]
        await strikes.until(strikes.began + 9.0)
        assert [request.command for request in daemon.requests] == [Impair(nodes=("seoul-1",), fault=SLOW)]
        await strikes.until(strikes.began + 11.0)
        assert daemon.requests[-1].command == Heal(nodes=("seoul-1",))
        assert said[-1] == "heal: seoul-1: impaired no longer"
        await strikes.until(strikes.began + 12.0)
        assert len(daemon.requests) == 2


async def test_a_drill_that_ends_before_a_fault_strikes_nobody() -> None:
    fleet = running(os.getpid())
    daemon = Impairer(fleet)
    strikes = struck(Clock(patience=0), daemon, Follower(daemon, fleet), [], at=5.0)
    with pytest.raises(Over):
        await strikes.inject()
    assert daemon.requests == []
    assert strikes.done == []

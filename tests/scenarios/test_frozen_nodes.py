"""Nodes stopped with SIGSTOP from outside, and thawed from outside: nobody ordered it, so nothing else may tell.

That one is found out without any traffic, and that none gets a request before it is healthy again.
"""

import os
import signal
from itertools import pairwise

import pytest
import pytest_asyncio
from support.fleet import TIRELESS, RunningFleet, life
from support.load import Load, open_loop

from hactl.core.commands import Pause, Unpause
from hactl.core.events import FailoverEnded, FailoverMoved, NodeChanged, TrafficShifted
from hactl.core.node import Health, NodeState, ReasonCode
from hactl.supervisor import procfs

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

RATE = 200
NAME = "local-2"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet():
    """Four nodes behind two edges."""
    async with RunningFleet(extra=TIRELESS) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def paused(fleet):
    """The same, paused; in the end it is well again."""
    await fleet.command(Pause())
    yield fleet
    await fleet.command(Unpause())
    await fleet.calm()


def healthy_again(event: NodeChanged) -> bool:
    return event.node.name == NAME and event.node.serviceable


def unhealthy(event: NodeChanged) -> bool:
    return event.node.name == NAME and event.node.health is Health.UNHEALTHY


def listed(event: TrafficShifted) -> bool:
    return NAME in {endpoint.node for endpoint in event.plan.endpoints}


def first_answer(load: Load, after: float) -> float:
    """When the node answered first of what was sent from that moment on: what it had before it may answer late."""
    return next(answer.done for answer in load.answers if answer.due >= after and answer.node == NAME)


async def an_answer(load: Load, after: float) -> None:
    """Wait for an answer from the node to what was sent from that moment on."""
    while not any(answer.node == NAME and answer.due >= after for answer in load.answers):
        await load.answered(1)


async def test_a_frozen_node_that_nobody_asks_is_replaced_as_well(fleet):
    """It is probed whether there is traffic or not: taken out, killed, started again."""
    mark, before = fleet.seq, fleet.pids()
    os.kill(before[NAME], signal.SIGSTOP)
    hung = await fleet.happens(NodeChanged, unhealthy, after=mark)
    assert hung.event.node.reason.code is ReasonCode.HUNG
    ended = await fleet.happens(FailoverEnded, after=mark)
    assert ended.event.node == NAME
    assert ended.event.back_ms is not None
    await fleet.calm()
    assert life(fleet.since(mark), NAME) == ["starting", "serving"]
    assert {name for name, pid in fleet.pids().items() if pid != before[name]} == {NAME}


async def test_its_successor_gets_no_request_before_it_is_ready(fleet):
    """Under load, and although somebody thaws what is being killed. 0 GETs are lost."""
    mark, pid = fleet.seq, fleet.pid(NAME)
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        os.kill(pid, signal.SIGSTOP)
        await fleet.happens(NodeChanged, unhealthy, after=mark)
        if (stat := procfs.read_stat(pid)) is not None and stat.state == "T":
            os.kill(pid, signal.SIGCONT)
        gone = await fleet.happens(FailoverMoved, after=mark)
        ready = await fleet.happens(NodeChanged, healthy_again, after=mark)
        await an_answer(load, gone.mono)
    assert load.failed == 0, load
    assert ready.event.was is NodeState.STARTING
    assert first_answer(load, gone.mono) >= ready.mono
    await fleet.calm()


async def test_in_a_pause_a_node_thawed_by_somebody_else_gets_no_request_before_it_is_healthy(paused):
    """Nobody kills it, nobody is told that it goes on: its own answers to probes bring it back. 0 GETs are lost."""
    fleet, mark, before = paused, paused.seq, paused.pids()
    async with open_loop(fleet.port, rate=RATE) as load:
        await load.answered(100)
        os.kill(before[NAME], signal.SIGSTOP)
        gone = await fleet.happens(FailoverMoved, after=mark)
        await load.answered(RATE)
        assert NAME not in {answer.node for answer in load.answers if answer.due > gone.mono}
        os.kill(before[NAME], signal.SIGCONT)
        well = await fleet.happens(NodeChanged, healthy_again, after=gone.seq)
        await fleet.happens(TrafficShifted, listed, after=gone.seq)
        await an_answer(load, gone.mono)
    assert load.failed == 0, load
    assert first_answer(load, gone.mono) >= well.mono
    assert fleet.pids() == before
    assert life(fleet.since(mark), NAME) == []


async def test_in_a_pause_the_same_without_any_traffic(paused):
    """Out of the plan while it is stopped, and in it again when it is well; the first request may then be its own."""
    fleet, mark, before = paused, paused.seq, paused.pids()
    os.kill(before[NAME], signal.SIGSTOP)
    await fleet.happens(FailoverMoved, after=mark)
    os.kill(before[NAME], signal.SIGCONT)
    await fleet.happens(FailoverEnded, after=mark)
    plans = [listed(event) for event in fleet.since(mark, TrafficShifted)]
    assert plans == [False, True]
    healths = [event.node.health for event in fleet.since(mark, NodeChanged) if event.node.name == NAME]
    assert [(old, new) for old, new in pairwise(healths)] == [(Health.UNHEALTHY, Health.HEALTHY)]
    async with open_loop(fleet.port, rate=RATE) as load:
        await an_answer(load, 0.0)
    assert load.failed == 0, load
    assert fleet.pids() == before

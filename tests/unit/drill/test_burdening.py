"""Burdens that are laid on this machine, read back, and lifted: with real processes, as small as they come."""

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.build import a_spec
from support.lending import ScriptedLoad
from support.polling import wait_until
from support.script import serving

from hactl.core.errors import HactlError
from hactl.core.node import Launch
from hactl.drill.burden import Burden, BusyProcessors, FullDisk, MemoryInUse, Surge
from hactl.drill.burdening import MOST_BURNERS, Burdens, surge_plan
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.load_plan import LoadPlan, Progress
from hactl.drill.plan import DrillPlan, Strike, plan
from hactl.drill.records import Records
from hactl.supervisor import procfs

MIB = 1 << 20
HERE = Launch(instance="me", pid=os.getpid(), ticks=procfs.start_ticks(os.getpid()) or 0, boot="b", at=0.0)
GONE = Launch(instance="it", pid=2**22 - 1, ticks=1, boot="b", at=0.0)


def drawn(kind: FaultKind, burden: Burden, lasting: float | None = 30.0) -> DrillPlan:
    target = Target(names=("seoul-1",)) if kind is FaultKind.CPU else Target()
    faults = (Fault(kind=kind, target=target, burden=burden, lasting=lasting),)
    return plan(Definition(name="d", title="t", faults=faults), serving(a_spec()), 1)


def ours() -> set[int]:
    """Processes that bear burdens for this one."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(pid) for pid in children if b"hactl.processes.burden" in Path(f"/proc/{pid}/cmdline").read_bytes()}


class Loads:
    """Loads that say what they are told to, and remember what they were asked for."""

    def __init__(self, said: Iterable[Progress] = ()) -> None:
        self.asked: list[LoadPlan] = []
        self._said = tuple(said)

    def __call__(self, plan: LoadPlan) -> ScriptedLoad:
        self.asked.append(plan)
        return ScriptedLoad(list(self._said))


async def test_busy_processors_are_confirmed_by_the_time_they_take(tmp_path: Path) -> None:
    """On every processor that the node may run on; of the very node; gone when they are lifted."""
    (strike,) = (planned := drawn(FaultKind.CPU, BusyProcessors(per_cpu=1))).strikes
    burdens = Burdens(Loads(), tmp_path)
    async with burdens.borne():
        done = await burdens.lay(strike, {"seoul-1": HERE}, planned)
        (proof,) = done.proofs
        assert (proof.node, proof.pid, proof.done) == ("seoul-1", HERE.pid, True), proof.found
        assert done.fault is not None
        assert done.asked < done.fault
        assert len(ours()) == len(os.sched_getaffinity(0))
        assert await burdens.lift(strike) == f"{strike}: over"
        assert ours() == set()
        assert burdens.lifted is not None
    assert burdens.left == ()


async def test_memory_is_confirmed_by_what_is_resident(tmp_path: Path) -> None:
    (strike,) = (planned := drawn(FaultKind.MEMORY, MemoryInUse(share=0.5))).strikes
    burdens = Burdens(Loads(), tmp_path, available=lambda: 64 * MIB)
    async with burdens.borne():
        done = await burdens.lay(strike, {}, planned)
        (proof,) = done.proofs
        assert (proof.node, proof.done, {proof.pid}) == ("memory", True, ours()), proof.found
        assert "of 32 wanted, 64 available" in proof.found
    assert ours() == set(), "whoever leaves lifts what is left"


async def test_a_surge_is_a_load_of_its_own_on_top(tmp_path: Path) -> None:
    """As much more as the factor says, and those who come back; its requests are kept apart."""
    (strike,) = (planned := drawn(FaultKind.SURGE, Surge(factor=5.0, reconnects=50))).strikes
    loads = Loads([Progress(t=1.0, sent=850, failed=0)])
    burdens = Burdens(loads, tmp_path)
    async with burdens.borne():
        done = await burdens.lay(strike, {}, planned)
        assert done.proofs[0].found.endswith(": sending 800 more requests per second")
        assert done.proofs[0].done
        assert len(burdens.surged) == 0
        await burdens.lift(strike)
        assert len(burdens.surged) == 1
    (asked,) = loads.asked
    assert (asked.url, asked.rate, asked.duration, asked.burst, asked.retries) == (planned.load.url, 800.0, 30.0, 50, 0)


async def test_of_two_that_are_alike_one_is_lifted_at_a_time(tmp_path: Path) -> None:
    """Each has a time of its own, whatever was laid on in between."""
    (strike,) = (planned := drawn(FaultKind.SURGE, Surge(factor=5.0))).strikes
    (other,) = drawn(FaultKind.SURGE, Surge(factor=2.0)).strikes
    burdens = Burdens(Loads([Progress(t=1.0, sent=800, failed=0)]), tmp_path)
    async with burdens.borne():
        for one in (strike, other, strike):
            await burdens.lay(one, {}, planned)
        await burdens.lift(strike)
        assert len(burdens.surged) == 1
    assert len(burdens.surged) == 3


async def test_a_surge_is_over_when_nothing_is_sent_any_more(tmp_path: Path) -> None:
    """Not when the last of it was answered, for which is waited: clients may be well long before."""
    (strike,) = (planned := drawn(FaultKind.SURGE, Surge(factor=5.0))).strikes
    load = Stopped([Progress(t=1.0, sent=800, failed=0)])
    burdens = Burdens(lambda _: load, tmp_path)
    async with burdens.borne():
        await burdens.lay(strike, {}, planned)
        await burdens.lift(strike)
        assert burdens.lifted is not None
        assert burdens.lifted <= load.stopped < time.monotonic()


class Unreadable(ScriptedLoad):
    """A load of which nobody can read what it has sent."""

    async def finish(self) -> Records:
        raise OSError("no such file")


async def test_what_cannot_be_lifted_keeps_nothing_else_on_the_machine(tmp_path: Path) -> None:
    """Each is lifted whatever becomes of those before it; and then what went wrong is told."""
    (surge,) = (planned := drawn(FaultKind.SURGE, Surge(factor=5.0))).strikes
    (memory,) = drawn(FaultKind.MEMORY, MemoryInUse(share=0.001)).strikes
    burdens = Burdens(lambda _: Unreadable([Progress(t=1.0, sent=800, failed=0)]), tmp_path)
    async with burdens.borne():
        await burdens.lay(surge, {}, planned)
        await burdens.lay(memory, {}, planned)
        assert len(ours()) == 1
        with pytest.raises(OSError, match="no such file"):
            await burdens.lift_all()
        assert ours() == set()


class Stopped(ScriptedLoad):
    """A load that remembers when it was told to stop."""

    stopped = 0.0

    def stop(self) -> None:
        super().stop()
        self.stopped = time.monotonic()


def test_those_who_only_come_back_send_one_request_each() -> None:
    only = surge_plan(LoadPlan(url="http://x/", rate=100.0), Surge(reconnects=9), 30.0)
    assert (only.count, only.burst) == (0, 9)


def test_a_surge_brings_none_of_those_who_are_judged_a_second_time() -> None:
    """Neither clients that ask again nor those of the other route: they are sent by the drill's own load."""
    load = LoadPlan(url="http://x/", rate=100.0, retries=3, others="http://x/other")
    more = surge_plan(load, Surge(factor=5.0), 30.0)
    assert (more.policy, more.beside) == (None, None)


async def test_a_disk_that_is_others_too_is_not_filled(tmp_path: Path) -> None:
    (strike,) = (planned := drawn(FaultKind.DISK, FullDisk())).strikes
    burdens = Burdens(Loads(), tmp_path)
    async with burdens.borne():
        with pytest.raises(HactlError, match="the disk is not filled"):
            await burdens.lay(strike, {}, planned)
        assert ours() == set()


@pytest.mark.parametrize(
    ("per_cpu", "launch", "says"),
    [(MOST_BURNERS + 1, HERE, "are more than"), (1, GONE, "is gone: it has no CPUs")],
)
async def test_what_cannot_be_laid_leaves_nothing(per_cpu: int, launch: Launch, says: str, tmp_path: Path) -> None:
    """Too much, or on nobody."""
    (strike,) = (planned := drawn(FaultKind.CPU, BusyProcessors(per_cpu=per_cpu))).strikes
    burdens = Burdens(Loads(), tmp_path)
    async with burdens.borne():
        with pytest.raises(HactlError, match=says):
            await burdens.lay(strike, {"seoul-1": launch}, planned)
        assert ours() == set()


async def test_what_does_not_last_is_lifted_with_the_failback(tmp_path: Path) -> None:
    """Whatever is still there then."""
    planned = drawn(FaultKind.MEMORY, MemoryInUse(share=0.5), lasting=None)
    strike: Strike = planned.strikes[0]
    burdens = Burdens(Loads(), tmp_path, available=lambda: 8 * MIB)
    async with burdens.borne():
        await burdens.lay(strike, {}, planned)
        await burdens.lay(strike, {}, planned)
        assert len(ours()) == 2
        await burdens.lift_all()
        assert ours() == set()


async def test_a_burden_that_is_given_up_while_it_is_laid_leaves_nothing(tmp_path: Path) -> None:
    """Somebody stops the drill at that moment: some of its processes run, and it is not in effect yet."""
    (strike,) = (planned := drawn(FaultKind.CPU, BusyProcessors(per_cpu=2))).strikes
    burdens = Burdens(Loads(), tmp_path)
    async with burdens.borne(), asyncio.TaskGroup() as tasks:
        laying = tasks.create_task(burdens.lay(strike, {"seoul-1": HERE}, planned))
        await asyncio.to_thread(wait_until, ours)
        laying.cancel()
        await asyncio.wait([laying])
        assert laying.cancelled()
        assert ours() == set()

"""A process that bears a burden: in effect when it says so, and gone when its pipe is closed, whoever closes it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable

import pytest
from support.descriptors import none_left
from support.polling import wait_until

from hactl.core.errors import HactlError
from hactl.drill.burden_process import BurdenProcess
from hactl.supervisor import procfs

MIB = 1 << 20
STARTS_ONE = """
import asyncio, sys
from hactl.drill.burden_process import BurdenProcess
async def main():
    burden = BurdenProcess("cpu", "--cpu", "{cpu}", seconds=60, lease=1.2)
    await burden.start()
    print(burden.pid, burden.ticks, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def used(pid: int) -> float:
    """Seconds for which it ran or waited for its turn, by the kernel's account."""
    return sum(turn.ran + turn.waited for turn in procfs.turns(pid).values())


async def so(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition)


async def gone(pid: int, ticks: int) -> None:
    await so(lambda: procfs.start_ticks(pid) != ticks)


async def test_memory_is_really_taken_and_really_given_back() -> None:
    """Resident, by the kernel's word, as much as it says."""
    holder = BurdenProcess("memory", "--bytes", str(48 * MIB), seconds=60)
    assert await holder.start() == {"bytes": 48 * MIB}
    stat = procfs.read_stat(holder.pid)
    assert stat is not None
    assert (stat.ticks, stat.rss >= 48 * MIB) == (holder.ticks, True)
    assert not holder.gone
    await holder.end()
    assert holder.gone
    await holder.end()  # once more does no harm


async def test_a_burner_wants_its_processor_all_the_time_and_no_other() -> None:
    """It runs or waits for its turn, by the kernel's account; that of a sleeper would stand still."""
    cpu = min(os.sched_getaffinity(0))
    burner = BurdenProcess("cpu", "--cpu", str(cpu), seconds=60)
    assert await burner.start() == {"cpu": cpu}
    try:
        assert os.sched_getaffinity(burner.pid) == {cpu}
        await so(lambda: used(burner.pid) > 0.3)
    finally:
        await burner.end()
    assert burner.gone


async def test_it_ends_by_itself_when_its_time_is_over() -> None:
    holder = BurdenProcess("memory", "--bytes", str(MIB), seconds=0.5)
    await holder.start()
    await gone(holder.pid, holder.ticks)
    await holder.end()


async def test_one_that_hangs_is_killed_in_the_end() -> None:
    """Stopped, it hears nothing of its pipe."""
    holder = BurdenProcess("memory", "--bytes", str(MIB), seconds=60)
    await holder.start()
    os.kill(holder.pid, signal.SIGSTOP)
    await holder.end()
    assert holder.gone


async def test_one_that_cannot_do_it_says_why() -> None:
    nowhere = BurdenProcess("disk", "--directory", "/nonexistent", seconds=5)
    with pytest.raises(HactlError, match="exited at once") as error:
        await nowhere.start()
    assert "No such file" in error.value.hint
    await nowhere.end()
    assert nowhere.gone


async def test_it_dies_with_whoever_started_it() -> None:
    """kill -9 of the parent: the kernel closes the pipe, and nothing is left."""
    program = STARTS_ONE.format(cpu=min(os.sched_getaffinity(0)))
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)
    assert parent.stdout is not None
    pid, ticks = map(int, (await parent.stdout.readline()).split())
    assert procfs.start_ticks(pid) == ticks
    parent.kill()
    await parent.wait()
    await gone(pid, ticks)


async def test_it_ends_when_whoever_started_it_is_stopped() -> None:
    """Ctrl-Z: nobody closes the pipe, and the fleet is taken back from whoever shows no sign of life; so is this. While
    there are signs it goes on for longer than one is good for."""
    program = STARTS_ONE.format(cpu=min(os.sched_getaffinity(0)))
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)
    assert parent.stdout is not None
    pid, ticks = map(int, (await parent.stdout.readline()).split())
    try:
        await so(lambda: used(pid) > 1.5)
        assert procfs.start_ticks(pid) == ticks
        parent.send_signal(signal.SIGSTOP)
        await so(lambda: (stat := procfs.read_stat(pid)) is None or stat.state == "Z")  # nobody is there to bury it
    finally:
        parent.kill()
        await parent.wait()


async def test_one_that_cannot_be_started_says_so() -> None:
    with none_left(), pytest.raises(HactlError, match=r"cannot be started.*Too many open files"):
        await BurdenProcess("memory", "--bytes", str(MIB), seconds=5).start()

"""A process that bears a burden: in effect when it says so, and gone when its pipe is closed, whoever closes it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable

import pytest
from support.descriptors import none_left

from hactl.core.errors import HactlError
from hactl.drill.burden_process import BurdenProcess
from hactl.supervisor import procfs

MIB = 1 << 20
STARTS_ONE = """
import asyncio, sys
from hactl.drill.burden_process import BurdenProcess
async def main():
    burden = BurdenProcess("cpu", "--cpu", "{cpu}", seconds=60)
    await burden.start()
    print(burden.pid, burden.ticks, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def until(so: Callable[[], bool]) -> bool:
    """It is so within ten seconds: looked at, for nobody but its parent is told of a process."""
    for _ in range(1000):
        if so():
            return True
        await asyncio.sleep(0.01)
    return False


async def gone(pid: int, ticks: int) -> bool:
    return await until(lambda: procfs.start_ticks(pid) != ticks)


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
        assert await until(lambda: sum(turn.ran + turn.waited for turn in procfs.turns(burner.pid).values()) > 0.3)
    finally:
        await burner.end()
    assert burner.gone


async def test_it_ends_by_itself_when_its_time_is_over() -> None:
    holder = BurdenProcess("memory", "--bytes", str(MIB), seconds=0.5)
    await holder.start()
    assert await gone(holder.pid, holder.ticks)
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
    with pytest.raises(HactlError, match="has ended at once") as error:
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
    assert await gone(pid, ticks)


async def test_one_that_cannot_be_started_says_so() -> None:
    with none_left(), pytest.raises(HactlError, match=r"cannot be started.*Too many open files"):
        await BurdenProcess("memory", "--bytes", str(MIB), seconds=5).start()

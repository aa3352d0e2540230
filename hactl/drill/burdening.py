"""Load that a drill puts on the machine: applied on time, verified, and lifted again. See `burden` for the kinds.

It is done by processes of ours. Each is tied to us by a pipe and ends when we do, however that comes about; so nothing
of it is lent by the daemon, and nothing can be left behind. What is read back is the kernel's word on these processes:
the processor time they had, the memory they hold, and a write that finds no room.
"""

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import assert_never

from hactl.core.errors import HactlError
from hactl.core.node import Launch
from hactl.core.value import replace
from hactl.drill.burden import MOST_MEMORY, BusyProcessors, FullDisk, MemoryInUse, Surge
from hactl.drill.burden_process import BurdenProcess
from hactl.drill.faults import Injected, Proof
from hactl.drill.load_plan import LoadPlan
from hactl.drill.plan import DrillPlan, Strike
from hactl.drill.records import Records
from hactl.drill.small_disk import hint, may_fill
from hactl.drill.watching import Load
from hactl.supervisor import procfs
from hactl.supervisor.cgroup import available_memory

MOST_BURNERS = 64
_WINDOW = 0.5
"""Seconds over which processor time is read back."""
_FREED, _AGAIN = 1.0, 0.02
"""Seconds until a disk has to be full for others too, and between two attempts to write there."""
_BUSY = 0.8
"""Part of that time in which busy processes have to want a processor, whether or not others let them have it."""
_HELD = 0.95
"""Part of the memory that has to be resident."""


def surge_plan(load: LoadPlan, surge: Surge, seconds: float) -> LoadPlan:
    """What comes on top of `load`, in a process of its own so that those who are judged are sent on time."""
    more = load.rate * (surge.factor - 1)
    asked = replace(load, rate=more or 1.0, duration=seconds if more else 0.0, burst=surge.reconnects)
    return replace(asked, retries=0, others="", connections=64)


class Burdens:
    """All of one drill. What is left of them is lifted when the context is left."""

    def __init__(
        self,
        load: Callable[[LoadPlan], Load],
        state: Path,
        *,
        available: Callable[[], int] = available_memory,
    ) -> None:
        """`load` makes a load of a plan, `state` is where the fleet keeps its state, `available` says how many bytes of
        memory could be had."""
        self.surged = Records()
        """Every request of surges that are over."""
        self.lifted: float | None = None
        """Monotonic seconds at which the last of them was over."""
        self.left: tuple[str, ...] = ()
        """Processes of ours that did not end."""
        self._load_of = load
        self._state = state
        self._available = available
        self._laid: list[tuple[Strike, AsyncExitStack]] = []

    @asynccontextmanager
    async def borne(self) -> AsyncIterator[None]:
        """For as long as the context is entered, or until they are lifted."""
        try:
            yield
        finally:
            await self.lift_all()

    async def lay(self, strike: Strike, launches: Mapping[str, Launch], plan: DrillPlan) -> Injected:
        """Put it on the machine as `plan` has it, and look whether it weighs. Raises HactlError when it cannot be."""
        # They are lifted in time; what counts here is when they end if nobody does.
        seconds = plan.longest if strike.lasting is None else strike.lasting
        async with AsyncExitStack() as stack:
            asked = time.monotonic()
            match strike.burden:
                case Surge():
                    done = await self._surge(stack, strike.burden, plan.load, asked, seconds)
                case BusyProcessors():
                    done = await self._busy(stack, strike.burden, launches, asked, plan.lease, seconds)
                case MemoryInUse():
                    done = await self._memory(stack, strike.burden, asked, plan.lease, seconds)
                case FullDisk():
                    done = await self._disk(stack, asked, plan.lease, seconds)
                case None:
                    raise AssertionError("a strike that puts nothing on the machine")
                case _:
                    assert_never(strike.burden)
            self._laid.append((strike, stack.pop_all()))
        return done

    async def lift(self, strike: Strike) -> str:
        """Take one away; what was done, for people."""
        laid = next((one for one in self._laid if one[0] == strike), None)
        if laid is not None:
            self._laid.remove(laid)
            asked = time.monotonic()
            await laid[1].aclose()
            # A surge is over when nothing is sent any more; what is under way is waited for besides.
            self.lifted = asked if isinstance(strike.burden, Surge) else time.monotonic()
        return f"{strike}: over"

    async def lift_all(self) -> None:
        """Take all of them away, each whatever becomes of the others."""
        async with AsyncExitStack() as stack:
            for strike, _ in reversed(self._laid):
                stack.push_async_callback(self.lift, strike)

    async def _surge(
        self, stack: AsyncExitStack, surge: Surge, usual: LoadPlan, asked: float, seconds: float
    ) -> Injected:
        load = self._load_of(surge_plan(usual, surge, seconds))
        await stack.enter_async_context(load)
        fault = time.monotonic()  # the first request is due now
        stack.push_async_callback(self._surge_over, load)
        said = await load.progress()
        sent = 0 if said is None else (said.sent - surge.reconnects) / said.t
        what = f"{surge}: sending {sent:.0f} more requests per second"
        done = said is None or said.sent > 0
        return Injected(asked=asked, fault=fault if done else None, proofs=(_proof("load", load.pid, done, what),))

    async def _surge_over(self, load: Load) -> None:
        load.stop()
        for row in await load.finish():
            self.surged.add(row)

    async def _busy(
        self,
        stack: AsyncExitStack,
        busy: BusyProcessors,
        launches: Mapping[str, Launch],
        asked: float,
        lease: float,
        seconds: float,
    ) -> Injected:
        cpus = sorted(set[int]().union(*(_allowed(launch) for launch in launches.values())))
        if len(cpus) * busy.per_cpu > MOST_BURNERS:
            raise HactlError(
                f"{busy.per_cpu} busy processes on each of {len(cpus)} CPUs are more than {MOST_BURNERS}",
                "give a smaller per_cpu",
            )
        burners = [
            BurdenProcess("cpu", "--cpu", str(cpu), seconds=seconds, lease=lease)
            for cpu in cpus
            for _ in range(busy.per_cpu)
        ]
        for burner in burners:
            await self._start(stack, burner)
        fault, before = time.monotonic(), _turns(burners)
        await asyncio.sleep(_WINDOW)
        passed = time.monotonic() - fault
        ran, waited = ((now - then) / passed for now, then in zip(_turns(burners), before, strict=True))
        where = ", ".join(map(str, cpus))
        wanted = (ran + waited) / len(burners) * 100
        told = f"{len(burners)} busy processes on its {len(cpus)} CPUs ({where})"
        told = f"{told} demand {wanted:.0f} % of them, and get {ran:.2f}"
        done = ran + waited >= _BUSY * len(burners)
        proofs = tuple(
            Proof(node=name, pid=launch.pid, ticks=launch.ticks, done=done, found=told)
            for name, launch in launches.items()
        )
        return Injected(asked=asked, fault=fault if done else None, proofs=proofs)

    async def _memory(
        self, stack: AsyncExitStack, memory: MemoryInUse, asked: float, lease: float, seconds: float
    ) -> Injected:
        available = self._available()
        size = min(MOST_MEMORY, int(available * memory.share))
        holder = BurdenProcess("memory", "--bytes", str(size), seconds=seconds, lease=lease)
        await self._start(stack, holder)
        fault = time.monotonic()
        stat = procfs.read_stat(holder.pid)
        resident = 0 if stat is None or stat.ticks != holder.ticks else stat.rss
        done = resident >= _HELD * size
        told = f"{resident >> 20} MiB resident of {size >> 20} wanted, {available >> 20} available"
        return Injected(asked=asked, fault=fault if done else None, proofs=(_proof("memory", holder.pid, done, told),))

    async def _disk(self, stack: AsyncExitStack, asked: float, lease: float, seconds: float) -> Injected:
        state = self._state
        if why := may_fill(state):
            raise HactlError(f"the disk is not filled: {why}", hint(state))
        filler = BurdenProcess("disk", "--directory", str(state), seconds=seconds, lease=lease)
        taken = await self._start(stack, filler)
        fault, found = await _until_full(state)
        done = found == errno.ENOSPC
        name = "writes succeed" if found is None else errno.errorcode.get(found, str(found))
        told = f"{taken.get('bytes', 0) >> 10} KiB used up, another process that writes there gets {name}"
        return Injected(asked=asked, fault=fault if done else None, proofs=(_proof("disk", filler.pid, done, told),))

    async def _start(self, stack: AsyncExitStack, process: BurdenProcess) -> dict[str, int]:
        stack.push_async_callback(self._end, process)
        return await process.start()

    async def _end(self, process: BurdenProcess) -> None:
        await process.end()
        if not process.gone:
            self.left = (*self.left, f"process {process.pid} of the drill has not exited")


def _proof(name: str, pid: int, done: bool, found: str) -> Proof:
    return Proof(node=name, pid=pid, ticks=procfs.start_ticks(pid) or 0, done=done, found=found)


def _allowed(launch: Launch) -> set[int]:
    """Processors that a process may run on. Raises HactlError when it has gone."""
    try:
        return os.sched_getaffinity(launch.pid)
    except ProcessLookupError as error:
        raise HactlError(f"process {launch.pid} is gone: it has no CPUs", "hactl status") from error


def _turns(burners: list[BurdenProcess]) -> tuple[float, float]:
    """Seconds that they have run, and that they have waited for a processor, all together."""
    turns = [turn for burner in burners if not burner.gone for turn in procfs.turns(burner.pid).values()]
    return sum(turn.ran for turn in turns), sum(turn.waited for turn in turns)


async def _until_full(directory: Path) -> tuple[float, int | None]:
    """When a write there was refused, and as what; None when none was for a while. What somebody frees just then is
    there for the next one who asks, until it has been taken as well."""
    end = time.monotonic() + _FREED
    while True:
        now = time.monotonic()
        found = await asyncio.to_thread(_write_fails, directory)
        if found is not None or now >= end:
            return now, found
        await asyncio.sleep(_AGAIN)


def _write_fails(directory: Path) -> int | None:
    """The errno of an attempt to write something there; None when it went well. Nothing of it stays."""
    try:
        fd = os.open(directory, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        return error.errno
    try:
        os.write(fd, b"\0" * 4096)
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)
    return None

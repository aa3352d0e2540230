"""A silent process that waits for a processor is told from one that hangs, on a burnt machine or an idle one."""

import asyncio
import os
import threading

import pytest

from hactl.supervisor import procfs
from hactl.supervisor.procfs import Turns
from hactl.supervisor.starvation import Starvation, starved

STEP = 0.25


class Account:
    """The threads of one process in virtual time: each runs and waits for its part of it."""

    def __init__(self, *threads: tuple[float, float, bool]) -> None:
        self.now = 100.0
        self.threads = threads
        self.starvation = Starvation(self.read, lambda: self.now)

    def read(self) -> dict[int, Turns]:
        passed = self.now - 100.0
        return {
            number: Turns(ran=ran * passed, waited=waited * passed, ready=ready)
            for number, (ran, waited, ready) in enumerate(self.threads)
        }

    async def asked(self, times: int, every: float = STEP) -> list[bool]:
        """Whether it is starved, asked again and again in one silence."""
        answers, since = [], self.now
        for _ in range(times):
            self.now += every
            answers.append(await self.starvation.starved(since))
        return answers


ASLEEP = (0.0, 0.0, False)
HANGING_ON_A_BURNT_MACHINE = (0.002, 0.03, False)
"""Some thread wakes now and then and waits its turn to do nothing."""
WANTING = (0.1, 0.8, False)
WAITING_FOR_GOOD = (0.0, 0.0, True)
"""It has not had a turn since, so that nothing has been added up."""
LOOPING = (1.0, 0.0, True)


@pytest.mark.parametrize("thread", [WANTING, WAITING_FOR_GOOD])
async def test_who_waits_for_a_processor_is_starved(thread):
    """Whether it gets a little or nothing at all; one such thread among others that sleep is enough."""
    assert (await Account(ASLEEP, thread).asked(8))[1:] == [True] * 7


@pytest.mark.parametrize("thread", [ASLEEP, HANGING_ON_A_BURNT_MACHINE, LOOPING])
async def test_who_hangs_is_not(thread):
    """Asleep for ever, hardly waiting for its turns, or busy with nothing."""
    assert (await Account(thread).asked(8))[1:] == [False] * 7


@pytest.mark.parametrize("every", [STEP, 5.25, 60.0])
async def test_the_first_look_has_nothing_to_compare_with(every: float):
    """Then it is enough to be ready, once in each silence however rarely it is asked."""
    looping = Account(LOOPING)
    assert await looping.asked(100, every) == [True] + [False] * 99
    looping.now += every
    assert await looping.asked(3, every) == [True, False, False]
    assert await Account(ASLEEP).asked(1, every) == [False]


async def test_the_loop_goes_on_while_the_kernel_is_asked() -> None:
    """A process of many threads takes long to look at, when there is no time to lose."""
    looked, told = threading.Event(), asyncio.Event()

    def read() -> dict[int, Turns]:
        assert looked.wait(10)
        return {}

    async with asyncio.TaskGroup() as group:
        group.create_task(Starvation(read, lambda: 0.0).starved(0.0)).add_done_callback(lambda _: told.set())
        await asyncio.sleep(0)
        assert not told.is_set()
        looked.set()
        await told.wait()


async def test_without_an_account_nobody_is_starved():
    """Nothing is known, and everything is as it would be without."""
    assert await Account().asked(3) == [False] * 3


def test_a_new_thread_is_not_blamed_for_what_was_before_it():
    """Threads come and go."""
    assert not starved({1: Turns(ran=0, waited=0, ready=False)}, {2: Turns(ran=0, waited=9, ready=True)}, 1.0)


def test_the_kernels_account_of_our_own_threads(nursery):
    """A thread that runs is ready and has run; of nobody there is nothing."""
    turns = procfs.turns(os.getpid())
    assert any(thread.ready and thread.ran > 0 for thread in turns.values())
    process = nursery.start()
    assert all(not thread.ready or thread.ran < 5 for thread in procfs.turns(process.launch.pid).values())
    assert procfs.turns(2**22 + 1) == {}

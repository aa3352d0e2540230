"""The way back: good order first, and what the daemon cannot put back is not kept quiet."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from support.build import a_spec
from support.controller import MemoryController
from support.lending import Lender, on_loan
from support.script import serving

from hactl.core.commands import EndDrill, Start
from hactl.core.errors import CommandRejected
from hactl.core.events import FleetClosing, NodeChanged, OperationEnded, OperationMoved
from hactl.core.node import Launch, NodeState
from hactl.core.operation import Outcome
from hactl.core.value import replace
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.following import Follower
from hactl.drill.loan import Loan
from hactl.drill.plan import DrillPlan, plan
from hactl.drill.way_back import WayBack
from hactl.supervisor import procfs

FLEET = serving(a_spec())


def planned(*, hold: bool) -> DrillPlan:
    fault = Fault(kind=FaultKind.KILL, target=Target(names=("seoul-1",)), keep_down=hold)
    return plan(Definition(name="d", title="t", faults=(fault,)), FLEET, 1)


def way_back(controller: MemoryController, follower: Follower, said: list[str], *, hold: bool = False) -> WayBack:
    drill = planned(hold=hold)
    return WayBack(on_loan(controller, drill), follower, drill, say=said.append)


async def test_whom_the_drill_keeps_down_is_started_and_a_refusal_leaves_it_to_the_daemon() -> None:
    said: list[str] = []
    controller = MemoryController(FLEET)
    controller.reply = CommandRejected("not now")
    await way_back(controller, Follower(controller, FLEET), said, hold=True).start()
    (drill,) = controller.snapshot.fleet.operations
    assert [request.command for request in controller.requests] == [Start(nodes=("seoul-1",), drill=drill)]
    assert said == ["failback: starting seoul-1", "failback: not now"]


async def test_a_fleet_that_is_lent_to_somebody_else_by_now_is_left_alone() -> None:
    """Whom the drill kept down the daemon has started, and may be down again for another one."""
    said: list[str] = []
    lender = Lender(FLEET)
    drill = planned(hold=True)
    loan = Loan(lender, drill, by="me")
    await loan.begin()
    await lender.submit(EndDrill(id=loan.operation), by="bob")
    await Loan(lender, drill, by="bob").begin()
    before = lender.snapshot.fleet
    await WayBack(loan, Follower(lender, FLEET), drill, say=said.append).start()
    assert said == ["failback: starting seoul-1", "failback: the fleet was taken back: ended by bob"]
    assert lender.snapshot.fleet == before


async def test_nobody_is_started_whom_the_daemon_starts_itself() -> None:
    controller = MemoryController(FLEET)
    await way_back(controller, Follower(controller, FLEET), [], hold=False).start()
    assert controller.requests == []


async def test_a_fleet_that_is_given_back_is_looked_at_once_more() -> None:
    said: list[str] = []
    lender = Lender(FLEET)
    follower = Follower(lender, FLEET)
    drill = planned(hold=False)
    loan = Loan(lender, drill, by="me")
    async with follower.following():
        await lender.until_watchers(1)
        await loan.begin()
        back = WayBack(loan, follower, drill, say=said.append)
        await back.give_back()
        _, left = await back.verify(1.0, 0.0)
    assert left == ()
    assert said == ["failback: returning the fleet", "verify: everything is as it was before"]


async def test_what_the_daemon_could_not_put_back_is_said() -> None:
    """In its own words, even where nothing is to be seen of it."""
    said: list[str] = []
    controller = MemoryController(FLEET)
    follower = Follower(controller, FLEET)
    async with follower.following():
        await controller.until_watchers(1)
        back = way_back(controller, follower, said)
        (drill,) = controller.snapshot.fleet.operations
        controller.happen(OperationEnded(id=drill, outcome=Outcome.FAILED, sentence="seoul-1 is not up in time"))
        _, left = await back.verify(1.0, 0.0)
    assert left == ("seoul-1 is not up in time",)
    assert said == ["verify: NOT CLEAN: seoul-1 is not up in time"]


async def test_a_daemon_that_takes_longer_for_it_has_the_time_that_it_gives_itself() -> None:
    """A configuration goes back process by process: it counts as not clean when the daemon says so, and not before."""
    controller = MemoryController(FLEET)
    follower = Follower(controller, FLEET)
    async with follower.following(), asyncio.TaskGroup() as tasks:
        await controller.until_watchers(1)
        back = way_back(controller, follower, [])
        (drill,) = controller.snapshot.fleet.operations.values()
        taken = replace(drill, back="ended by me", deadline=time.monotonic() + 60.0)
        controller.happen(OperationMoved(operation=taken))
        await follower.until(lambda: bool(follower.fleet.operations), 10.0)
        looking = tasks.create_task(back.verify(0.0, 0.0, 0.0))
        await asyncio.wait((looking,), timeout=0.2)
        assert not looking.done()
        controller.happen(OperationEnded(id=drill.id, outcome=Outcome.DONE, sentence="everything is back"))
        _, left = await looking
    assert left == ()


@pytest.mark.parametrize("back", [True, False], ids=["it comes back", "it stays out"])
async def test_nothing_is_as_it_was_in_a_fleet_that_does_not_serve_any_more(back: bool) -> None:
    """Also where the drill was aimed at no node, so that none is looked at by name. Who comes back while that is waited
    for is not left behind."""
    said: list[str] = []
    node = FLEET.nodes["seoul-2"]
    out = NodeChanged(node=replace(node, state=NodeState.FAILED), was=node.state)
    lender = Lender(FLEET)
    follower = Follower(lender, FLEET)
    drill = plan(
        Definition(name="d", title="t", faults=(Fault(kind=FaultKind.DAEMON_KILL, target=Target()),)), FLEET, 1
    )
    loan = Loan(lender, drill, by="me")
    async with follower.following(), asyncio.TaskGroup() as tasks:
        await lender.until_watchers(1)
        await loan.begin()
        lender.happen(out)
        await follower.until(lambda: not follower.fleet.nodes["seoul-2"].serviceable, 10.0)
        wait = 60.0 if back else 0.0
        looking = tasks.create_task(WayBack(loan, follower, drill, say=said.append).verify(wait, 0.0, serves=wait))
        await follower.ended(loan.operation, 10.0)
        if back:
            lender.happen(NodeChanged(node=node, was=NodeState.FAILED))
        _, left = await looking
    assert left == (() if back else ("1 of 5 out: seoul-2",))
    assert said == ["verify: everything is as it was before" if back else "verify: NOT CLEAN: 1 of 5 out: seoul-2"]


async def test_what_another_drill_does_meanwhile_is_not_left_of_this_one() -> None:
    """The fleet was taken back, and lent again: whether all was put back before, the daemon has said."""
    said: list[str] = []
    lender = Lender(FLEET)
    follower = Follower(lender, FLEET)
    drill = planned(hold=True)
    loan = Loan(lender, drill, by="me")
    node = FLEET.nodes["seoul-1"]
    async with follower.following():
        await lender.until_watchers(1)
        await loan.begin()
        await lender.submit(EndDrill(id=loan.operation), by="bob")
        await Loan(lender, drill, by="bob").begin()
        lender.happen(NodeChanged(node=replace(node, state=NodeState.BACKOFF), was=node.state))
        await follower.until(lambda: not follower.fleet.nodes["seoul-1"].serviceable, 10.0)
        _, left = await WayBack(loan, follower, drill, say=said.append).verify(0.0, 0.0, serves=0.0)
    assert left == ()
    assert said == ["verify: everything was restored, and another drill has the fleet"]


@pytest.fixture
def frozen() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does nothing by itself."""
    with subprocess.Popen(["sleep", "600"]) as process:
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()


@pytest.mark.parametrize("ends", [True, False], ids=["it ends", "it stays"])
async def test_where_the_fleet_is_taken_down_processes_that_still_run_are_left_behind_and_nothing_else(
    frozen: "subprocess.Popen[bytes]", ends: bool
) -> None:
    """What was done to a process goes with it, and the daemon is asked for nothing: it may be gone."""
    said: list[str] = []
    node = FLEET.nodes["seoul-1"]
    launch = Launch(instance="i", pid=frozen.pid, ticks=procfs.start_ticks(frozen.pid) or 0, boot="b", at=0.0)
    fleet = replace(FLEET, nodes=FLEET.nodes | {node.name: replace(node, launch=launch)})
    controller = MemoryController(fleet)
    follower = Follower(controller, fleet)
    async with follower.following():
        await controller.until_watchers(1)
        controller.happen(FleetClosing())
        await follower.until(lambda: follower.fleet.closing, 10.0)
        back = way_back(controller, follower, said, hold=True)
        await back.start()
        await back.give_back()
        if ends:
            frozen.kill()
        _, left = await back.verify(1.0, 0.0, 60.0 if ends else 0.0)
    assert left == (() if ends else (f"seoul-1 (pid {frozen.pid}) is still running",))
    assert said == [f"verify: the fleet was taken down, and {'; '.join(left) or 'nothing of the drill is left'}"]
    assert controller.requests == []

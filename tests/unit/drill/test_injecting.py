"""A fault that is asked for and read back, on a real process."""

import os
import signal
from collections.abc import Iterator

import pytest
from support.controller import MemoryController
from support.impairer import FLEET, SLOW, Impairer, running
from support.lending import on_loan
from support.processes import waiting

from hactl.core.commands import Command, Heal, Impair
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.operation import Outcome
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.following import Follower
from hactl.drill.injecting import heal, inject, rehearse
from hactl.drill.plan import DrillPlan, plan
from hactl.supervisor import procfs


class Striker(MemoryController):
    """Does to one process what it is told to, as a daemon would."""

    def __init__(self, pid: int, number: signal.Signals) -> None:
        super().__init__(FLEET)
        self._pid = pid
        self._signal = number

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        receipt = await super().submit(command, by=by, reason=reason, dry_run=dry_run)
        if not dry_run:
            os.kill(self._pid, self._signal)
        return receipt


@pytest.fixture
def pid() -> Iterator[int]:
    """A real process, which waits for nothing."""
    with waiting() as child:
        yield child.pid


def planned(kind: FaultKind) -> DrillPlan:
    fault = Fault(kind=kind, target=Target(names=("seoul-1",)))
    return plan(Definition(name="d", title="t", faults=(fault,)), FLEET, 1)


@pytest.mark.parametrize(("kind", "number"), [(FaultKind.KILL, signal.SIGKILL), (FaultKind.FREEZE, signal.SIGSTOP)])
async def test_a_fault_is_in_effect_between_the_asking_and_the_answer(
    pid: int, kind: FaultKind, number: signal.Signals
) -> None:
    """Its moment is when the kernel says so, and its proof names the process."""
    drill = planned(kind)
    striker = Striker(pid, number)
    done = await inject(on_loan(striker, drill), drill.strikes[0], Follower(striker, running(pid)), drill)
    assert done.fault is not None
    assert done.fault >= done.asked
    assert [(proof.node, proof.pid, proof.done) for proof in done.proofs] == [("seoul-1", pid, True)]


async def test_a_fault_that_does_not_come_true_is_no_fault(pid: int) -> None:
    """The command was accepted, and nothing happened: that is said, not assumed away."""
    drill = planned(FaultKind.KILL)
    striker = Striker(pid, signal.SIGCONT)
    done = await inject(
        on_loan(striker, drill), drill.strikes[0], Follower(striker, running(pid)), drill, patience=0.05
    )
    assert done.fault is None
    assert [proof.done for proof in done.proofs] == [False]


async def test_a_refusal_is_passed_on(pid: int) -> None:
    drill = planned(FaultKind.KILL)
    striker = Striker(pid, signal.SIGKILL)
    striker.reply = CommandRejected("too few would be left", guard=True)
    with pytest.raises(CommandRejected, match="too few"):
        await inject(on_loan(striker, drill), drill.strikes[0], Follower(striker, running(pid)), drill)
    with pytest.raises(CommandRejected, match="too few"):
        await rehearse(striker, drill, by="me")
    assert striker.dry_runs == 1
    assert procfs.read_stat(pid) is not None


async def test_who_has_no_process_cannot_be_struck() -> None:
    gone = replace(FLEET, nodes=FLEET.nodes | {"seoul-1": replace(FLEET.nodes["seoul-1"], launch=None)})
    drill = planned(FaultKind.KILL)
    nobody = MemoryController(FLEET)
    with pytest.raises(HactlError, match="'seoul-1' has no process to strike"):
        await inject(on_loan(nobody, drill), drill.strikes[0], Follower(nobody, gone), drill)


def impairing() -> DrillPlan:
    fault = Fault(kind=FaultKind.IMPAIR, target=Target(names=("seoul-1",)), impairment=SLOW, lasting=1.0)
    return plan(Definition(name="d", title="t", faults=(fault,)), FLEET, 1)


async def test_an_impairment_is_in_effect_when_the_journal_says_so(pid: int) -> None:
    """Of that process; and it is taken back before the failback, if it is to be."""
    drill, daemon = impairing(), Impairer(running(pid))
    follower = Follower(daemon, running(pid))
    async with follower.following():
        await daemon.until_watchers(1)
        loan = on_loan(daemon, drill)
        done = await inject(loan, drill.strikes[0], follower, drill)
        assert done.fault == daemon.records[0].mono
        assert [(proof.node, proof.pid, proof.done) for proof in done.proofs] == [("seoul-1", pid, True)]
        assert await heal(loan, drill.strikes[0], follower) == "seoul-1: no longer impaired"
        assert await heal(loan, drill.strikes[0], follower) == "seoul-1: not impaired any more"
    assert [request.command for request in daemon.requests] == [
        Impair(nodes=("seoul-1",), fault=SLOW, drill=loan.operation),
        Heal(nodes=("seoul-1",), drill=loan.operation),
    ]


async def test_an_impairment_that_the_process_does_not_take_is_no_fault(pid: int) -> None:
    """And what the daemon says of it is what the report says."""
    drill, daemon = impairing(), Impairer(running(pid), Outcome.FAILED)
    follower = Follower(daemon, running(pid))
    async with follower.following():
        await daemon.until_watchers(1)
        done = await inject(on_loan(daemon, drill), drill.strikes[0], follower, drill)
    assert done.fault is None
    assert [(proof.done, proof.found) for proof in done.proofs] == [(False, "it is so")]

"""A restart is proved when the process that was meant has gone, and another one serves in its place."""

import os

import pytest
from support.build import a_spec
from support.controller import MemoryController
from support.lending import on_loan
from support.processes import waiting
from support.script import serving

from hactl.core.commands import Command, Restart
from hactl.core.errors import CommandRejected
from hactl.core.events import Event, NodeChanged, OperationEnded
from hactl.core.model import Fleet
from hactl.core.node import Launch, NodeState
from hactl.core.operation import Outcome
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.following import Follower
from hactl.drill.injecting import inject
from hactl.drill.plan import plan
from hactl.drill.restarting import replaced
from hactl.supervisor import procfs

FLEET = serving(a_spec())
GONE = Launch(instance="f1/seoul-1/1", pid=os.getpid(), ticks=1, boot="b", at=0.0)
PLAN = plan(
    Definition(name="d", title="t", faults=(Fault(kind=FaultKind.RESTART, target=Target(names=("seoul-1",))),)),
    FLEET,
    1,
)


def running(launch: Launch, state: NodeState = NodeState.SERVING) -> Fleet:
    return replace(FLEET, nodes=FLEET.nodes | {"seoul-1": replace(FLEET.nodes["seoul-1"], launch=launch, state=state)})


def of(pid: int) -> Launch:
    return Launch(instance="f1/seoul-1/2", pid=pid, ticks=procfs.start_ticks(pid) or 0, boot="b", at=0.0)


def test_it_is_another_process_that_has_to_serve() -> None:
    with waiting() as child:
        fresh = of(child.pid)
        assert replaced("seoul-1", GONE, running(fresh)).done
        assert not replaced("seoul-1", fresh, running(fresh)).done, "the same one"
        assert not replaced("seoul-1", GONE, running(fresh, NodeState.STARTING)).done, "it does not serve yet"
        assert not replaced("seoul-1", fresh, running(of(os.getpid()))).done, "the one before lives"
    assert not replaced("seoul-1", GONE, running(fresh)).done, "it has ended again"
    assert not replaced("nobody", GONE, FLEET).done


class Restarter(MemoryController):
    """Restarts as a daemon would, at once, or says why not."""

    def __init__(self, fleet: Fleet, fresh: Launch, outcome: Outcome = Outcome.DONE) -> None:
        super().__init__(fleet)
        self._fresh = fresh
        self._outcome = outcome

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        await super().submit(command, by=by, reason=reason, dry_run=dry_run)
        (drill,) = self.snapshot.fleet.operations
        assert command == Restart(nodes=("seoul-1",), drill=drill)
        node = self.snapshot.fleet.nodes["seoul-1"]
        news: list[Event] = [NodeChanged(node=replace(node, state=NodeState.DRAINING), was=node.state)]
        if self._outcome is Outcome.DONE:
            news.append(NodeChanged(node=replace(node, launch=self._fresh), was=NodeState.STARTING))
        self.happen(*news, OperationEnded(id="op-7", outcome=self._outcome, sentence="it did not come back"))
        return Receipt(seq=self.snapshot.fleet.seq, operation="op-7")


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.FAILED])
async def test_a_restart_begins_with_the_first_that_is_taken_out_and_counts_when_all_are_back(outcome: Outcome) -> None:
    with waiting() as child:
        daemon = Restarter(running(GONE), of(child.pid), outcome)
        follower = Follower(daemon, running(GONE))
        async with follower.following():
            await daemon.until_watchers(1)
            done = await inject(on_loan(daemon, PLAN), PLAN.strikes[0], follower, PLAN)
        (proof,) = done.proofs
        assert proof.done is (outcome is Outcome.DONE)
        if outcome is Outcome.DONE:
            assert done.fault == follower.records[0].mono
            assert proof.found == f"restarted: pid {child.pid} serves instead"
        else:
            assert done.fault is None
            assert proof.found == "it did not come back"


async def test_a_restart_that_is_refused_is_no_fault() -> None:
    daemon = MemoryController(running(GONE))
    daemon.reply = CommandRejected("nothing could carry the traffic", guard=True)
    with pytest.raises(CommandRejected, match="nothing could carry"):
        await inject(on_loan(daemon, PLAN), PLAN.strikes[0], Follower(daemon, running(GONE)), PLAN)

"""A daemon in memory that impairs and heals at once, or says why not; nothing happens to any process."""

from support.build import a_spec
from support.controller import MemoryController
from support.script import serving

from hactl.core.commands import Command, Impair
from hactl.core.events import NodeChanged, OperationEnded
from hactl.core.impairment import Impaired, Impairment, ImpairmentPhase
from hactl.core.model import Fleet
from hactl.core.node import Launch
from hactl.core.operation import Outcome
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.supervisor import procfs

FLEET = serving(a_spec())
SLOW = Impairment(delay=0.3, delayed=100)


class Impairer(MemoryController):
    """Impairs and heals as a daemon would, at once, or says why not."""

    def __init__(self, fleet: Fleet, outcome: Outcome = Outcome.DONE) -> None:
        super().__init__(fleet)
        self._outcome = outcome

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        await super().submit(command, by=by, reason=reason, dry_run=dry_run)
        seq, operation = self.snapshot.fleet.seq, f"op-{len(self.requests)}"
        node = self.snapshot.fleet.nodes["seoul-1"]
        effective = Impaired(fault=SLOW, by="drill d", phase=ImpairmentPhase.EFFECTIVE)
        suffers = effective if isinstance(command, Impair) and self._outcome is Outcome.DONE else None
        changed = NodeChanged(node=replace(node, impaired=suffers), was=node.state)
        self.happen(changed, OperationEnded(id=operation, outcome=self._outcome, sentence="it is so"))
        return Receipt(seq=seq, operation=operation, sentence="impair seoul-1")


def running(pid: int) -> Fleet:
    """The fleet with that process as one of its nodes."""
    launch = Launch(instance="f1/seoul-1/1", pid=pid, ticks=procfs.start_ticks(pid) or 0, boot="b", at=0.0)
    return replace(FLEET, nodes=FLEET.nodes | {"seoul-1": replace(FLEET.nodes["seoul-1"], launch=launch)})

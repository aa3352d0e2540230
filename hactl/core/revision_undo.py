"""The configuration from before a drill: how it is lent, and how it is put back in force. Pure.

A configuration that a drill applies comes and goes like any other (`rollout`), and is rolled back automatically when it
does harm. This is for what is left then: the drill has ended, and another configuration is on its way or in force. It
is undone the way it came, one process after the other, so that clients are served meanwhile.
"""

from collections.abc import Iterable

from hactl.core import rollout
from hactl.core.draft import Draft
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationBegan, OperationMoved
from hactl.core.founding import lay_out, wanted
from hactl.core.model import Fleet, Proposal
from hactl.core.node import Node
from hactl.core.operation import RAMPS, Operation, Verb
from hactl.core.operations import begun, turnaround
from hactl.core.proposals import begin
from hactl.core.value import replace


def check(fleet: Fleet, drill: Operation | None, proposal: Proposal) -> None:
    """Raises CommandRejected when a configuration comes in the time of a drill that could not go back from it, or that
    has other endpoints for a service whose hops the drill may disturb: its proxy stands in those."""
    if drill is None or drill.drill is None:
        return
    _disturbable(fleet, drill, drill.drill.baseline.services, proposal)
    if drill.drill.baseline.spec is None:
        return
    same_tls = proposal.spec.edge.tls == fleet.spec.edge.tls
    if _places(proposal.nodes) != _places(wanted(fleet).values()) or not same_tls:
        raise CommandRejected(
            f"{drill.sentence} may change the configuration and will restore the previous one: other processes,"
            " addresses or certificates could not be restored",
            f"change them once it has ended: hactl wait --operation {drill.id}",
        )


def note(draft: Draft, drill: Operation) -> None:
    """Remember what the configurations that come in its time change: going back changes the same."""
    lease, coming = drill.drill, draft.fleet.proposal
    if lease is None or lease.baseline.spec is None or coming is None:
        return
    nodes = lease.restarts_nodes or coming.restarts_nodes
    edges = lease.restarts_edges or coming.restarts_edges
    if (nodes, edges) != (lease.restarts_nodes, lease.restarts_edges):
        noted = replace(lease, restarts_nodes=nodes, restarts_edges=edges)
        draft.emit(OperationMoved(operation=replace(drill, drill=noted)))


def put_back(draft: Draft, drill: Operation) -> bool | str | None:
    """Take the next step back. True: the configuration from before is in force, or was never lent; a sentence: it will
    not be; None: not yet."""
    lease = drill.drill
    if lease is None or lease.baseline.spec is None:
        return True
    changes = [operation for operation in draft.fleet.operations.values() if operation.revision]
    for change in changes:
        if change.id != lease.undoing:
            rollout.turn_back(draft, change, f"{drill.sentence} has ended")
    if changes:
        return None
    if draft.fleet.spec == lease.baseline.spec:
        return True
    before = f"the previous configuration, revision {lease.baseline.revision}"
    if lease.undoing:
        return f"{before}, did not take effect again (hactl config rollback {lease.baseline.revision})"
    if not any(other.verb in (Verb.RESTART, *RAMPS) for other in draft.fleet.operations.values()):
        _begin(draft, drill)
    return None


def _begin(draft: Draft, drill: Operation) -> None:
    lease, fleet = drill.drill, draft.fleet
    if lease is None or lease.baseline.spec is None:
        raise AssertionError("asked before")
    spec = lease.baseline.spec
    proposal = Proposal(
        spec=spec,
        nodes=lay_out(spec, (), fleet),
        base=fleet.revision,
        restarts_nodes=lease.restarts_nodes,
        restarts_edges=lease.restarts_edges,
    )
    back, why = f"go back to revision {lease.baseline.revision}", f"{drill.sentence} has ended"
    operation = begun(draft, Verb.APPLY, back, by=f"{drill.by} (drill)", reason=why)
    operation = begin(draft, operation, proposal, meant=True)
    operation = replace(operation, deadline=draft.now.mono + turnaround(spec) * len(operation.targets))
    draft.emit(OperationBegan(operation=operation))
    draft.emit(OperationMoved(operation=replace(drill, drill=replace(lease, undoing=operation.id))))


def _disturbable(fleet: Fleet, drill: Operation, lent: tuple[str, ...], proposal: Proposal) -> None:
    now = {service.name: service for service in fleet.spec.services}
    coming = {service.name: service for service in proposal.spec.services}
    for name in lent:
        if coming.get(name) != now.get(name):
            raise CommandRejected(
                f"{drill.sentence} may be disturbing the hops to service '{name}', which this would change or remove",
                f"change it once it has ended: hactl wait --operation {drill.id}",
            )


def _places(nodes: Iterable[Node]) -> set[tuple[str, str, int]]:
    return {(node.name, node.address, node.port) for node in nodes}

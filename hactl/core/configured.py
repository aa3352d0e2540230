"""What a fleet is after its configuration, or the set of its processes, has changed. Part of `evolve`, and as total.

Not who decides that it changes: that is `founding` for a start and `rollout` for a fleet that serves.
"""

from typing import TypeVar, assert_never

from hactl.core.config_events import (
    ConfigEvent,
    ConfigTaken,
    FleetFounded,
    NodesAdded,
    NodesRemoved,
    RevisionApplied,
    RevisionProposed,
    RevisionRolledBack,
    RulesTaken,
)
from hactl.core.model import Fleet
from hactl.core.spec import FleetSpec
from hactl.core.value import replace

T = TypeVar("T")


def configured(fleet: Fleet, event: ConfigEvent) -> Fleet:
    """The fleet after `event`, its `seq` aside."""
    match event:
        case FleetFounded(id=fleet_id, revision=revision, spec=spec, nodes=nodes):
            founded = Fleet(id=fleet_id, name=spec.name, seq=fleet.seq, policy=spec.edge.policy)
            numbered = replace(founded, revision=revision, last_revision=revision)
            return replace(numbered, spec=spec, nodes={node.name: node for node in nodes})
        case ConfigTaken():
            return _with_config(fleet, event)
        case RulesTaken(revision=revision, spec=spec):
            last = max(fleet.last_revision, revision)
            return replace(fleet, revision=revision, last_revision=last, spec=spec)
        case RevisionProposed(proposal=proposal):
            return replace(fleet, proposal=proposal, last_revision=proposal.revision)
        case RevisionApplied():
            return _with_proposal(fleet)
        case RevisionRolledBack(revision=revision):
            return _without_proposal(fleet, revision)
        case NodesAdded(nodes=nodes):
            return replace(fleet, nodes=fleet.nodes | {node.name: node for node in nodes})
        case NodesRemoved(nodes=names):
            return _without_nodes(fleet, names)
        case _:
            assert_never(event)


def without(values: dict[str, T], *names: str) -> dict[str, T]:
    """`values` but for those of `names`."""
    return {name: value for name, value in values.items() if name not in names}


def _with_config(fleet: Fleet, event: ConfigTaken) -> Fleet:
    """Nothing of the fleet ran: it begins anew with what is kept of its processes."""
    return replace(
        _with_spec(fleet, event.spec, event.revision),
        last_revision=max(fleet.last_revision, event.revision),
        nodes={node.name: node for node in event.nodes},
        failovers={},
        edge_losses={},
        region_losses={},
        operations={},
        confirmed={},
        proved={},
    )


def _with_spec(fleet: Fleet, spec: FleetSpec, revision: int) -> Fleet:
    """What an operator set holds until the file says something new about the same thing."""
    was = {region.name: region.weight for region in fleet.spec.regions}
    now = {region.name: region.weight for region in spec.regions}
    kept = {name: weight for name, weight in fleet.region_weights.items() if was.get(name) == now.get(name, -1)}
    policy = spec.edge.policy if spec.edge.policy != fleet.spec.edge.policy else fleet.policy
    refused = fleet.certificate_refused if spec.edge.tls == fleet.spec.edge.tls else ""
    shown = replace(fleet, certificate=fleet.certificate_for(spec), certificate_refused=refused)
    evacuated = {name: evacuation for name, evacuation in fleet.evacuations.items() if name in now}
    losses = {name: loss for name, loss in fleet.region_losses.items() if name in now}
    shown = replace(shown, evacuations=evacuated if len(now) > 1 else {}, region_losses=losses)
    named = replace(shown, name=spec.name, revision=revision, config_trouble="", spec=spec)
    named = replace(named, sustained=fleet.sustained if _same_work(fleet.spec, spec) else 0.0)
    return replace(named, region_weights=kept, policy=policy, proposal=None)


def _same_work(old: FleetSpec, new: FleetSpec) -> bool:
    """A node does the same for each request: what it was seen to carry holds on. One that does more may carry less."""

    def work(spec: FleetSpec) -> tuple[object, ...]:
        gateway = spec.gateway
        program = (gateway.kind, gateway.command, gateway.directory, gateway.env, gateway.envoy_overlay)
        return (*program, spec.services, spec.routes)

    return work(old) == work(new)


def _with_proposal(fleet: Fleet) -> Fleet:
    """The processes in the order of the new configuration; those it does not want last, until they have stopped."""
    coming = fleet.proposal
    if coming is None:
        return fleet
    names = [node.name for node in coming.nodes if node.name in fleet.nodes]
    wanted = {name: replace(fleet.nodes[name], revision=coming.revision) for name in names}
    gone = {name: node for name, node in fleet.nodes.items() if name not in wanted}
    return replace(_with_spec(fleet, coming.spec, coming.revision), nodes=wanted | gone)


def _without_proposal(fleet: Fleet, revision: int) -> Fleet:
    nodes = {
        name: replace(node, revision=fleet.revision) if node.revision == revision else node
        for name, node in fleet.nodes.items()
    }
    return replace(fleet, nodes=nodes, proposal=None)


def _without_nodes(fleet: Fleet, names: tuple[str, ...]) -> Fleet:
    return replace(
        fleet,
        nodes=without(fleet.nodes, *names),
        failovers=without(fleet.failovers, *names),
        edge_losses=without(fleet.edge_losses, *names),
        confirmed=without(fleet.confirmed, *names),
        proved=without(fleet.proved, *names),
    )

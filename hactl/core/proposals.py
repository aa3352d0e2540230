"""Whether a configuration may come into force now, and by which steps. Takes none of them itself: that is `rollout`."""

from hactl.core.commands import Apply, Request, Scale
from hactl.core.config_events import RevisionApplied, RevisionProposed
from hactl.core.configured import configured
from hactl.core.draft import Draft
from hactl.core.errors import CommandRejected
from hactl.core.founding import node_names, wanted
from hactl.core.model import Fleet, Proposal
from hactl.core.node import Node, Role
from hactl.core.operation import RAMPS, Operation, Step, Target
from hactl.core.plural import counted
from hactl.core.safety import evacuated_only, remaining, serving, usable, weighable
from hactl.core.spec import FleetSpec, SafetySpec
from hactl.core.traffic import shares
from hactl.core.value import replace


def check(fleet: Fleet, request: Request) -> None:
    """Raises CommandRejected when the proposal of `request` cannot come into force now."""
    command, proposal = request.command, request.proposal
    if not isinstance(command, Apply | Scale) or proposal is None:
        return
    if isinstance(command, Apply) and command.base and command.base != fleet.revision:
        raise CommandRejected(
            f"revision {fleet.revision} is in force, not {command.base}",
            "check the difference first: hactl config diff",
        )
    if proposal.base != fleet.revision:
        raise CommandRejected(
            f"revision {fleet.revision} came into force while this one was being validated",
            "run the same command again",
        )
    for operation in fleet.operations.values():
        if operation.verb in RAMPS or operation.one_by_one:
            raise CommandRejected(
                f"{operation.id} is in progress: {operation.sentence}", f"hactl wait --operation {operation.id}"
            )
    if proposal.spec == fleet.spec:
        raise CommandRejected(f"nothing to change: revision {fleet.revision} is already the same", "hactl config diff")
    old, new = _fixed(fleet.spec), _fixed(proposal.spec)
    for path in old:
        if old[path] != new[path]:
            hint = "hactl daemon restart" if path == "fleet.group" else "hactl down && hactl up"
            raise CommandRejected(f"'{path}' cannot change while the fleet runs", hint)
    _ports(fleet, proposal.spec)
    after = configured(replace(fleet, proposal=proposal), RevisionApplied(revision=0))
    usable(after.policy, after.spec)
    if after.policy is not fleet.policy:
        weighable(after.policy, proposal.nodes)
    if request.confirm != fleet.name:
        _capacity(fleet, proposal)
        _edges_left(fleet, proposal)


def _fixed(spec: FleetSpec) -> dict[str, str]:
    """What a fleet cannot change while it runs: its name and place, and what its nodes are."""
    return {
        "fleet.name": spec.name,
        "fleet.state_dir": spec.state_dir,
        "fleet.group": spec.group,
        "gateway.kind": spec.gateway.kind,
    }


def _ports(fleet: Fleet, spec: FleetSpec) -> None:
    """A node that runs keeps its port; a range that leaves it out would be in force and not hold."""
    low, high = spec.ports
    names = node_names(spec)
    out = [node for node in wanted(fleet).values() if node.name in names and not low <= node.port <= high]
    if out and spec.ports != fleet.spec.ports:
        raise CommandRejected(
            f"'{out[0].name}' has port {out[0].port}, which is outside fleet.ports = {low}-{high}",
            "hactl down && hactl up",
        )


def _capacity(fleet: Fleet, proposal: Proposal) -> None:
    """What goes is made up for by what comes; what restarts needs others beside it, as in a rolling restart."""
    hint = f"if you mean it: --confirm {fleet.name}"
    rules, now = _rules(fleet, proposal), serving(fleet)
    after = configured(replace(fleet, proposal=proposal), RevisionApplied(revision=0))
    ours = wanted(fleet)
    left = [node for node in proposal.nodes if node.role is Role.GATEWAY and _will_serve(ours.get(node.name), node)]
    left = [node for node in left if after.region_weight(node.region)]
    if len(left) < min(len(now), rules.min_serving_nodes):
        raise CommandRejected(
            f"it would leave {counted(len(left), 'node')} serving"
            f" (safety.min_serving_nodes = {rules.min_serving_nodes})",
            hint,
            guard=True,
        )
    if only := evacuated_only(fleet, left):
        raise CommandRejected(f"it would leave {only}", hint, guard=True)
    regions, regions_left = {node.region for node in now}, {node.region for node in left}
    if len(regions_left) < min(len(regions), rules.min_serving_regions):
        raise CommandRejected(
            f"it would leave {counted(len(regions_left), 'region')} serving"
            f" (safety.min_serving_regions = {rules.min_serving_regions})",
            hint,
            guard=True,
        )
    others = _beside(fleet)
    if others < rules.min_serving_nodes and (first := next(iter(restarting(fleet, proposal)), "")):
        beside = f"only {counted(others, 'other node')} would be serving"
        rule = f" (safety.min_serving_nodes = {rules.min_serving_nodes})"
        raise CommandRejected(
            f"'{first}' would restart, and {beside + rule if others else 'no other node is serving'}",
            f"add a node first, or {hint}",
            guard=True,
        )
    for name in restarting(fleet, proposal):
        if only := evacuated_only(fleet, remaining(fleet, (name,))):
            raise CommandRejected(f"restarting '{name}' would leave {only}", hint, guard=True)


def restarting(fleet: Fleet, proposal: Proposal) -> list[str]:
    """The gateway nodes that carry traffic and have to restart for it."""
    ours = wanted(fleet)
    coming = {node.name: node for node in proposal.nodes if node.name in ours}
    return [node.name for node in serving(fleet) if node.name in coming and _changes(node, coming[node.name], proposal)]


def _rules(fleet: Fleet, proposal: Proposal) -> SafetySpec:
    """The stricter of both: a limit is not lowered by the very change that it would forbid."""
    now, coming = fleet.spec.safety, proposal.spec.safety
    return replace(
        coming,
        min_serving_nodes=max(now.min_serving_nodes, coming.min_serving_nodes),
        min_serving_regions=max(now.min_serving_regions, coming.min_serving_regions),
    )


def _beside(fleet: Fleet) -> int:
    """How many nodes serve, in the worst case, while one restarts."""
    return min((len(remaining(fleet, (node.name,))) for node in serving(fleet)), default=0)


def _edges_left(fleet: Fleet, proposal: Proposal) -> None:
    """The same for the edges."""
    hint = f"if you mean it: --confirm {fleet.name}"
    edges = [edge for edge in fleet.edges if edge.serviceable]
    coming = [node for node in proposal.nodes if node.role is Role.EDGE]
    if edges and not any(_will_serve(wanted(fleet).get(edge.name), edge) for edge in coming):
        raise CommandRejected("it would leave no edge serving", hint, guard=True)
    if edges and (proposal.restarts_edges and len(edges) == 1):
        raise CommandRejected(
            f"'{edges[0].name}' would restart, and there is no other edge", f"add an edge first, or {hint}", guard=True
        )


def _will_serve(now: Node | None, coming: Node) -> bool:
    """A new node will; of the others those that do."""
    return bool(coming.weight) if now is None else now.serviceable and now.weight > 0


def begin(draft: Draft, operation: Operation, proposal: Proposal, *, meant: bool) -> Operation:
    """Give the proposal its number and the operation its steps. The operation is yet to be emitted.

    A limit holds at every step, unless it was `meant` to be broken; never one that a fleet is below already.
    """
    fleet = draft.fleet
    least = 0 if meant else min(_rules(fleet, proposal).min_serving_nodes, _beside(fleet))
    revision = max(fleet.last_revision, fleet.revision) + 1
    draft.emit(RevisionProposed(proposal=replace(proposal, revision=revision)))
    sentence = f"{operation.sentence} (revision {revision})"
    return replace(operation, revision=revision, targets=steps(fleet, proposal), sentence=sentence, least=least)


def steps(fleet: Fleet, proposal: Proposal) -> tuple[Target, ...]:
    """What is to be done, in this order."""
    coming = {node.name: node for node in proposal.nodes}
    ours = [node for node in wanted(fleet).values() if node.name in coming]
    # An edge that is down proves nothing.
    edges = [
        Target(node=edge.name, step=Step.CHANGE, restart=proposal.restarts_edges)
        for edge in sorted(ours, key=lambda edge: not edge.serviceable)
        if edge.role is Role.EDGE
    ]
    # Who is out of service goes first: nothing can be lost on it. The first with traffic is the one that is watched.
    parts = {share.node: share.part for share in shares(fleet)}
    nodes = sorted(
        (node for node in ours if node.role is Role.GATEWAY and _changes(node, coming[node.name], proposal)),
        key=lambda node: (node.serviceable, not parts[node.name]),
    )
    changing = [Target(node=node.name, step=Step.CHANGE, restart=True) for node in nodes]
    first = sum(not node.serviceable for node in nodes) + 1
    new = [Target(node=name, step=Step.ADD) for name in coming if name not in wanted(fleet)]
    gone = [Target(node=name, step=Step.REMOVE) for name in fleet.nodes if name not in coming]
    pause = [Target(node="", step=Step.BAKE)] if proposal.bake else []
    commit = Target(node="", step=Step.COMMIT)
    return (*changing[:first], *edges[:1], *pause, *new, *edges[1:], *changing[first:], commit, *gone)


def _changes(node: Node, wanted: Node, proposal: Proposal) -> bool:
    """True when `node` has to restart for it."""
    return proposal.restarts_nodes or node.address != wanted.address

"""Fleets to tell stories about: `n` regions x `m` nodes behind edges, as founded or with everything serving."""

from typing import Any

from hactl.core.certificate import Certificate
from hactl.core.config_events import FleetFounded
from hactl.core.draft import evolve
from hactl.core.founding import lay_out
from hactl.core.model import Fleet, Now, Proposal
from hactl.core.node import Deadline, DeadlineKind, Goal, Health, Launch, Node, NodeState, Reason, Role
from hactl.core.node import ReasonCode as Code
from hactl.core.spec import EdgeSpec, FleetSpec, GatewaySpec, RegionSpec, RestartSpec, SafetySpec
from hactl.core.value import replace

BOOT = "boot-1"
CERTIFICATE = Certificate(digest="c1", fingerprint="f1", names=("app.test",), not_after=2e9)
NAMES = ("seoul", "osaka", "tokyo", "pusan", "nagoya", "daegu")


def at(mono: float, boot: str = BOOT) -> Now:
    """A moment: `mono` seconds after the boot; wall time runs along, far away from it."""
    return Now(mono=mono, wall=1_700_000_000.0 + mono, boot=boot)


def a_spec(
    regions: int = 1,
    nodes: int = 3,
    edges: int = 2,
    *,
    spares: int = 0,
    standby: bool = False,
    restart: dict[str, Any] | None = None,
    safety: dict[str, Any] | None = None,
    gateway: dict[str, Any] | None = None,
    edge: dict[str, Any] | None = None,
    **changes: Any,
) -> FleetSpec:
    """A configuration; with `standby` every region waits behind the one before it, otherwise all are active."""
    return FleetSpec(
        regions=tuple(
            RegionSpec(name=name, nodes=nodes, spares=spares, priority=number if standby else 0)
            for number, name in enumerate(NAMES[:regions])
        ),
        edge=EdgeSpec(count=edges, **(edge or {})),
        restart=RestartSpec(**(restart or {})),
        safety=SafetySpec(**(safety or {})),
        gateway=GatewaySpec(**(gateway or {})),
        **changes,
    )


def founded(spec: FleetSpec | None = None, fleet_id: str = "f1") -> Fleet:
    """A fleet that has just been laid out: nothing runs yet."""
    spec = spec or a_spec()
    event = FleetFounded(id=fleet_id, revision=1, spec=spec, nodes=lay_out(spec, range(20_000, 28_000)))
    return evolve(Fleet(), event)


def a_proposal(fleet: Fleet, spec: FleetSpec, *, bake: float = 0.0) -> Proposal:
    """What a daemon makes of a changed configuration; here nodes restart for other routes only."""
    used = {node.port for node in fleet.nodes.values()}
    return Proposal(
        spec=spec,
        nodes=lay_out(spec, (port for port in range(20_000, 28_000) if port not in used), fleet),
        base=fleet.revision,
        digest="d",
        restarts_nodes=spec.routes != fleet.spec.routes,
        restarts_edges=spec.edge.threads != fleet.spec.edge.threads,
        bake=bake,
    )


def a_launch(name: str, number: int = 1, *, mono: float = 0.0, fleet_id: str = "f1", boot: str = BOOT) -> Launch:
    """The `number`th process of a node."""
    pid = 1000 * number + sum(name.encode()) % 1000
    return Launch(instance=f"{fleet_id}/{name}/{number}", pid=pid, ticks=number, boot=boot, at=mono)


def a_node(state: NodeState, name: str = "seoul-1", *, mono: float = 100.0, **changes: Any) -> Node:
    """A gateway node as it plausibly stands in `state` since shortly before `mono`."""
    waits = {
        NodeState.STARTING: Deadline(kind=DeadlineKind.READY, at=mono),
        NodeState.DRAINING: Deadline(kind=DeadlineKind.DRAIN, at=mono),
        NodeState.STOPPING: Deadline(kind=DeadlineKind.STOP, at=mono),
        NodeState.BACKOFF: Deadline(kind=DeadlineKind.BACKOFF, at=mono),
        NodeState.FAILED: Deadline(kind=DeadlineKind.RETRY, at=mono),
    }
    ready = state in (NodeState.STANDBY, NodeState.SERVING, NodeState.DRAINING)
    reason = None if state is NodeState.SERVING else Reason(code=Code.NEW, text="as the test says")
    node = Node(
        name=name,
        role=Role.EDGE if name.startswith("edge-") else Role.GATEWAY,
        region="" if name.startswith("edge-") else name.split("-", maxsplit=1)[0],
        port=20_001,
        state=state,
        health=Health.HEALTHY if ready else Health.UNKNOWN,
        goal=Goal.DOWN if state in (NodeState.STOPPED, NodeState.STOPPING, NodeState.DRAINING) else Goal.UP,
        reason=reason,
        launch=a_launch(name, mono=mono - 1.0) if state.alive else None,
        launches=1,
        deadline=waits.get(state),
    )
    return replace(node, **changes)


def goals(fleet: Fleet) -> dict[str, tuple[Goal, bool, int]]:
    """What operators want of each process: whether it is to run, whether it is drained, and its weight."""
    return {node.name: (node.goal, node.drained, node.weight) for node in fleet.nodes.values()}

"""What the upper-case keys mean for rows as they are now, or why they mean nothing. Pure.

A key is about the rows that are marked, or else about the one under the cursor. The head of a region stands for all
its nodes, where something is done to processes, and for the region, where it has a weight, a size and traffic.
"""

from collections.abc import Collection, Iterable

from hactl.core.commands import (
    Drain,
    Failback,
    Failover,
    Freeze,
    Kill,
    Pause,
    Restart,
    Resume,
    Scale,
    SetWeight,
    Start,
    Stop,
    Thaw,
    Unpause,
)
from hactl.core.drills import in_progress
from hactl.core.model import Fleet
from hactl.core.node import Node, NodeState, Role
from hactl.core.operation import Verb
from hactl.core.talk import Snapshot
from hactl.core.value import Value
from hactl.tui.actions import Action, Target, weights
from hactl.tui.picture import View

WRITES = {
    "K": "kill",
    "T": "stop",
    "R": "restart",
    "D": "drain",
    "W": "weight",
    "S": "scale",
    "F": "failover",
    "Z": "freeze",
    "M": "pause",
}
"""Every key that changes something, and its usual name."""
ONLY_READS = "this console is read-only: open one without --read-only"
PAST = "this is the past: p goes back to live"
UNSEEN = "there is no picture yet"
EDGES = "[edges]"
"""The row above the edges."""

_Order = type[Kill] | type[Stop] | type[Restart] | type[Drain] | type[Resume] | type[Freeze] | type[Thaw] | type[Start]
_ALIVE: dict[str, _Order] = {"K": Kill, "R": Restart}
"""What is done to processes that run."""


class Choice(Value):
    """What a key comes to."""

    action: Action | None = None
    """None when it does nothing here, now."""
    why_not: str = ""


class Rows(Value):
    """Whom a key is about."""

    nodes: tuple[Node, ...] = ()
    """Every process meant, those of a region whose head is meant included."""
    regions: tuple[str, ...] = ()
    """Regions whose heads are meant."""
    single: tuple[Node, ...] = ()
    """Processes that are meant themselves."""


def rows(fleet: Fleet, cursor: str, marks: Collection[str] = ()) -> Rows:
    """Whom the marked rows mean, or, without marks, the one under the cursor. What has gone means nobody."""
    keys = {key for key in marks if _known(fleet, key)} if marks else {cursor}
    heads = {key[1:-1] for key in keys if key.startswith("[") and key != EDGES}
    nodes: dict[str, Node] = {}
    for node in fleet.nodes.values():  # in the order of the table, whichever was marked first
        head = EDGES if node.role is Role.EDGE else f"[{node.region}]"
        if node.name in keys or head in keys:
            nodes[node.name] = node
    known = tuple(name for name in fleet.spec.region_names if name in heads)
    single = tuple(node for node in nodes.values() if node.name in keys)
    return Rows(nodes=tuple(nodes.values()), regions=known, single=single)


def _known(fleet: Fleet, key: str) -> bool:
    return key.startswith("[") or key in fleet.nodes


def forbidden(view: View) -> str:
    """Why nothing at all can be changed from here, now; "" when it can."""
    if view.refusal:
        return view.refusal
    if not view.live:
        return PAST
    if view.trouble:
        return f"no changes without the daemon: {view.trouble}"
    if view.snapshot is None:
        return UNSEEN
    return "the fleet is read-only: safety.read_only in hactl.toml" if view.snapshot.pulse.read_only else ""


def choose(key: str, snapshot: Snapshot, meant: Rows) -> Choice:
    """What an upper-case key would do to these rows as they are."""
    fleet = snapshot.fleet
    match key:
        case "M":
            return Choice(action=Action(command=Pause() if fleet.paused is None else Unpause()))
        case "S":
            return _scale(fleet, meant)
        case "F":
            return _move(fleet, meant)
        case _ if not meant.nodes:
            return Choice(why_not="the selected row has no process")
        case "W":
            return _weigh(fleet, meant)
        case "D":
            return _drain(meant.nodes)
        case "K" | "T" | "R" | "Z":
            return _order(key, meant.nodes)
        case _:
            return Choice(why_not=f"{key} does not change anything")


def pressed(key: str, seen: Snapshot, snapshot: Snapshot, cursor: str, marks: Collection[str]) -> Choice:
    """What an upper-case key does now that was pressed at the picture `seen`: nothing, where it was another thing then.

    Several keys turn something on and off again, and one of the two is done without asking.
    """
    choice = choose(key, snapshot, rows(snapshot.fleet, cursor, marks))
    meant = choose(key, seen, rows(seen.fleet, cursor, marks))
    if choice.action is None or (meant.action is not None and meant.action.verb is choice.action.verb):
        return choice
    return Choice(why_not=f"changed meanwhile, nothing was done: {key} would {choice.action.title} now")


def idle(key: str, view: View) -> bool:
    """Whether a key of drills would do nothing now but say why."""
    fleet = view.snapshot.fleet if view.snapshot is not None else Fleet()
    running = in_progress(fleet)
    match key:
        case "A":
            return running is None or bool(running.back)
        case "C":
            return running is None or not running.question or bool(forbidden(view))
        case "X":
            return running is not None or fleet.drills.lock is not None or bool(forbidden(view))
        case _:
            return False


def _order(key: str, nodes: tuple[Node, ...]) -> Choice:
    if key == "T":  # what fails and is started again and again is stopped as well: nothing else ends that
        wanted = [node for node in nodes if node.state is not NodeState.STOPPED]
        return _to(Stop, wanted) if wanted else _to(Start, nodes)
    alive = [node for node in nodes if node.state.alive]
    if not alive and key in "KZ":
        return Choice(why_not=f"not running: R starts {_it(nodes)}")
    if not alive:
        return _to(Start, nodes)
    if key == "Z":
        awake = [node for node in alive if not node.frozen]
        return _to(Freeze, awake) if awake else _to(Thaw, alive)
    return _to(_ALIVE[key], alive)


def _drain(nodes: tuple[Node, ...]) -> Choice:
    edges = [node for node in nodes if node.role is Role.EDGE]
    if edges:
        return Choice(why_not=f"'{edges[0].name}' is an edge: it has no share to change")
    taking = [node for node in nodes if not node.drained]
    return _to(Drain, taking) if taking else _to(Resume, nodes)


def _to(order: _Order, nodes: Iterable[Node]) -> Choice:
    targets = tuple(Target.of(node) for node in nodes)
    return Choice(action=Action(command=order(nodes=tuple(target.node for target in targets)), targets=targets))


def _weigh(fleet: Fleet, meant: Rows) -> Choice:
    if any(node.role is Role.EDGE for node in meant.nodes):
        return Choice(why_not="an edge has no weight: only nodes and regions do")
    if meant.regions and meant.single:
        return Choice(why_not="nodes and regions are marked: change the weight of one kind at a time")
    nodes = tuple(node.name for node in meant.single)
    found = weights(fleet, nodes, meant.regions)
    present = next(iter({**found.node_weights, **found.region_weights}.values()), None)
    if present is None:
        return Choice(why_not="this region is not in force yet")
    return Choice(action=Action(command=SetWeight(weight=present, nodes=nodes, regions=meant.regions), found=found))


def _one_region(fleet: Fleet, meant: Rows) -> str | None:
    """The region that is meant; None for none, or several."""
    names = set(meant.regions) | {node.region for node in meant.nodes}
    known = [region.name for region in fleet.spec.regions if region.name in names]
    return known[0] if len(names) == len(known) == 1 else None


def _scale(fleet: Fleet, meant: Rows) -> Choice:
    region = _one_region(fleet, meant)
    if region is None:
        return Choice(why_not="select the region to scale, or one of its nodes")
    count = fleet.spec.region(region).nodes
    return Choice(action=Action(command=Scale(region=region, count=count), count=count))


def _move(fleet: Fleet, meant: Rows) -> Choice:
    region = _one_region(fleet, meant)
    if region is None:
        return Choice(why_not="select the region to move, or one of its nodes")
    if len(fleet.spec.regions) == 1:
        return Choice(why_not=f"no other region could take over from {region}")
    moving = fleet.moving
    back = region in fleet.evacuations
    if moving is not None and any(target.region == region for target in moving.targets):
        back = moving.verb is Verb.FAILOVER  # half-way there, the key turns it round
    return Choice(action=Action(command=Failback(region=region) if back else Failover(region=region)))


def _it(nodes: tuple[Node, ...]) -> str:
    return "it" if len(nodes) == 1 else "them"

"""A fleet in words: its verdict, states and reasons. Used by the CLI, the console and alerts alike."""

from collections.abc import Iterator
from enum import StrEnum

from hactl.core.evacuation import Evacuation
from hactl.core.model import EdgeLoss, Fleet
from hactl.core.node import Goal, Health, Node, NodeState
from hactl.core.plural import counted
from hactl.core.safety import serving
from hactl.core.spec import EdgeSpec
from hactl.core.traffic import confirmed, shares
from hactl.core.unfinished import requests, sentence, still_open
from hactl.core.value import Value, replace


class Verdict(StrEnum):
    """How a fleet is, in one word."""

    OK = "ok"
    DEGRADED = "degraded"
    """It serves, but something that should be up is not."""
    DOWN = "down"
    """Nothing can serve."""
    STARTING = "starting"
    """It has not served yet."""


class Reading(Value):
    """A verdict with the sentence that explains it."""

    verdict: Verdict
    sentence: str
    n_minus_1: bool
    """True when the loss of any one node, and of any one edge, would leave something to serve."""


def read(fleet: Fleet) -> Reading:
    """The verdict on a fleet."""
    wanted = [node for node in fleet.nodes.values() if node.goal is Goal.UP and not node.drained]
    out = [node for node in wanted if not node.serviceable and not node.standing_by]
    nodes, edges = serving(fleet), [edge for edge in fleet.edges if edge.serviceable]
    n_minus_1 = len(nodes) > 1 and len(edges) > 1
    if not nodes or not edges:
        never = fleet.plan.version == 0 or fleet.closing
        sentence = "no node serves" if not nodes else "no edge serves"
        verdict = Verdict.STARTING if never and not fleet.closing else Verdict.DOWN
        return Reading(verdict=verdict, sentence=sentence, n_minus_1=False)
    if out:
        sentence = f"{len(out)} of {len(wanted)} out: " + ", ".join(node.name for node in out[:4])
        return Reading(verdict=Verdict.DEGRADED, sentence=sentence, n_minus_1=n_minus_1)
    if not confirmed(fleet, fleet.plan.version):
        return Reading(verdict=Verdict.DEGRADED, sentence="an edge has not confirmed the plan", n_minus_1=n_minus_1)
    faltering = [region for region in fleet.brownouts if fleet.falters(region)]
    if faltering:
        sentence = f"{' and '.join(faltering)} answer{'s' if len(faltering) == 1 else ''} far worse than usual"
        return Reading(verdict=Verdict.DEGRADED, sentence=sentence, n_minus_1=n_minus_1)
    sentence = f"{counted(len(nodes), 'node')} and {counted(len(edges), 'edge')} serve"
    sentence = "; ".join((sentence + _standing_by(fleet), *_on_purpose(fleet)))
    return Reading(verdict=Verdict.OK, sentence=sentence, n_minus_1=n_minus_1)


def _standing_by(fleet: Fleet) -> str:
    spares = sum(node.standing_by for node in fleet.gateways)
    return f", {spares} on standby" if spares else ""


def _on_purpose(fleet: Fleet) -> Iterator[str]:
    """What is otherwise than usual although nothing is broken, in a few words each."""
    drained = sum(node.drained and node.goal is Goal.UP for node in fleet.gateways)
    stopped = sum(node.goal is Goal.DOWN and node.state is NodeState.STOPPED for node in fleet.nodes.values())
    slow = sum(node.slow for node in fleet.gateways)
    impaired = sum(node.impaired is not None for node in fleet.gateways)
    counts = {"drained": drained, "stopped": stopped, "slow": slow, "impaired by a drill": impaired}
    yield from (f"{count} {what}" for what, count in counts.items() if count)
    if fleet.hops:
        yield f"{counted(len(fleet.hops), 'hop')} disturbed by a drill"
    if fleet.moving is None:  # where it goes is not known yet
        yield from (moved(evacuation) for evacuation in fleet.evacuations.values())


def moved(evacuation: Evacuation) -> str:
    """What a region has of its traffic, and who took the rest."""
    if not evacuation.keep:
        return f"{evacuation.region} failed over {evacuation.who}"
    return f"{evacuation.region} keeps {evacuation.keep} % of its traffic, {evacuation.who}"


def word(node: Node) -> str:
    """The state of a process in one word, health included where it matters."""
    if node.state is NodeState.SERVING and node.health is Health.UNHEALTHY:
        return "unhealthy"
    if node.serviceable and node.impaired is not None:
        return "impaired"
    if node.slow:
        return "slow"
    if node.state is NodeState.DRAINING and node.idle:
        return "drained"
    return node.state.value


def explain(node: Node) -> str:
    """Why a process is out of service, or what is wrong with one that is not; "" when all is well."""
    drill = "" if node.impaired is None else str(node.impaired)
    if node.reason is None:
        return drill
    # Once more the same is told once.
    more = "" if node.unready in node.reason.text else node.unready
    return sentence(drill, node.reason.text, more, still_open(node.unfinished) if node.idle else "")


def cost(loss: EdgeLoss) -> str:
    """What the clients of a lost edge lost with it, and how fresh that knowledge was."""
    use = loss.use
    if use is None:
        return "an unknown number of connections"
    lost = f"{counted(use.connections, 'connection')} and {requests(use.requests)}"
    return f"{lost} in flight (as of {use.age:.1f} s earlier)"


def others(loss: EdgeLoss) -> str:
    """Who takes new connections instead of a lost edge."""
    if not loss.others:
        return "NO other edge serves"
    carried = sum(use.connections for use in loss.carried)
    on = f"{', '.join(loss.others)} carr{'ies' if len(loss.others) == 1 else 'y'} on"
    return f"{on} with {counted(carried, 'connection')}" if loss.carried else on


def url(edge: EdgeSpec) -> str:
    """Where clients go."""
    host = f"[{edge.host}]" if ":" in edge.host else edge.host
    return f"{'https' if edge.tls.cert else 'http'}://{host}:{edge.port}"


def is_serving(fleet: Fleet) -> bool:
    """True when everything that should be up serves, however well, and every edge has proved the plan."""
    return read(replace(fleet, brownouts={})).verdict is Verdict.OK and sum(share.part for share in shares(fleet)) > 0


def age(seconds: float) -> str:
    """A duration for people: 4s, 12m, 3h, 5d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"

"""When an outage begins, and when it is over. Part of `evolve`, and as total; what is told of both is in `alerting`.

It begins when something that served does not any more, and nobody wanted that. It lasts until that serves again,
whoever repairs it, however often the reason is overwritten meanwhile, and whichever daemon is in charge. Not a
measurement: that is `failover`, `edge_loss` and `region_loss`, which end when there is nothing left to measure.
"""

from collections.abc import Iterable, Iterator
from typing import assert_never

from hactl.core.events import EdgeLost, Event, FailoverBegan, NodeChanged
from hactl.core.model import Fleet
from hactl.core.node import NO_FAULT, Node, NodeState, Role
from hactl.core.outage import Extent, Outage
from hactl.core.safety import serving
from hactl.core.value import replace


def followed(before: Fleet, event: Event, after: Fleet) -> Fleet:
    """`after` with the outages that have begun with `event`, and without those that are over."""
    known = dict.fromkeys((*after.outages, *_begun(before, event, after)))
    outages = tuple(outage for outage in known if _lasts(after, outage))
    return after if outages == after.outages else replace(after, outages=outages)


def begun(before: Fleet, after: Fleet) -> tuple[Outage, ...]:
    """Those that there were not before, the widest first."""
    return _widest_first(outage for outage in after.outages if outage not in before.outages)


def ended(before: Fleet, after: Fleet) -> tuple[Outage, ...]:
    """Those that were made good between the two, the widest first; whoever was removed meanwhile has not come back."""
    over = (outage for outage in before.outages if outage not in after.outages)
    return _widest_first(outage for outage in over if exists(after, outage))


def exists(fleet: Fleet, outage: Outage) -> bool:
    """True while the fleet has what is, or would be, out."""
    match outage.extent:
        case Extent.NODE | Extent.EDGE:
            return outage.name in fleet.nodes
        case Extent.REGION:
            return outage.name in fleet.spec.region_names
        case Extent.FLEET:
            return True
        case _:
            assert_never(outage.extent)


def _begun(before: Fleet, event: Event, after: Fleet) -> Iterator[Outage]:
    match event:
        case FailoverBegan(failover=failover):
            yield Outage(extent=Extent.NODE, name=failover.node)
        case EdgeLost(loss=loss):
            yield Outage(extent=Extent.EDGE, name=loss.edge)
        case NodeChanged(node=node):
            if node.state is NodeState.FAILED:
                yield _of_one(node)
            if not after.closing:
                yield from _with_node(before, node, after)
        case _:
            return


def _with_node(before: Fleet, node: Node, after: Fleet) -> Iterator[Outage]:
    """What is lost with one process."""
    was = before.nodes.get(node.name)
    if was is None or not was.serviceable or node.serviceable:
        return
    if node.role is Role.EDGE and _faulty((node,)):
        yield _of_one(node)
    peers = after.in_region(node.region)
    if node.role is Role.GATEWAY and not _any_serves(peers) and _faulty(peers):
        yield Outage(extent=Extent.REGION, name=node.region)
    if _serves(before) and not _serves(after) and _faulty(after.nodes.values()):
        yield Outage(extent=Extent.FLEET, name=after.name)


def _lasts(fleet: Fleet, outage: Outage) -> bool:
    if not exists(fleet, outage):
        return False
    match outage.extent:
        case Extent.NODE:  # while its failover is measured, the edges have not all taken it back
            node = fleet.nodes[outage.name]
            return outage.name in fleet.failovers or not (node.serviceable or node.standing_by)
        case Extent.EDGE:
            return outage.name in fleet.edge_losses or not fleet.nodes[outage.name].serviceable
        case Extent.REGION:
            return not _any_serves(fleet.in_region(outage.name))
        case Extent.FLEET:
            return not _serves(fleet)
        case _:
            assert_never(outage.extent)


def _widest_first(outages: Iterable[Outage]) -> tuple[Outage, ...]:
    extents = tuple(Extent)
    return tuple(sorted(outages, key=lambda outage: -extents.index(outage.extent)))


def _of_one(node: Node) -> Outage:
    return Outage(extent=Extent.EDGE if node.role is Role.EDGE else Extent.NODE, name=node.name)


def _serves(fleet: Fleet) -> bool:
    return _any_serves(fleet.edges) and bool(serving(fleet))


def _any_serves(nodes: Iterable[Node]) -> bool:
    return any(node.serviceable for node in nodes)


def _faulty(nodes: Iterable[Node]) -> bool:
    """True when one of them is out, and not by an order."""
    return any(not node.serviceable and node.reason and node.reason.code not in NO_FAULT for node in nodes)

"""Pictures of fleets for whoever draws them: a fleet that serves, measured, at a time that stands still."""

from support.build import a_launch, a_spec, founded

from hactl.core.events import Event, Record
from hactl.core.model import Fleet, Sample
from hactl.core.node import Health, Node, NodeState, Role
from hactl.core.plan import Endpoint, RegionPlan, TrafficPlan
from hactl.core.talk import News, Pulse, Snapshot
from hactl.core.value import replace
from hactl.tui.picture import Picture, View

AT = 1_700_000_000.0
"""When all this is, as Unix time."""
MONO = 500.0


def well(node: Node) -> Node:
    """It has been serving for two minutes."""
    return replace(
        node,
        state=NodeState.SERVING,
        health=Health.HEALTHY,
        reason=None,
        since=AT - 120.0,
        launch=a_launch(node.name, mono=MONO - 120.0),
        launches=1,
    )


def a_fleet(regions: int = 2, nodes: int = 2, **changes: object) -> Fleet:
    """Everything serves, and every edge has proved it."""
    fleet = founded(a_spec(regions=regions, nodes=nodes))
    all_well = {name: well(node) for name, node in fleet.nodes.items()}
    plan = TrafficPlan(
        version=3,
        regions=tuple(
            RegionPlan(
                name=region.name,
                endpoints=tuple(
                    Endpoint(node=node.name, address=node.address, port=node.port)
                    for node in all_well.values()
                    if node.region == region.name
                ),
            )
            for region in fleet.spec.regions
        ),
    )
    confirmed = {node.name: 3 for node in all_well.values() if node.role is Role.EDGE}
    return replace(fleet, nodes=all_well, plan=plan, confirmed=confirmed, **changes)


def with_node(fleet: Fleet, name: str, **changes: object) -> Fleet:
    """The same with one node different."""
    return replace(fleet, nodes=fleet.nodes | {name: replace(fleet.nodes[name], **changes)})


def samples(fleet: Fleet, rate: float = 100.0) -> tuple[Sample, ...]:
    """Every node carries its part of `rate` requests a second, and every edge its half."""
    share = 1 / len(fleet.gateways)
    return tuple(
        Sample(
            node=node.name,
            at=AT,
            requests=rate / len(fleet.edges) if node.role is Role.EDGE else rate * share,
            errors=0.0,
            share=None if node.role is Role.EDGE else share,
            p50_ms=None if node.role is Role.EDGE else 1.5,
            p99_ms=None if node.role is Role.EDGE else 12.25,
            active=1,
            cpu=0.031,
            rss=66 << 20,
        )
        for node in fleet.nodes.values()
    )


def a_snapshot(fleet: Fleet | None = None, measured: tuple[Sample, ...] | None = None) -> Snapshot:
    """That fleet, measured."""
    fleet = fleet or a_fleet()
    shown = samples(fleet) if measured is None else measured
    return Snapshot(fleet=fleet, at=AT, mono=MONO, samples=shown, pulse=Pulse(pid=7, version="0", started=AT - 130.0))


def a_picture(snapshot: Snapshot | None = None, *events: Event) -> Picture:
    """What a console knows that has just seen `snapshot`, and then `events`."""
    picture = Picture()
    picture.take(snapshot or a_snapshot(), 10.0)
    first = picture.seq + 1
    records = tuple(
        Record(seq=seq, wall=AT + 0.5, mono=MONO + 0.5, event=event, by="ann")
        for seq, event in enumerate(events, first)
    )
    if records:
        picture.take(News(records=records), 10.0)
    return picture


def a_view(snapshot: Snapshot | None = None, *events: Event) -> View:
    """That picture, as it is to be drawn."""
    return a_picture(snapshot, *events).now()

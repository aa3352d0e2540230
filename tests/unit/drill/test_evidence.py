"""Who was there, and who else did something meanwhile, by the journal; played by the real core."""

from support.build import a_spec, founded
from support.script import after, applied, idle, serving
from support.told import Told

from hactl.core.commands import BeginDrill, Drain, Kill
from hactl.core.events import NodeChanged, Record
from hactl.core.value import replace
from hactl.drill.evidence import gateways, others


def test_spares_and_those_that_join_meanwhile_belong_to_the_fleet() -> None:
    """Whoever leaves it has belonged to it; edges answer nobody under a name of their own."""
    fleet = founded(a_spec(nodes=2, spares=1))
    assert gateways(fleet, []) == ("seoul-1", "seoul-2", "seoul-3")
    new = replace(fleet.nodes["seoul-3"], name="seoul-4")
    events = [NodeChanged(was=node.state, node=node) for node in (new, fleet.nodes["edge-1"])]
    records = [Record(seq=at, wall=0.0, mono=0.0, event=event) for at, event in enumerate(events)]
    assert gateways(fleet, records) == ("seoul-1", "seoul-2", "seoul-3", "seoul-4")


def test_what_somebody_else_began_meanwhile_is_told() -> None:
    """Not what was there before, nor what the drill itself did."""
    told = Told(serving(a_spec(nodes=3)))
    told.play(Drain(nodes=("seoul-3",)), after(1), by="alice")
    told.play(idle("seoul-3"), applied("edge-1"), applied("edge-2"))
    assert not told.story.fleet.operations, "what was there before is over"
    told.play(BeginDrill(name="d", nodes=("seoul-1",)), Kill(nodes=("seoul-1",)), by="me")
    (drill,) = [name for name, one in told.story.fleet.operations.items() if one.drill is not None]
    assert others(told.records, drill) == ()
    told.play(Drain(nodes=("seoul-2",)), by="bob")
    assert others(told.records, drill) == ("drain seoul-2 by bob",)

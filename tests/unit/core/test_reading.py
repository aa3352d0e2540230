"""A fleet in one word, one sentence, and why each process is out."""

import pytest
from support.build import a_spec, founded
from support.script import Script, applied, exited, healthy, idle, serving, spawned, unhealthy

from hactl.core.commands import Down, Drain, SetWeight, Stop
from hactl.core.evacuation import Evacuation, EvacuationCause
from hactl.core.model import Fleet
from hactl.core.operation import Operation, Verb
from hactl.core.reading import Reading, Verdict, age, explain, is_serving, read, url, word
from hactl.core.spec import EdgeSpec, EdgeTlsSpec
from hactl.core.value import replace


def verdict(fleet: Fleet) -> tuple[Verdict, str, bool]:
    reading: Reading = read(fleet)
    return reading.verdict, reading.sentence, reading.n_minus_1


def test_all_is_well() -> None:
    """Everything that should be up serves, every edge has proved the plan, and one of each may go."""
    assert verdict(serving()) == (Verdict.OK, "3 nodes and 2 edges serve", True)
    assert is_serving(serving())


def test_it_serves_but_something_is_missing() -> None:
    """Degraded, with names; at most four of them."""
    story = Script(serving(a_spec(nodes=7))) >> exited("seoul-2", signal=9) >> exited("edge-1", signal=9)
    assert verdict(story.fleet) == (Verdict.DEGRADED, "2 of 9 out: edge-1, seoul-2", False)
    for number in (3, 4, 5):
        story >> exited(f"seoul-{number}", signal=9)
    assert read(story.fleet).sentence == "5 of 9 out: edge-1, seoul-2, seoul-3, seoul-4"
    assert not is_serving(story.fleet)


def test_an_edge_that_has_not_proved_the_plan_is_not_well() -> None:
    """Everything serves, but an edge may still send traffic elsewhere."""
    story = Script(serving()) >> exited("seoul-2", signal=9) >> spawned("seoul-2") >> healthy("seoul-2")
    assert verdict(story.fleet) == (Verdict.DEGRADED, "an edge has not confirmed the plan", True)
    story >> applied("edge-1") >> applied("edge-2")
    assert read(story.fleet).verdict is Verdict.OK


def test_what_was_taken_out_on_purpose_is_not_missing() -> None:
    """Stopped and drained nodes are as the operator wants them; they are no reserve either."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> exited("seoul-1", code=0)
    story >> Drain(nodes=("seoul-2",)) >> idle("seoul-2") >> applied("edge-1") >> applied("edge-2")
    assert verdict(story.fleet) == (Verdict.OK, "1 node and 2 edges serve; 1 drained; 1 stopped", False)


def test_traffic_that_was_moved_is_said_even_when_all_is_well() -> None:
    """A plain OK would hide it; while it moves, nobody knows yet where that ends."""
    fleet = serving(a_spec(regions=2, nodes=2))
    whole = Evacuation(region="seoul", by="ann")
    well = "4 nodes and 2 edges serve"
    for evacuation, said in (
        (whole, "seoul failed over by ann"),
        (replace(whole, by="", cause=EvacuationCause.LOST), "seoul failed over because it was lost"),
        (replace(whole, keep=25), "seoul keeps 25 % of its traffic, by ann"),
    ):
        assert read(replace(fleet, evacuations={"seoul": evacuation})).sentence == f"{well}; {said}"
    moving = Operation(id="op-1", verb=Verb.FAILOVER, by="ann", began=0.0, wall=0.0, deadline=9.0)
    assert read(replace(fleet, evacuations={"seoul": whole}, operations={"op-1": moving})).sentence == well


def test_nobody_serves() -> None:
    """No node, or no edge: down; before the first one ever served: starting."""
    assert verdict(founded()) == (Verdict.STARTING, "no node serves", False)
    story = Script(serving(a_spec(nodes=1))) >> exited("seoul-1", signal=9)
    assert verdict(story.fleet) == (Verdict.DOWN, "no node serves", False)
    story = Script(serving(a_spec(edges=1))) >> exited("edge-1", signal=9)
    assert verdict(story.fleet) == (Verdict.DOWN, "no edge serves", False)
    story = Script(serving()) >> Down() >> idle("edge-1") >> idle("edge-2")
    assert read(story.fleet).verdict is Verdict.DOWN


def test_nodes_of_weight_0_do_not_serve() -> None:
    """When the last node that takes anything dies, the fleet is down, whoever else is up."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1", "seoul-2"), weight=0) >> exited("seoul-3", signal=9)
    assert read(story.fleet).verdict is Verdict.DOWN
    assert not is_serving(story.fleet)


def test_each_process_in_a_word_and_why() -> None:
    """Health shows where it matters, and whoever serves needs no excuse."""
    story = Script(serving()) >> unhealthy("seoul-1", "503 from /-/ready") >> Drain(nodes=("seoul-2",))
    assert [word(node) for node in story.fleet.gateways] == ["unhealthy", "draining", "serving"]
    assert [explain(node) for node in story.fleet.gateways] == ["503 from /-/ready", "drained by alice", ""]
    story >> idle("seoul-2")
    assert word(story.node("seoul-2")) == "drained"


def test_where_clients_go() -> None:
    """As they would write it."""
    assert url(EdgeSpec()) == "http://127.0.0.1:8080"
    assert url(EdgeSpec(host="::1", port=8443, tls=EdgeTlsSpec(cert="/c", key="/k"))) == "https://[::1]:8443"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86399, "23h"), (86400, "1d")],
)
def test_ages_have_one_unit(seconds: float, text: str) -> None:
    assert age(seconds) == text

"""A slow node goes on serving and says so; how much of its weight it keeps is the operator's choice."""

import pytest
from support.build import a_spec
from support.script import (
    NOTHING,
    Script,
    applied,
    exited,
    healthy,
    like,
    no_longer_slow,
    serving,
    slow,
    spawned,
    unhealthy,
)

from hactl.core.alert import AlertKind, AlertSpec
from hactl.core.alert_events import AlertRaised
from hactl.core.commands import Drain, Resume, SetPolicy, SetWeight
from hactl.core.effects import ApplyTraffic
from hactl.core.events import NodeChanged, TrafficShifted
from hactl.core.model import Fleet
from hactl.core.node import NodeState, ReasonCode
from hactl.core.observations import BecameSlow
from hactl.core.plan import EndpointStatus
from hactl.core.reading import Verdict, explain, read, word
from hactl.core.spec import FleetSpec, HealthSpec, Policy
from hactl.core.traffic import shares

LIGHTER = HealthSpec(slow_weight=25)


def parts(fleet: Fleet) -> list[float]:
    return [round(share.part, 3) for share in shares(fleet)]


def lighter(**changes: object) -> FleetSpec:
    return a_spec(health=LIGHTER, **changes)


def test_it_is_said_and_nothing_else() -> None:
    """By default: it keeps its state, its share and its place in the plan, and the fleet is well."""
    story = Script(serving())
    plan = story.fleet.plan
    story >> slow("seoul-2") << like(NodeChanged, node__state=NodeState.SERVING, node__reason__code=ReasonCode.SLOW)
    node = story.node("seoul-2")
    assert (word(node), explain(node)) == ("slow", "answers take 200 ms (p50), those of its peers 10 ms")
    assert story.fleet.plan == plan
    assert read(story.fleet).verdict is Verdict.OK
    assert read(story.fleet).sentence == "3 nodes and 2 edges serve; 1 slow"
    story >> no_longer_slow("seoul-2") << like(NodeChanged, node__reason=None)
    assert (word(story.node("seoul-2")), explain(story.node("seoul-2"))) == ("serving", "")


def test_somebody_may_want_to_know() -> None:
    """Once, when it is found out; that it is fast again is no alert."""
    receiver = AlertSpec(name="ops", exec=("page",), throttle=0.0)
    story = Script(serving(a_spec(alerts=(receiver,)))) >> slow("seoul-2") >> no_longer_slow("seoul-2")
    raised = [event.alert for event in story.events if isinstance(event, AlertRaised)]
    assert [(alert.kind, alert.subject) for alert in raised] == [(AlertKind.NODE_SLOW, "seoul-2")]
    assert raised[0].sentence.endswith("slower than its peers: answers take 200 ms (p50), those of its peers 10 ms")


def test_it_keeps_a_part_of_its_weight() -> None:
    """The plan and the shares say the same; the others take what it does not, and give it back."""
    story = Script(serving(lighter())) >> slow("seoul-2") << TrafficShifted << ApplyTraffic
    assert [endpoint.weight for endpoint in story.fleet.plan.endpoints] == [100, 25, 100]
    assert {endpoint.status for endpoint in story.fleet.plan.endpoints} == {EndpointStatus.ACTIVE}
    assert parts(story.fleet) == [0.444, 0.111, 0.444]
    story >> no_longer_slow("seoul-2") << TrafficShifted
    assert parts(story.fleet) == [0.333, 0.333, 0.333]


def test_the_weight_that_an_operator_sets_keeps_its_meaning() -> None:
    """It is what the node weighs when it is well; 0 takes it out, slow or not."""
    story = Script(serving(lighter())) >> slow("seoul-2") >> SetWeight(nodes=("seoul-2",), weight=200)
    assert story.node("seoul-2").weight == 200
    assert [endpoint.weight for endpoint in story.fleet.plan.endpoints] == [100, 50, 100]
    story >> SetWeight(nodes=("seoul-2",), weight=1)
    assert [endpoint.weight for endpoint in story.fleet.plan.endpoints] == [100, 1, 100]
    story >> SetWeight(nodes=("seoul-2",), weight=0)
    assert parts(story.fleet) == [0.5, 0.0, 0.5]


def test_it_is_over_when_the_process_is() -> None:
    """Another process has its whole weight."""
    story = Script(serving(lighter())) >> slow("seoul-2") >> exited("seoul-2", signal=9)
    assert story.node("seoul-2").reason.code is ReasonCode.EXITED
    story >> spawned("seoul-2") >> healthy("seoul-2")
    assert parts(story.fleet) == [0.333, 0.333, 0.333]


def test_news_of_another_process_is_late() -> None:
    """So is news of a node that does not serve, and of one about which it is said already."""
    story = Script(serving()) >> BecameSlow(node="seoul-2", instance="f1/seoul-2/9", why="x") << NOTHING
    story >> slow("seoul-2") >> slow("seoul-2", "slower still") << NOTHING
    story >> no_longer_slow("seoul-1") << NOTHING
    story >> Drain(nodes=("seoul-3",)) >> slow("seoul-3") << NOTHING


def test_a_new_daemons_first_good_probe_does_not_make_it_fast() -> None:
    """That it answers is another question than how fast."""
    assert (Script(serving()) >> slow("seoul-2") >> healthy("seoul-2") << NOTHING).node("seoul-2").slow


def test_worse_news_comes_first() -> None:
    """What probes say takes its place, and whoever comes back is not slow until that is seen again."""
    story = Script(serving()) >> slow("seoul-2") >> unhealthy("seoul-2")
    assert story.node("seoul-2").reason.code is ReasonCode.PROBE_FAILED
    story >> healthy("seoul-2")
    assert story.node("seoul-2").reason is None
    story >> slow("seoul-2") >> Drain(nodes=("seoul-2",)) >> Resume(nodes=("seoul-2",))
    assert not story.node("seoul-2").slow


def test_a_suspect_is_not_called_slow() -> None:
    """The reason that it may be taken out for stays."""
    story = Script(serving()) >> unhealthy("seoul-1") >> unhealthy("seoul-2") >> slow("seoul-2") << NOTHING
    assert story.node("seoul-2").reason.code is ReasonCode.SUSPECT


def test_a_policy_that_ignores_weights_is_refused_where_they_count() -> None:
    """Where they do not, it is taken."""
    refused = Script(serving(lighter())).refuses(SetPolicy(policy=Policy.RANDOM))
    assert refused.message == "policy 'random' ignores node weights, and health.slow_weight = 25"
    assert "slow_weight = 100" in refused.hint
    Script(serving()) >> SetPolicy(policy=Policy.RANDOM)


@pytest.mark.parametrize("kept", [1, 50, 100])
def test_when_all_are_slow_shares_are_as_ever(kept: int) -> None:
    """Less of everything is the same part."""
    story = Script(serving(a_spec(health=HealthSpec(slow_weight=kept))))
    for name in ("seoul-1", "seoul-2", "seoul-3"):
        story >> slow(name)
    story >> applied("edge-1") >> applied("edge-2")
    assert parts(story.fleet) == [0.333, 0.333, 0.333]

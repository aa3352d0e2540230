"""Every event is one plain sentence."""

from hypothesis import given
from support.build import CERTIFICATE
from support.values import values

from hactl.core.events import (
    CapacitySeen,
    CertificateRefused,
    CertificateTaken,
    DaemonStarted,
    DaemonStopped,
    EdgeLost,
    Event,
    FailoverEnded,
    OperationEnded,
    TrafficShifted,
    WeightsChanged,
)
from hactl.core.model import EdgeLoss, EdgeUse
from hactl.core.node import Reason, ReasonCode
from hactl.core.operation import Outcome
from hactl.core.plan import Endpoint, RegionPlan, TrafficPlan
from hactl.core.telling import tell
from hactl.core.value import replace


@given(values(Event))
def test_whatever_happens_can_be_told(event: Event) -> None:
    """No event without words, however odd its content."""
    assert tell(event).strip()


def test_a_change_of_weights_names_each() -> None:
    told = tell(WeightsChanged(nodes={"a-1": 50}, regions={"b": 0}))
    assert told == "weight: a-1 = 50, region b = 0"


def test_a_daemon_that_leaves_claims_nothing_about_its_workers() -> None:
    """After `down` there are none."""
    assert tell(DaemonStopped(pid=7)) == "daemon exited (pid 7)"


def test_certificates_are_told_by_whom_they_are_for() -> None:
    """And why one was refused; no digest, which says nothing to people."""
    assert tell(CertificateTaken(certificate=CERTIFICATE)) == "certificate for app.test accepted"
    assert tell(CertificateRefused(why="/c: no such file")) == "certificate rejected: /c: no such file"


def test_what_a_node_sustained_is_told_with_its_rate() -> None:
    told = tell(CapacitySeen(node="a-1", rate=131.7))
    assert told == "a-1: sustained 132/s, more than any node has been seen to carry before"


def test_a_gap_that_is_a_guess_is_told_as_one() -> None:
    started = DaemonStarted(pid=7, version="1", boot="b", gap=3.24)
    assert tell(started) == "daemon 1 in charge (pid 7) after 3.2 s without supervision"
    assert tell(replace(started, at_most=True)) == "daemon 1 in charge (pid 7) after at most 3.2 s without supervision"


def test_a_daemon_on_the_last_good_configuration_cannot_be_overlooked() -> None:
    told = tell(DaemonStarted(pid=7, version="1", boot="b", trouble="hactl.toml:3:1: not valid TOML"))
    assert told == (
        "daemon 1 in charge (pid 7); LAST GOOD CONFIGURATION in force, hactl.toml cannot be used: "
        "hactl.toml:3:1: not valid TOML"
    )


def test_a_lost_edge_is_told_with_what_it_cost() -> None:
    """How many, how fresh that is, why, and who carries on; what is not known is not made up."""
    use = EdgeUse(edge="edge-1", connections=12, requests=1, age=0.31)
    cause = Reason(code=ReasonCode.EXITED, text="killed by signal 9")
    loss = EdgeLoss(edge="edge-1", cause=cause, seen=0.0, wall=0.0, use=use, others=("edge-2", "edge-3"))
    carried = (EdgeUse(edge="edge-2", connections=1, requests=0),)
    assert tell(EdgeLost(loss=loss)) == (
        "edge-1: lost with 12 connections and 1 request in flight (as of 0.3 s earlier): killed by signal 9; "
        "edge-2, edge-3 carry on"
    )
    alone = replace(loss, use=None, others=("edge-2",), carried=carried)
    assert tell(EdgeLost(loss=alone)) == (
        "edge-1: lost with an unknown number of connections: killed by signal 9; edge-2 carries on with 1 connection"
    )
    assert tell(EdgeLost(loss=replace(loss, others=()))).endswith("; NO other edge serves")


def test_a_loss_that_a_reboot_has_overtaken_is_not_called_final() -> None:
    """Nobody knows yet whether the node comes back; who was stopped meanwhile does not by itself."""
    overtaken = FailoverEnded(node="a-1", moved_ms=None, back_ms=None, why="the machine was rebooted")
    assert tell(overtaken) == "a-1: no longer tracking its loss: the machine was rebooted"
    assert tell(replace(overtaken, why="")) == "a-1: capacity will not recover on its own"


def test_counts_and_times_read_like_a_sentence() -> None:
    """One node takes traffic; what took no time is not measured at people."""
    one = TrafficPlan(version=3, regions=(RegionPlan(name="a", endpoints=(endpoint("a-1"),)),))
    assert tell(TrafficShifted(plan=one)) == "plan 3: 1 node takes traffic"
    two = replace(one, regions=(RegionPlan(name="a", endpoints=(endpoint("a-1"), endpoint("a-2"))),))
    assert tell(TrafficShifted(plan=two)) == "plan 3: 2 nodes take traffic"
    ended = OperationEnded(id="op-5", outcome=Outcome.DONE, sentence="pause", ms=0.2)
    assert tell(ended) == "op-5 done: pause"
    assert tell(replace(ended, ms=31.0)) == "op-5 done after 31 ms: pause"


def endpoint(node: str) -> Endpoint:
    return Endpoint(node=node, address="127.0.0.1", port=1)

"""News of processes and edges: what is about the current launch counts, what is late or out of place does no harm."""

import pytest
from support.build import CERTIFICATE, a_launch, a_spec
from support.script import (
    NOTHING,
    Script,
    after,
    applied,
    exited,
    healthy,
    idle,
    launch_of,
    like,
    refused,
    serving,
    spawn_failed,
    spawned,
    still_busy,
    unhealthy,
)

from hactl.core.commands import Start, Stop
from hactl.core.effects import ApplyTraffic, EndOrphan, SendSignal
from hactl.core.events import (
    CapacitySeen,
    CertificateRefused,
    CertificateTaken,
    FailoverBegan,
    NodeChanged,
    OrphanEnded,
    TrafficApplied,
    TrafficShifted,
)
from hactl.core.node import DeadlineKind, Health, NodeState, ReasonCode
from hactl.core.observations import (
    BecameHealthy,
    CertificateFit,
    CertificateUnfit,
    Exited,
    LoadSustained,
    PlanApplied,
    PlanRejected,
    Spawned,
    StillBusy,
    WentIdle,
    Woke,
)
from hactl.core.observing import exit_text

S = NodeState


def test_news_of_another_process_is_dropped() -> None:
    """An earlier launch, an unknown node, an edge's earlier life: nothing changes."""
    story = Script(serving()) >> exited("seoul-1", signal=9) >> exited("edge-1", signal=9)
    old = "f1/seoul-1/1"
    version = story.fleet.plan.version
    for news in (
        Exited(node="seoul-1", instance=old, signal=9),
        BecameHealthy(node="seoul-1", instance=old),
        WentIdle(node="seoul-1", instance=old),
        BecameHealthy(node="nobody", instance="f1/nobody/1"),
        Woke(node="nobody", deadline=DeadlineKind.READY),
        PlanApplied(edge="edge-1", instance="f1/edge-1/1", version=version),
        PlanApplied(edge="nobody", instance="f1/nobody/1", version=version),
        PlanRejected(edge="edge-1", instance="f1/edge-1/1", version=version, why="old"),
    ):
        story >> news << NOTHING


def test_a_probe_of_a_process_not_known_yet_is_somebody_elses() -> None:
    """Whoever answers on the port before the start is reported is not our process."""
    story = Script(serving()) >> exited("seoul-1", signal=9)
    story >> healthy("seoul-1") << NOTHING
    story >> unhealthy("seoul-1") << NOTHING
    story >> idle("seoul-1") << NOTHING
    story >> spawned("seoul-1") >> healthy("seoul-1") << like(NodeChanged, node__state=S.SERVING)


def test_a_start_that_is_known_to_have_succeeded_cannot_fail() -> None:
    """Or the running process would be forgotten."""
    story = Script(serving())
    story >> spawn_failed("seoul-1") << NOTHING


def test_the_same_start_told_twice_is_one_start() -> None:
    """The second report is no orphan."""
    story = Script(serving()) >> exited("seoul-1", signal=9)
    launch = launch_of(story.fleet, "seoul-1", story.now)
    story >> Spawned(node="seoul-1", launch=launch) << NodeChanged
    story >> Spawned(node="seoul-1", launch=launch) << NOTHING
    story >> healthy("seoul-1") >> Spawned(node="seoul-1", launch=launch) << NOTHING


def test_a_process_nobody_waits_for_any_more_is_ended() -> None:
    """Its start was given up, another one is on the way: left alone, two would run on one port."""
    story = Script(serving()) >> exited("seoul-1", signal=9)
    late = spawned("seoul-1")(story.fleet, story.now)
    story >> after(60.0)
    assert story.node("seoul-1").launches > 2
    story >> late << like(OrphanEnded, instance="f1/seoul-1/2") << like(EndOrphan, launch__instance="f1/seoul-1/2")
    story >> Spawned(node="nobody", launch=a_launch("nobody")) << OrphanEnded << EndOrphan


def test_a_process_that_comes_up_after_its_stop_was_given_up_is_ended() -> None:
    """Stopped means that nothing runs."""
    story = Script(serving()) >> exited("seoul-1", signal=9) >> Stop(nodes=("seoul-1",)) >> after(10.0)
    assert story.node("seoul-1").state is S.STOPPED
    story >> spawned("seoul-1") << OrphanEnded << EndOrphan
    assert story.node("seoul-1").state is S.STOPPED


def test_a_process_that_comes_up_while_it_is_to_stop_is_stopped() -> None:
    """The stop was ordered before there was anything to signal."""
    story = Script(serving()) >> exited("seoul-1", signal=9) >> Stop(nodes=("seoul-1",))
    story >> spawned("seoul-1") << like(SendSignal, signal="TERM")
    story >> exited("seoul-1", code=0) >> Start(nodes=("seoul-1",))
    assert story.node("seoul-1").state is S.STARTING


def test_probes_take_out_only_so_many_at_a_time() -> None:
    """More than a third at once is more likely our own fault: the others are suspect, but stay."""
    story = Script(serving(a_spec(nodes=6)))
    story >> unhealthy("seoul-1") << FailoverBegan
    story >> unhealthy("seoul-2") << FailoverBegan
    story >> unhealthy("seoul-3") << like(NodeChanged, node__health=Health.HEALTHY)
    assert story.node("seoul-3").serviceable
    assert story.node("seoul-3").reason is not None
    assert story.node("seoul-3").reason.code is ReasonCode.SUSPECT
    story >> unhealthy("seoul-3") << NOTHING


def test_one_may_always_go() -> None:
    """Or a fleet of two could never lose an unwell node; edges and nodes are counted apart."""
    story = Script(serving(a_spec(nodes=2, safety={"max_unhealthy_share": 0.1}))) >> unhealthy("seoul-1")
    assert not story.node("seoul-1").serviceable
    story >> unhealthy("seoul-2")
    assert story.node("seoul-2").serviceable
    story >> unhealthy("edge-1")
    assert not story.node("edge-1").serviceable
    story >> unhealthy("edge-2")
    assert story.node("edge-2").serviceable


def test_exits_are_never_held_back() -> None:
    """What has ended serves nobody, however many have."""
    story = Script(serving(a_spec(nodes=4)))
    for name in ("seoul-1", "seoul-2", "seoul-3"):
        story >> exited(name, signal=9)
        assert not story.node(name).serviceable


def test_a_suspect_goes_when_the_rest_can_spare_it() -> None:
    """It was kept because others were out; they are back, it still does not answer."""
    story = Script(serving()) >> unhealthy("seoul-1") >> unhealthy("seoul-2", "no answer for 0.1 s")
    assert story.node("seoul-2").serviceable
    story >> healthy("seoul-1") << like(NodeChanged, node__name="seoul-1", node__health=Health.HEALTHY)
    story << like(NodeChanged, node__name="seoul-2", node__reason__code=ReasonCode.PROBE_FAILED)
    assert story.node("seoul-2").reason.text == "no answer for 0.1 s"
    assert not story.node("seoul-2").serviceable


def test_a_hung_suspect_is_killed_when_the_rest_can_spare_it() -> None:
    """The hang is reported once; it is not forgotten."""
    story = Script(serving()) >> unhealthy("seoul-1") >> unhealthy("seoul-2", "silent", hung=True)
    assert [effect for effect in story.outcomes if isinstance(effect, SendSignal)] == []
    story >> healthy("seoul-1") << like(SendSignal, node="seoul-2", signal="KILL")
    assert story.node("seoul-2").reason.code is ReasonCode.HUNG


def test_a_suspect_that_answers_again_is_cleared() -> None:
    """And stays in when the others come back."""
    story = Script(serving()) >> unhealthy("seoul-1") >> unhealthy("seoul-2", hung=True) >> healthy("seoul-2")
    assert story.node("seoul-2").reason is None
    story >> healthy("seoul-1")
    assert story.node("seoul-2").serviceable


def test_a_proof_counts_once_and_only_forwards() -> None:
    """An edge that reports the same or an older plan says nothing new."""
    story = Script(serving()) >> exited("seoul-1", signal=9) >> applied("edge-1") << TrafficApplied
    story >> applied("edge-1") << NOTHING
    story >> applied("edge-1", version=1) << NOTHING
    assert story.fleet.confirmed["edge-1"] == story.fleet.plan.version


def test_a_dead_edge_proves_nothing() -> None:
    """Its last words came too late."""
    story = Script(serving()) >> exited("edge-1", signal=9) >> spawned("edge-1") >> exited("edge-1", signal=9)
    assert story.node("edge-1").state is S.BACKOFF
    story >> applied("edge-1") << NOTHING
    story >> refused("seoul-2")


@pytest.mark.parametrize(
    ("saw", "text"),
    [
        (Exited(node="n", instance="i", code=3), "exited with code 3"),
        (Exited(node="n", instance="i", signal=11), "killed by signal 11"),
        (Exited(node="n", instance="i"), "exited, status unknown"),
        (Exited(node="n", instance="i", signal=9, oom=True), "killed by the kernel, most likely out of memory"),
    ],
)
def test_how_it_ended(saw: Exited, text: str) -> None:
    """In words; a code is never invented."""
    assert exit_text(saw) == text


def test_want_of_memory_has_its_own_reason() -> None:
    """Scripts can tell it from a crash."""
    story = Script(serving()) >> exited("seoul-1", signal=9, oom=True)
    story << like(NodeChanged, node__reason__code=ReasonCode.OUT_OF_MEMORY)


def test_a_certificate_that_fits_is_taken_once_and_told_to_the_edges() -> None:
    """Whoever judges the same files again and again says nothing new."""
    story = Script(serving())
    version = story.fleet.plan.version
    story >> CertificateFit(certificate=CERTIFICATE) << like(CertificateTaken, certificate=CERTIFICATE)
    story << like(TrafficShifted, plan__certificate="c1", plan__version=version + 1, why="another certificate")
    story << ApplyTraffic
    story >> CertificateFit(certificate=CERTIFICATE) << NOTHING


def test_files_that_do_not_fit_are_told_once_and_change_nothing() -> None:
    """Until there is something else to say, or they fit again."""
    story = Script(serving()) >> CertificateFit(certificate=CERTIFICATE)
    plan = story.fleet.plan
    story >> CertificateUnfit(why="no such file") << like(CertificateRefused, why="no such file")
    story >> CertificateUnfit(why="no such file") << NOTHING
    story >> CertificateUnfit(why="expired") << CertificateRefused
    assert (story.fleet.certificate, story.fleet.certificate_refused) == (CERTIFICATE, "expired")
    story >> CertificateFit(certificate=CERTIFICATE) << CertificateTaken
    assert (story.fleet.certificate_refused, story.fleet.plan) == ("", plan)
    assert story.replayed() == story.fleet


def test_what_a_node_sustains_is_taken_when_it_is_more() -> None:
    """A lower bound only ever rises; what is said of a process before this one came too late."""
    story = Script(serving())
    story >> LoadSustained(node="seoul-1", instance="f1/seoul-1/1", rate=90.0)
    story << like(CapacitySeen, node="seoul-1", rate=90.0)
    story >> LoadSustained(node="seoul-2", instance="f1/seoul-2/1", rate=80.0) << NOTHING
    story >> LoadSustained(node="seoul-2", instance="f1/seoul-2/7", rate=800.0) << NOTHING
    story >> LoadSustained(node="seoul-9", instance="f1/seoul-9/1", rate=800.0) << NOTHING
    assert story.fleet.sustained == 90.0
    assert story.replayed() == story.fleet


def test_what_is_still_open_is_noted_for_the_process_that_drains() -> None:
    """Of a process that has ended, or of one that serves again, it is late news."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> still_busy("seoul-1", 2)
    story << like(NodeChanged, node__unfinished=2, why="2 requests still open")
    story >> exited("seoul-1", code=0)
    story >> StillBusy(node="seoul-1", instance="f1/seoul-1/1", requests=3) << NOTHING
    story >> still_busy("seoul-2", 3) << NOTHING

"""How a process comes back: backoff, budget, crash loop, and what is never charged."""

import pytest
from support.build import a_node, a_spec, at, founded
from support.script import (
    NOTHING,
    Script,
    after,
    applied,
    exited,
    healthy,
    launch_of,
    like,
    serving,
    spawn_failed,
    spawned,
)

from hactl.core.causes import Context
from hactl.core.commands import Kill, Restart, Start, Stop
from hactl.core.effects import SendSignal, Spawn
from hactl.core.events import NodeChanged
from hactl.core.node import DeadlineKind, NodeState, Reason, ReasonCode
from hactl.core.restarts import backoff_delay
from hactl.core.spec import FleetSpec
from hactl.core.value import replace

S = NodeState


def delays(spec: FleetSpec, *, fleet_id: str = "f1", name: str = "seoul-1", attempts: int = 12) -> list[float]:
    """The delays before restarts 1, 2, ... of a process that never becomes ready."""
    context = Context(now=at(100.0), spec=spec, fleet_id=fleet_id)
    node = a_node(S.STARTING, name)
    return [
        backoff_delay(replace(node, attempt=attempt, launches=attempt), 1.0, context) for attempt in range(attempts)
    ]


def dies_at_once(story: Script, name: str = "seoul-1") -> Script:
    """One more life, from spawn to exit."""
    return story >> spawned(name) >> exited(name, code=1)


def waits_for_its_start(story: Script, name: str = "seoul-1") -> Script:
    """Time passes until the backoff is over."""
    deadline = story.node(name).deadline
    if story.node(name).state is S.BACKOFF and deadline is not None:
        story >> after(deadline.at - story.mono)
    return story


def test_the_backoff_grows_and_is_capped() -> None:
    """Below base x 2^n and below the cap; spread over the whole of that, and never the same twice."""
    spec = a_spec(restart={"base": 0.5, "max": 8.0})
    for attempt, delay in enumerate(delays(spec)):
        assert 0 <= delay < min(8.0, 0.5 * 2**attempt)
    many = [delays(spec, name=f"node-{number}")[3] for number in range(200)]
    assert len(set(many)) == 200
    assert sum(many) / len(many) == pytest.approx(2.0, rel=0.15), "full jitter: the mean is half of the ceiling of 4 s"
    assert max(delays(spec, attempts=100)) < 8.0


def test_the_jitter_is_repeatable_and_differs_between_nodes_and_fleets() -> None:
    """A replay takes the same decisions; nodes that died together do not come back together."""
    spec = a_spec()
    assert delays(spec) == delays(spec)
    assert delays(spec) != delays(spec, name="seoul-2")
    assert delays(spec) != delays(spec, fleet_id="f2")


def test_the_first_exit_is_answered_at_once() -> None:
    """A process that had been ready is started again in the same breath; the second exit waits."""
    story = Script(serving()) >> exited("seoul-1", signal=11)
    story << like(NodeChanged, node__state=S.STARTING, node__restarts=1) << like(Spawn, instance="f1/seoul-1/2")
    story >> spawned("seoul-1") >> healthy("seoul-1") >> exited("seoul-1", signal=11)
    story << like(NodeChanged, node__state=S.BACKOFF, node__restarts=2)
    assert story.node("seoul-1").deadline is not None


def test_a_first_delay_can_be_configured() -> None:
    """`restart.initial` is waited for before the first restart, ready before or not."""
    story = Script(serving(a_spec(restart={"initial": 2.0}))) >> exited("seoul-1", code=1)
    story << like(
        NodeChanged,
        node__state=S.BACKOFF,
        node__deadline__at=1002.0,
        why="exited with code 1; next start in 2 s",
    )
    story >> after(1.9)
    assert story.node("seoul-1").state is S.BACKOFF
    story >> after(0.1) << like(Spawn, instance="f1/seoul-1/2")
    spec = a_spec(restart={"initial": 2.0})
    assert delays(spec, attempts=1) == [2.0]


def test_a_minute_of_life_starts_the_backoff_over() -> None:
    """Whatever happened before: a process that ran for a minute is started at once, and counts from one."""
    story = Script(serving())
    for _ in range(3):
        story >> exited("seoul-1", code=1)
        waits_for_its_start(story) >> spawned("seoul-1") >> healthy("seoul-1")
    assert story.node("seoul-1").attempt == 3
    story >> after(60.0) >> exited("seoul-1", code=1)
    story << like(NodeChanged, node__state=S.STARTING, node__attempt=1)


def test_too_many_exits_are_a_crash_loop() -> None:
    """After `budget` restarts within the window it has FAILED: no more attempts until the window is over."""
    story = Script(serving(a_spec(restart={"initial": 0.0, "budget": 3, "window": 60.0})))
    story >> exited("seoul-1", code=1)
    while story.node("seoul-1").state is not S.FAILED:
        assert len(story.node("seoul-1").exits) <= 3
        dies_at_once(waits_for_its_start(story))
    node = story.node("seoul-1")
    assert len(node.exits) == 4
    assert node.reason is not None
    assert node.reason.code is ReasonCode.CRASH_LOOP
    assert "exited with code 1" in node.reason.text
    assert node.deadline is not None
    assert (node.deadline.kind, node.deadline.at) == (DeadlineKind.RETRY, story.mono + 60.0)


def failed(**restart: float) -> Script:
    """A node that has just failed."""
    story = Script(serving(a_spec(restart={"budget": 2, "window": 60.0, **restart}))) >> exited("seoul-1", code=1)
    while story.node("seoul-1").state is not S.FAILED:
        dies_at_once(waits_for_its_start(story))
    return story


def test_a_crash_loop_gets_one_slow_try_per_window() -> None:
    """It is tried once after each window; one more exit and it waits for another whole window."""
    story = failed()
    for _ in range(3):
        story >> after(59.9)
        assert story.node("seoul-1").state is S.FAILED
        story >> after(0.1) << Spawn
        dies_at_once(story) << like(NodeChanged, node__state=S.FAILED)


def test_a_slow_try_that_becomes_ready_and_dies_soon_fails_again() -> None:
    """Ready for a moment is not well."""
    story = failed() >> after(60.0) >> spawned("seoul-1") >> healthy("seoul-1") >> after(5.0)
    story >> exited("seoul-1", code=1) << like(NodeChanged, was=S.SERVING, node__state=S.FAILED)


def test_a_slow_try_that_holds_is_forgiven() -> None:
    """After a window of life its next exit is an ordinary one."""
    story = failed() >> after(60.0) >> spawned("seoul-1") >> healthy("seoul-1") >> after(61.0)
    story >> exited("seoul-1", code=1) << like(NodeChanged, was=S.SERVING, node__state=S.STARTING)


def test_a_start_helps_a_crash_loop() -> None:
    """A person starts it: at once, with a fresh budget."""
    story = failed() >> Start(nodes=("seoul-1",))
    story << like(NodeChanged, node__state=S.STARTING, node__attempt=0, node__exits=()) << Spawn
    dies_at_once(story) << like(NodeChanged, node__state=S.BACKOFF)


def test_a_start_that_takes_for_ever_to_fail_is_no_long_life() -> None:
    """Only a process that has been ready has proved anything, however long its start deadline is."""
    story = Script(serving(a_spec(gateway={"start_timeout": 90.0}))) >> exited("seoul-1", code=1)
    story >> spawned("seoul-1") >> after(90.0) << like(SendSignal, signal="KILL", group=True)
    story >> exited("seoul-1", signal=9) << like(NodeChanged, node__state=S.BACKOFF, node__attempt=2)
    assert story.node("seoul-1").reason == Reason(code=ReasonCode.START_TIMEOUT, text="not ready after 90 s")


def test_exits_outside_the_window_do_not_count() -> None:
    """One crash now and then is no crash loop, however many there have been."""
    story = Script(serving(a_spec(restart={"budget": 1, "window": 10.0})))
    for _ in range(20):
        story >> exited("seoul-1", code=1) >> after(8.0) >> spawned("seoul-1") >> healthy("seoul-1") >> after(31.0)
        assert story.node("seoul-1").state is S.SERVING
        assert len(story.node("seoul-1").exits) == 1


@pytest.mark.parametrize("why", ["kill", "restart", "stop and start"])
def test_what_was_ordered_is_never_charged(why: str) -> None:
    """An operator may kill, restart or stop it as often as he likes: no exit counts and no backoff grows."""
    story = Script(serving(a_spec(restart={"budget": 1})))
    for _ in range(5):
        match why:
            case "kill":
                story >> Kill(nodes=("seoul-1",)) << like(SendSignal, signal="KILL")
                story >> exited("seoul-1", signal=9) << like(NodeChanged, node__reason__code=ReasonCode.KILLED)
            case "restart":
                story >> Restart(nodes=("seoul-1",)) >> after(10.0) >> exited("seoul-1", code=0)
            case _:
                story >> Stop(nodes=("seoul-1",)) >> after(10.0) >> exited("seoul-1", code=0)
                story >> Start(nodes=("seoul-1",))
        assert story.node("seoul-1").state is S.STARTING
        story >> spawned("seoul-1") >> healthy("seoul-1") >> applied("edge-1") >> applied("edge-2")
        assert story.fleet.operations == {}
        assert (story.node("seoul-1").exits, story.node("seoul-1").attempt) == ((), 0)


def test_the_excuse_is_good_for_one_exit() -> None:
    """The crash after a kill is a crash."""
    story = Script(serving()) >> Kill(nodes=("seoul-1",)) >> exited("seoul-1", signal=9) >> spawned("seoul-1")
    story >> exited("seoul-1", signal=9) << like(NodeChanged, node__state=S.BACKOFF)
    assert len(story.node("seoul-1").exits) == 1


def test_failed_starts_and_exits_share_one_budget() -> None:
    """A missing binary is a crash loop too; a port in use moves the node to a free one."""
    story = Script(serving(a_spec(restart={"budget": 2}))) >> exited("seoul-1", code=1)
    story >> spawn_failed("seoul-1", why="port 20000 is taken", port=20_777)
    story << like(NodeChanged, node__port=20_777, node__reason__code=ReasonCode.START_FAILED)
    waits_for_its_start(story) >> spawn_failed("seoul-1")
    story << like(NodeChanged, node__state=S.FAILED, node__port=20_777)


def test_a_late_exit_of_an_earlier_process_is_no_news() -> None:
    """Only the process that runs now can exit."""
    story = Script(serving())
    old = exited("seoul-1", signal=9)(story.fleet, story.now)
    story >> old >> spawned("seoul-1") >> old << NOTHING
    story >> healthy("seoul-1") >> old << NOTHING


def test_a_process_that_never_had_a_start_is_new() -> None:
    """The reason of a first start is that there was none before."""
    story = Script(founded())
    story >> Start(nodes=("seoul-1",))
    story << like(NodeChanged, node__reason__text="started by alice")
    launch = launch_of(story.fleet, "seoul-1", story.now)
    assert launch.instance == "f1/seoul-1/1"

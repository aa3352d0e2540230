"""Another daemon on the same journal: what it adopts, refuses, ends, starts again, and what it charges to nobody."""

import pytest
from support.build import CERTIFICATE, a_launch, a_spec, at, founded
from support.script import Script, after, applied, exited, healthy, idle, like, serving, spawned, unhealthy
from support.world import MemoryWorld

from hactl.core.commands import (
    Command,
    Down,
    Drain,
    Freeze,
    Kill,
    Pause,
    Request,
    Restart,
    Resume,
    SetPolicy,
    SetWeight,
    Start,
    Stop,
    Thaw,
    Unpause,
)
from hactl.core.config_events import ConfigTaken, RulesTaken
from hactl.core.draft import evolve
from hactl.core.effects import ApplyTraffic, BeginDrain, EndDrain, EndOrphan, SendSignal, Spawn
from hactl.core.events import (
    AdoptionRefused,
    CertificateRefused,
    CertificateTaken,
    DaemonStarted,
    FailoverEnded,
    FleetUnpaused,
    NodeAdopted,
    NodeChanged,
    OperationEnded,
    OrphanEnded,
)
from hactl.core.founding import lay_out
from hactl.core.model import Fleet
from hactl.core.node import DeadlineKind, Goal, Launch, NodeState, ReasonCode
from hactl.core.operation import Outcome
from hactl.core.reading import explain
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.spec import Policy
from hactl.core.value import replace

S = NodeState


def alive(fleet: Fleet, *without: str) -> tuple[Launch, ...]:
    """Every recorded process, leaving some out."""
    return tuple(node.launch for node in fleet.nodes.values() if node.launch and node.name not in without)


def next_daemon(story: Script, *without: str, seconds: float = 1.0, boot: str = "boot-1", **found: object) -> Script:
    """Time passes, then another daemon finds every recorded process except `without`."""
    story.mono += seconds
    story.outcomes, story._expected = [], 0
    look = Found(**{"alive": alive(story.fleet, *without), **found})
    arrival = Arrival(pid=99, version="2", gap=seconds)
    return story.take(recover(story.fleet, look, arrival, at(story.mono, boot)))


# -- what it finds


def test_the_first_daemon_starts_everything() -> None:
    """Nothing ran, everything should."""
    story = next_daemon(Script(founded())) << like(DaemonStarted, pid=99, version="2", gap=1.0)
    assert {effect.node.name for effect in story.outcomes if isinstance(effect, Spawn)} == set(story.fleet.nodes)
    assert all(node.state is S.STARTING for node in story.fleet.nodes.values())


def test_survivors_are_adopted_and_the_edges_told() -> None:
    """Nothing is started, nobody is signalled, no state changes."""
    before = serving()
    story = next_daemon(Script(before))
    assert {event.node for event in story.events if isinstance(event, NodeAdopted)} == set(before.nodes)
    assert story.fleet.nodes == before.nodes
    assert not [effect for effect in story.outcomes if isinstance(effect, Spawn | SendSignal | EndOrphan)]
    story << like(ApplyTraffic, plan=before.plan)


def test_what_died_meanwhile_is_started_again_and_charged() -> None:
    """Nobody saw it, but it did die by itself."""
    story = next_daemon(Script(serving()), "seoul-1") << like(Spawn, instance="f1/seoul-1/2")
    node = story.node("seoul-1")
    assert (len(node.exits), node.restarts) == (1, 1)
    assert node.reason is not None
    assert node.reason.text == "ended while no daemon was running"


def test_somebody_else_with_the_recorded_pid_is_refused_and_said() -> None:
    """The node is started anew; the stranger is left alone."""
    story = Script(serving())
    story = next_daemon(story, "seoul-1", refused={"seoul-1": "it started at another time", "nobody": "gone"})
    pid = story.founded_at.nodes["seoul-1"].launch.pid
    story << like(AdoptionRefused, node="seoul-1", pid=pid, why="it started at another time")
    story << like(AdoptionRefused, node="nobody", pid=0) << like(Spawn, instance="f1/seoul-1/2")
    assert not [effect for effect in story.outcomes if isinstance(effect, SendSignal | EndOrphan)]


def test_a_process_nobody_claims_is_ended() -> None:
    """Of this fleet, alive, and of no node: left behind between two records."""
    story = Script(serving())
    stray = a_launch("seoul-1", 7)
    story = next_daemon(story, alive=(*alive(story.fleet), stray)) << like(OrphanEnded, pid=stray.pid)
    story << like(EndOrphan, launch=stray)


def test_the_process_of_a_stopped_node_is_an_orphan() -> None:
    """Whatever runs under the name of a node that should not run is ended before it can be started again."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1")
    left = story.node("seoul-1").launch
    assert left is not None
    story >> exited("seoul-1", code=0)
    next_daemon(story, alive=(*alive(story.fleet), left)) << like(EndOrphan, launch=left)


def test_a_process_that_was_started_but_never_recorded_is_adopted() -> None:
    """The daemon died between the start and the record: the instance id tells whose it is."""
    story = Script(serving()) >> exited("seoul-1", signal=9)
    launch = a_launch("seoul-1", 2)
    story = next_daemon(story, alive=(*alive(story.fleet), launch))
    story << like(NodeAdopted, node="seoul-1", instance="f1/seoul-1/2", recorded=False)
    assert story.node("seoul-1").launch == launch
    assert not [effect for effect in story.outcomes if isinstance(effect, Spawn)]
    story >> healthy("seoul-1")
    assert story.node("seoul-1").serviceable


def test_a_start_that_never_happened_is_made_up_for() -> None:
    """The same launch, not the next one, with the whole time to get ready."""
    story = Script(serving()) >> exited("seoul-1", signal=9)
    next_daemon(story, seconds=500.0) << like(Spawn, instance="f1/seoul-1/2")
    deadline = story.node("seoul-1").deadline
    assert deadline is not None
    assert (deadline.kind, deadline.at) == (DeadlineKind.READY, story.mono + 10.0)
    assert len(story.node("seoul-1").exits) == 1


# -- what was on its way


def test_a_start_that_nobody_could_watch_gets_its_time_again() -> None:
    """It may have been ready for minutes: it is not killed for what nobody asked it."""
    story = Script(serving()) >> exited("seoul-1", signal=9) >> spawned("seoul-1")
    next_daemon(story, seconds=500.0) >> after(9.9)
    assert not [effect for effect in story.outcomes if isinstance(effect, SendSignal)]
    story >> healthy("seoul-1")
    assert story.node("seoul-1").serviceable


def test_a_start_that_was_too_late_is_killed_again() -> None:
    """The kill was decided, but perhaps never sent."""
    story = Script(serving()) >> exited("seoul-1", signal=9) >> spawned("seoul-1") >> after(10.0)
    assert story.node("seoul-1").deadline is None
    next_daemon(story) << like(SendSignal, node="seoul-1", signal="KILL", group=True)
    story >> exited("seoul-1", signal=9)
    assert story.node("seoul-1").reason is not None
    assert story.node("seoul-1").reason.code is ReasonCode.START_TIMEOUT


def test_a_drain_is_taken_up_again_and_so_is_its_end() -> None:
    """Both may never have been told to the process."""
    story = Script(serving()) >> Drain(nodes=("seoul-1",))
    next_daemon(story) << like(BeginDrain, node__name="seoul-1")
    story >> idle("seoul-1") >> applied("edge-1") >> applied("edge-2") >> Resume(nodes=("seoul-1",))
    next_daemon(story) << like(EndDrain, node__name="seoul-1")


def test_an_edge_that_serves_has_no_drain_to_take_back() -> None:
    """An edge that drained does not listen any more; one that serves would refuse to hear of it, again and again."""
    story = next_daemon(Script(serving()))
    told = {effect.node.name for effect in story.outcomes if isinstance(effect, EndDrain)}
    assert told == {node.name for node in story.fleet.gateways}


def test_a_stop_is_taken_up_again() -> None:
    """The stop signal is sent once more; whoever was past his deadline is killed at once."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1")
    next_daemon(story) << like(SendSignal, node="seoul-1", signal="TERM")
    story >> after(10.0)
    assert story.node("seoul-1").deadline is None
    next_daemon(story) >> after(0.0) << like(SendSignal, node="seoul-1", signal="KILL", group=True)


def test_a_stop_of_what_has_gone_meanwhile_is_done() -> None:
    """And the operation ends well."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1")
    next_daemon(story, "seoul-1") << like(OperationEnded, outcome=Outcome.DONE)
    assert (story.node("seoul-1").state, story.node("seoul-1").goal) == (S.STOPPED, Goal.DOWN)
    story = Script(serving()) >> exited("seoul-1", signal=9) >> Stop(nodes=("seoul-1",))
    next_daemon(story) << like(OperationEnded, outcome=Outcome.DONE)


def test_a_kill_that_may_never_have_been_sent_is_sent_again_once() -> None:
    """Only to the process it was meant for: its successor has done nothing."""
    story = Script(serving()) >> Kill(nodes=("seoul-1", "seoul-2")) >> exited("seoul-1", signal=9) >> spawned("seoul-1")
    next_daemon(story)
    kills = [effect.node for effect in story.outcomes if isinstance(effect, SendSignal)]
    assert kills == ["seoul-2"]


def test_a_kill_whose_exit_nobody_saw_is_not_charged() -> None:
    """It was ordered, whoever was there to see it."""
    story = next_daemon(Script(serving()) >> Kill(nodes=("seoul-1",)), "seoul-1")
    assert story.node("seoul-1").exits == ()
    assert story.node("seoul-1").reason.code is ReasonCode.KILLED


def test_a_backoff_and_a_crash_loop_go_on_where_they_were() -> None:
    """Their deadlines are the machine's, not the daemon's."""
    story = Script(serving()) >> exited("seoul-1", code=1) >> spawned("seoul-1") >> exited("seoul-1", code=1)
    waiting = story.node("seoul-1")
    next_daemon(story, seconds=0.001)
    assert story.node("seoul-1") == waiting


def test_a_down_that_died_half_way_is_over() -> None:
    """Whoever starts a daemon wants the fleet up: what drains goes on, what stops starts again."""
    story = Script(serving()) >> Down() >> idle("edge-1")
    assert {node.state for node in story.fleet.edges} == {S.STOPPING, S.DRAINING}
    next_daemon(story) << like(OperationEnded, outcome=Outcome.FAILED, hint="hactl down")
    assert not story.fleet.closing
    story >> exited("edge-1", code=0) << like(Spawn, instance="f1/edge-1/2")
    story >> idle("edge-2") >> exited("edge-2", code=0) << like(Spawn, instance="f1/edge-2/2")


def test_an_operation_whose_time_ran_out_meanwhile_fails() -> None:
    """Better a clear end than a wait for ever; what can still be said to be done is done."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-1",), weight=10)
    next_daemon(story, seconds=500.0) << like(OperationEnded, outcome=Outcome.ROLLED_BACK)
    assert story.node("seoul-1").weight == 100


# -- reboot


def test_a_reboot_starts_everything_and_charges_nobody() -> None:
    """Goals, weights and drains are kept; the event says why."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-2",), weight=7) >> Drain(nodes=("seoul-3",))
    story >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> exited("seoul-1", code=0)
    next_daemon(story, boot="boot-2", alive=())
    started = {effect.node.name for effect in story.outcomes if isinstance(effect, Spawn)}
    assert started == {"edge-1", "edge-2", "seoul-2", "seoul-3"}
    for name in started:
        node = story.node(name)
        assert (node.state, node.exits, node.attempt) == (S.STARTING, (), 0)
        assert node.reason is not None
        assert node.reason.text == "the machine was rebooted"
    assert (story.node("seoul-1").state, story.node("seoul-1").goal) == (S.STOPPED, Goal.DOWN)
    assert (story.node("seoul-2").weight, story.node("seoul-3").drained) == (7, True)
    assert (story.fleet.boot, story.fleet.confirmed) == ("boot-2", {})


def test_a_reboot_forgets_the_clocks_of_the_boot_before() -> None:
    """Backoffs and crash loops start over, losses in progress end without a number."""
    story = Script(serving(a_spec(restart={"budget": 1}))) >> exited("seoul-1", code=1) >> spawned("seoul-1")
    story >> exited("seoul-1", code=1) >> exited("seoul-2", code=1) >> unhealthy("seoul-3")
    assert story.node("seoul-1").state is S.FAILED
    next_daemon(story, boot="boot-2", alive=())
    assert {event.node for event in story.outcomes if isinstance(event, FailoverEnded)} == {"seoul-2", "seoul-3"}
    assert story.fleet.failovers == {}
    story >> after(0.0) << like(Spawn, node__name="seoul-1")
    for node in story.fleet.gateways:
        assert (node.state, node.exits, node.attempt) == (S.STARTING, (), 0)


def test_a_reboot_ends_every_operation_with_a_hint() -> None:
    """Exactly once, and says what to do."""
    commands: tuple[Command, ...] = (Kill(nodes=("seoul-1",)), Restart(nodes=("seoul-2",)), Drain(nodes=("seoul-3",)))
    story = Script(serving(a_spec(nodes=4)))
    for command in commands:
        story >> command
    next_daemon(story, boot="boot-2", alive=())
    ends = [event for event in story.outcomes if isinstance(event, OperationEnded)]
    assert len(ends) == 3
    assert {(event.outcome, event.sentence) for event in ends} == {(Outcome.FAILED, "the machine was rebooted")}
    assert all(event.hint == "hactl status; then repeat the command" for event in ends)
    assert story.node("seoul-2").goal is Goal.UP
    assert story.node("seoul-2").state is S.STARTING


def test_a_stop_under_way_at_a_reboot_is_a_stop() -> None:
    """Nothing starts that was on its way down."""
    story = Script(serving()) >> Stop(nodes=("seoul-1",))
    next_daemon(story, boot="boot-2", alive=())
    assert (story.node("seoul-1").state, story.node("seoul-1").goal) == (S.STOPPED, Goal.DOWN)


# -- another configuration


def test_a_changed_configuration_ends_what_was_in_progress_and_starts_anew() -> None:
    """Taken into force only when nothing runs; what keeps its name keeps its port, goal, weight and drain."""
    world = MemoryWorld(founded()).begin()
    world.submit(SetWeight(nodes=("seoul-1",), weight=7))
    world.settle()
    world.submit(Stop(nodes=("seoul-2",)))
    world.settle()
    restart = world.submit(Restart(nodes=("seoul-1",)))
    world.run(4)
    assert world.fleet.nodes["seoul-1"].goal is Goal.DOWN
    world.crash()
    world.processes.clear()
    spec = a_spec(nodes=4)
    nodes = lay_out(spec, range(21_000, 22_000), world.replayed())
    world.recover(config=ConfigTaken(revision=2, spec=spec, nodes=nodes))
    assert world.ending(restart).outcome is Outcome.FAILED
    assert world.ending(restart).hint
    world.settle()
    world.check_quiet()
    fleet = world.fleet
    assert (fleet.revision, len(fleet.gateways)) == (2, 4)
    assert fleet.nodes["seoul-1"].weight == 7
    assert fleet.nodes["seoul-1"].serviceable, "the restart had held it down only for a moment"
    assert fleet.nodes["seoul-2"].goal is Goal.DOWN
    assert world.spawns[-5:] != []
    assert len(set(world.spawns)) == len(world.spawns), "no instance id is ever used twice"


def test_operators_go_on_as_before() -> None:
    """After a recovery orders work as ever."""
    story = next_daemon(Script(serving())) >> Stop(nodes=("seoul-1",)) >> idle("seoul-1") >> exited("seoul-1", code=0)
    story >> Request(command=Start(nodes=("seoul-1",)), by="bob") << like(NodeChanged, node__state=S.STARTING)


def test_a_start_without_a_usable_file_says_so_until_there_is_one() -> None:
    """The fleet remembers why; the next start with a good file, or a configuration that is taken, ends that."""
    story = Script(serving())
    look = Found(alive=alive(story.fleet))
    trouble = "hactl.toml:1:1: not valid TOML"
    story.take(recover(story.fleet, look, Arrival(pid=9, version="2", trouble=trouble), at(2000.0)))
    story << like(DaemonStarted, trouble=trouble)
    assert story.fleet.config_trouble == trouble
    assert story.fleet.revision == 1
    taken = ConfigTaken(revision=2, spec=story.fleet.spec, nodes=tuple(story.fleet.nodes.values()))
    assert evolve(story.fleet, taken).config_trouble == ""
    story = next_daemon(story)
    assert story.fleet.config_trouble == ""


# -- a pause, and what is frozen


def test_a_pause_outlives_the_daemon() -> None:
    """What died before or meanwhile waits on, and is started by whoever ends the pause."""
    story = Script(serving()) >> Request(command=Pause(seconds=600.0), by="alice") >> exited("seoul-1", signal=9)
    pause = story.fleet.paused
    next_daemon(story, "seoul-2")
    assert story.fleet.paused == pause
    assert not [effect for effect in story.outcomes if isinstance(effect, Spawn)]
    assert {story.node(name).state for name in ("seoul-1", "seoul-2")} == {S.BACKOFF}
    assert explain(story.node("seoul-2")) == "ended while no daemon was running; waits: the fleet is paused by alice"
    story >> Unpause()
    assert [effect.node.name for effect in story.outcomes if isinstance(effect, Spawn)] == ["seoul-1", "seoul-2"]


def test_a_pause_that_was_to_end_meanwhile_has_ended() -> None:
    """With all that follows: the next daemon makes up for it at once."""
    story = Script(serving()) >> Pause(seconds=60.0) >> exited("seoul-1", signal=9)
    next_daemon(story, "seoul-2", seconds=100.0)
    assert story.fleet.paused is None
    assert {effect.node.name for effect in story.outcomes if isinstance(effect, Spawn)} == {"seoul-1", "seoul-2"}


def test_a_pause_is_kept_over_down_and_up() -> None:
    """Like drains and weights; what an operator brings up comes up all the same."""
    world = MemoryWorld(founded()).begin()
    for command in (Pause(), Kill(nodes=("seoul-1",)), Down()):
        world.submit(command)
        world.settle()
    world.halted = False
    world.recover()
    world.settle()
    assert world.fleet.paused is not None
    assert all(node.serviceable for node in world.fleet.nodes.values())


def test_a_start_that_a_pause_has_spared_is_not_killed_by_the_next_daemon() -> None:
    """Late, but nobody's business while the fleet is paused."""
    story = Script(serving()) >> Pause() >> exited("seoul-1", signal=9) >> Start(nodes=("seoul-1",))
    story >> spawned("seoul-1") >> after(10.0)
    next_daemon(story)
    assert not [effect for effect in story.outcomes if isinstance(effect, SendSignal)]
    story >> Unpause() << like(SendSignal, node="seoul-1", signal="KILL")


def test_signals_that_may_never_have_been_sent_are_sent_again() -> None:
    """A freeze and a thaw in progress, as a kill; each only to the process it was meant for."""
    story = Script(serving()) >> Pause() >> Freeze(nodes=("seoul-1",))
    next_daemon(story) << like(SendSignal, node="seoul-1", signal="STOP")
    story >> unhealthy("seoul-1", hung=True) >> Thaw(nodes=("seoul-1",))
    next_daemon(story) << like(SendSignal, node="seoul-1", signal="CONT")
    assert [effect.signal for effect in story.outcomes if isinstance(effect, SendSignal)] == ["CONT"]


def test_a_frozen_process_is_found_frozen() -> None:
    """Under the next daemon it is still the operator's, and its exit costs nothing."""
    story = Script(serving()) >> Pause() >> Freeze(nodes=("seoul-1",)) >> unhealthy("seoul-1", hung=True)
    before = story.node("seoul-1")
    next_daemon(story)
    assert story.node("seoul-1") == before
    story >> unhealthy("seoul-1", hung=True) >> Unpause() >> exited("seoul-1", signal=9)
    assert story.node("seoul-1").exits == ()


def test_a_reboot_in_a_pause_starts_what_served_and_leaves_down_what_waited() -> None:
    """Serving goes on, so what the reboot ended is started; what had died before waits for the end of the pause."""
    story = Script(serving()) >> Request(command=Pause(seconds=600.0), by="alice") >> exited("seoul-1", signal=9)
    story >> Freeze(nodes=("seoul-2",)) >> unhealthy("seoul-2", hung=True)
    story.mono = 0.0  # the clock of the next boot, whose wall clock in these stories runs along
    next_daemon(story, boot="boot-2", seconds=5.0, alive=())
    started = {effect.node.name for effect in story.outcomes if isinstance(effect, Spawn)}
    assert started == {"edge-1", "edge-2", "seoul-2", "seoul-3"}
    assert (story.node("seoul-1").state, story.node("seoul-1").deadline) == (S.BACKOFF, None)
    assert (story.node("seoul-1").exits, story.node("seoul-1").attempt) == ((), 0)
    assert (story.node("seoul-2").frozen, story.node("seoul-2").hung) == ("", False)
    pause = story.fleet.paused
    assert pause is not None
    assert (pause.by, pause.ends) == ("alice", 5.0 + 1595.0)
    assert story.replayed() == story.fleet
    story >> after(1594.0)
    assert story.fleet.paused is not None
    story >> after(1.0) << FleetUnpaused << like(Spawn, node__name="seoul-1")


def test_a_reboot_after_the_end_of_a_pause() -> None:
    """It ended while the machine was down: nothing waits any more."""
    story = Script(serving(mono=10.0), 10.0) >> Pause(seconds=60.0) >> exited("seoul-1", signal=9)
    next_daemon(story, boot="boot-2", seconds=100.0, alive=())
    assert story.fleet.paused is None
    assert "seoul-1" in {effect.node.name for effect in story.outcomes if isinstance(effect, Spawn)}


@pytest.mark.parametrize(
    "command",
    [
        Freeze(nodes=("seoul-1",)),
        Thaw(nodes=("seoul-2",)),
        Unpause(),
        SetWeight(nodes=("seoul-1",), weight=9),
        SetWeight(regions=("seoul",), weight=9),
        SetPolicy(policy=Policy.ROUND_ROBIN),
        Stop(nodes=("seoul-1",)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_reboot_with_an_operation_in_progress(command: Command) -> None:
    """It ends, with a hint; what it had changed of what the operator wants is kept."""
    story = Script(serving(a_spec(nodes=4))) >> Pause() >> Kill(nodes=("seoul-3",)) >> exited("seoul-3")
    story >> Freeze(nodes=("seoul-2",)) >> unhealthy("seoul-2", hung=True) >> command
    operation = list(story.fleet.operations.values())[-1]
    next_daemon(story, boot="boot-2", alive=())
    ended = [event for event in story.outcomes if isinstance(event, OperationEnded) and event.id == operation.id]
    assert [(event.outcome, event.hint) for event in ended] == [
        (Outcome.FAILED, "hactl status; then repeat the command")
    ]
    assert story.fleet.operations == {}
    assert (story.fleet.paused is None) is isinstance(command, Unpause)
    assert story.fleet.policy is (Policy.ROUND_ROBIN if isinstance(command, SetPolicy) else Policy.LEAST_REQUEST)
    if isinstance(command, SetWeight):
        assert story.node("seoul-1").weight == (9 if command.nodes else 100)
        assert story.fleet.region_weights == ({"seoul": 9} if command.regions else {})
    assert story.node("seoul-1").goal is (Goal.DOWN if isinstance(command, Stop) else Goal.UP)


# -- rules of a changed configuration


def test_rules_are_taken_while_everything_runs_on() -> None:
    """Nobody is started, signalled or told anything; what was in progress goes on under the new rules."""
    story = Script(serving(a_spec(safety={"read_only": False}))) >> Restart(nodes=("seoul-1", "seoul-2"))
    before = story.fleet
    spec = replace(before.spec, safety=replace(before.spec.safety, read_only=True))
    story.outcomes, story._expected = [], 0
    arrival = Arrival(pid=99, version="2", gap=0.1, rules=RulesTaken(revision=2, spec=spec))
    story.take(recover(before, Found(alive=alive(before)), arrival, at(story.mono)))
    assert (story.fleet.revision, story.fleet.spec) == (2, spec)
    assert story.fleet.operations == before.operations
    assert story.fleet.confirmed == before.confirmed
    assert not [effect for effect in story.outcomes if isinstance(effect, Spawn | SendSignal)]
    assert story.refuses(Kill(nodes=("seoul-3",))).guard


# -- with which certificate


def test_a_fleet_has_its_certificate_before_any_edge_is_started() -> None:
    """And says whether it is that of the files."""
    arrival = Arrival(pid=1, version="0", certificate=CERTIFICATE, certificate_refused="no such file")
    decision = recover(founded(), Found(), arrival, at(1.0))
    assert decision.fleet.certificate == CERTIFICATE
    assert decision.fleet.certificate_refused == "no such file"
    kinds = [type(event) for event in decision.events]
    assert kinds.index(CertificateTaken) < kinds.index(CertificateRefused) < kinds.index(NodeChanged)


def test_a_daemon_that_begins_with_the_same_certificate_says_nothing_of_it() -> None:
    """Nothing has happened."""
    fleet = replace(serving(), certificate=CERTIFICATE, certificate_refused="no such file")
    arrival = Arrival(pid=1, version="0", certificate=CERTIFICATE, certificate_refused="no such file")
    decision = recover(fleet, Found(alive=alive(fleet)), arrival, at(1.0))
    assert not [event for event in decision.events if isinstance(event, CertificateTaken | CertificateRefused)]

"""A fleet that is lent to a drill: whatever becomes of its runner or of the daemon, nothing is left of it."""

from collections.abc import Callable

import pytest
from support.build import a_spec, at, founded, goals
from support.script import (
    NOTHING,
    TERM,
    Script,
    after,
    applied,
    drilling,
    exited,
    healthy,
    idle,
    lent,
    like,
    serving,
    spawned,
)
from support.world import MemoryWorld

from hactl.core.codec import decode_record, encode
from hactl.core.commands import (
    AskDrill,
    BeginDrill,
    Command,
    ContinueDrill,
    Down,
    Drain,
    EndDrill,
    Failover,
    Freeze,
    KeepDrill,
    Kill,
    Pause,
    Request,
    Restart,
    SetWeight,
    Stop,
)
from hactl.core.config_events import ConfigTaken
from hactl.core.drill_events import DrillAnswered, DrillAsked, DrillKept
from hactl.core.drills import in_progress, overtaken
from hactl.core.effects import Spawn
from hactl.core.errors import CommandRejected
from hactl.core.events import NodeChanged, OperationBegan, OperationEnded, Record, WeightsChanged
from hactl.core.node import Goal, NodeState
from hactl.core.operation import Outcome
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.spec import FleetSpec
from hactl.core.value import replace

TWO = a_spec(regions=2, nodes=3, edges=2)
STANDBY = a_spec(regions=2, nodes=3, edges=2, standby=True)
SEOUL = ("seoul-1", "seoul-2", "seoul-3")
SIX = a_spec(nodes=6, edges=2)
SIX_NODES = tuple(f"seoul-{number}" for number in range(1, 7))


def test_what_it_may_touch_is_written_down_before_anything_happens() -> None:
    """The journal has what is to be restored, and for how long the fleet is lent."""
    story = Script(serving()) >> SetWeight(nodes=("seoul-2",), weight=40) >> applied("edge-1") >> applied("edge-2")
    story >> lent("seoul-1", "seoul-2") << OperationBegan
    drill = in_progress(story.fleet)
    assert drill is not None
    assert drill.drill is not None
    assert {name: before.weight for name, before in drill.drill.baseline.nodes.items()} == {
        "seoul-1": 100,
        "seoul-2": 40,
    }
    assert drill.drill.expires == story.mono + TERM
    assert story.replayed() == story.fleet


def test_a_runner_that_is_heard_of_keeps_the_fleet_and_one_that_falls_silent_loses_it() -> None:
    """Each sign of life is good for one term from then on, counted canary or not."""
    story, drill = drilling("seoul-1")
    story >> after(TERM - 1) >> KeepDrill(id=drill, canary=7) << like(DrillKept, canary=7)
    story >> after(TERM - 1) << NOTHING
    story >> after(2) << like(OperationEnded, id=drill, outcome=Outcome.ROLLED_BACK)
    assert "its runner has been silent for 10 s" in story.events[-1].sentence  # type: ignore[union-attr]
    assert in_progress(story.fleet) is None


def test_a_runner_that_never_ends_is_ended() -> None:
    """Its limit is its limit, however lively it is."""
    story, drill = drilling("seoul-1")
    for _ in range(11):
        story >> after(5) >> KeepDrill(id=drill)
    story >> after(5) << like(OperationEnded, id=drill)
    assert "exceeded its time limit" in story.events[-1].sentence  # type: ignore[union-attr]


def test_a_drill_that_is_ended_with_nothing_to_restore_is_over_at_once() -> None:
    story, drill = drilling("seoul-1")
    story >> EndDrill(id=drill) << like(OperationEnded, id=drill, outcome=Outcome.DONE)
    assert "everything it touched has been restored" in story.events[-1].sentence  # type: ignore[union-attr]


def test_what_it_killed_and_kept_down_is_started_when_it_is_over() -> None:
    """The order is the drill's; the operation ends when the node serves and every edge knows it."""
    story, drill = drilling("seoul-1")
    story >> Kill(nodes=("seoul-1",), hold=True) >> exited("seoul-1", signal=9)
    assert story.node("seoul-1").state is NodeState.STOPPED
    assert "killed by alice" in str(story.node("seoul-1").reason)
    story >> applied("edge-1") >> applied("edge-2") >> EndDrill(id=drill) << Spawn
    story >> spawned("seoul-1") >> healthy("seoul-1") >> applied("edge-1")
    assert in_progress(story.fleet) is not None
    story >> applied("edge-2") << like(OperationEnded, id=drill, outcome=Outcome.DONE)


def test_a_drill_that_is_ended_before_its_kill_has_come_true_waits_for_that() -> None:
    """Otherwise the node would go down behind the back of a drill that has said that all is well."""
    story, drill = drilling("seoul-1")
    story >> Kill(nodes=("seoul-1",), hold=True) >> EndDrill(id=drill)
    assert in_progress(story.fleet) is not None
    story >> exited("seoul-1", signal=9) << like(NodeChanged, node__state=NodeState.STARTING)
    story >> spawned("seoul-1") >> healthy("seoul-1") >> applied("edge-1") >> applied("edge-2")
    assert in_progress(story.fleet) is None
    assert story.node("seoul-1").goal is Goal.UP


def test_a_kill_that_has_not_come_true_when_the_fleet_goes_down_keeps_nobody_down_later() -> None:
    story, _ = drilling("seoul-1")
    story >> Kill(nodes=("seoul-1",), hold=True) >> Down()
    assert not story.node("seoul-1").stays_down


def test_a_node_that_keeps_dying_is_not_restored_and_that_is_said() -> None:
    """Not clean is an outcome of its own, with a name in it."""
    spec = a_spec(restart={"initial": 0.0, "budget": 1, "window": 60.0})
    story, drill = drilling("seoul-1", spec=spec)
    story >> exited("seoul-1", signal=11) >> spawned("seoul-1") >> exited("seoul-1", signal=11)
    assert story.node("seoul-1").state is NodeState.FAILED
    story >> EndDrill(id=drill) >> spawned("seoul-1") >> exited("seoul-1", signal=11)
    for _ in range(4):
        story >> after(30)
    ended = [event for event in story.events if isinstance(event, OperationEnded) and event.id == drill]
    assert [event.outcome for event in ended] == [Outcome.FAILED]
    assert "not restored" in ended[0].sentence


def test_who_is_only_taken_out_in_turn_is_lent_and_restored_and_counts_as_one() -> None:
    """A rolling restart of all nodes has one of them out: the ceiling is about what is out together."""
    everybody = ("seoul-1", "seoul-2", "seoul-3")
    story = Script(serving()) >> BeginDrill(name="x", nodes=(), in_turn=everybody)
    lease = next(iter(story.fleet.operations.values())).drill
    assert lease is not None
    assert tuple(lease.baseline.nodes) == everybody
    both = BeginDrill(name="x", nodes=("seoul-1", "seoul-2"), in_turn=everybody)
    assert "would touch 3 of 3 nodes" in Script(serving()).refuses(both).message


def restarting(*names: str, spec: FleetSpec | None = None) -> tuple[Script, str, str]:
    """A drill that has begun to restart `names` one at a time; its operation, and that of the restart."""
    story = Script(serving(spec)) >> BeginDrill(name="x", nodes=(), in_turn=names, longest=600.0, lease=30.0)
    story >> Restart(nodes=names)
    drill, restart = story.fleet.operations
    return story, drill, restart


def test_a_drill_that_is_over_waits_for_what_its_rolling_restart_has_in_hand_and_for_no_more() -> None:
    """Nobody is left half-way: what is stopped to be started again is. Whoever had not had a turn is left alone."""
    story, drill, restart = restarting("seoul-1", "seoul-2")
    story >> applied("edge-1") >> applied("edge-2") >> EndDrill(id=drill)
    story >> idle("seoul-1") >> exited("seoul-1", code=0) >> spawned("seoul-1") >> healthy("seoul-1")
    assert in_progress(story.fleet) is not None
    story >> applied("edge-1")
    story >> applied("edge-2") << like(OperationEnded, id=restart, outcome=Outcome.DONE)
    assert in_progress(story.fleet) is None
    assert not story.fleet.operations
    assert all(node.serviceable for node in story.fleet.nodes.values())
    assert story.node("seoul-2").launches == 1
    assert story.replayed() == story.fleet


@pytest.mark.parametrize("silent", [False, True], ids=["ended", "runner silent"])
def test_a_drill_that_is_stopped_in_a_long_rolling_restart_ends_well(silent: bool) -> None:
    """However slowly six nodes drain: one of them is waited for."""
    story, drill, _ = restarting(*SIX_NODES, spec=SIX)
    story >> applied("edge-1") >> applied("edge-2")
    story >> (after(30.0) if silent else EndDrill(id=drill))
    story >> after(9.0) >> idle("seoul-1") >> exited("seoul-1", code=0) >> spawned("seoul-1")
    story >> after(9.0) >> healthy("seoul-1") >> applied("edge-1") >> applied("edge-2")
    ended = next(event for event in story.events if isinstance(event, OperationEnded) and event.id == drill)
    assert ended.outcome is (Outcome.ROLLED_BACK if silent else Outcome.DONE)
    assert not story.fleet.operations


def test_what_an_operator_restarts_meanwhile_goes_on_and_is_waited_for_as_long_as_it_may_take() -> None:
    """It is not the drill's to end; the drill has not failed while its nodes still have their turns."""
    story = Script(serving(SIX)) >> BeginDrill(name="x", nodes=(), in_turn=SIX_NODES)
    (drill,) = story.fleet.operations
    story >> Request(command=Restart(nodes=SIX_NODES), by="bob") >> EndDrill(id=drill)
    for name in SIX_NODES:
        assert in_progress(story.fleet) is not None
        story >> applied("edge-1") >> applied("edge-2") >> after(9.0) >> idle(name) >> exited(name, code=0)
        story >> spawned(name) >> after(9.0) >> healthy(name) >> applied("edge-1") >> applied("edge-2")
    ended = [event for event in story.events if isinstance(event, OperationEnded)]
    assert [event.outcome for event in ended] == [Outcome.DONE, Outcome.DONE]
    assert ended[-1].sentence == "restarted 6, one at a time"


def test_a_drill_may_touch_no_process_at_all() -> None:
    """Its faults may be about the daemon: lent is then that nobody else drills meanwhile."""
    story = Script(serving()) >> BeginDrill(name="control-crash", nodes=())
    (drill,) = story.fleet.operations
    assert story.fleet.operations[drill].sentence == "drill control-crash"
    story >> EndDrill(id=drill) << like(OperationEnded, id=drill, outcome=Outcome.DONE)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (BeginDrill(name="x", nodes=("nobody",)), "no node 'nobody'"),
        (BeginDrill(name="x", nodes=(), in_turn=("nobody",)), "no node 'nobody'"),
        (BeginDrill(name="x", nodes=("seoul-1",), regions=("mars",)), "no region 'mars'"),
        (BeginDrill(name="x", nodes=("seoul-1",), lease=0.1), "a lease of 0.1 s"),
        (BeginDrill(name="x", nodes=("seoul-1",), longest=1e6), "safety.max_drill"),
        (BeginDrill(name="x", nodes=("seoul-1", "seoul-2", "seoul-3")), "safety.max_faulted_share"),
        (BeginDrill(name="x", nodes=("edge-1", "edge-2")), "more than safety.max_faulted_share"),
        (KeepDrill(id="op-1"), "no drill 'op-1' is in progress"),
        (EndDrill(id="op-1"), "no drill 'op-1' is in progress"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_hint(command: Command, said: str) -> None:
    refusal = Script(serving()).refuses(command)
    assert said in refusal.message
    assert refusal.hint


def test_one_drill_at_a_time_and_none_in_a_fleet_that_is_busy() -> None:
    """What happens in a fleet that is paused, or that something else is done to, would prove nothing."""
    story, _ = drilling("seoul-1")
    assert "drill game-day on seoul-1 is in progress by alice" in story.refuses(lent("seoul-2")).message
    paused = Script(serving()) >> Pause()
    refusal = paused.refuses(lent("seoul-1"))
    assert ("paused" in refusal.message, refusal.guard) == (True, True)
    busy = Script(serving()) >> Restart(nodes=("seoul-1",))
    refusal = busy.refuses(lent("seoul-1"))
    assert ("is in progress: restart seoul-1" in refusal.message, refusal.guard) == (True, True)


def test_confirming_lifts_no_ceiling() -> None:
    """A drill is code: it would confirm whatever it is told to."""
    many = BeginDrill(name="x", nodes=("seoul-1", "seoul-2", "seoul-3"))
    assert Script(serving()).refuses(Request(command=many, by="alice", confirm="default")).guard


def test_a_drill_that_is_being_taken_back_cannot_be_kept() -> None:
    """The runner hears that it is over with its next sign of life."""
    story, drill = drilling("seoul-1")
    story >> Kill(nodes=("seoul-1",), hold=True) >> exited("seoul-1", signal=9) >> after(TERM)
    refusal = story.refuses(KeepDrill(id=drill))
    assert "has ended: its runner has been silent" in refusal.message
    story >> EndDrill(id=drill) << NOTHING


def test_a_daemon_that_comes_in_between_grants_one_fresh_term() -> None:
    """While there was none, the runner could reach nobody; after that, the same rule holds as ever."""
    story, drill = drilling("seoul-1")
    story.mono += 300.0
    alive = tuple(node.launch for node in story.fleet.nodes.values() if node.launch)
    arrival = Arrival(pid=2, version="0", gap=290.0)
    story.outcomes = []
    story.take(recover(story.fleet, Found(alive=alive), arrival, story.now))
    assert in_progress(story.fleet) is None, "its limit has passed meanwhile"

    story, drill = drilling("seoul-1")
    story.mono += 30.0
    story.take(recover(story.fleet, Found(alive=alive), arrival, story.now))
    story >> after(TERM - 1)
    assert in_progress(story.fleet) is not None
    story >> after(1) << like(OperationEnded, id=drill)


def touched(world: MemoryWorld) -> str:
    """Everything a drill may do, done: what it may touch is down, drained, frozen, weighed, and moved."""
    drill = world.submit(lent("seoul-1", "seoul-2", "osaka-1", regions=("seoul",)))
    world.submit(Kill(nodes=("seoul-1",), hold=True))
    world.submit(SetWeight(nodes=("osaka-1",), weight=10))
    world.submit(Drain(nodes=("seoul-2",)), confirm="default")
    return drill


def region_down(world: MemoryWorld) -> str:
    drill = world.submit(lent(*SEOUL, regions=("seoul",)))
    world.submit(Kill(nodes=SEOUL, hold=True), confirm="default")
    return drill


def moved_away(world: MemoryWorld) -> str:
    drill = world.submit(lent(*SEOUL, regions=("seoul",)))
    world.submit(Failover(region="seoul", steps=2, pause=0.0))
    return drill


def stopped(world: MemoryWorld) -> str:
    drill = world.submit(lent("seoul-1", "edge-1"))
    world.submit(Stop(nodes=("seoul-1", "edge-1")))
    return drill


def frozen(world: MemoryWorld) -> str:
    drill = world.submit(lent("seoul-1"))
    world.submit(Freeze(nodes=("seoul-1",)))
    return drill


STORIES: dict[str, Callable[[MemoryWorld], str]] = {
    "all there is": touched,
    "a region": region_down,
    "a region moved away": moved_away,
    "stopped": stopped,
    "frozen": frozen,
}


def raised(spec: object) -> MemoryWorld:
    return MemoryWorld(founded(spec)).begin()  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", [TWO, STANDBY], ids=["both active", "one waiting"])
@pytest.mark.parametrize("name", STORIES)
def test_a_runner_that_dies_at_any_step_leaves_nothing(name: str, spec: object) -> None:
    """kill -9 of the runner: time alone, as the daemon's alarm tells it, restores everything."""
    before = raised(spec)
    world = raised(spec)
    drill = STORIES[name](world)
    world.settle()
    world.check_quiet()
    assert world.ending(drill).outcome is Outcome.ROLLED_BACK
    assert goals(world.fleet) == goals(before.fleet)
    assert world.fleet.evacuations == {}
    assert world.fleet.region_weights == before.fleet.region_weights


@pytest.mark.parametrize("spec", [TWO, STANDBY], ids=["both active", "one waiting"])
@pytest.mark.parametrize("name", STORIES)
def test_a_daemon_that_dies_at_any_step_as_well_leaves_nothing_either(name: str, spec: object) -> None:
    """kill -9 of runner and daemon, at every step of the faults and of the undo: the next daemon finishes it."""
    expected = goals(raised(spec).fleet)
    whole = raised(spec)
    STORIES[name](whole)
    begun = whole.turns
    whole.settle()
    for step in range(whole.turns - begun + 1):
        world = raised(spec)
        drill = STORIES[name](world)
        world.run(step)
        world.crash()
        world.recover(0.2)
        world.settle()
        world.check_quiet()
        assert goals(world.fleet) == expected, f"at step {step}"
        assert world.fleet.evacuations == {}
        assert world.ending(drill).outcome in (Outcome.ROLLED_BACK, Outcome.FAILED)


@pytest.mark.parametrize("name", STORIES)
def test_the_machine_dies_in_the_middle_of_a_drill(name: str) -> None:
    """A reboot ends the drill; everything comes up as it was wanted before."""
    before = raised(TWO)
    for step in range(0, 40, 3):
        world = raised(TWO)
        drill = STORIES[name](world)
        world.run(step)
        world.reboot()
        world.settle()
        world.check_quiet()
        assert goals(world.fleet) == goals(before.fleet), f"at step {step}"
        world.ending(drill)


def test_a_drill_does_not_wait_for_ever_for_traffic_that_somebody_moves_slowly() -> None:
    """Its deadline ends it, once, and time alone has nothing more to say of it: nobody spins until the other is done.

    The other goes on, for minutes; the region that the drill had taken the traffic from is somebody's to give back.
    """
    world = raised(TWO)
    drill = world.submit(lent("seoul-1"))
    failover = world.submit(Failover(region="osaka", steps=4, pause=300.0))
    world.settle()
    world.check_quiet()
    ended = world.ending(drill)
    assert ended.outcome is Outcome.FAILED
    assert "not restored: traffic is still being moved" in ended.sentence
    assert world.ending(failover).outcome is Outcome.DONE


def test_a_fleet_that_is_taken_down_in_a_drill_comes_up_as_it_was() -> None:
    """`down` is stronger than a drill, and forgets nothing of what was wanted before it."""
    before = raised(TWO)
    world = raised(TWO)
    drill = touched(world)
    world.run(10)
    world.submit(Down())
    world.settle()
    assert world.ending(drill).outcome is Outcome.ROLLED_BACK
    assert world.ending(drill).sentence.endswith("; nothing of the drill remains")
    assert goals(world.fleet) == goals(before.fleet)


def test_a_configuration_of_a_drill_outlives_a_fleet_that_is_taken_down_and_that_is_said() -> None:
    """Processes come back as they are wanted, and they would be wanted by the wrong revision: that is not clean."""
    story = Script(serving()) >> replace(lent(), config=True)
    (operation,) = story.fleet.operations.values()
    assert operation.drill is not None
    other = replace(story.fleet, spec=a_spec(nodes=4), revision=7)
    outcome, told, hint = overtaken(other, operation, "the fleet was taken down by bob")
    assert outcome is Outcome.FAILED
    assert told == "the fleet was taken down by bob; not restored: revision 7 is in force, not 1 as before the drill"
    assert hint == "hactl config rollback 1"
    assert overtaken(story.fleet, operation, "why")[0] is Outcome.ROLLED_BACK
    ended = Script(other) >> Down()
    (over,) = (event for event in ended.events if isinstance(event, OperationEnded))
    assert over.outcome is Outcome.FAILED
    assert over.hint == "hactl up; hactl config diff", "no daemon could take anything back"


def test_a_configuration_of_a_drill_is_gone_where_that_of_the_file_is_taken() -> None:
    """Everything died, and the next daemon goes by the file: nobody is sent to take back what is not in force."""
    lent_out = Script(serving()) >> replace(lent(), config=True)
    fleet = lent_out.fleet
    other = replace(fleet, spec=a_spec(nodes=4), revision=7)
    for config, outcome, hint in (
        (ConfigTaken(revision=8, spec=fleet.spec, nodes=fleet.gateways), Outcome.ROLLED_BACK, "hactl status"),
        (None, Outcome.FAILED, "hactl config rollback 1"),
    ):
        arrival = Arrival(pid=2, version="0", config=config)
        decision = recover(other, Found(alive=()), arrival, at(lent_out.mono + 1, "boot-2"))
        (over,) = (event for event in decision.events if isinstance(event, OperationEnded))
        assert (over.outcome, over.hint) == (outcome, hint)
        assert ("revision 7 is in force" in over.sentence) is (config is None)


def test_a_region_that_is_gone_from_the_configuration_gets_nothing_back() -> None:
    """Somebody has taken it away while the drill went on: the drill ends all the same, and nobody weighs nobody."""
    story = Script(serving(TWO)) >> lent(regions=("seoul",))
    (drill,) = story.fleet.operations
    left = tuple(one for one in TWO.regions if one.name != "seoul")
    before = replace(story.fleet, region_weights={"seoul": 50}, spec=replace(TWO, regions=left))
    nodes = {name: node for name, node in before.nodes.items() if node.region != "seoul"}
    after_all = Script(replace(before, nodes=nodes)) >> EndDrill(id=drill)
    assert not any(isinstance(event, WeightsChanged) for event in after_all.events)


def test_a_reboot_in_a_drill_leaves_nothing_of_it() -> None:
    """No process that was struck has survived it, and what is wanted is as it was: nobody has to clean up."""
    before = goals(serving())
    story, drill = drilling("seoul-1")
    story >> Kill(nodes=("seoul-1",), hold=True)
    story.take(recover(story.fleet, Found(alive=()), Arrival(pid=2, version="0"), at(story.mono + 1, "boot-2")))
    (ended,) = (event for event in story.outcomes if isinstance(event, OperationEnded) and event.id == drill)
    assert ended.outcome is Outcome.ROLLED_BACK
    assert ended.sentence == "the machine was rebooted; nothing of the drill remains"
    assert goals(story.fleet) == before


def test_what_a_rolling_restart_has_in_hand_is_left_to_it_until_it_is_through() -> None:
    """Two that stop and start the same node would never agree: the drill waits for the other."""
    world = raised(TWO)
    drill = world.submit(lent("seoul-1", "seoul-2"))
    restart = world.submit(Restart(nodes=("seoul-1", "seoul-2")))
    world.submit(EndDrill(id=drill))
    world.settle()
    world.check_quiet()
    assert world.ending(restart).outcome is Outcome.DONE
    assert world.ending(drill).outcome is Outcome.DONE
    assert len(world.saw(OperationEnded)) == 2


def test_a_fault_of_a_drill_is_held_to_the_rules_of_everybody() -> None:
    """No privileged path: what would leave too few serving is refused in a drill as well."""
    world = raised(a_spec(nodes=2))
    world.submit(lent("seoul-1"))
    with pytest.raises(CommandRejected):
        world.submit(Kill(nodes=("seoul-1", "seoul-2")))


def test_a_journal_without_drills_is_read() -> None:
    """What was written before there were any has their defaults."""
    record = Record(seq=1, wall=0.0, mono=0.0, event=DrillKept(id="op-1", expires=1.0))
    assert decode_record(encode(record)) == record
    began = (
        b'{"event":"OperationBegan","operation":{"id":"op-1","verb":"kill","by":"a","began":0,"wall":0,"deadline":1}}'
    )
    older = decode_record(b'{"seq":1,"wall":0.0,"mono":0.0,"event":' + began + b"}", 3)
    assert isinstance(older.event, OperationBegan)
    assert older.event.operation.drill is None
    assert older.event.operation.look_again == at(1.0).mono


def test_what_a_drill_waits_for_is_known_until_somebody_says_that_it_is_done() -> None:
    """From any terminal; asked again it is another question, and a drill that waits still has to be heard of."""
    story, drill = drilling("seoul-1")
    assert story.refuses(ContinueDrill(id=drill)).message == f"drill '{drill}' is not waiting for anyone"
    story >> AskDrill(id=drill, question="switch the record") << like(DrillAsked, question="switch the record")
    lease = story.fleet.operations[drill].drill
    assert lease is not None
    assert lease.question == "switch the record"
    other = story.refuses(ContinueDrill(id=drill, question="pull the plug"))
    assert other.message == f"drill '{drill}' is now waiting for something else: switch the record"
    story >> ContinueDrill(id=drill, question="switch the record") << like(DrillAnswered, id=drill)
    assert story.refuses(ContinueDrill(id=drill)).message == f"drill '{drill}' is not waiting for anyone"
    story >> AskDrill(id=drill, question="and back")
    assert story.refuses(ContinueDrill(id=drill, question="switch the record")).hint == "hactl status"
    story >> ContinueDrill(id=drill) << like(DrillAnswered, id=drill)
    story >> AskDrill(id=drill, question="and forth") >> after(TERM)
    assert in_progress(story.fleet) is None, "a question is no sign of life"
    assert story.replayed() == story.fleet


def test_a_drill_that_is_over_asks_nobody_and_nobody_answers_it() -> None:
    story, drill = drilling("seoul-1")
    story >> AskDrill(id=drill, question="switch the record") >> Kill(nodes=("seoul-1",), hold=True)
    story >> EndDrill(id=drill)
    for command in (AskDrill(id=drill, question="x"), ContinueDrill(id=drill)):
        assert "has ended" in story.refuses(command).message

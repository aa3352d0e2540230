"""Impaired nodes: lent to a drill or not at all, in force when read back, and over whatever becomes of anybody."""

import itertools

import pytest
from support.build import a_spec, founded
from support.script import NOTHING, TERM, Cue, Script, after, drilling, exited, like, serving, spawned
from support.world import MemoryWorld

from hactl.core.causes import instance_of
from hactl.core.commands import BeginDrill, Command, Down, EndDrill, Freeze, Heal, Impair, Kill, Restart, Stop
from hactl.core.drills import in_progress
from hactl.core.effects import ApplyImpairment
from hactl.core.events import NodeChanged, OperationEnded
from hactl.core.impairing import PATIENCE
from hactl.core.impairment import Impaired, Impairment, ImpairmentPhase
from hactl.core.node import Node
from hactl.core.observations import ImpairmentRead, ImpairmentRefused
from hactl.core.operation import Outcome
from hactl.core.reading import explain, read, word
from hactl.core.spec import GatewayKind, GatewaySpec

SLOW = Impairment(delay=0.3, delayed=20)
ERRING = Impairment(delay=0.1, delayed=100, status=500, failed=5)
IMPAIR = Impair(nodes=("seoul-1",), fault=SLOW)


def read_back(name: str, fault: Impairment | None) -> Cue:
    """The process that the node has now says so."""
    return lambda fleet, now: ImpairmentRead(node=name, instance=instance_of(fleet.nodes[name], fleet.id), fault=fault)


def phase(node: Node) -> ImpairmentPhase | None:
    return None if node.impaired is None else node.impaired.phase


def test_it_is_in_force_when_it_was_read_back_and_not_before() -> None:
    """What was ordered is told to the process; the operation ends, and status says so, when the process says so."""
    story, _ = drilling("seoul-1")
    story >> IMPAIR << like(NodeChanged, node__name="seoul-1") << ApplyImpairment
    assert explain(story.node("seoul-1")) == "about to be impaired by drill game-day: +300 ms on 20 %"
    story >> read_back("seoul-1", ERRING) << NOTHING
    story >> read_back("seoul-1", SLOW) << like(OperationEnded, outcome=Outcome.DONE)
    assert explain(story.node("seoul-1")) == "impaired by drill game-day: +300 ms on 20 %"
    assert read(story.fleet).sentence.endswith("; 1 impaired by a drill")
    assert word(story.node("seoul-1")) == "impaired"
    assert story.node("seoul-1").serviceable
    assert story.replayed() == story.fleet


def test_a_drill_is_not_over_before_its_node_has_proved_to_be_well() -> None:
    """Ended by its runner: lifted at once, and waited for."""
    story, drill = drilling("seoul-1")
    story >> IMPAIR >> read_back("seoul-1", SLOW)
    story >> EndDrill(id=drill) << like(NodeChanged, node__name="seoul-1") << like(ApplyImpairment, node="seoul-1")
    assert in_progress(story.fleet) is not None
    story >> read_back("seoul-1", SLOW) << NOTHING
    story >> read_back("seoul-1", None) << like(OperationEnded, id=drill, outcome=Outcome.DONE)
    assert story.node("seoul-1").impaired is None


def test_a_lease_that_runs_out_lifts_it() -> None:
    story, drill = drilling("seoul-1")
    story >> IMPAIR >> read_back("seoul-1", SLOW) >> after(TERM + 1) << like(ApplyImpairment, node="seoul-1")
    story >> read_back("seoul-1", None) << like(OperationEnded, id=drill, outcome=Outcome.ROLLED_BACK)


def test_a_process_that_never_proves_it_leaves_the_drill_not_clean() -> None:
    """Its end is still sought after that."""
    story, drill = drilling("seoul-1")
    story >> IMPAIR >> read_back("seoul-1", SLOW) >> EndDrill(id=drill)
    for _ in range(10):
        story >> after(30)
    (ended,) = (event for event in story.events if isinstance(event, OperationEnded) and event.id == drill)
    assert ended.outcome is Outcome.FAILED
    assert "not restored" in ended.sentence
    assert phase(story.node("seoul-1")) is ImpairmentPhase.LIFTING
    story >> read_back("seoul-1", None)
    assert story.node("seoul-1").impaired is None


def test_it_can_be_taken_back_before_and_changed() -> None:
    """The newest order holds; what is read of an older one is late news."""
    story, _ = drilling("seoul-1")
    story >> IMPAIR >> read_back("seoul-1", SLOW) >> Impair(nodes=("seoul-1",), fault=ERRING)
    story >> read_back("seoul-1", SLOW) << NOTHING
    story >> read_back("seoul-1", ERRING) << like(OperationEnded, outcome=Outcome.DONE)
    assert explain(story.node("seoul-1")).endswith("+100 ms on 100 %, 500 for 5 %")
    story >> Heal(nodes=("seoul-1",)) << ApplyImpairment
    story >> read_back("seoul-1", ERRING) << NOTHING
    story >> read_back("seoul-1", None) << like(OperationEnded, outcome=Outcome.DONE)
    assert in_progress(story.fleet) is not None


def test_the_next_process_begins_unimpaired() -> None:
    """Whatever ended the one before; an order that had not come true by then has failed, and says why."""
    story, _ = drilling("seoul-1")
    story >> IMPAIR >> exited("seoul-1", signal=9) << like(OperationEnded, outcome=Outcome.FAILED)
    said = [event.sentence for event in story.events if isinstance(event, OperationEnded)]
    assert "a new process, which starts unimpaired" in said[-1]
    assert story.node("seoul-1").impaired is None
    story >> spawned("seoul-1")
    assert story.node("seoul-1").impaired is None


def test_what_was_read_from_the_process_before_says_nothing_of_the_next() -> None:
    story, _ = drilling("seoul-1")
    story >> IMPAIR
    late = read_back("seoul-1", SLOW)(story.fleet, story.now)
    story >> exited("seoul-1", signal=9) >> spawned("seoul-1") >> late << NOTHING


def test_an_order_that_is_not_heard_fails_and_is_taken_back() -> None:
    """Who ordered it believes that nothing came of it: then nothing may come of it."""
    story, _ = drilling("seoul-1")
    story >> IMPAIR >> after(PATIENCE + 1) << like(OperationEnded, outcome=Outcome.FAILED) << ApplyImpairment
    assert phase(story.node("seoul-1")) is ImpairmentPhase.LIFTING


def test_a_process_without_a_filter_refuses_with_what_to_do() -> None:
    story, _ = drilling("seoul-1")
    story >> IMPAIR
    instance = instance_of(story.node("seoul-1"), story.fleet.id)
    refusal = ImpairmentRefused(node="seoul-1", instance=instance, why="it has no fault filter", hint="restart it")
    story >> refusal << like(OperationEnded, outcome=Outcome.FAILED, hint="restart it")
    assert "'seoul-1' cannot be impaired: it has no fault filter" in {
        event.sentence for event in story.events if isinstance(event, OperationEnded)
    }
    story >> read_back("seoul-1", None)
    assert story.node("seoul-1").impaired is None


@pytest.mark.parametrize(
    ("command", "said", "guard"),
    [
        (Impair(nodes=("seoul-2",), fault=SLOW), "no drill in progress covers 'seoul-2'", True),
        (Impair(nodes=("edge-1",), fault=SLOW), "'edge-1' is an edge", False),
        (Impair(nodes=("nobody",), fault=SLOW), "no node 'nobody'", False),
        (Impair(nodes=("seoul-1",), fault=Impairment()), "affects no requests", False),
        (Impair(nodes=("seoul-1",), fault=Impairment(delayed=50)), "a delay of 0 s", False),
        (Impair(nodes=("seoul-1",), fault=Impairment(delay=61, delayed=50)), "a delay of 61 s", False),
        (Impair(nodes=("seoul-1",), fault=Impairment(failed=101)), "101 % of the requests", False),
        (Impair(nodes=("seoul-1",), fault=Impairment(delay=1, delayed=-1)), "-1 % of the requests", False),
        (
            Impair(nodes=("seoul-1",), fault=Impairment(failed=1, status=99)),
            "99 is not a valid HTTP response status",
            False,
        ),
        (Heal(nodes=("seoul-1",)), "'seoul-1' is not impaired", False),
    ],
)
def test_what_does_not_fit_is_refused_with_a_hint(command: Command, said: str, guard: bool) -> None:
    """Without a drill that the node is lent to it is a guard that says no: exit code 5."""
    story, _ = drilling("seoul-1", "edge-1")
    refusal = story.refuses(command)
    assert said in refusal.message
    assert refusal.hint
    assert refusal.guard is guard


def test_no_drill_no_impairment() -> None:
    assert "no drill in progress" in Script(serving()).refuses(IMPAIR).message
    story, drill = drilling("seoul-1", "seoul-2")
    story >> Stop(nodes=("seoul-2",)) >> EndDrill(id=drill)
    assert in_progress(story.fleet) is not None
    assert "no drill in progress" in story.refuses(IMPAIR).message


def test_a_program_of_somebody_elses_has_no_fault_filter() -> None:
    spec = a_spec(gateway={"kind": GatewayKind.COMMAND, "command": ("x",)})
    story = Script(serving(spec)) >> BeginDrill(name="x", nodes=("seoul-1",))
    assert "a program of your own" in story.refuses(IMPAIR).message
    assert spec.gateway != GatewaySpec()


def test_what_does_not_run_cannot_be_impaired() -> None:
    story, _ = drilling("seoul-1")
    story >> Kill(nodes=("seoul-1",), hold=True) >> exited("seoul-1", signal=9)
    assert "'seoul-1' is stopped" in story.refuses(IMPAIR).message


def lent_world() -> tuple[MemoryWorld, str]:
    world = MemoryWorld(founded(a_spec())).begin()
    drill = world.submit(BeginDrill(name="game-day", nodes=("seoul-1",), lease=30.0, longest=100.0))
    return world, drill


def well(world: MemoryWorld) -> bool:
    """Nothing of it is left, in any process or in what is known of it."""
    told = [process.fault for process in world.processes.values()]
    return not any(told) and all(node.impaired is None for node in world.fleet.nodes.values())


@pytest.mark.parametrize("meanwhile", [(), (Restart(nodes=("seoul-1",)),), (Freeze(nodes=("seoul-1",)),), (Down(),)])
def test_whenever_the_daemon_dies_nothing_is_left_in_the_end(meanwhile: tuple[Command, ...]) -> None:
    """Killed after every turn, before and after the drill was ended: the process is well when all is quiet."""
    for before, behind in itertools.product(range(8), repeat=2):
        world, drill = lent_world()
        world.killed_in(drill, IMPAIR, *meanwhile, before=before, behind=behind)
        assert well(world), (before, behind)


def test_another_daemon_keeps_what_is_in_force_and_ends_it_with_the_drill() -> None:
    """The process has outlived the daemon with its fault; the lease goes on for one term."""
    world, drill = lent_world()
    world.submit(IMPAIR)
    while phase(world.fleet.nodes["seoul-1"]) is not ImpairmentPhase.EFFECTIVE:
        assert world.turn()
    world.crash()
    world.recover()
    assert phase(world.fleet.nodes["seoul-1"]) is ImpairmentPhase.EFFECTIVE
    assert world.alive("seoul-1")[0].fault == SLOW
    world.submit(EndDrill(id=drill))
    world.settle()
    assert well(world)


def test_a_reboot_leaves_nothing() -> None:
    world, _ = lent_world()
    world.submit(IMPAIR)
    world.reboot()
    world.settle()
    assert well(world)
    assert in_progress(world.fleet) is None


def test_it_is_told_in_words_how_far_it_is() -> None:
    about = {each: str(Impaired(fault=SLOW, by="drill x", phase=each)) for each in ImpairmentPhase}
    assert about[ImpairmentPhase.LIFTING] == "impairment by drill x is being lifted (not yet confirmed)"
    assert str(Impairment(failed=20)) == "503 for 20 %"

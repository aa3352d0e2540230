"""What proves a fault: the kernel's word about the very process that was meant."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from support.processes import waiting
from support.script import serving

from hactl.core.commands import BeginDrill, Freeze, Heal, Impair, Kill
from hactl.core.events import NodeChanged, Record
from hactl.core.impairment import Impaired, Impairment, ImpairmentPhase
from hactl.core.node import Launch, Node, NodeState, Role
from hactl.core.value import replace
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.faults import command, healing, impaired, read_back, rehearsal
from hactl.drill.plan import Strike, plan
from hactl.supervisor import procfs

PIDS = {"a-1": 11, "a-2": 12}
KILL = Strike(kind=FaultKind.KILL, nodes=("a-1",))
FREEZE = Strike(kind=FaultKind.FREEZE, nodes=("a-1",))
SLOW = Impairment(delay=0.3, delayed=100)
IMPAIR = Strike(kind=FaultKind.IMPAIR, nodes=("a-1", "a-2"), impairment=SLOW)
LAUNCHES = {name: Launch(instance=f"f/{name}/1", pid=pid, ticks=9, boot="b", at=0.0) for name, pid in PIDS.items()}


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """A real one, which waits for nothing."""
    with waiting() as child:
        yield child


def launch(pid: int, ticks: int | None = None) -> Launch:
    found = procfs.start_ticks(pid) if ticks is None else ticks
    assert found is not None
    return Launch(instance="f/a-1/1", pid=pid, ticks=found, boot="b", at=0.0)


def test_a_process_that_runs_proves_nothing(process: "subprocess.Popen[bytes]") -> None:
    for strike in (KILL, FREEZE):
        proof = read_back(strike, "a-1", launch(process.pid))
        assert not proof.done
        assert proof.found.startswith("runs (state ")


def test_a_dead_one_is_gone_even_before_it_is_buried(process: "subprocess.Popen[bytes]") -> None:
    """A zombie serves nobody."""
    was = launch(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert read_back(KILL, "a-1", was).done
    process.wait()
    assert read_back(KILL, "a-1", was).found == "gone"


def test_a_stopped_one_is_frozen_and_not_dead(process: "subprocess.Popen[bytes]") -> None:
    was = launch(process.pid)
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    assert read_back(FREEZE, "a-1", was).done
    assert not read_back(KILL, "a-1", was).done


def test_somebody_else_with_its_pid_is_not_it(process: "subprocess.Popen[bytes]") -> None:
    """The process that was meant is gone, whoever has its number now."""
    was = launch(process.pid)
    other = launch(process.pid, was.ticks - 1)
    assert read_back(KILL, "a-1", other).found == "gone"


def test_each_kind_is_a_command_of_everybody() -> None:
    assert command(KILL) == Kill(nodes=("a-1",))
    assert command(Strike(kind=FaultKind.KILL, nodes=("a-1",), keep_down=True)) == Kill(nodes=("a-1",), hold=True)
    assert command(FREEZE) == Freeze(nodes=("a-1",))
    assert command(IMPAIR) == Impair(nodes=("a-1", "a-2"), fault=SLOW)


def read(name: str, mono: float, *, fault: Impairment = SLOW, phase: str = "effective", pid: int = 0) -> Record:
    """What the daemon journals of one process."""
    launch = replace(LAUNCHES[name], pid=pid or PIDS[name])
    suffers = Impaired(fault=fault, by="drill d", phase=ImpairmentPhase(phase))
    node = Node(name=name, role=Role.GATEWAY, state=NodeState.SERVING, launch=launch, impaired=suffers)
    return Record(seq=int(mono), wall=0.0, mono=mono, event=NodeChanged(node=node, was=NodeState.SERVING))


def test_an_impairment_is_in_effect_when_the_last_process_was_read_back() -> None:
    """Its moment is the daemon's; what is said of one again later, as that it is slow, moves it no more."""
    fault, proofs = impaired(IMPAIR, LAUNCHES, [read("a-2", 5.0), read("a-1", 6.0), read("a-2", 8.0)])
    assert fault == 6.0
    assert [(proof.node, proof.pid, proof.done) for proof in proofs] == [("a-1", 11, True), ("a-2", 12, True)]
    assert proofs[0].found == "impaired: +300 ms on 100 %"


@pytest.mark.parametrize(
    "other",
    [
        read("a-1", 6.0, phase="ordered"),
        read("a-1", 6.0, phase="lifting"),
        read("a-1", 6.0, fault=replace(SLOW, delay=0.2)),
        read("a-1", 6.0, pid=99),
    ],
    ids=["ordered", "lifting", "another fault", "another process"],
)
def test_what_is_not_in_effect_on_the_process_that_was_meant_proves_nothing(other: Record) -> None:
    fault, proofs = impaired(IMPAIR, LAUNCHES, [read("a-2", 5.0), other])
    assert fault is None
    assert [proof.done for proof in proofs] == [False, True]


def test_only_those_are_healed_that_suffer_still() -> None:
    """One that died meanwhile has a successor without."""
    assert healing(IMPAIR, ["a-2", "b-1"]) == Heal(nodes=("a-2",))
    assert healing(IMPAIR, []) is None


def test_an_impairment_is_not_rehearsed() -> None:
    """The daemon allows none before the fleet is lent; everything else is asked."""
    targets = {FaultKind.KILL: "seoul-1", FaultKind.IMPAIR: "seoul-2"}
    faults = tuple(
        Fault(kind=kind, target=Target(names=(name,)), impairment=SLOW if kind is FaultKind.IMPAIR else None)
        for kind, name in targets.items()
    )
    drill = plan(Definition(name="d", title="t", faults=faults), serving(), 1)
    borrow, *others = rehearsal(drill)
    assert isinstance(borrow, BeginDrill)
    assert borrow.nodes == ("seoul-1", "seoul-2")
    assert others == [Kill(nodes=("seoul-1",))]

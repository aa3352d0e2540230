"""What proves a fault: the kernel's word about the very process that was meant."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hactl.core.commands import Freeze, Kill
from hactl.core.node import Launch
from hactl.drill.definition import FaultKind
from hactl.drill.faults import command, read_back
from hactl.drill.plan import Strike
from hactl.supervisor import procfs

KILL = Strike(kind=FaultKind.KILL, nodes=("a-1",))
FREEZE = Strike(kind=FaultKind.FREEZE, nodes=("a-1",))


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """A real one, which waits for nothing."""
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield child
    child.kill()
    child.wait()
    assert child.stdin is not None
    child.stdin.close()


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

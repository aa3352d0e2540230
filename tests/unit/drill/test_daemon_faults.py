"""The daemon is found by what it says of itself, and struck when the kernel says the same."""

import os
from pathlib import Path

import pytest
from support.build import a_spec
from support.controller import MemoryController
from support.processes import state, waiting
from support.script import serving

from hactl.core.errors import HactlError
from hactl.core.impairment import Impairment
from hactl.core.node import Launch
from hactl.core.value import replace
from hactl.drill.daemon_faults import Guardians, ended
from hactl.drill.definition import Definition, Fault, FaultKind, Target
from hactl.drill.plan import plan
from hactl.paths import FleetPaths
from hactl.supervisor import procfs

FREEZE = Fault(kind=FaultKind.DAEMON_FREEZE, target=Target(), lasting=60.0)
PLAN = plan(Definition(name="d", title="t", faults=(FREEZE,)), serving(a_spec()), 1)


def in_charge(pid: int) -> MemoryController:
    controller = MemoryController(serving(a_spec()))
    controller.snapshot = replace(controller.snapshot, pulse=replace(controller.snapshot.pulse, pid=pid))
    return controller


async def test_a_frozen_daemon_is_proved_to_be_and_goes_on_when_it_is_left(tmp_path: Path) -> None:
    said: list[str] = []
    with waiting("--ready-fd", "3") as child:
        guardians = Guardians(FleetPaths(tmp_path), said.append)
        done = await guardians.strike(in_charge(child.pid), PLAN.strikes[0])
        assert state(child.pid) == "T"
        (proof,) = done.proofs
        assert (proof.node, proof.pid, proof.done) == ("daemon", child.pid, True)
        assert done.fault is not None
        assert done.fault >= done.asked
        await guardians.leave()
        assert state(child.pid) != "T"
        assert f"a daemon (pid {child.pid}) was in charge after" in said[-1]
        await guardians.leave()
        assert len(said) == 1, "once is enough"


async def test_a_daemon_that_is_not_here_is_not_struck(tmp_path: Path) -> None:
    """As when the control socket leads to another machine."""
    said: list[str] = []
    guardians = Guardians(FleetPaths(tmp_path), said.append)
    with pytest.raises(HactlError, match="is not on this machine"):
        await guardians.strike(in_charge(2**22 + 1), PLAN.strikes[0])
    with waiting() as child, pytest.raises(HactlError, match="runs in the foreground"):
        await guardians.strike(in_charge(child.pid), PLAN.strikes[0])
    await guardians.leave()
    assert said == []


def test_who_has_ended_is_told_by_the_kernel() -> None:
    """Not who was killed: that is what the drill is about. Who was only to have a hard time should have lived."""
    fleet = serving(a_spec())
    with waiting() as child:
        pids = {"seoul-1": child.pid, "seoul-2": os.getpid()}
        launches = {
            name: Launch(instance=f"f/{name}/1", pid=pid, ticks=procfs.start_ticks(pid) or 0, boot="b", at=0.0)
            for name, pid in pids.items()
        }
        bare = {name: replace(node, launch=launches.get(name)) for name, node in fleet.nodes.items()}
        known = replace(fleet, nodes=bare)
        assert ended(known, PLAN) == ()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert ended(known, PLAN) == ("seoul-1",), "also before it is buried"
        struck = Fault(kind=FaultKind.KILL, target=Target(names=("seoul-1",)))
        assert ended(known, plan(Definition(name="d", title="t", faults=(struck,)), fleet, 1)) == ()
        slowed = Fault(kind=FaultKind.IMPAIR, target=Target(names=("seoul-1",)), impairment=Impairment(failed=20))
        assert ended(known, plan(Definition(name="d", title="t", faults=(slowed,)), fleet, 1)) == ("seoul-1",)

"""Limits of the machine, and a clock that jumps."""

import resource
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from support.build import a_spec

from hactl.cli.checks import machine
from hactl.cli.checks.finding import Finding, Subject
from hactl.core.events import FleetClosing, Record
from hactl.core.model import Fleet
from hactl.core.talk import Pulse, Snapshot
from hactl.core.value import replace
from hactl.supervisor.handover import may_borrow


def subject(**edge: object) -> Subject:
    return Subject(chosen=None, spec=a_spec(edge=edge))


def one(findings: list[Finding], check: str) -> Finding:
    (found,) = [finding for finding in findings if finding.check == check]
    return found


class TestClock:
    """Wall and monotonic time of records, and of now."""

    def step(self, *moments: tuple[float, float], now: tuple[float, float], slept: float = 0.0) -> float:
        records = [
            Record(seq=seq, wall=wall, mono=mono, event=FleetClosing()) for seq, (wall, mono) in enumerate(moments)
        ]
        return machine.largest_step(records, *now, slept)[0]

    def test_time_that_just_passes_is_no_jump(self) -> None:
        for drift in (0.0, 0.2, -0.2):
            assert abs(self.step((1000.0, 10.0), (1500.0, 510.0), now=(2000.0 + drift, 1010.0))) < machine.STEP

    @pytest.mark.parametrize("jump", [3600.0, -3600.0, 5.0])
    def test_a_jump_is_found_wherever_it_was(self, jump: float) -> None:
        """Between two events, or since the last one."""
        assert self.step((1000.0, 10.0), (1100.0 + jump, 110.0), now=(1200.0 + jump, 210.0)) == jump
        assert self.step((1000.0, 10.0), (1100.0, 110.0), now=(1200.0 + jump, 210.0)) == jump

    def test_a_machine_that_slept_has_no_wrong_clock(self) -> None:
        """The monotonic clock stands still meanwhile; a jump back, or a longer one, is one all the same."""
        assert self.step((1000.0, 10.0), now=(9000.0, 20.0), slept=8000.0) == 0.0
        assert self.step((1000.0, 10.0), now=(90_000.0, 20.0), slept=8000.0) > 80_000
        assert self.step((1000.0, 10.0), now=(500.0, 20.0), slept=8000.0) == -510.0

    def test_when_it_was_is_told(self) -> None:
        records = [Record(seq=1, wall=100.0, mono=1.0, event=FleetClosing())]
        records.append(Record(seq=2, wall=5000.0, mono=2.0, event=FleetClosing()))
        assert machine.largest_step(records, 5001.0, 3.0, 0.0) == (4899.0, 5000.0)


class TestLimits:
    def test_a_limit_on_files_is_measured_by_what_an_edge_may_need(self) -> None:
        """As many as this process has, in the end: two for each connection."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        few = one(list(machine.limits(subject(max_connections=10))), "open files")
        assert (few.ok, few.mend) == (True, "")
        many = one(list(machine.limits(subject(max_connections=hard))), "open files")
        assert many.ok, "it works, for so many connections"
        assert f"LimitNOFILE={2 * hard + machine.FILES_TO_SPARE}" in many.mend
        assert f"of an edge that may have {hard}" in many.found

    def test_too_few_files_are_a_fault(self) -> None:
        """Few connections need few; for many, a low limit is a fault, and a higher one that is not enough advice."""
        assert machine.open_files(1024, 1024, 10).ok
        few = machine.open_files(1024, machine.FILES_AT_LEAST - 1, 20_000)
        assert (few.ok, "LimitNOFILE=" in few.mend) == (False, True)
        assert machine.open_files(1024, machine.FILES_AT_LEAST, 20_000).ok

    def test_what_runs_already_needs_no_more_memory(self) -> None:
        """What is free is asked to hold what is still to come."""
        wanted = one(list(machine.memory(subject())), "memory")
        assert "may need 350 MiB more" in wanted.found, "three nodes and two edges"
        from support.script import serving

        running = replace(subject(), fleet=serving())
        assert "may need 0 MiB more" in one(list(machine.memory(running)), "memory").found


def test_it_is_the_daemon_that_may_look_into_the_edges_or_not(tmp_path: Path) -> None:
    """Root may ask about somebody else's. Without a daemon, or when it has just gone, it is about whoever asks."""
    yama = tmp_path / "ptrace_scope"
    yama.write_text("1\n")
    nobody = "import os, sys; os.geteuid() or os.setuid(65534); print(flush=True); sys.stdin.read()"
    with Popen([sys.executable, "-S", "-c", nobody], stdin=PIPE, stdout=PIPE) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        running = replace(subject(), snapshot=Snapshot(fleet=Fleet(), at=0.0, mono=0.0, pulse=Pulse(pid=daemon.pid)))
        assert not machine.daemon_may_borrow(running, yama)
    ours = machine.daemon_may_borrow(subject(), yama)
    assert ours == may_borrow(yama)
    assert machine.daemon_may_borrow(running, yama) == ours

import os
import signal
import subprocess
import sys
import threading

import pytest
from support.processes import WAITS_FOR_EVER, Gate, ended, ending, kernel, wait_until_dead

from hactl.core import codec
from hactl.supervisor import identity, procfs
from hactl.supervisor.pidfd import ExitStatus
from hactl.supervisor.process import adopt

BOOT = procfs.boot_id()
SHORT_OF_DESCRIPTORS = """
import os, resource, sys
from pathlib import Path
from hactl.core import codec
from hactl.core.node import Launch
from hactl.supervisor import identity, procfs

def tried(look):
    try:
        look()
    except Exception as error:
        return f"{type(error).__name__} {getattr(error, 'message', error)}"
    return "done"

launch, boot = codec.decode(sys.argv[1], Launch), procfs.boot_id()
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
spent = []
try:
    while True:
        spent.append(os.dup(0))
except OSError:
    pass
for _ in range(3):
    results = [tried(lambda: os.close(identity.open_verified(launch, boot=boot)))]
    results.append(tried(lambda: identity.find_instances(launch.instance.split("/")[0])))
    results.append(tried(lambda: identity.find_in(Path("/nowhere"))))
    os.close(spent.pop())
    print(*results, sep="; ")
"""


class TestAdoption:
    async def test_a_process_whose_spawner_is_gone_is_adopted_and_its_end_seen(self, nursery, tmp_path):
        """The next daemon takes over: it sees the end at once, and how it ended where the kernel says so."""
        gate = Gate(tmp_path / "gate")
        launch = nursery.start_elsewhere(f"{gate.wait}; raise SystemExit(7)")
        with adopt(launch, boot=BOOT) as process:
            gate.open()
            status = await ending(process)
        assert status == ExitStatus(code=7) or (kernel() < (6, 15) and status == ExitStatus())

    async def test_an_adopted_process_can_be_signalled(self, nursery):
        """It needs not be our child."""
        launch = nursery.start_elsewhere()
        with adopt(launch, boot=BOOT) as process:
            assert process.signal("KILL")
            status = await ending(process)
        assert status == ExitStatus(signal=9) or (kernel() < (6, 15) and status == ExitStatus())

    async def test_the_status_can_still_be_learnt_after_somebody_else_reaped_it(self, nursery):
        """Since Linux 6.15 the kernel remembers; before, unknown is said and no code is invented."""
        process = nursery.start("raise SystemExit(7)")
        os.waitpid(process.launch.pid, 0)  # noqa: ASYNC222 - it ends by itself
        assert await ending(process) == (ExitStatus(code=7) if kernel() >= (6, 15) else ExitStatus())

    def test_a_pid_that_was_given_to_a_later_process_is_refused(self, nursery):
        """Never signal somebody who merely has the old number."""
        launch = nursery.start().launch
        _refused(launch, "the pid was given to a later process", ticks=launch.ticks - 1)

    def test_a_process_of_an_earlier_boot_is_refused(self, nursery):
        """Pids and ticks mean nothing after a reboot."""
        _refused(nursery.start().launch, "before the machine was rebooted", boot="another-boot")

    def test_a_process_of_another_instance_is_refused(self, nursery):
        """Its environment says whose it is."""
        launch = nursery.start().launch
        _refused(launch, f"it is '{launch.instance}'", instance="other/gw-1/1")

    def test_a_process_that_hactl_did_not_start_is_refused(self, nursery):
        """This test itself, for instance."""
        launch = nursery.start().launch
        _refused(launch, "not started by hactl", pid=os.getpid(), ticks=procfs.start_ticks(os.getpid()))

    async def test_a_process_that_is_gone_is_refused(self, nursery):
        """Reaped or not."""
        process = nursery.start("")
        wait_until_dead(process)
        _refused(process.launch, "has ended")
        await ending(process)
        _refused(process.launch, "is gone")

    def test_a_thread_of_somebody_is_not_the_process(self, nursery):
        """Kernels differ in how they say that a number is none of a process."""
        launch, over = nursery.start().launch, threading.Event()
        thread = threading.Thread(target=over.wait)
        thread.start()
        try:
            _refused(launch, "is gone: no process", pid=thread.native_id)
        finally:
            over.set()
            thread.join()

    def test_a_process_is_not_gone_because_we_have_no_descriptor_left(self, nursery):
        """A living worker is never declared dead, nor overlooked: whether it is there cannot be told then."""
        launch = nursery.start().launch
        words = [sys.executable, "-c", SHORT_OF_DESCRIPTORS, codec.encode(launch).decode()]
        said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
        none = f"HactlError cannot tell whether {launch.instance!r} runs: too many open files"
        unseen = "HactlError cannot look for processes of this fleet: too many open files"
        assert said.stdout.splitlines() == [
            f"{none}; {unseen}; {unseen}",
            f"{none}; done; done",
            "done; done; done",
        ]

    def test_a_program_that_wrote_its_title_over_its_environment_is_still_known(self, nursery, tmp_path):
        """Pid, boot and ticks are enough where there is no environment left to contradict them."""
        gate = Gate(tmp_path / "gate")
        wipe = (
            "import ctypes; field = open('/proc/self/stat').read().rsplit(')')[-1].split();"
            " begin, end = int(field[47]), int(field[48]); ctypes.memset(begin, 0, end - begin);"
        )
        process = nursery.start(f"{wipe} {gate.wait}; {WAITS_FOR_EVER}")
        gate.open()
        assert procfs.environ(process.launch.pid) == {}
        adopt(process.launch, boot=BOOT).close()


class TestFinding:
    def test_launches_that_nobody_recorded_are_found_by_their_instance(self, nursery):
        """A daemon that died right after a spawn leaves an orphan, which the next one finds, complete."""
        recorded, orphan = nursery.start().launch, nursery.start_elsewhere()
        found = identity.find_instances(nursery.fleet)
        assert [(launch.instance, launch.pid, launch.ticks, launch.boot) for launch in found] == [
            (launch.instance, launch.pid, launch.ticks, launch.boot) for launch in (recorded, orphan)
        ]
        adopt(found[1], boot=BOOT).close()

    def test_another_fleet_is_left_alone(self, nursery):
        """Not even when its id begins alike."""
        nursery.start()
        assert identity.find_instances(nursery.fleet[:-1]) == []

    @pytest.mark.parametrize("session", ["", "os.setsid();"])
    def test_children_that_inherited_the_instance_are_not_launches(self, nursery, tmp_path, session):
        """One launch, one process: the one that was spawned, even if a child made itself a session."""
        gate = Gate(tmp_path / "gate")
        code = f"import os, signal; child = os.fork()\nif not child:\n {session} {gate.wait}\nsignal.pause()"
        process = nursery.start(code)
        gate.open()
        child = next(
            pid
            for pid in procfs.pids()
            if pid != process.launch.pid and procfs.environ(pid).get(procfs.INSTANCE) == process.launch.instance
        )
        try:
            assert [launch.pid for launch in identity.find_instances(nursery.fleet)] == [process.launch.pid]
        finally:
            os.kill(child, signal.SIGKILL)


class TestLeftBehind:
    async def test_what_a_dead_leader_left_in_its_session_is_killed(self, nursery, tmp_path):
        """A grandchild that keeps the port is no reason for the next start to fail."""
        gate = Gate(tmp_path / "gate")
        process = nursery.start(f"import os, signal\nif not os.fork():\n {gate.wait}; signal.pause()\nsignal.pause()")
        gate.open()
        process.signal("KILL")
        await ending(process)
        (straggler,) = identity.group_members(process.launch)
        fd = os.pidfd_open(straggler)
        try:
            assert identity.end_group(process.launch) == 1
            await ended(fd)
        finally:
            os.close(fd)
        assert identity.group_members(process.launch) == []

    async def test_members_of_another_instance_in_that_session_are_spared(self, nursery):
        """The session's number alone condemns nobody."""
        process = nursery.start()
        forged = _changed(process.launch, instance="other/gw-1/1")
        assert identity.end_group(forged) == 0
        assert process.state() != "Z"


def _changed(launch, **changes):
    return type(launch)(**{name: getattr(launch, name) for name in launch.__struct_fields__} | changes)


def _refused(launch, why: str, **forged: object) -> None:
    with pytest.raises(identity.NotOurs) as refusal:
        adopt(_changed(launch, **forged), boot=BOOT).close()
    assert why in refusal.value.message

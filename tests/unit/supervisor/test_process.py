import asyncio
import ctypes
import os
import signal
import socket
from pathlib import Path

import pytest
from support.control import STRANGER, become
from support.processes import Gate, Nursery, ended, ending, freeze, python, wait_until_dead

from hactl.core.errors import HactlError
from hactl.core.running import CommandLine
from hactl.supervisor import identity, pidfd, procfs
from hactl.supervisor.listening import PortTaken
from hactl.supervisor.pidfd import ExitStatus
from hactl.supervisor.process import Process, adopt, spawn

BOOT = procfs.boot_id()


class TestSpawning:
    async def test_a_process_gets_a_session_a_minimal_environment_and_a_log_of_its_own(self, nursery):
        """It reads nothing, writes to a private file, leads its session, and sees only what it was given."""
        code = (
            "import os, sys; print(sys.stdin.read() == '', os.getsid(0) == os.getpid(), os.environ['COLOUR'],"
            " os.environ['HACTL_INSTANCE'], 'PYTEST_CURRENT_TEST' in os.environ, flush=True);"
            " print('and this', file=sys.stderr)"
        )
        process = nursery.start(code, env={"COLOUR": "blue"})
        assert await ending(process) == ExitStatus(code=0)
        assert nursery.log.read_text() == f"True True blue {process.launch.instance} False\nand this\n"
        assert nursery.log.stat().st_mode & 0o777 == 0o600

    async def test_a_second_process_appends_to_the_log_of_the_first(self, nursery):
        """A restart never loses what the process before it had to say."""
        await ending(nursery.start("print('first')"))
        await ending(nursery.start("print('second')"))
        assert nursery.log.read_text() == "first\nsecond\n"

    async def test_signals_that_we_ignore_or_block_are_not_ignored_by_the_process(self, nursery):
        """A daemon started under nohup still has processes that can be told to end."""
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        try:
            process = nursery.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            signal.signal(signal.SIGTERM, before)
        process.signal("TERM")
        assert await ending(process) == ExitStatus(signal=signal.SIGTERM)

    def test_its_launch_identifies_it(self, nursery):
        """What is recorded is what the kernel says, so that the process can be found again."""
        launch = nursery.start().launch
        assert launch.ticks == procfs.start_ticks(launch.pid)
        assert launch.boot == BOOT
        assert launch.at == 1.0

    def test_a_missing_program_is_named(self, tmp_path):
        """No process, and a sentence that says which program was not there."""
        with pytest.raises(HactlError, match="there is no program 'no-such-program'") as refusal:
            _spawn(tmp_path, CommandLine(argv=("no-such-program",), directory=str(tmp_path)))
        assert "PATH" in refusal.value.hint

    def test_a_program_that_may_not_run_comes_with_the_cure(self, tmp_path):
        """A forgotten executable bit is said as such."""
        script = tmp_path / "gateway.sh"
        script.write_text("#!/bin/sh\n")
        with pytest.raises(HactlError, match="is not executable") as refusal:
            _spawn(tmp_path, CommandLine(argv=(str(script),), directory=str(tmp_path)))
        assert refusal.value.hint == f"chmod +x {script}"

    def test_a_file_that_is_no_program_is_refused(self, tmp_path):
        """What the kernel refuses to execute is an error here, not a process that ends at once."""
        script = tmp_path / "gateway"
        script.write_bytes(b"\0\0no program")
        script.chmod(0o755)
        with pytest.raises(HactlError, match=r"cannot run .*: exec format error") as refusal:
            _spawn(tmp_path, CommandLine(argv=(str(script),), directory=str(tmp_path)))
        assert refusal.value.hint == "a script begins with a line like #!/bin/sh"

    def test_it_runs_where_it_is_to_run_and_we_stay_where_we_are(self, nursery, monkeypatch):
        """Also when our own directory has been removed since; one that is not there is named."""
        gone = nursery.directory / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        process = nursery.start(cwd=str(nursery.directory))
        assert Path(f"/proc/{process.launch.pid}/cwd").readlink() == nursery.directory
        assert str(Path("/proc/self/cwd").readlink()).endswith("gone (deleted)")
        with pytest.raises(HactlError, match="cannot run in the directory '/no/where': no such file or directory"):
            nursery.start(cwd="/no/where")
        assert str(Path("/proc/self/cwd").readlink()).endswith("gone (deleted)")

    def test_a_log_that_cannot_be_written_is_named(self, tmp_path):
        """A process without a log is never started."""
        (tmp_path / "occupied").write_text("")
        with pytest.raises(HactlError, match="cannot write the log"):
            spawn(python("", tmp_path), instance="f/n/1", log=tmp_path / "occupied" / "process.log", now=0.0)

    def test_a_process_whose_port_is_held_is_not_started(self, tmp_path):
        """The refusal comes before the process, and before its log."""
        with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken):
            _spawn(tmp_path, python("", tmp_path, listens=(other.getsockname(),)))
        assert not (tmp_path / "process.log").exists()


class TestEnding:
    async def test_the_exit_code_of_a_child_is_told(self, nursery):
        """An ordinary end has its code, and no signal."""
        assert await ending(nursery.start("raise SystemExit(7)")) == ExitStatus(code=7)

    async def test_a_process_that_ended_before_anybody_watched_is_told_all_the_same(self, nursery):
        """No end goes unnoticed between the spawn and the watching."""
        process = nursery.start("raise SystemExit(3)")
        wait_until_dead(process)
        assert await ending(process) == ExitStatus(code=3)

    async def test_a_kill_from_outside_is_told_and_leaves_no_zombie(self, nursery):
        """kill -9 by anybody is seen as what it was."""
        process = nursery.start()
        os.kill(process.launch.pid, signal.SIGKILL)
        assert await ending(process) == ExitStatus(signal=signal.SIGKILL)
        assert procfs.read_stat(process.launch.pid) is None

    async def test_a_process_that_has_ended_takes_no_signal_and_that_is_no_error(self, nursery):
        """The end and an order may cross."""
        process = nursery.start("")
        await ending(process)
        assert process.signal("TERM") is False
        assert process.signal("TERM", group=True) is False
        assert process.state() == "Z"

    def test_closing_reaps_a_child_that_nobody_watched(self, nursery):
        """No zombie stays behind."""
        process = nursery.start("")
        wait_until_dead(process)
        process.close()
        process.close()
        assert procfs.read_stat(process.launch.pid) is None

    async def test_closing_a_watched_process_lets_it_live_and_calls_nobody(self, nursery):
        """A daemon that leaves does not take its processes along."""
        process = nursery.start()
        told = []
        process.when_exits(asyncio.get_running_loop(), told.append)
        process.close()
        assert procfs.read_stat(process.launch.pid) is not None
        with adopt(process.launch, boot=BOOT) as again:
            again.signal("KILL")
            await ending(again)
        assert told == []

    @pytest.mark.parametrize("pid_before_6_9", [False, True])
    async def test_a_group_signal_reaches_the_children_too(self, nursery, tmp_path, monkeypatch, pid_before_6_9):
        """What a gateway forked goes down with it, on kernels without group signals through a pidfd as well."""
        if pid_before_6_9:
            # The reason for a patch: an old kernel refuses the flag, and this machine has only one kernel.
            monkeypatch.setattr(pidfd, "_WHOLE_GROUP", 1 << 30)
        gate = Gate(tmp_path / "gate")
        process = nursery.start(f"import os, signal; os.fork() or {gate.wait}; signal.pause()")
        gate.open()
        (child,) = identity.group_members(process.launch)
        fd = os.pidfd_open(child)
        try:
            assert process.signal("KILL", group=True)
            await ending(process)
            await ended(fd)
        finally:
            os.close(fd)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    @pytest.mark.parametrize("pid_before_6_9", [False, True])
    def test_a_group_that_may_not_be_signalled_is_an_error_of_ours(self, nursery, monkeypatch, pid_before_6_9):
        """A program that changed its user does not bring the daemon down, on kernels old or new."""
        if pid_before_6_9:
            monkeypatch.setattr(pidfd, "_WHOLE_GROUP", 1 << 30)
        process = nursery.start()
        with become(STRANGER), pytest.raises(HactlError, match="not allowed to send signal 9"):
            process.signal("KILL", group=True)
        assert process.state() != "Z"

    def test_an_unknown_signal_is_refused(self, nursery):
        """A typing mistake in a stop signal is an error, not silence."""
        with pytest.raises(HactlError, match="there is no signal 'HANGUP'"):
            nursery.start().signal("HANGUP")


class TestOutOfMemory:
    @pytest.mark.parametrize(("kills_after", "blamed"), [(4, True), (3, False)])
    async def test_a_kill_that_nobody_ordered_is_blamed_on_memory_only_when_the_kernel_counted_one(
        self, nursery, tmp_path, kills_after, blamed
    ):
        """A kill -9 by a person stays a kill -9."""
        with _counted(nursery, tmp_path) as process:
            (tmp_path / "events").write_text(f"oom 9\noom_kill {kills_after}\n")
            os.kill(process.launch.pid, signal.SIGKILL)
            assert await ending(process) == ExitStatus(signal=signal.SIGKILL, oom=blamed)

    async def test_a_kill_that_we_ordered_is_never_blamed_on_memory(self, nursery, tmp_path):
        """Even when the kernel killed another process meanwhile."""
        with _counted(nursery, tmp_path) as process:
            (tmp_path / "events").write_text("oom_kill 4\n")
            process.signal("KILL")
            assert await ending(process) == ExitStatus(signal=signal.SIGKILL)


class TestState:
    def test_a_frozen_process_is_stopped(self, nursery):
        """SIGSTOP shows as T."""
        process = nursery.start()
        freeze(process)
        assert process.state() == "T"

    def test_a_process_under_a_debugger_is_told_from_a_frozen_one(self, nursery):
        """A debugger's stop shows as t, so that nobody kills what somebody is looking at."""
        process = nursery.start()
        libc = ctypes.CDLL(None, use_errno=True)
        attach, detach = 16, 17
        assert libc.ptrace(attach, process.launch.pid, None, None) == 0
        os.waitpid(process.launch.pid, os.WUNTRACED)
        try:
            assert process.state() == "t"
        finally:
            libc.ptrace(detach, process.launch.pid, None, None)


def _spawn(directory: Path, command: CommandLine) -> None:
    spawn(command, instance="fleet/gw-1/1", log=directory / "process.log", now=0.0).close()


def _counted(nursery: Nursery, directory: Path) -> Process:
    counter = directory / "events"
    counter.write_text("oom_kill 3\n")
    launch = nursery.start().launch
    return Process(launch, os.pidfd_open(launch.pid), oom_counter=counter)

"""Real processes for tests: started through hactl or by another process, and ended again whatever the test did."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hactl.core import codec
from hactl.core.node import Launch
from hactl.core.running import CommandLine
from hactl.supervisor import identity, procfs
from hactl.supervisor.pidfd import ExitStatus
from hactl.supervisor.process import Process, adopt, spawn

WAITS_FOR_EVER = "import signal; signal.pause()"
_SPAWNER = """
import sys, pathlib
from hactl.core import codec
from hactl.core.running import CommandLine
from hactl.supervisor.process import spawn
command, instance, log = sys.argv[1:]
process = spawn(codec.decode(command, CommandLine), instance=instance, log=pathlib.Path(log), now=1.0)
print(codec.encode(process.launch).decode(), flush=True)
"""


def python(code: str, directory: Path, **more: object) -> CommandLine:
    """The command that runs `code`."""
    return CommandLine(argv=(sys.executable, "-S", "-c", code), directory=str(directory), **more)


@contextmanager
def waiting(
    *words: str, environment: dict[str, str] | None = None, first: str = ""
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that hactl did not start, and that does nothing but what it does `first`: its command line has `words`
    in it, its environment more than ours; ended in the end, also when it is stopped."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", f"import sys; {first or 'pass'}; print(flush=True); sys.stdin.read()", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | (environment or {}),
    ) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield child
        finally:
            child.kill()


@contextmanager
def listening(path: Path, *words: str, environment: dict[str, str] | None = None) -> Iterator[None]:
    """Such a process that listens on a socket, as a daemon does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listen = f"import socket; own = socket.socket(socket.AF_UNIX); own.bind({str(path)!r}); own.listen()"
    with waiting(*words, environment=environment, first=listen):
        yield


def state(pid: int) -> str:
    """What a process does, as the kernel has it; "" when it is gone."""
    stat = procfs.read_stat(pid)
    return "" if stat is None else stat.state


def children(pid: int) -> set[int]:
    """Processes of a process, whichever of its threads has started them."""
    started = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for thread in started for child in thread.read_text().split()}


class Nursery:
    """Starts processes and ends each of them, and what it left in its session, on exit."""

    def __init__(self, directory: Path, fleet: str) -> None:
        self.directory = directory
        self.fleet = fleet
        self._stack = ExitStack()
        self._number = 0

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @property
    def log(self) -> Path:
        """Where every process of this nursery writes."""
        return self.directory / "logs" / "process.log"

    def start(self, code: str = WAITS_FOR_EVER, *, open_files: int | None = None, **more: object) -> Process:
        """A child of this test that runs Python `code`."""
        command = python(code, self.directory, **more)
        process = spawn(command, instance=self._instance(), log=self.log, now=1.0, open_files=open_files)
        self._stack.callback(_end_child, process)
        while not _has_arguments(process.launch.pid) and process.state() != "Z":
            os.sched_yield()  # the last microseconds of exec, in which arguments and environment are not there yet
        return process

    def start_elsewhere(self, code: str = WAITS_FOR_EVER) -> Launch:
        """The launch of a process whose spawner, another process, has ended already."""
        command = codec.encode(python(code, self.directory)).decode()
        argv = [sys.executable, "-c", _SPAWNER, command, self._instance(), str(self.log)]
        done = subprocess.run(argv, capture_output=True, check=True, timeout=30)
        launch = codec.decode(done.stdout, Launch)
        self._stack.callback(_end, launch)
        return launch

    def _instance(self) -> str:
        self._number += 1
        return f"{self.fleet}/gw-1/{self._number}"


def _has_arguments(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes() != b""


def _end_child(process: Process) -> None:
    _end(process.launch)
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, process.launch.pid, os.WEXITED)
    process.close()


def _end(launch: Launch) -> None:
    with suppress(identity.NotOurs), adopt(launch, boot=procfs.boot_id()) as process:
        process.signal("KILL")
    identity.end_group(launch)


async def ending(process: Process) -> ExitStatus:
    """How `process` ended, as its owner is told."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[ExitStatus] = loop.create_future()
    process.when_exits(loop, ended.set_result)
    async with asyncio.timeout(20):
        return await ended


async def ended(fd: int) -> None:
    """Wait until the process of pidfd `fd` has ended."""
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_reader(fd, seen.set)
    try:
        async with asyncio.timeout(20):
            await seen.wait()
    finally:
        loop.remove_reader(fd)


async def gone(pid: int) -> None:
    """Wait until a process that is somebody else's has ended; its burial is left to its parent."""
    with suppress(ProcessLookupError):
        fd = os.pidfd_open(pid)
        try:
            await ended(fd)
        finally:
            os.close(fd)


def freeze(process: Process) -> None:
    """Stop a child with SIGSTOP and wait until it has stopped."""
    process.signal("STOP")
    os.waitid(os.P_PID, process.launch.pid, os.WSTOPPED | os.WNOWAIT)


def wait_until_dead(process: Process) -> None:
    """Wait until a child has ended, and leave it to be reaped."""
    os.waitid(os.P_PID, process.launch.pid, os.WEXITED | os.WNOWAIT)


class Gate:
    """A named pipe: `wait` is code that holds a process up until `open` is called here, which waits for it."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.wait = f"open({str(path)!r}).read()"

    def open(self) -> None:
        """Let the process that waits here (or will soon) go on."""
        self.path.write_text("go")


def kernel() -> tuple[int, ...]:
    """The kernel's version: what it can tell about an end depends on it."""
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])

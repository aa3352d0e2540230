"""The table of processes: each instance is started once, every end is reported once, nothing is left behind."""

import asyncio
import os
import re
import resource
import signal
import socket
import sys

import pytest
from support.build import a_node, founded
from support.house import PATIENCE, end, ended, lives
from support.ports import free_port
from support.processes import WAITS_FOR_EVER, Nursery, python

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import Launch, Node, NodeState
from hactl.core.observations import Exited, Observation, Spawned, SpawnFailed
from hactl.core.running import CommandLine
from hactl.core.secrets import Secret
from hactl.core.spec import GatewayKind, GatewaySpec
from hactl.core.value import replace
from hactl.paths import FleetPaths
from hactl.supervisor import procfs
from hactl.supervisor.identity import group_members
from hactl.supervisor.listening import is_free
from hactl.supervisor.process_table import ProcessTable, _kill_group, free_ports

NAME = "gw-1"
OPEN_FILES = 500


class Bench:
    """A table, one node that is to start, and a kind of process that prepares whatever `command` says."""

    def __init__(self, nursery: Nursery) -> None:
        directory = nursery.directory
        self.nursery = nursery
        fleet = replace(founded(), id=nursery.fleet)
        self.node = a_node(NodeState.STARTING, NAME, launch=None)
        self.fleet = replace(fleet, nodes=fleet.nodes | {NAME: self.node})
        self.instance = f"{nursery.fleet}/{NAME}/1"
        self.saw: asyncio.Queue[Observation] = asyncio.Queue()
        self.command = python(WAITS_FOR_EVER, directory)
        self.error: Exception | None = None
        self.prepared = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.table = ProcessTable(
            FleetPaths(directory),
            look=lambda: self.fleet,
            deliver=self.saw.put_nowait,
            mono=lambda: 7.0,
            boot=procfs.boot_id(),
            open_files=OPEN_FILES,
        )

    async def prepare(self, node: Node, fleet: Fleet) -> CommandLine:
        """What an engine does, as long as a test wants."""
        self.prepared.set()
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return self.command

    async def spawn(self) -> bool:
        return await self.table.spawn(self.node, self.instance, self)  # type: ignore[arg-type]

    async def news(self) -> Observation:
        async with asyncio.timeout(PATIENCE):
            return await self.saw.get()

    async def spawned(self) -> Launch:
        assert await self.spawn()
        saw = await self.news()
        assert isinstance(saw, Spawned)
        return saw.launch

    def change(self, **changes: object) -> None:
        self.fleet = replace(self.fleet, nodes=self.fleet.nodes | {NAME: replace(self.node, **changes)})


@pytest.fixture
async def bench(nursery):
    bench = Bench(nursery)
    yield bench
    for launch in [process.launch for process in bench.table._processes.values()]:
        end(launch)
    bench.table.close()


async def test_a_process_is_started_and_its_end_reported_once(bench: Bench) -> None:
    """Spawned, then exactly one Exited with how it ended; afterwards the table knows nothing of it."""
    launch = await bench.spawned()
    assert (launch.instance, launch.at) == (bench.instance, 7.0)
    assert bench.instance in bench.table
    assert bench.table.state(bench.instance) in "RSD"
    os.kill(launch.pid, signal.SIGKILL)
    assert await bench.news() == Exited(node=NAME, instance=bench.instance, signal=9)
    assert bench.instance not in bench.table
    assert bench.table.state(bench.instance) == "Z"
    bench.table.signal(launch, "KILL", group=False)
    assert bench.saw.empty()


async def test_a_process_has_the_limit_on_open_files_that_was_meant_for_it(bench: Bench) -> None:
    """Ours may have been raised."""
    launch = await bench.spawned()
    assert resource.prlimit(launch.pid, resource.RLIMIT_NOFILE)[0] == OPEN_FILES
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] != OPEN_FILES


async def test_a_signal_reaches_the_process(bench: Bench) -> None:
    """By its launch, so that nobody else can be met."""
    launch = await bench.spawned()
    other = replace(launch, instance=f"{bench.nursery.fleet}/{NAME}/2")
    bench.table.signal(other, "KILL", group=True)
    bench.table.signal(launch, "INT", group=False)
    assert await bench.news() == Exited(node=NAME, instance=bench.instance, signal=2)


async def test_spawned_twice_is_started_once(bench: Bench) -> None:
    """Effects may be repeated: the same instance never runs twice, not even when both prepare at the same time."""
    bench.go_on.clear()
    async with asyncio.TaskGroup() as group:
        both = [group.create_task(bench.spawn()) for _ in range(2)]
        await bench.prepared.wait()
        bench.go_on.set()
    assert sorted(task.result() for task in both) == [False, True]
    assert isinstance(await bench.news(), Spawned)
    assert not await bench.spawn()
    assert bench.saw.empty()


@pytest.mark.parametrize("change", [{"state": NodeState.STOPPING}, {"launches": 2}, {"state": NodeState.STOPPED}])
async def test_what_is_no_longer_wanted_is_not_started(bench: Bench, change: dict[str, object]) -> None:
    """Preparing takes time, in which an operator may have stopped it."""
    bench.go_on.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(bench.spawn())
        await bench.prepared.wait()
        bench.change(**change)
        bench.go_on.set()
    assert await bench.news() == SpawnFailed(node=NAME, instance=bench.instance, why="no longer wanted")
    assert bench.instance not in bench.table


@pytest.mark.parametrize("error", [HactlError("documents refused"), OSError(28, "No space left on device")], ids=type)
async def test_a_start_that_cannot_be_prepared_has_failed(bench: Bench, error: Exception) -> None:
    """Refused documents and full disks are news for the core, which waits and tries again; the daemon goes on."""
    bench.error = error
    assert not await bench.spawn()
    assert await bench.news() == SpawnFailed(node=NAME, instance=bench.instance, why=str(error))


async def test_a_program_that_is_not_there_has_failed(bench: Bench) -> None:
    """The sentence says what is missing."""
    bench.command = replace(bench.command, argv=("no-such-program",))
    await bench.spawn()
    saw = await bench.news()
    assert isinstance(saw, SpawnFailed)
    assert "no-such-program" in saw.why
    assert saw.port == 0


async def test_a_port_that_somebody_else_holds_is_exchanged_for_a_free_one(bench: Bench) -> None:
    """The failure names the holder and offers a port of the range that nobody has, neither us nor anybody else."""
    low = free_port()
    names = ["edge-1", "edge-2", NAME]
    nodes = {name: replace(bench.fleet.nodes[name], port=low + number) for number, name in enumerate(names)}
    spec = replace(bench.fleet.spec, ports=(low, low + 40))
    bench.fleet = replace(bench.fleet, spec=spec, nodes=nodes)
    with socket.create_server(("127.0.0.1", low)) as taken:
        bench.command = replace(bench.command, listens=(taken.getsockname(),))
        await bench.spawn()
        saw = await bench.news()
    assert isinstance(saw, SpawnFailed)
    assert f"(pid {os.getpid()})" in saw.why
    assert low + len(names) <= saw.port <= low + 40


async def test_no_free_port_is_no_offer(bench: Bench) -> None:
    """With its range used up the node waits for its own port."""
    low = free_port()
    bench.fleet = replace(bench.fleet, spec=replace(bench.fleet.spec, ports=(low, low)))
    with socket.create_server(("127.0.0.1", low)) as taken:
        bench.command = replace(bench.command, listens=(taken.getsockname(),))
        await bench.spawn()
    saw = await bench.news()
    assert isinstance(saw, SpawnFailed)
    assert saw.port == 0


def test_an_address_of_another_machine_has_no_free_ports() -> None:
    """That is said, and not taken for eight thousand ports that happen to be in use."""
    with pytest.raises(HactlError, match=r"cannot listen on 192\.0\.2\.1"):
        next(free_ports(range(20_000, 20_010), "192.0.2.1"))


@pytest.fixture
def foreign(bench: Bench) -> Bench:
    """The same, and the node is a program of the operator's, with a port of its own."""
    spec = replace(bench.fleet.spec, gateway=GatewaySpec(kind=GatewayKind.COMMAND, command=("x",)))
    bench.fleet = replace(bench.fleet, spec=spec)
    bench.change(port=free_port())
    bench.node = bench.fleet.nodes[NAME]
    return bench


DAEMONISES = """
import os, signal, socket
{listen}
if os.fork(): os.waitpid(-1, 0); os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
signal.pause()
"""
"""As every server does it that does it: first the port, then the children."""


@pytest.mark.parametrize("listens", [True, False])
async def test_a_program_that_makes_a_daemon_of_itself_is_found_out(foreign: Bench, listens: bool) -> None:
    """Its parent ends with code 0, the child has a session of its own: it is named, ended, and its port free again."""
    port = foreign.node.port
    listen = f"server = socket.create_server(('127.0.0.1', {port}))" if listens else ""
    code = DAEMONISES.format(listen=listen)
    foreign.command = replace(python(code, foreign.nursery.directory), listens=(("127.0.0.1", port),))
    launch = await foreign.spawned()
    saw = await foreign.news()
    assert isinstance(saw, Exited)
    assert (saw.instance, saw.code, saw.said) == (launch.instance, 0, "")
    doing = "listening on its port" if listens else "running"
    found = re.fullmatch(rf"process (\d+) \(python.*\) {doing}: run it in the foreground", saw.left)
    assert found, saw.left
    stat = procfs.read_stat(int(found[1]))
    assert stat is None or stat.state == "Z"
    assert is_free("127.0.0.1", port)


async def test_what_a_failing_program_said_last_is_told_with_its_end(foreign: Bench) -> None:
    """Its own words, of this launch only, with everything masked that it was given to keep."""
    log = foreign.table._paths.node_log(NAME)
    log.parent.mkdir(parents=True)
    log.write_text("of an earlier launch\n")
    code = "import os; print('no such user: hunter2 in', os.environ['WHERE']); raise SystemExit(3)"
    env = {"PASSWORD": Secret("hunter2"), "WHERE": "Seoul"}
    foreign.command = python(code, foreign.nursery.directory, env=env)
    await foreign.spawned()
    saw = await foreign.news()
    assert isinstance(saw, Exited)
    assert (saw.code, saw.said, saw.left) == (3, "no such user: *** in Seoul", "")
    foreign.command = python("raise SystemExit(3)", foreign.nursery.directory)
    await foreign.spawned()
    saw = await foreign.news()
    assert isinstance(saw, Exited)
    assert (saw.code, saw.said) == (3, "")


async def test_of_an_adopted_process_nothing_is_quoted(foreign: Bench) -> None:
    """Nobody knows any more what it was given to keep."""
    log = foreign.table._paths.node_log(NAME)
    log.parent.mkdir(parents=True)
    go = foreign.nursery.directory / "go"
    os.mkfifo(go)
    launch = foreign.nursery.start_elsewhere(f"open({str(go)!r}).read(); print('hunter2'); raise SystemExit(3)")
    foreign.change(launch=launch)
    foreign.table.adopt(NAME, launch)
    await asyncio.to_thread(go.write_text, "go")
    saw = await foreign.news()
    assert isinstance(saw, Exited)
    assert saw.said == ""


async def test_a_port_that_killed_children_hold_for_a_moment_yet_is_waited_for(foreign: Bench) -> None:
    """Master killed, workers with it: the next launch gets the same port, not another one."""
    port, ready = foreign.node.port, foreign.nursery.directory / "ready"
    os.mkfifo(ready)
    master = (
        f"import os, signal, socket; server = socket.create_server(('127.0.0.1', {port}))\n"
        f"ballast = bytearray(300 << 20)\n"  # its memory is torn down before its sockets are closed
        f"pid = os.fork()\n"
        f"if pid: server.close(); open({str(ready)!r}, 'w').write('x')\n"
        f"signal.pause()"
    )
    foreign.command = replace(python(master, foreign.nursery.directory), listens=(("127.0.0.1", port),))
    for _ in range(3):
        launch = await foreign.spawned()
        await asyncio.to_thread(ready.read_text)
        os.kill(launch.pid, signal.SIGKILL)
        assert isinstance(await foreign.news(), Exited)


async def test_one_that_escaped_an_earlier_daemon_gives_the_port_back(foreign: Bench) -> None:
    """It carries the node's name and holds the port that the next launch needs: nobody else would ever end it."""
    port, ready = foreign.node.port, foreign.nursery.directory / "ready"
    os.mkfifo(ready)
    code = (
        f"import signal, socket; server = socket.create_server(('127.0.0.1', {port}))\n"
        f"open({str(ready)!r}, 'w').write('x'); signal.pause()"
    )
    old = foreign.nursery.start_elsewhere(code)
    await asyncio.to_thread(ready.read_text)
    foreign.command = replace(python(WAITS_FOR_EVER, foreign.nursery.directory), listens=(("127.0.0.1", port),))
    await foreign.spawned()
    await ended(old)


async def test_a_stranger_on_the_port_is_left_alone(foreign: Bench) -> None:
    """Whoever else listens there is named, as before, and lives on."""
    code = f"import socket; server = socket.create_server(('127.0.0.1', {foreign.node.port})); print(); server.accept()"
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    try:
        assert stranger.stdout is not None
        await stranger.stdout.readline()
        foreign.command = replace(foreign.command, listens=(("127.0.0.1", foreign.node.port),))
        await foreign.spawn()
        saw = await foreign.news()
        assert isinstance(saw, SpawnFailed)
        assert f"(pid {stranger.pid})" in saw.why
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.communicate()


async def test_what_an_ended_process_leaves_behind_is_ended(bench: Bench) -> None:
    """A crashed program's children would hold its port: they go with it."""
    told = bench.nursery.directory / "child"
    os.mkfifo(told)
    forks = f"import os, signal; pid = os.fork(); pid and open({str(told)!r}, 'w').write(str(pid)); signal.pause()"
    bench.command = python(forks, bench.nursery.directory)
    launch = await bench.spawned()
    child = int(await asyncio.to_thread(told.read_text))
    assert group_members(launch) == [child]
    left_behind = replace(launch, pid=child, ticks=procfs.start_ticks(child) or 0)
    os.kill(launch.pid, signal.SIGKILL)
    assert isinstance(await bench.news(), Exited)
    await ended(left_behind)
    assert group_members(launch) == []


async def test_a_later_process_with_the_number_of_an_ended_one_is_spared(bench: Bench) -> None:
    """A daemon that was held up hears late of an end: by then the number may lead somebody else's group."""
    launch = await bench.spawned()
    assert not _kill_group(replace(launch, ticks=launch.ticks - 1))
    assert lives(launch)
    assert _kill_group(launch)
    assert isinstance(await bench.news(), Exited)


async def test_a_process_is_adopted_and_its_end_reported(bench: Bench) -> None:
    """Another daemon's process is as good as our own."""
    launch = bench.nursery.start_elsewhere()
    bench.table.adopt(NAME, launch)
    assert launch.instance in bench.table
    bench.table.signal(launch, "KILL", group=False)
    saw = await bench.news()
    assert isinstance(saw, Exited)
    assert saw.instance == launch.instance


async def test_a_process_that_has_just_gone_is_reported_when_it_is_adopted(bench: Bench) -> None:
    """Between looking around and adopting it may die: no end is ever missed."""
    launch = bench.nursery.start_elsewhere()
    end(launch)
    bench.table.adopt(NAME, launch)
    assert await bench.news() == Exited(node=NAME, instance=launch.instance)
    assert launch.instance not in bench.table


async def test_an_orphan_is_ended_with_everything_it_started(bench: Bench) -> None:
    """A process nobody claims; gone already, or somebody else's by now, nothing happens."""
    launch = bench.nursery.start_elsewhere()
    stranger = bench.nursery.start()
    bench.table.end_orphan(replace(launch, pid=stranger.launch.pid))
    assert lives(stranger.launch)
    bench.table.end_orphan(launch)
    await ended(launch)
    bench.table.end_orphan(launch)
    assert bench.saw.empty()


async def test_letting_go_ends_nothing(bench: Bench) -> None:
    """A daemon that leaves closes its table; the processes go on, unwatched."""
    launch = await bench.spawned()
    bench.table.close()
    assert lives(launch)
    assert bench.instance not in bench.table
    end(launch)
    assert bench.saw.empty()

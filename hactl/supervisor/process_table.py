"""The processes that run right now, by instance: carries out spawns and signals, reports ends. Decides nothing."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator

from hactl.core.errors import HactlError
from hactl.core.lifecycle import instance_of
from hactl.core.model import Fleet, Launch, Node, NodeState
from hactl.core.observations import Exited, Observation, Spawned, SpawnFailed
from hactl.paths import FleetPaths
from hactl.supervisor import procfs
from hactl.supervisor.identity import NotOurs, end_group, open_verified
from hactl.supervisor.listening import PortTaken, is_free
from hactl.supervisor.pidfd import ExitStatus
from hactl.supervisor.ports import ProcessKind
from hactl.supervisor.process import Process, adopt, spawn


class ProcessTable:
    """Every process of the fleet that is certain to be ours."""

    def __init__(
        self,
        paths: FleetPaths,
        *,
        look: Callable[[], Fleet],
        deliver: Callable[[Observation], None],
        mono: Callable[[], float],
        boot: str,
    ) -> None:
        self._paths = paths
        self._look = look
        self._deliver = deliver
        self._mono = mono
        self._boot = boot
        self._processes: dict[str, Process] = {}

    async def spawn(self, node: Node, instance: str, kind: ProcessKind) -> bool:
        """Prepare and start one process and report how that went; a process that runs already is left alone.

        True when it was started.
        """
        if instance in self._processes:
            return False
        try:
            command = await kind.prepare(node, self._look().seen_by(node))
            if instance in self._processes:  # asked for twice, and the other one was quicker
                return False
            if not self._wanted(node.name, instance):
                raise HactlError("no longer wanted")
            process = spawn(command, instance=instance, log=self._paths.node_log(node.name), now=self._mono())
        except PortTaken as taken:
            port = self._another_port(node.address)
            self._deliver(SpawnFailed(node=node.name, instance=instance, why=str(taken), port=port))
        except (HactlError, OSError) as error:  # a full disk, or no descriptor left: it may be better in a moment
            self._deliver(SpawnFailed(node=node.name, instance=instance, why=str(error)))
        else:
            self._enter(node.name, process)
            self._deliver(Spawned(node=node.name, launch=process.launch))
            return True
        return False

    def adopt(self, name: str, launch: Launch) -> None:
        """Take over a process that outlived its daemon; its end is reported even if it has just come."""
        try:
            self._enter(name, adopt(launch, boot=self._boot))
        except NotOurs:
            self._deliver(Exited(node=name, instance=launch.instance))

    def signal(self, launch: Launch, signal: str, *, group: bool) -> None:
        """Signal one process; one that has ended needs none."""
        process = self._processes.get(launch.instance)
        if process is not None:
            # A program that changed its user may not be signalled: it stays, and the deadline that is set says so.
            with contextlib.suppress(HactlError):
                process.signal(signal, group)

    def end_orphan(self, launch: Launch) -> None:
        """Kill a process of this fleet that no node claims, with everything it started."""
        try:
            with Process(launch, open_verified(launch, boot=self._boot)) as process:
                process.signal("KILL", True)
        except HactlError:  # gone, or not to be signalled by us
            return
        self._end_stragglers(launch)

    def state(self, instance: str) -> str:
        """State letter of a process; Z when it has ended."""
        process = self._processes.get(instance)
        return process.state() if process is not None else "Z"

    def __contains__(self, instance: object) -> bool:
        return instance in self._processes

    def close(self) -> None:
        """Let go of every process; they go on."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()

    def _enter(self, name: str, process: Process) -> None:
        self._processes[process.launch.instance] = process
        loop = asyncio.get_running_loop()
        process.when_exits(loop, lambda status: self._ended(name, process, status))

    def _ended(self, name: str, process: Process, status: ExitStatus) -> None:
        launch = process.launch
        # Before the news: workers of a pre-fork program would hold the port that its successor needs.
        stragglers = _kill_group(launch)
        self._processes.pop(launch.instance, None)
        self._deliver(
            Exited(node=name, instance=launch.instance, code=status.code, signal=status.signal, oom=status.oom)
        )
        process.close()
        if stragglers:
            self._end_stragglers(launch)

    def _end_stragglers(self, launch: Launch) -> None:
        """Searching /proc takes longer than a failover: not in the loop."""
        asyncio.get_running_loop().run_in_executor(None, end_group, launch)

    def _wanted(self, name: str, instance: str) -> bool:
        fleet = self._look()
        node = fleet.nodes.get(name)
        return node is not None and node.state is NodeState.STARTING and instance_of(node, fleet.id) == instance

    def _another_port(self, host: str) -> int:
        """A port of the fleet's range that is free now; 0 when there is none."""
        fleet = self._look()
        low, high = fleet.spec.ports
        used = {node.port for node in fleet.nodes.values()}
        try:
            return next(free_ports((port for port in range(low, high + 1) if port not in used), host), 0)
        except (HactlError, OSError):  # no descriptor left to try one with: the old port is tried again
            return 0


def _kill_group(launch: Launch) -> bool:
    """Kill what is left of the process group of a leader that has been reaped; False when nothing was, as usual.

    The kernel gives no process the number of a group that still has members: when somebody has it, nobody was left.
    """
    now = procfs.start_ticks(launch.pid)
    if now is not None and now != launch.ticks:
        return False
    try:
        os.killpg(launch.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # nobody, or by now somebody else's
        return False
    return True


def free_ports(candidates: Iterable[int], host: str) -> Iterator[int]:
    """Those of `candidates` that could be bound now, lazily. Raises HactlError for an address of another machine."""
    # Who holds the others is nobody's question here, and finding out takes a search through all of /proc for each.
    return (port for port in candidates if is_free(host, port))

"""The processes that run right now, by instance: carries out spawns and signals, reports ends. Decides nothing."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hactl.core.causes import instance_of
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.node import Launch, Node, NodeState, Role
from hactl.core.observations import Exited, Observation, Spawned, SpawnFailed
from hactl.core.running import CommandLine
from hactl.core.secrets import Secret
from hactl.core.spec import GatewayKind
from hactl.core.value import Value, replace
from hactl.paths import FleetPaths
from hactl.supervisor import escapes, procfs
from hactl.supervisor.escapes import Trace
from hactl.supervisor.identity import NotOurs, end_group, group_members, open_verified
from hactl.supervisor.last_words import last_words
from hactl.supervisor.listening import PortTaken, addresses, is_free
from hactl.supervisor.pidfd import ExitStatus
from hactl.supervisor.ports import ProcessKind
from hactl.supervisor.process import Process, adopt, spawn

VACATED_WITHIN = 0.5
"""Seconds in which the kernel closes what a killed process held."""
_LOOK_AGAIN = 0.002


class _Birth(Value):
    """What is remembered of a launch of ours until it ends."""

    log_size: int
    """Bytes of its log when it began: what stands behind them is its own."""
    hidden: tuple[str, ...]
    """What it was given and is shown nowhere."""


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
        open_files: int | None = None,
    ) -> None:
        """`open_files` is the soft limit of what is spawned; None is ours."""
        self._open_files = open_files
        self._paths = paths
        self._look = look
        self._deliver = deliver
        self._mono = mono
        self._boot = boot
        self._processes: dict[str, Process] = {}
        self._births: dict[str, _Birth] = {}
        """By instance; none of a process that was adopted."""
        self._vacating: set[str] = set()
        """Nodes whose last process left others behind: killed, but they may hold the port for a moment yet."""

    async def spawn(self, node: Node, instance: str, kind: ProcessKind) -> bool:
        """Prepare and start one process and report how that went; a process that runs already is left alone.

        True when it was started.
        """
        if instance in self._processes:
            return False
        try:
            command = await kind.prepare(node, self._look().seen_by(node))
            await self._vacated(node, command)
            if instance in self._processes:  # asked for twice, and the other one was quicker
                return False
            if not self._wanted(node.name, instance):
                raise HactlError("no longer wanted")
            log = self._paths.node_log(node.name)
            size = log.stat().st_size if log.exists() else 0
            process = spawn(command, instance=instance, log=log, now=self._mono(), open_files=self._open_files)
        except PortTaken as taken:
            port = self._another_port(node.address)
            self._deliver(SpawnFailed(node=node.name, instance=instance, why=str(taken), port=port))
        except (HactlError, OSError) as error:  # a full disk, or no descriptor left: it may be better in a moment
            self._deliver(SpawnFailed(node=node.name, instance=instance, why=str(error)))
        else:
            hidden = tuple(value for value in command.env.values() if isinstance(value, Secret))
            self._births[instance] = _Birth(log_size=size, hidden=hidden)
            self._enter(node.name, process)
            self._deliver(Spawned(node=node.name, launch=process.launch))
            return True
        return False

    def adopt(self, name: str, launch: Launch) -> None:
        """Take over a process that outlived its daemon; its end is reported even if it has just come.

        Raises HactlError when it cannot be told whether it runs: it is then neither lost nor ended.
        """
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

    async def addresses(self, instance: str) -> tuple[str, ...]:
        """Where a process and those it started listen."""
        process = self._processes.get(instance)
        if process is None:
            return ()
        launch = process.launch
        return await asyncio.to_thread(lambda: addresses((launch.pid, *group_members(launch))))

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
        birth = self._births.pop(launch.instance, None)
        news = Exited(node=name, instance=launch.instance, code=status.code, signal=status.signal, oom=status.oom)
        if stragglers:
            self._vacating.add(name)
        if status.signal is not None or not (self._is_foreign(name) or status.code):
            self._deliver(news)  # at once: a failover waits for it
        else:
            self._look_into(news, launch, birth)
        process.close()
        if stragglers:
            self._end_stragglers(launch)

    def _look_into(self, news: Exited, launch: Launch, birth: _Birth | None) -> None:
        """Tell an end that was the process's own wish together with what it said, and what it left running."""
        log, node = self._paths.node_log(news.node), self._look().nodes.get(news.node)
        trace = self._trace(node, since=launch.ticks) if node is not None and self._is_foreign(node.name) else None

        def look() -> Exited:
            said = last_words(log, birth.log_size, birth.hidden) if birth is not None and news.code else ""
            left = escapes.end(trace) if trace is not None else ()
            return replace(news, said=said, left=escapes.sentence(left[0]) if left else "")

        def tell(looked: "asyncio.Future[Exited]") -> None:
            if not looked.cancelled():
                self._deliver(news if looked.exception() else looked.result())

        asyncio.get_running_loop().run_in_executor(None, look).add_done_callback(tell)

    async def _vacated(self, node: Node, command: CommandLine) -> None:
        """Wait until what the last process has left behind is gone: it was killed, but may not have ended yet."""
        now = asyncio.get_running_loop().time
        end = now() + (VACATED_WITHIN if node.name in self._vacating else 0.0)
        self._vacating.discard(node.name)
        while not all(is_free(host, port) for host, port in command.listens):
            if now() >= end:
                # Nobody was known to be left; but one that escaped an earlier daemon may be.
                if self._is_foreign(node.name) and not self._has_process(node.name):
                    await asyncio.to_thread(escapes.end, self._trace(node))
                return
            await asyncio.sleep(_LOOK_AGAIN)

    def _trace(self, node: Node, since: int | None = None) -> Trace:
        log = Path(os.path.realpath(self._paths.node_log(node.name)))
        return Trace(instances=f"{self._look().id}/{node.name}/", log=log, port=node.port, since=since)

    def _has_process(self, name: str) -> bool:
        return any(instance.split("/")[1] == name for instance in self._processes)

    def _is_foreign(self, name: str) -> bool:
        """True for a program of the operator's: it may do what no Envoy does."""
        fleet = self._look()
        node = fleet.nodes.get(name)
        return node is not None and node.role is Role.GATEWAY and fleet.spec.gateway.kind is GatewayKind.COMMAND

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

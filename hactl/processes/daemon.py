"""The daemon: builds a Supervisor out of the wings, puts the control server in front of it, and runs.

`python -m hactl.processes.daemon --config hactl.toml --state DIR` runs in the foreground and says what happens;
`hactl up` starts it in a session of its own, where it announces itself on a descriptor. On SIGTERM or SIGINT it
leaves and every worker goes on; the next one adopts them. `hactl down` stops the workers first.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from hactl import __version__, config
from hactl.control.peer import Allowed, group_id, owners
from hactl.control.server import ControlServer
from hactl.control.sockets import barrier
from hactl.core.errors import ConfigError, HactlError, os_reason
from hactl.core.model import Fleet, Now
from hactl.core.node import Node
from hactl.core.spec import FleetSpec, GatewayKind, HealthSpec
from hactl.engines.command import CommandGateway
from hactl.engines.envoy.edge import EnvoyEdge
from hactl.engines.envoy.gateway import EnvoyGateway
from hactl.engines.hop.proxy import HopProxy
from hactl.paths import FleetPaths
from hactl.processes.announcing import Announcement
from hactl.processes.foreground import Foreground
from hactl.processes.proposing import Proposals
from hactl.processes.scheduled import Schedules
from hactl.processes.succession import Predecessor, rehearse
from hactl.processes.taking_charge import Charge, take_charge
from hactl.store.ballast import Ballast
from hactl.store.journal import SqliteJournal
from hactl.store.lock import FleetLock
from hactl.store.samples import SampleLog
from hactl.store.segments import last_written
from hactl.supervisor import procfs
from hactl.supervisor.alerts.delivery import AlertDelivery
from hactl.supervisor.listening import claimed
from hactl.supervisor.loop import Supervisor
from hactl.supervisor.open_files import raise_limit
from hactl.supervisor.ports import GatewayEngine
from hactl.supervisor.recorder import Recorder


def clock_of_this_boot() -> Callable[[], Now]:
    """The time now, as often as it is asked for; the boot id is read once, because the clock is asked often.

    The monotonic clock is the one that the kernel stamps process starts with.
    """
    boot = procfs.boot_id()
    return lambda: Now(mono=time.monotonic(), wall=time.time(), boot=boot)


async def run(
    spec: FleetSpec | None,
    paths: FleetPaths,
    *,
    ready: Announcement,
    face: Foreground | None = None,
    before: Predecessor | None = None,
    trouble: str = "",
) -> None:
    """Run the fleet in `paths` until it is down or a signal comes; without `spec`, as it was last configured.

    Takes over from `before`, if any; `trouble` is why there is no `spec`. Raises HactlError when it cannot start.
    """
    clock = clock_of_this_boot()
    _make(paths.state)
    if spec is not None:
        group_id(spec.group)  # found out while another daemon may still be in charge
    lock = FleetLock(paths.lock)
    notes = _take_over(before, paths, lock) if before is not None else ()
    with lock, _written(paths) as (journal, samples):
        edges = EnvoyEdge(paths)
        charge = take_charge(
            spec,
            journal,
            clock(),
            version=__version__,
            pid=os.getpid(),
            fleet_id=secrets.token_hex(4),
            keep=edges.keep,
            trouble=trouble,
            measured=last_written(paths.samples),
        )
        if charge.certified.fresh:
            await edges.vouch(charge.decision.fleet)  # before anything is written: it refuses some that others take
        in_force = charge.decision.fleet.spec
        allowed = Allowed(uids=owners(), group=group_id(in_force.group))
        notes = (*notes, *charge.notes, *_shut_out(paths, allowed.group, in_force.group))
        gateways = _gateways(in_force, paths, lambda node: supervisor.look().spec_for(node).health)
        supervisor = Supervisor(
            paths=paths,
            recorder=Recorder(journal, _laid(Ballast(paths.ballast))),
            journal=journal,
            samples=samples,
            edges=edges,
            gateways=gateways,
            proposer=Proposals(edges=edges, gateways=gateways),
            alerts=AlertDelivery(),
            proxy=HopProxy(),
            clock=clock,
            version=__version__,
            pid=os.getpid(),
            open_files=raise_limit(),
        )
        server = _server(supervisor, paths, in_force.name, allowed)
        async with claimed(in_force.edge.host, in_force.edge.port):
            schedules = Schedules(paths, look=supervisor.look, deliver=supervisor.deliver, wall=time.time)
            await _attend(supervisor, server, charge, face, schedules, lambda: _in_charge(ready, face, notes))
        _tidy(paths, supervisor.look())


async def _attend(
    supervisor: Supervisor,
    server: ControlServer,
    charge: Charge,
    face: Foreground | None,
    schedules: Schedules,
    in_charge: Callable[[], None],
) -> None:
    """Supervise and answer until the fleet is down or a signal comes."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.leave)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(), name="control")
        await server.started()
        clockwork = tasks.create_task(schedules.run(), name="schedules")
        async with _shown(face, tasks, supervisor):
            await supervisor.run(charge.before, charge.decision, in_charge)
        clockwork.cancel()
        await server.stop()


@contextlib.asynccontextmanager
async def _shown(face: Foreground | None, tasks: asyncio.TaskGroup, supervisor: Supervisor) -> AsyncIterator[None]:
    """In the foreground, what happens meanwhile is told."""
    if face is not None:
        await face.begin(tasks, supervisor)
    try:
        yield
    finally:
        if face is not None:
            face.leaving()


def _in_charge(ready: Announcement, face: Foreground | None, notes: tuple[str, ...]) -> None:
    # What has been loaded stays: a collector that goes through all of it holds up the loop for 25 ms every few seconds.
    gc.collect()
    gc.freeze()
    ready.succeeded(notes)
    if face is not None:
        face.in_charge(notes)


def _take_over(before: Predecessor, paths: FleetPaths, lock: FleetLock) -> tuple[str, ...]:
    rehearse(paths)
    return before.relieve(lock)


def _shut_out(paths: FleetPaths, group: int | None, name: str) -> tuple[str, ...]:
    """What keeps the members of `fleet.group` from their socket."""
    shut = None if group is None else barrier(paths.control, group)
    if shut is None:
        return ()
    return (f"members of group '{name}' cannot traverse '{shut}': set fleet.state_dir to a place they can reach",)


def _make(state: Path) -> None:
    """The state directory, which nobody but us may change: what is kept in it decides which programs are run."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = state.stat()
    except OSError as error:
        raise HactlError(f"cannot make the state directory '{state}': {os_reason(error)}") from error
    if found.st_uid != os.geteuid():
        raise HactlError(f"the state directory '{state}' belongs to another user", f"ls -ld {state}")
    if found.st_mode & 0o022:
        raise HactlError(f"other users may write to the state directory '{state}'", f"chmod go-w {state}")


def _keep_descriptors() -> None:
    """What we were given open (a lock, a pipe that somebody reads to its end) is not for workers, who outlive us."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - descriptors, not files
        if int(name) > 2:
            with contextlib.suppress(OSError):  # the one that listed the others
                os.set_inheritable(int(name), False)


def _laid(ballast: Ballast) -> Ballast:
    with contextlib.suppress(HactlError):  # a full disk is no reason not to start
        ballast.lay()
    return ballast


@contextlib.contextmanager
def _written(paths: FleetPaths) -> Iterator[tuple[SqliteJournal, SampleLog]]:
    """What happens, and what is measured."""
    with contextlib.closing(SqliteJournal(paths.journal)) as journal, SampleLog(paths.samples, say=_say) as samples:
        yield journal, samples


def _server(supervisor: Supervisor, paths: FleetPaths, fleet: str, allowed: Allowed) -> ControlServer:
    return ControlServer(
        supervisor,
        socket=paths.control,
        read_only_socket=paths.control_read_only,
        fleet=fleet,
        version=__version__,
        pid=os.getpid(),
        allowed=allowed,
    )


def _say(text: str) -> None:
    """For the daemon's own log."""
    print(f"hactl: {text}", file=sys.stderr, flush=True)


def _gateways(spec: FleetSpec, paths: FleetPaths, health: Callable[[Node], HealthSpec]) -> GatewayEngine:
    if spec.gateway.kind is GatewayKind.ENVOY:
        return EnvoyGateway(paths)
    return CommandGateway(paths=paths, health=health)


def _tidy(paths: FleetPaths, fleet: Fleet) -> None:
    """After an orderly `down` nobody answers on any socket any more."""
    if not fleet.closing or any(node.state.alive for node in fleet.nodes.values()):
        return
    if paths.sockets != paths.state:
        shutil.rmtree(paths.sockets, ignore_errors=True)
        return
    for path in paths.sockets.glob("nodes/*/*.sock"):
        if path.is_socket():
            path.unlink()


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns an exit code."""
    parser = argparse.ArgumentParser(prog="hactl-daemon", description="Run one fleet in the foreground.")
    parser.add_argument("--config", type=Path, help="the fleet's hactl.toml (default: as last configured)")
    parser.add_argument(
        "--last-good", action="store_true", help="as last configured, too, when the hactl.toml cannot be used"
    )
    parser.add_argument("--state", type=Path, required=True, help="the fleet's state directory")
    parser.add_argument("--relieve-fd", type=int, default=None, help="pidfd of the daemon to take over from")
    parser.add_argument("--ready-fd", type=int, default=None, help="descriptor to announce the start on")
    args = parser.parse_args(argv)
    _keep_descriptors()
    ready = Announcement(args.ready_fd)
    face = Foreground.of(os.environ) if args.ready_fd is None else None
    paths = FleetPaths(args.state.absolute())
    try:
        spec, trouble = _configuration(args.config, paths, last_good=args.last_good)
        before = Predecessor(args.relieve_fd) if args.relieve_fd is not None else None
        asyncio.run(run(spec, paths, ready=ready, face=face, before=before, trouble=trouble))
    except HactlError as error:
        ready.failed(error)
        return 1
    except BaseExceptionGroup as group:
        known, unknown = group.split(HactlError)
        if known is None or unknown is not None:
            raise
        ready.failed(_first(known))
        return 1
    finally:
        if face is not None:
            face.close()
    return 0


def _configuration(file: Path | None, paths: FleetPaths, *, last_good: bool) -> tuple[FleetSpec | None, str]:
    """What to start with (None: as it was last configured), and why that is not what the file says."""
    try:
        return (config.load(file) if file else None), ""
    except ConfigError as error:
        if not last_good or not paths.journal.exists():
            raise
        return None, error.message


def _first(group: BaseExceptionGroup[HactlError]) -> HactlError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


if __name__ == "__main__":
    sys.exit(main())

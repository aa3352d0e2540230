"""A fleet that runs: is it what is installed, do strangers run beside it, are old clients answered?"""

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hactl import __version__
from hactl.cli.checks.finding import Finding, Subject
from hactl.core.errors import HactlError
from hactl.core.node import Role
from hactl.core.plural import counted
from hactl.core.spec import EdgeSpec, GatewayKind
from hactl.supervisor import procfs
from hactl.supervisor.identity import find_instances

_ASKED = b"GET /-/echo HTTP/1.0\r\n\r\n"
"""As old monitors ask: HTTP/1.0, and no Host."""
_REFUSALS = ("400", "426", "505")
_PATIENCE = 3.0


def versions(subject: Subject) -> Iterator[Finding]:
    """After an upgrade, processes that were not restarted are what they were."""
    from hactl.engines.envoy import binary

    try:
        installed = binary.find(None)
        mark = _mark(installed)
    except (HactlError, OSError):  # that is a finding already
        return
    old: dict[str, list[str]] = {}
    for name, pid in subject.pids.items():
        edge = subject.fleet.nodes[name].role is Role.EDGE
        if not edge and subject.fleet.spec.gateway.kind is not GatewayKind.ENVOY:
            continue
        running = Path(f"/proc/{pid}/exe")
        with suppress(OSError):
            if _mark(running) != mark:
                old.setdefault(version_of(running), []).append(name)
    if old:
        which = " and ".join(f"{version} ({', '.join(names)})" for version, names in old.items())
        names = " ".join(name for group in old.values() for name in group)
        found = f"running {which}, but {version_of(installed)} is installed"
        yield Finding(check="running envoys", ok=False, found=found, mend=f"hactl restart {names}")
    elif subject.pids:
        yield Finding(check="running envoys", ok=True, found="every process runs the installed binary")


def daemon(subject: Subject) -> Iterator[Finding]:
    """The daemon that runs is the one that is installed, and it keeps up."""
    if subject.snapshot is None:
        return
    pulse = subject.snapshot.pulse
    if pulse.version != __version__:
        found = f"hactl {pulse.version} runs (pid {pulse.pid}), {__version__} is installed"
        mend = "hactl daemon restart"
        yield Finding(check="daemon", ok=False, found=found, mend=mend)
    elif pulse.unwritten:
        found = f"{counted(pulse.unwritten, 'record')} waiting for room in the journal: the disk is full"
        yield Finding(check="daemon", ok=False, found=found, mend="free some disk space")
    else:
        found = f"hactl {pulse.version} (pid {pulse.pid}), loop lag {pulse.lag_ms:.0f} ms"
        yield Finding(check="daemon", ok=True, found=found)


def strangers(subject: Subject) -> Iterator[Finding]:
    """Processes of this fleet that its daemon does not know, and other daemons that want it."""
    if subject.chosen is None or not subject.fleet.id:
        return
    known = set(subject.pids.values())
    lost = [launch for launch in find_instances(subject.fleet.id) if launch.pid not in known]
    if lost and subject.snapshot is not None:
        named = ", ".join(f"{launch.instance.split('/')[1]} (pid {launch.pid})" for launch in lost)
        mend = f"kill {' '.join(str(launch.pid) for launch in lost)}"
        yield Finding(check="supervision", ok=False, found=f"unsupervised processes: {named}", mend=mend)
    others = daemons(subject.chosen.state) - ({subject.snapshot.pulse.pid} if subject.snapshot else set())
    if others:
        named = ", ".join(f"pid {pid}" for pid in sorted(others))
        mend = f"keep one: kill {' '.join(str(pid) for pid in sorted(others))}"
        yield Finding(check="supervision", ok=False, found=f"another daemon claims this fleet: {named}", mend=mend)
    if subject.snapshot is None and known:
        found = f"no daemon supervises {counted(len(known), 'process', 'processes')}"
        yield Finding(check="supervision", ok=False, found=found, mend="hactl up, which adopts them")
    elif not lost and not others:
        one = "one daemon, and every process is its own" if subject.snapshot else "nothing runs"
        yield Finding(check="supervision", ok=True, found=one)


def old_clients(subject: Subject) -> Iterator[Finding]:
    """Monitors and balancers that speak HTTP/1.0 are asked for by nobody until they report an outage that is none."""
    if not any(edge.serviceable for edge in subject.fleet.edges) or subject.snapshot is None:
        return
    edge = subject.fleet.spec.edge
    try:
        with _connected(edge) as connection:
            connection.sendall(_ASKED)
            first = connection.makefile("rb").readline(200).decode("ascii", "replace").strip()
    except OSError as error:
        first = error.strerror or str(error)
    good = first.startswith("HTTP/1.") and first.split()[1:2] and first.split()[1] not in _REFUSALS
    mend = "" if good else "hactl logs edge-1"
    found = "a request without Host is answered" if good else f"a request without Host gets {first or 'no answer'}"
    yield Finding(check="HTTP/1.0", ok=bool(good), found=found, mend=mend)


def _connected(edge: EdgeSpec) -> socket.socket:
    connection = socket.create_connection((edge.host, edge.port), timeout=_PATIENCE)
    if not edge.tls.cert:
        return connection
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whether it answers, not who it is
    return context.wrap_socket(connection)


def daemons(state: Path) -> set[int]:
    """The pids of the daemons that were started for the fleet in `state`."""
    found = set()
    for pid in procfs.pids():
        with suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"hactl.processes.daemon" in line and b"--state" in line:
                given = line[line.index(b"--state") + 1 :][:1]
                if given and Path(os.fsdecode(given[0])).resolve() == state.resolve():
                    found.add(pid)
    return found


def _mark(path: Path) -> tuple[int, int]:
    """What tells one binary from another, wherever it is by now."""
    status = path.stat()
    return status.st_dev, status.st_ino


def version_of(path: Path) -> str:
    """What a binary says of itself; it may have been deleted, as long as a process runs it."""
    from hactl.engines.envoy import binary

    try:
        return asyncio.run(binary.version(path))
    except HactlError:
        return "another binary"

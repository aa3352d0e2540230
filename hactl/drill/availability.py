"""Which faults are real on this machine, which emulated, and which unavailable: one table for people and reports.

A fault is real when what happens to the fleet is what would happen without a drill (a process that is killed is dead).
It is emulated when something of ours stands in for the cause (a proxy that swallows bytes is no cut cable), and a
report never calls one of these real. Every kind of a drill file has its line here. Looks at the machine, does nothing.
"""

import shutil
import subprocess
from enum import StrEnum
from pathlib import Path

from hactl.core.value import Value
from hactl.drill.burden import MOST_MEMORY
from hactl.drill.definition import FaultKind
from hactl.drill.hop_faults import MEANINGS
from hactl.drill.small_disk import LARGEST, hint, may_fill

_TRY = ("unshare", "-rn", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
_PATIENCE = 5.0
"""Seconds."""
_EMULATED = {FaultKind.IMPAIR, *MEANINGS}
"""Something of ours stands in for the cause."""
_HOP = "hactl's own proxy on the hop from {} holds, delays or ends connections; it cannot drop single packets"
_HOW = {
    FaultKind.KILL: "SIGKILL to the actual process",
    FaultKind.FREEZE: "SIGSTOP to the actual process",
    FaultKind.IMPAIR: (
        "the node's own Envoy delays or fails requests with its fault filter; nodes of kind command have none"
    ),
    FaultKind.RESTART: "the daemon drains, stops and starts the actual processes, as for an operator",
    FaultKind.DAEMON_KILL: (
        "SIGKILL to the actual process; restarted by its service manager, else by the drill as hactl up"
        " does; not possible for a daemon in the foreground without a service manager"
    ),
    FaultKind.DAEMON_FREEZE: "SIGSTOP to the actual process; a guardian resumes it, even if the drill dies",
    FaultKind.CONFIG: (
        "a configuration is applied as by an operator; afterwards the previous one is put back into force"
    ),
    **{
        kind: _HOP.format("nodes to the service" if meaning.services else "edges to nodes")
        for kind, meaning in MEANINGS.items()
    },
    FaultKind.SURGE: "more requests and connections, from the drill's own load process",
    FaultKind.CPU: "busy processes on every CPU that the target may run on",
    FaultKind.MEMORY: (
        f"memory that is actually used, at most {MOST_MEMORY >> 30} GiB; never so much that a process would be killed"
    ),
}
"""How each is done that can be done on any machine."""


class Reality(StrEnum):
    """How much of a fault is what it says."""

    REAL = "real"
    EMULATED = "emulated"
    UNAVAILABLE = "unavailable"


class Available(Value):
    """One kind of fault on this machine."""

    kind: str
    """As drill files write it, or the name of a means that drills use where it exists."""
    reality: Reality
    reason: str
    """How it is done, or why it cannot be."""

    def __str__(self) -> str:
        return f"{self.reality}: {self.reason}"


def disk(state: Path | None) -> Available:
    """No byte is left where a fleet keeps its state; None: no fleet is meant."""
    why = "no fleet is selected" if state is None else may_fill(state)
    if why:
        what = f"a tmpfs of at most {LARGEST >> 20} MiB mounted at the state directory is filled, and nothing else"
        how = "" if state is None else f"; {hint(state)}"
        return Available(kind=FaultKind.DISK, reality=Reality.UNAVAILABLE, reason=f"{why}; {what}{how}")
    return Available(kind=FaultKind.DISK, reality=Reality.REAL, reason=f"every free byte of {state} is used up")


def netem() -> Available:
    """Loss and delay of packets, done by the kernel."""
    return packets(_netem_here())


def packets(missing: str) -> Available:
    """What it means for drills when `missing` says why the kernel does not do it; "" when it would."""
    if missing:
        reason = f"{missing}; drills use a proxy on the hop, which cannot drop single packets"
        return Available(kind="tc netem", reality=Reality.UNAVAILABLE, reason=reason)
    reason = "the kernel can drop and delay packets; drills still use a proxy on the hop, which needs no privileges"
    return Available(kind="tc netem", reality=Reality.REAL, reason=reason)


def reality(kind: FaultKind) -> Reality:
    """What a report calls a fault that has been done."""
    return Reality.EMULATED if kind in _EMULATED else Reality.REAL


def available(state: Path | None = None) -> tuple[Available, ...]:
    """Every line, as it is on this machine now, for a fleet that keeps its state there."""
    said = (Available(kind=kind, reality=reality(kind), reason=reason) for kind, reason in _HOW.items())
    return (*said, netem(), disk(state))


def missing(state: Path | None) -> dict[FaultKind, str]:
    """Kinds of faults that a fleet which keeps its state there cannot suffer on this machine now, and why."""
    line = disk(state)
    return {FaultKind.DISK: line.reason} if line.reality is Reality.UNAVAILABLE else {}


def _netem_here() -> str:
    """Why the kernel does not delay packets; "" when it does. Tried in a network of its own, gone afterwards."""
    for program in _TRY[0], _TRY[2]:
        if shutil.which(program) is None:
            return f"{program} is not installed"
    try:
        done = subprocess.run(_TRY, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return f"it cannot be tested: {error}"
    said = (done.stderr.strip().splitlines() or ["tc failed"])[-1].removeprefix("Error: ").rstrip(".")
    return "" if done.returncode == 0 else f"the kernel does not support it ({said})"

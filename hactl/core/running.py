"""What the shell and the engines say to each other about running processes. Values only, no decisions."""

from hactl.core.errors import HactlError
from hactl.core.value import Value


class CommandLine(Value):
    """How to start a process."""

    argv: tuple[str, ...]
    directory: str
    """Its own directory; its log `process.log` goes there."""
    env: dict[str, str] = {}
    """Added to a minimal environment. What is a `Secret` here is shown nowhere, not even when the process prints it."""
    cwd: str = ""
    """Where it runs; "" for where the daemon does."""
    listens: tuple[tuple[str, int], ...] = ()
    """Addresses nobody else may hold when it starts; empty for a process that shares its port on purpose."""


class ProbeAnswer(Value):
    """One answer to "are you well?"."""

    ok: bool
    why: str = ""
    """What was wrong, for people; "" when ok."""
    refused: bool = False
    """Nobody listens there."""
    unasked: bool = False
    """We could not ask, for want of something of ours: it says nothing about the process."""


class NodeCounters(Value):
    """What one edge counted at one place where a node is called, since the edge started (a decrease means a reset)."""

    requests: int = 0
    errors: int = 0
    """Responses >= 500 from it, and attempts without any response."""
    active: int = 0
    """Requests in flight now."""
    latency: tuple[tuple[float, float, int], ...] = ()
    """Histogram bins: (lower bound in ms, width in ms, count since start)."""


class EdgeReading(Value):
    """What one edge counted, at one moment."""

    edge: str
    mono: float
    requests: int = 0
    """Answered to clients since it started."""
    errors: int = 0
    """Of these, with a status >= 500."""
    active: int = 0
    connections: int = 0
    retries: int = 0
    places: dict[str, NodeCounters] = {}
    """By address, as this edge writes it. Whose it was earlier has counted there as well, and one that is not here has
    counted nothing."""
    nodes: dict[str, str] = {}
    """Address → the node that is called there now. A node may have two, or none."""


class PlanRefused(HactlError):
    """An edge would not take a plan, or did not confirm it; it still uses its last good one."""


class ImpairmentImpossible(HactlError):
    """A process has no means to be impaired; nothing of it has changed."""


class LeadingImpossible(HactlError):
    """A process has no means to be led past a service; nothing of it has changed."""


class JournalFull(HactlError):
    """The journal has no room; nothing of the call was written."""

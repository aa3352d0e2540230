"""What the shell must do next. Effects are idempotent: after a crash `recover` asks for them again.

Wake-ups are no effect: deadlines stand in the fleet, and the shell keeps one alarm set to the soonest.
"""

from hactl.core.node import Launch, Node
from hactl.core.plan import TrafficPlan
from hactl.core.value import Value


class Spawn(Value, tag=True):
    """Start the process of `node` under this instance id."""

    node: Node
    instance: str


class SendSignal(Value, tag=True):
    """Signal one launch, and nothing else that may have its pid now."""

    launch: Launch
    node: str
    signal: str
    """Without SIG: TERM, KILL, ..."""
    group: bool = False
    """Signal its whole process group."""


class ApplyTraffic(Value, tag=True):
    """Tell every edge the plan; each confirms on its own."""

    plan: TrafficPlan


class BeginDrain(Value, tag=True):
    """Tell the process itself that it should shed connections, and watch for idleness."""

    node: Node


class EndDrain(Value, tag=True):
    """Take that back."""

    node: Node


class ApplyImpairment(Value, tag=True):
    """Bring the process to the impairment that stands in the fleet by then, or to none, and read that back."""

    node: str


class ApplyHops(Value, tag=True):
    """Bring the proxy to the disturbed hops that stand in the fleet by then, or end it, and read that back."""


class LeadNode(Value, tag=True):
    """Have a node call services through the proxy, or past it, as it stands in the fleet by then; read that back."""

    node: str


class EndOrphan(Value, tag=True):
    """End a process of this fleet that no node claims."""

    launch: Launch


class DeliverAlerts(Value, tag=True):
    """Deliver what is owed to receivers of alerts; it stands in the fleet."""


class Halt(Value, tag=True):
    """Everything has stopped: the daemon leaves."""


Effect = (
    Spawn
    | SendSignal
    | ApplyTraffic
    | BeginDrain
    | EndDrain
    | ApplyImpairment
    | ApplyHops
    | LeadNode
    | EndOrphan
    | DeliverAlerts
    | Halt
)

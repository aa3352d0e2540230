"""A hop that a drill disturbs: from the edges to a node, or from the nodes to a service. Values only; rules: `hops`.

The disturbance is made by a proxy of hactl's own that is in the hop exactly as long as the fault lasts: callers are
first rerouted through it, and afterwards past it again. All of it is emulated: no cable is cut.
"""

from enum import StrEnum
from typing import assert_never

from hactl.core.plural import counted
from hactl.core.value import Value

LONGEST_LAG = 60.0
"""Seconds that bytes may be late."""
SLOWEST, FASTEST = 1024, 1 << 30
"""Bytes per second of a hop that has little bandwidth."""
SHORTEST_SWING, LONGEST_SWING = 0.1, 600.0
"""Seconds that a hop which flaps is down, or up, at a time."""

_SERVICE = "service:"


class Disturbance(StrEnum):
    """What happens on a hop."""

    HOLD = "hold"
    """Nothing arrives: connections stay, what is sent waits. What was sent meanwhile arrives when it is over."""
    REFUSE = "refuse"
    """No connection is accepted, and those that are open are reset."""
    RESET = "reset"
    """Connections are accepted, and reset when the first byte comes; those that are open are reset."""
    LATE = "late"
    """Everything arrives later."""
    NARROW = "narrow"
    """No more than so many bytes a second arrive."""


class Way(StrEnum):
    """Which way bytes go, as the caller sees it: `to` are requests, `from` are answers."""

    BOTH = "both"
    TO = "to"
    FROM = "from"


class HopFault(Value):
    """What a hop suffers."""

    what: Disturbance
    way: Way = Way.BOTH
    """Of HOLD, LATE and NARROW."""
    lag: float = 0.0
    """With LATE: seconds, for each way that is struck."""
    rate: int = 0
    """With NARROW: bytes per second, of each way that is struck, all connections to one target together."""
    down: float = 0.0
    """Seconds that it is so at a time, when it comes and goes; 0: all the time."""
    up: float = 0.0
    """Seconds in between."""

    def __str__(self) -> str:
        where = {Way.BOTH: "either way", Way.TO: "on the way there", Way.FROM: "on the way back"}[self.way]
        match self.what:
            case Disturbance.HOLD:
                told = f"nothing arrives {where}"
            case Disturbance.REFUSE:
                told = "connections are refused"
            case Disturbance.RESET:
                told = "connections are reset"
            case Disturbance.LATE:
                told = f"+{self.lag * 1000:g} ms {where}"
            case Disturbance.NARROW:
                told = f"{self.rate / 1024:g} KiB/s {where}"
            case _:
                assert_never(self.what)
        return f"{told}, {self.down:g} s of every {self.down + self.up:g} s" if self.down else told


class HopCount(Value):
    """What a proxy has counted on one hop since it stands there."""

    connections: int = 0
    """Accepted."""
    resets: int = 0
    """Connections that it reset."""
    sent: int = 0
    """Bytes that arrived on the way there."""
    received: int = 0
    """Bytes that arrived on the way back."""
    held: int = 0
    """Bytes that were kept waiting by what the hop suffers, both ways."""

    def __str__(self) -> str:
        return (
            f"{counted(self.connections, 'connection')}, {counted(self.sent, 'byte')} there and {self.received} back,"
            f" {self.held} held, {counted(self.resets, 'reset')}"
        )


class Proxy(Value):
    """The process that stands in a hop, and cannot be mistaken for another."""

    pid: int
    ticks: int
    """Its start, in clock ticks after boot."""


class HopPhase(StrEnum):
    """How far a disturbed hop has come; the way back is the way there, turned round."""

    PLACING = "placing"
    """The proxy is to stand, and to let everything pass."""
    LEADING = "leading"
    """Callers are led through it."""
    ORDERED = "ordered"
    """All of them are, as they have proved; now it is to disturb."""
    EFFECTIVE = "effective"
    """Read back from the proxy."""
    LIFTING = "lifting"
    """It is to let everything pass again."""
    LEAVING = "leaving"
    """Callers are led past it."""

    @property
    def led(self) -> bool:
        """Callers are to go through the proxy."""
        return self in (HopPhase.LEADING, HopPhase.ORDERED, HopPhase.EFFECTIVE, HopPhase.LIFTING)

    @property
    def waits(self) -> bool:
        """It goes no further until the proxy has been read to have done as it was told."""
        return self in (HopPhase.PLACING, HopPhase.ORDERED, HopPhase.LIFTING)

    @property
    def over(self) -> bool:
        """It is on its way back."""
        return self in (HopPhase.LIFTING, HopPhase.LEAVING)


def to_service(service: str) -> str:
    """The name of the hop from all nodes to a service; that to a node is called as the node."""
    return f"{_SERVICE}{service}"


def service_of(hop: str) -> str:
    """The service that the hop called so leads to; "" for one to a node."""
    service = hop.removeprefix(_SERVICE)
    return "" if service == hop else service


class Hop(Value):
    """One hop that is disturbed, by whom, and how far that has come."""

    name: str
    """Of the node that is called, or `to_service`."""
    fault: HopFault
    by: str
    """For people: the drill."""
    order: str
    """The operation that asked for it."""
    phase: HopPhase = HopPhase.PLACING
    proxy: Proxy | None = None
    """None before it stands, and when it has ended."""
    port: int = 0
    """Where it stands in the hop to a node, at the node's own address."""
    callers: tuple[str, ...] = ()
    """Instances of nodes that may go through it to a service: noted before they are told, until they have proved not
    to. What edges do stands in the plan."""
    led: tuple[str, ...] = ()
    """Those that have proved to go through it."""
    mend: str = ""
    """The operation that waits for its end; "" when that is nothing but the end of its drill."""
    seen: HopCount = HopCount()
    """As the proxy counted when it was read last."""

    @property
    def service(self) -> str:
        """Of the hop to a service, which one; "" of a hop to a node."""
        return service_of(self.name)

    def __str__(self) -> str:
        where = f"the hop to {self.service or self.name}"
        match self.phase:
            case HopPhase.PLACING | HopPhase.LEADING | HopPhase.ORDERED:
                return f"{where} is about to be disturbed by {self.by}: {self.fault}"
            case HopPhase.EFFECTIVE:
                return f"{where} is disturbed by {self.by}: {self.fault}"
            case HopPhase.LIFTING | HopPhase.LEAVING:
                return f"{where}: disturbance by {self.by} is being lifted (not yet confirmed)"
            case _:
                assert_never(self.phase)


class HopOrder(Value):
    """What a proxy is told of one hop."""

    name: str
    listen: tuple[str, ...]
    """Where it stands: one place for each target, the path of a socket or an address, whose port it chooses once."""
    targets: tuple[tuple[str, int], ...]
    """Where it leads."""
    fault: HopFault | None = None
    """None: everything passes."""


class HopReading(Value):
    """What a proxy says of one hop."""

    name: str
    ports: tuple[int, ...]
    """Of its places; 0 for a path."""
    fault: HopFault | None
    seen: HopCount


class HopOrders(Value):
    """All hops that a proxy is to stand in."""

    hops: tuple[HopOrder, ...]


class HopReadings(Value):
    """All hops that a proxy stands in."""

    hops: tuple[HopReading, ...]
    wrong: dict[str, str] = {}
    """Hops that it could not do as it was told with, by name, and why."""
    leaving: int = 0
    """Hops that it stands in no more, but for those who are still on the way."""

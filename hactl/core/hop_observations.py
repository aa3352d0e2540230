"""What the world reports of disturbed hops: of the proxy that stands in them, and of nodes that call through it."""

from hactl.core.hop import HopReading, Proxy
from hactl.core.value import BaseObservation


class HopsRead(BaseObservation):
    """What the proxy in disturbed hops does was read back from it."""

    proxy: Proxy
    hops: tuple[HopReading, ...]
    wrong: dict[str, str] = {}
    """Hops that it could not do as it was told with, by name, and why."""


class HopsLost(BaseObservation):
    """That proxy has ended, or none could be started (`proxy` is None then)."""

    proxy: Proxy | None
    why: str


class NodeLed(BaseObservation):
    """How a node calls its services was read back from this very process."""

    node: str
    instance: str
    services: tuple[str, ...]
    """Those that it calls through the proxy."""


class NodeNotLed(BaseObservation):
    """A process cannot be led past a service, and is not."""

    node: str
    instance: str
    why: str
    hint: str = ""


HopObservation = HopsRead | HopsLost | NodeLed | NodeNotLed

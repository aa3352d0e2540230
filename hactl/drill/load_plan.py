"""What a load is to send, and what its process reports about it. Values only; importing them loads no client."""

from hactl.core.value import Value, replace
from hactl.drill.retrying import RetryPolicy

RETRIED = ".retried"
"""What the file of the second stream's requests is called besides."""
OTHERS = ".others"
"""The same of the stream of other clients."""
OTHERS_RATE = 50.0
"""Requests per second of these: enough to notice half a second, and too few to weigh anything."""
PREFIX = "hactl-load-"
"""How the directory of a load's files is called; it is left behind only when whoever started the load is killed."""


class LoadPlan(Value):
    """What to send, how often and for how long."""

    url: str
    rate: float = 300.0
    """Requests per second."""
    duration: float = 10.0
    """Seconds."""
    timeout: float = 5.0
    """Seconds one request may take, from the moment it is sent."""
    method: str = "GET"
    connections: int = 16
    """Kept connections that take turns, so that every edge gets its part; more are opened while these are busy."""
    body: bytes = b""
    fresh_connections: bool = False
    """Each request opens a connection of its own, as many clients do."""
    node_header: str = "x-hactl-node"
    """Response header that names the node."""
    in_flight: int = 10_000
    """Most requests under way at a time; one that is due beyond is given up and counted as unsent."""
    retries: int = 0
    """Of a second stream of the same rate, whose clients ask again when a request fails; 0: there is no such stream."""

    others: str = ""
    """URL that a stream of other clients asks for, besides and rarely; "": there is no such stream."""
    burst: int = 0
    """So many clients that were connected, have been cut off, and come back in the moment when the first request is
    due, each with a request of its own besides all others."""

    @property
    def told(self) -> str:
        """What clients do, as people read it."""
        fresh = ", each on a connection of its own" if self.fresh_connections else ""
        return f"{self.rate:g} requests/s to {self.url}{fresh}"

    @property
    def count(self) -> int:
        """How many requests the whole plan has."""
        return round(self.rate * self.duration)

    @property
    def policy(self) -> RetryPolicy | None:
        """What the clients of the second stream do; None when there are none."""
        return RetryPolicy(retries=self.retries, deadline=self.timeout) if self.retries else None

    @property
    def beside(self) -> "LoadPlan | None":
        """What other clients do meanwhile; None when there are none."""
        if not self.others:
            return None
        return replace(self, url=self.others, rate=OTHERS_RATE, others="", connections=4, retries=0, burst=0)


class Progress(Value):
    """How a load stands; one line a second of its process's output."""

    t: float
    """Seconds since the first request was due."""
    sent: int
    failed: int
    last_failed: float | None = None
    """Monotonic seconds at which the last request that failed was due; None while none has."""
    p99_ms: float | None = None
    """Of the requests that were done since the line before; None without any."""


class Ready(Value):
    """First line of a load process: connections are open, the first request is due now."""

    ready: bool = True
    warm: bool = True
    """Every connection of the warm-up got an answer."""

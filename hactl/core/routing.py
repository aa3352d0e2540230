"""What the operator declared about services and routes. Not about the fleet that serves them: that is `spec`.

Durations are seconds.
"""

from hactl.core.value import Value


class RateLimitSpec(Value):
    """How many requests the edges let in together; no limit without `requests`. What is beyond is answered 429."""

    requests: int = 0
    per: float = 1.0
    """Seconds in which so many are let in."""
    burst: int = 0
    """So many at once after a silence; 0: as many as `requests`."""

    @property
    def most(self) -> int:
        """Requests at once after a silence."""
        return self.burst or self.requests


class LimitsSpec(Value):
    """How much one node asks of one service at a time; what is beyond is answered 503 at once."""

    connections: int = 4096
    pending: int = 4096
    """Requests that wait for a connection."""
    requests: int = 16_384


class ServiceHealthSpec(Value):
    """How every node checks the endpoints of a service; no path: not at all."""

    path: str = ""
    interval: float = 5.0
    timeout: float = 0.5
    """Seconds; also how much longer a node takes to start while an endpoint hangs (measured: exactly that)."""
    unhealthy_threshold: int = 3
    healthy_threshold: int = 1


class ServiceTlsSpec(Value):
    """How nodes speak TLS to a service; the certificate is always verified."""

    ca: str = ""
    """Path of a file of certificates, `SYSTEM_CA` for those of this machine, "" for no TLS."""
    sni: str = ""
    """The name asked for, which the certificate must bear; "": that of the endpoints."""


SYSTEM_CA = "system"
"""Stands for the certificate authorities this machine trusts."""


class ServiceSpec(Value):
    """An upstream the gateway routes to."""

    name: str
    endpoints: tuple[tuple[str, int], ...]
    timeout: float = 0.5
    """Seconds to connect to one of its endpoints."""
    limits: LimitsSpec = LimitsSpec()
    health: ServiceHealthSpec = ServiceHealthSpec()
    tls: ServiceTlsSpec = ServiceTlsSpec()


class RedirectSpec(Value):
    """Where clients are sent instead; nowhere without `to`."""

    to: str = ""
    """A path, or a URL; a URL without a path keeps that of the request."""
    status: int = 302


class HeadersSpec(Value):
    """Changes to the headers of requests or of responses. Values are literal."""

    set: dict[str, str] = {}
    """In place of what there is."""
    add: dict[str, str] = {}
    """Beside what there is."""
    remove: tuple[str, ...] = ()


class CorsSpec(Value):
    """Which pages of other origins may ask; none without `origins`."""

    origins: tuple[str, ...] = ()
    """As browsers send them, like `https://app.example.com`; `*` for any."""
    methods: tuple[str, ...] = ("GET", "HEAD", "POST")
    headers: tuple[str, ...] = ()
    credentials: bool = False
    max_age: float = 600.0
    """Seconds a browser may remember the answer."""


IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
"""Methods that may be sent again although a node may have seen them."""


class RouteSpec(Value):
    """Which requests go to which service. Routes are tried in the order of the file."""

    prefix: str = ""
    path: str = ""
    """Exact path; a route has either `prefix` or `path`."""
    host: str = ""
    methods: tuple[str, ...] = ()
    service: str = ""
    respond: int = 0
    """Answer with this status instead of asking a service."""
    respond_body: str = ""
    redirect: RedirectSpec = RedirectSpec()
    strip_prefix: bool = False
    rewrite: str = ""
    """Takes the place of `prefix` or `path` on the way to the service; "" for no change."""
    request_headers: HeadersSpec = HeadersSpec()
    response_headers: HeadersSpec = HeadersSpec()
    cors: CorsSpec = CorsSpec()
    websocket: bool = True
    timeout: float = 5.0
    per_try_timeout: float | None = None
    """None: as long as the whole request may take, so that a slow service is not asked again and again."""
    retries: int = 5
    """For idempotent methods; others are only ever sent again when no byte can have reached a node."""
    hedge: float = 0.0
    """Seconds after which an idempotent request is also sent to another node, and the first answer counts; 0: never."""
    rate_limit: RateLimitSpec = RateLimitSpec()

    @property
    def idempotent(self) -> tuple[str, ...]:
        """Those of its methods that may be sent again."""
        return tuple(method for method in self.methods or IDEMPOTENT if method in IDEMPOTENT)

    @property
    def try_timeout(self) -> float:
        """Seconds that one try may take."""
        return self.timeout if self.per_try_timeout is None else min(self.timeout, self.per_try_timeout)

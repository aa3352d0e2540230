"""The keys that say how traffic flows: edges, regions, services, routes. Not the processes behind: `process_keys`."""

from hactl.config import kinds, quantities
from hactl.config.table import Key, Table
from hactl.config.traffic_kinds import (
    BELOW_ROOT,
    NAME,
    TOKEN,
    cors,
    edge_tls,
    headers,
    limits,
    methods,
    rate_limit,
    redirect,
    service_health,
    tls,
)
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import MAX_EDGES, EdgeSpec, FailoverMode, FleetSpec, Policy, RegionSpec

MAX_NODES = 200
"""Gateway nodes in all regions together: what one machine and one control plane are made for."""
MAX_RESPOND_BODY = 4096
"""Bytes of a fixed answer; Envoy refuses longer ones unless told otherwise."""

name = kinds.text('a name of 1 to 32 characters out of a-z, 0-9 and "-"', NAME)
"""The kind of every name."""
_patience = quantities.duration("10ms", "1d")


EDGE = Table(
    name="edge",
    doc="The load balancers in front: identical processes that share one address.",
    blank=EdgeSpec(),
    into="edge",
    keys=(
        Key(name="listen", kind=quantities.address(), fields=("host", "port"), doc="the address clients connect to"),
        Key(
            name="count",
            kind=kinds.whole(1, MAX_EDGES),
            doc="how many edges; with two or more, one may be lost",
        ),
        Key(name="threads", kind=kinds.whole(1, 256, auto=True), doc='threads per edge; "auto" is cores / count'),
        Key(name="policy", kind=kinds.choice(Policy), doc="how an edge chooses among the nodes"),
        Key(
            name="hash_on",
            kind=kinds.text('"header:NAME", "cookie:NAME" or "source-ip"', f"|source-ip|(?:header|cookie):{TOKEN}"),
            doc='what ring-hash and maglev hash: "header:NAME", "cookie:NAME" or "source-ip"',
        ),
        Key(name="sticky", kind=kinds.flag(), doc="keep each client on one node by a cookie, while that node serves"),
        Key(
            name="node_header",
            kind=kinds.text('the name of a header, or ""', f"|{TOKEN}"),
            doc='response header that names the node that answered; "" for none',
        ),
        Key(name="max_connections", kind=kinds.whole(1, 1_000_000), doc="client connections each edge accepts"),
        Key(
            name="request_headers_timeout",
            kind=quantities.duration("100ms", "1h"),
            doc="how long a client may take to send its request headers",
        ),
        Key(name="idle_timeout", kind=quantities.duration("1s", "1d"), doc="how long an idle connection is kept"),
        Key(
            name="max_body_retry",
            kind=quantities.size("0B", "1GiB"),
            doc="request bodies up to this size are buffered, and can be sent again to another node",
        ),
        Key(
            name="rate_limit",
            kind=rate_limit,
            doc="requests that all edges together let in, each its part; more are answered 429; burst 0: as requests, "
            "requests 0: no limit",
        ),
        Key(
            name="tls",
            kind=edge_tls,
            doc="speak TLS to clients with these PEM files, which are reloaded automatically when they change",
        ),
    ),
)

REGION = Table(
    name="region",
    doc="A failure domain with its own nodes, which are called NAME-1, NAME-2, ... One table for each region.",
    blank=RegionSpec(),
    into="regions",
    repeated=True,
    keys=(
        Key(name="name", kind=name, doc="its name in commands"),
        Key(
            name="priority",
            kind=kinds.whole(0, 1000),
            doc="lower serves first (active/passive); equal ones share (active/active)",
        ),
        Key(name="weight", kind=kinds.whole(0, 1000), doc="its part of the traffic among regions of equal priority"),
        Key(name="nodes", kind=kinds.whole(1, MAX_NODES), doc="how many nodes"),
        Key(
            name="spares",
            kind=kinds.whole(0, MAX_NODES),
            doc="how many more on standby, ready to step in the moment others are out",
        ),
        Key(name="bind", kind=quantities.ip(), doc="the IP address its nodes listen on"),
    ),
    planned=("autoscale",),
)

REGION_FAILOVER = Table(
    name="region_failover",
    doc="What happens when a region cannot serve.",
    blank=FleetSpec(),
    keys=(
        Key(
            name="mode",
            kind=kinds.choice(FailoverMode),
            fields=("failover_mode",),
            doc='"standby": later regions wait until no earlier one can serve; "spill-over": they take the excess',
        ),
        Key(
            name="auto_failback",
            kind=kinds.flag(),
            doc="a lost region gets its traffic back automatically; otherwise with: hactl failback",
        ),
        Key(
            name="stable_for",
            kind=quantities.duration("0s", "1d"),
            doc="how long a region that was in trouble must have been healthy before it gets traffic back on its own",
        ),
        Key(
            name="brownout",
            kind=kinds.flag(),
            doc="a region that is far slower or more faulty than the others keeps a tenth of its traffic until it "
            "has recovered",
        ),
    ),
)

SERVICE = Table(
    name="service",
    doc="An upstream the gateway routes to. One table for each service.",
    blank=ServiceSpec(name="", endpoints=()),
    into="services",
    repeated=True,
    keys=(
        Key(name="name", kind=name, doc="its name in routes", required=True, example="app"),
        Key(
            name="endpoints",
            kind=kinds.many(quantities.address(names=True), 'addresses, like ["127.0.0.1:9000"]'),
            doc="addresses of its endpoints",
            required=True,
            example=(("127.0.0.1", 9000),),
        ),
        Key(name="timeout", kind=quantities.duration("10ms", "1m"), doc="how long connecting to an endpoint may take"),
        Key(name="limits", kind=limits, doc="limits on what each node sends it at a time; more is answered 503"),
        Key(
            name="health",
            kind=service_health,
            doc="how each node checks the endpoints; an endpoint that fails gets no requests; no path: no checks",
        ),
        Key(
            name="tls",
            kind=tls,
            doc='speak TLS to it: ca is "system" or a file, sni the name in the certificate; ca = "" for no TLS',
        ),
    ),
)

ROUTE = Table(
    name="route",
    doc="Which requests go where; the first route that matches decides. One table for each route.",
    blank=RouteSpec(),
    into="routes",
    repeated=True,
    keys=(
        Key(name="prefix", kind=BELOW_ROOT, doc="paths that begin with this; either prefix or path", example="/"),
        Key(name="path", kind=BELOW_ROOT, doc="exactly this path; either prefix or path"),
        Key(
            name="host",
            kind=kinds.text(
                'a host name, like "example.com" or "*.example.com"',
                rf"|(?:(?:\*\.)?{quantities.HOSTNAME}|\[[0-9A-Fa-f:.]+\])",
            ),
            doc='only requests for this host; "" for any, "*.example.com" for all below it',
        ),
        Key(
            name="methods",
            kind=methods,
            doc="only these methods; [] for any",
        ),
        Key(
            name="service",
            kind=kinds.text('the name of a service, or ""', f"|{NAME}"),
            doc="the service that answers",
            example="app",
        ),
        Key(
            name="respond",
            kind=kinds.whole(200, 599, off=True),
            doc="answer with this status instead of asking a service; 0: do not",
        ),
        Key(
            name="respond_body",
            kind=kinds.text(f"text of at most {MAX_RESPOND_BODY} bytes", longest=MAX_RESPOND_BODY),
            doc="the body of that answer",
        ),
        Key(
            name="redirect",
            kind=redirect,
            doc="send clients there instead of asking a service; a URL without a path keeps the path",
        ),
        Key(
            name="strip_prefix", kind=kinds.flag(), doc="remove the prefix from the path that the service is asked for"
        ),
        Key(name="rewrite", kind=BELOW_ROOT, doc='ask the service for this in place of prefix or path; "": do not'),
        Key(name="request_headers", kind=headers, doc="changes to the headers of requests to the service"),
        Key(name="response_headers", kind=headers, doc="changes to the headers of answers to clients"),
        Key(
            name="cors",
            kind=cors,
            doc='pages of these origins may send requests, "*": all; other preflight requests never reach the service',
        ),
        Key(name="websocket", kind=kinds.flag(), doc="let clients open WebSockets; 403 otherwise"),
        Key(name="timeout", kind=_patience, doc="for the whole request, retries included"),
        Key(
            name="per_try_timeout",
            kind=quantities.duration("10ms", "1d", auto=True),
            doc='for one try of an idempotent request; "auto": as long as timeout',
        ),
        Key(
            name="retries",
            kind=kinds.whole(0, 20),
            doc="retries of idempotent requests; others are retried only when no byte can have arrived",
        ),
        Key(
            name="hedge",
            kind=quantities.duration("0s", "1h"),
            doc="send an idempotent request to another node, too, when it has no answer after this, to a third after "
            'twice this; "0s": never; choose it well above what the service usually takes',
        ),
        Key(
            name="rate_limit",
            kind=rate_limit,
            doc="requests that all edges together let in on this route; more are answered 429; requests 0: no limit",
        ),
    ),
    planned=("auth",),
)

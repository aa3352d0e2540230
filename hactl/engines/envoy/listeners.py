"""What an Envoy listens on and how it treats HTTP: the edge's shared and private listeners, a node's only one.

Pure: specs in, documents out. Paths are normalised the same way at edge and node, so that both mean the same route.
"""

from hactl.core.model import Fleet
from hactl.core.node import Node
from hactl.core.spec import FleetSpec
from hactl.engines.envoy import ratelimits
from hactl.engines.envoy.changes import CORS
from hactl.engines.envoy.client_tls import to_clients
from hactl.engines.envoy.document import HTTP2, Document, extension, pipe_address, seconds, socket_address, source
from hactl.engines.envoy.faults import injector
from hactl.engines.envoy.routes import EDGE_ROUTES, NODE_ROUTES, READY, REFUSED
from hactl.engines.envoy.seat import Seat

EDGE = "edge"
PROOF = "proof"
PROOF_TLS = "proof-tls"
NODE = "gw"
_NODE_IDLE = 3600.0
"""Seconds; much longer than an edge keeps an unused connection, so that the node is never the one who hangs up."""
_CONNECTION_BUFFER = 1 << 20
_ANSWER_MARGIN = 1.0
"""Seconds more than an edge waits for a node, so that a slow service is reported as such."""


def edge_listeners(fleet: Fleet, seat: Seat) -> list[Document]:
    """The shared listener, and a private one with the same routes that only this edge can answer on.

    With TLS a second private one has it as well, to see which certificate this very edge shows; probes need none.
    """
    edge = fleet.spec.edge
    logs = [_counting_log(), _error_log(seat)]
    tls = {"transport_socket": to_clients(seat)} if edge.tls.cert else {}
    shared = {
        "name": EDGE,
        "address": socket_address(edge.host, edge.port),
        "enable_reuse_port": True,
        # drained on its own: the private one goes on answering probes until the end
        "traffic_direction": "INBOUND",
        "per_connection_buffer_limit_bytes": _CONNECTION_BUFFER,
        "filter_chains": [{"filters": [_edge_http(EDGE, fleet.spec, seat, logs)], **tls}],
    }
    private = {
        "name": PROOF,
        "address": pipe_address(seat.proof),
        "ignore_global_conn_limit": True,
        "per_connection_buffer_limit_bytes": _CONNECTION_BUFFER,
        "filter_chains": [{"filters": [_edge_http(PROOF, fleet.spec, seat, [])]}],
    }
    if not tls:
        return [shared, private]
    encrypted = {
        **private,
        "name": PROOF_TLS,
        "address": pipe_address(seat.proof_tls),
        "filter_chains": [{"filters": [_edge_http(PROOF_TLS, fleet.spec, seat, [])], **tls}],
    }
    return [shared, private, encrypted]


def node_listeners(node: Node, seat: Seat, *, cors: bool = False, faults: bool = False) -> list[Document]:
    """The node's listener. Without a shared port: a second process on it must fail, not take half of the traffic.

    `cors` is whether any route wants it, `faults` whether a drill may: a filter that does nothing still costs every
    request 1 %, and one that asks the runtime about a microsecond (4 % of what a node needs to answer by itself).
    """
    http = _http(
        NODE,
        NODE_ROUTES,
        seat,
        idle=_NODE_IDLE,
        stream_idle=0.0,  # never: that is the edge's to say
        filters=[_readiness(), *([injector()] if faults else []), *([_cors()] if cors else []), _router()],
        access_log=[_error_log(seat)],
        preserve_external_request_id=True,
        local_reply_config={"mappers": [_own_refusal()]},
    )
    return [
        {
            "name": NODE,
            "address": socket_address(node.address, node.port),
            "enable_reuse_port": False,
            "per_connection_buffer_limit_bytes": _CONNECTION_BUFFER,
            "filter_chains": [{"filters": [http]}],
        }
    ]


def _edge_http(name: str, spec: FleetSpec, seat: Seat, access_log: list[Document]) -> Document:
    edge = spec.edge
    limits = [ratelimits.limiter()] if ratelimits.limited(spec) else []
    sticky = [_sticky()] if edge.sticky else []
    return _http(
        name,
        EDGE_ROUTES,
        seat,
        idle=edge.idle_timeout,
        # also ends a body that stops coming and an answer nobody reads, but never a service's time to answer
        stream_idle=max([edge.idle_timeout, *(route.timeout + _ANSWER_MARGIN for route in spec.routes)]),
        filters=[_readiness(), *limits, *sticky, _router()],
        access_log=access_log,
        use_remote_address=True,
        request_headers_timeout=seconds(edge.request_headers_timeout),
        **({"local_reply_config": {"mappers": [ratelimits.refusal()]}} if limits else {}),
    )


def _http(
    name: str,
    routes: str,
    seat: Seat,
    *,
    idle: float,
    stream_idle: float,
    filters: list[Document],
    access_log: list[Document],
    **more: object,
) -> Document:
    return extension(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        codec_type="AUTO",
        rds={"route_config_name": routes, "config_source": source(seat.routes)},
        http_filters=filters,
        access_log=access_log,
        always_set_request_id_in_response=True,
        common_http_protocol_options={"idle_timeout": seconds(idle)},
        stream_idle_timeout=seconds(stream_idle),
        http2_protocol_options=HTTP2,
        http_protocol_options={"accept_http_10": True, "default_host_for_http_10": "localhost"},
        upgrade_configs=[{"upgrade_type": "websocket"}],
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="UNESCAPE_AND_REDIRECT",
        # a reader that stalls longer than this at the end of a closing connection loses the rest (0.25 s did that in
        # tests); a WebSocket's close takes as long, which is the lesser evil
        delayed_close_timeout="1s",
        drain_timeout="1s",
        **more,
    )


def _readiness() -> Document:
    return extension(
        "envoy.filters.http.health_check",
        "envoy.extensions.filters.http.health_check.v3.HealthCheck",
        pass_through_mode=False,
        headers=[{"name": ":path", "string_match": {"exact": READY}}],
    )


def _sticky() -> Document:
    state = extension(
        "envoy.http.stateful_session.cookie",
        "envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState",
        cookie={"name": "hactl-node", "path": "/", "ttl": "3600s"},
    )
    return extension(
        "envoy.filters.http.stateful_session",
        "envoy.extensions.filters.http.stateful_session.v3.StatefulSession",
        strict=False,
        stat_prefix="sticky",
        session_state=state,
    )


def _cors() -> Document:
    """Does nothing but on routes that say whom to allow."""
    return extension(CORS, "envoy.extensions.filters.http.cors.v3.Cors")


def _router() -> Document:
    return extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router")


def _own_refusal() -> Document:
    """Mark what the node refused under overload, before any service saw it."""
    return {
        "filter": {"response_flag_filter": {"flags": ["OM"]}},
        "headers_to_add": [{"header": {"key": REFUSED, "value": "overload"}}],
    }


def _counting_log() -> Document:
    """Not a file: counts answers by node and status and keeps a latency histogram per node, inside the edge."""
    node = {"name": "up", "value_format": "%UPSTREAM_HOST%"}
    return extension(
        "envoy.access_loggers.stats",
        "envoy.extensions.access_loggers.stats.v3.Config",
        stats_scope={"prefix": "node"},
        histograms=[
            {
                "unit": "Microseconds",
                "value_format": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
                "stat": {"name": "rq_us", "tags": [node]},
            }
        ],
        counters=[
            {
                "value_fixed": 1,
                "stat": {"name": "rq", "tags": [node, {"name": "code", "value_format": "%RESPONSE_CODE%"}]},
            }
        ],
    )


def _error_log(seat: Seat) -> Document:
    """One line for each request that ended badly. A rate limit that does its work is nothing bad, nor is a check of a
    process that drains: every edge makes twenty a second."""
    flagged: list[Document] = [
        {"response_flag_filter": {}},
        _status("NE", ratelimits.STATUS, "hactl.log_never_status"),
    ]
    filters = [_status("GE", 500, "hactl.log_min_status"), {"and_filter": {"filters": flagged}}]
    log = extension(
        "envoy.access_loggers.file",
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        path=str(seat.errors),
        log_format={
            "json_format": {
                "ts": "%START_TIME(%s.%3f)%",
                "rid": "%REQ(X-REQUEST-ID)%",
                "m": "%REQ(:METHOD)%",
                "p": "%REQ(:PATH)%",
                "code": "%RESPONSE_CODE%",
                "flags": "%RESPONSE_FLAGS%",
                "why": "%RESPONSE_CODE_DETAILS%",
                "up": "%UPSTREAM_HOST%",
                "att": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                "us": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
            }
        },
    )
    served: list[Document] = [{"not_health_check_filter": {}}, {"or_filter": {"filters": filters}}]
    return {**log, "filter": {"and_filter": {"filters": served}}}


def _status(op: str, value: int, key: str) -> Document:
    return {"status_code_filter": {"comparison": {"op": op, "value": {"default_value": value, "runtime_key": key}}}}

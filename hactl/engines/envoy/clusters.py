"""Whom an Envoy calls: an edge its gateway nodes, a node its services. Pure: specs in, documents out."""

from typing import assert_never, cast

from hactl.core.model import Fleet
from hactl.core.routing import ServiceHealthSpec, ServiceSpec
from hactl.core.spec import GatewayKind, HealthSpec, Policy, ProbeKind
from hactl.engines.envoy.account import NOBODY
from hactl.engines.envoy.document import HTTP2, Document, seconds, socket_address, source, typed
from hactl.engines.envoy.endpoints import CLUSTER, HEDGED
from hactl.engines.envoy.seat import Seat
from hactl.engines.envoy.tls import is_ip, to_service

_OWN_IDLE = 60.0
"""Seconds an unused connection to an Envoy node is kept; the node itself keeps it longer, so no race."""
_FOREIGN_IDLE = 4.0
"""The same for other people's servers, many of which hang up after 5 s and would race with a request."""
GRPC_SUFFIX = ":grpc"
"""A service has a second cluster that speaks HTTP/2, for calls that need it."""


def nodes_cluster(fleet: Fleet, policy: Policy, seat: Seat) -> Document:
    """The edge's cluster of gateway nodes.

    A node leaves it by what the node itself did wrong (no connection, a reset, a failed check), never by the status
    of an answer: one dead service must not become a dead gateway.
    """
    spec = fleet.spec
    return {
        "name": CLUSTER,
        "type": "EDS",
        "eds_cluster_config": {"service_name": CLUSTER, "eds_config": source(seat.endpoints)},
        "connect_timeout": "0.500s",
        **_balancing(policy, spec.health.slow_start),
        "typed_extension_protocol_options": _node_protocol(fleet),
        # without it a node taken out of the plan keeps its share for as long as it passes checks
        "ignore_health_on_host_removal": True,
        "track_cluster_stats": {"per_endpoint_stats": True},
        "common_lb_config": {
            "healthy_panic_threshold": {"value": NOBODY},
            # with the default of 1 s the second of two deaths within a second waits for it
            "update_merge_window": "0s",
            "ignore_new_hosts_until_first_hc": True,
            "locality_weighted_lb_config": {},
            "override_host_status": {"statuses": ["UNKNOWN", "HEALTHY", "DEGRADED", "DRAINING"]},
        },
        "health_checks": [_check(spec.health)],
        "outlier_detection": _ejection(len(fleet.gateways)),
        "circuit_breakers": {
            "thresholds": [
                {
                    "priority": "DEFAULT",
                    "max_connections": spec.edge.max_connections,
                    "max_pending_requests": spec.edge.max_connections,
                    "max_requests": spec.edge.max_connections,
                    # three of four nodes may die at once: every request in flight may need its retry, and those that
                    # wait for it are no longer counted as in flight (with 100, 54 of 300 were given up)
                    "retry_budget": {
                        "budget_percent": {"value": 100},
                        "min_retry_concurrency": spec.edge.max_connections,
                    },
                }
            ]
        },
    }


def hedged_cluster(fleet: Fleet, policy: Policy, seat: Seat) -> Document:
    """The same nodes for hedged routes, on which a try that is late is no sign of a bad node.

    Envoy counts it as a local failure, so nothing is ejected here; active checks still take a node out.
    """
    ejection = {**_ejection(len(fleet.gateways)), "enforcing_consecutive_local_origin_failure": 0}
    return {**nodes_cluster(fleet, policy, seat), "name": HEDGED, "outlier_detection": ejection}


def service_clusters(service: ServiceSpec) -> list[Document]:
    """A node's two clusters for one service: as it is, and over HTTP/2 for gRPC."""
    return [_service(service, service.name, http2=False), _service(service, service.name + GRPC_SUFFIX, http2=True)]


def _service(service: ServiceSpec, name: str, *, http2: bool) -> Document:
    static = all(is_ip(host) for host, _ in service.endpoints)
    document: Document = {
        "name": name,
        "type": "STATIC" if static else "STRICT_DNS",
        "connect_timeout": seconds(service.timeout),
        "lb_policy": "LEAST_REQUEST",
        "typed_extension_protocol_options": _protocol(
            {"http2_protocol_options": HTTP2} if http2 else {"http_protocol_options": {}}, _FOREIGN_IDLE
        ),
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(service, *each) for each in service.endpoints]}],
        },
        "outlier_detection": {
            "consecutive_5xx": 10,
            "consecutive_gateway_failure": 5,
            "enforcing_consecutive_gateway_failure": 100,
            "interval": "1s",
            "base_ejection_time": "5s",
            "max_ejection_time": "30s",
            "max_ejection_percent": 50,
            "enforcing_success_rate": 0,
        },
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": service.limits.connections,
                    "max_pending_requests": service.limits.pending,
                    "max_requests": service.limits.requests,
                    # the default is 3: every request may have met a dead endpoint
                    "max_retries": service.limits.requests,
                }
            ]
        },
    }
    if service.health.path:
        document["health_checks"] = [_service_check(service.health, service.tls.sni or service.name, http2=http2)]
        # only when no endpoint is well are all of them tried; the default is half of them
        document["common_lb_config"] = {"healthy_panic_threshold": {"value": NOBODY}}
    if service.tls.ca:
        document["transport_socket"] = to_service(service, http2=http2)
    if not static:
        document["dns_lookup_family"] = "V4_PREFERRED"
    return document


def _endpoint(service: ServiceSpec, host: str, port: int) -> Document:
    """One that has a name is asked for it by its checks, unless all of the service bear one."""
    address: Document = {"address": socket_address(host, port)}
    if service.health.path and not service.tls.sni and not is_ip(host):
        address["health_check_config"] = {"hostname": host}
    return {"endpoint": address}


def _balancing(policy: Policy, slow_start: float) -> Document:
    match policy:
        case Policy.ROUND_ROBIN:
            return {"lb_policy": "ROUND_ROBIN", **_slow_start("round_robin_lb_config", slow_start)}
        case Policy.LEAST_REQUEST:
            return {"lb_policy": "LEAST_REQUEST", **_slow_start("least_request_lb_config", slow_start)}
        case Policy.RANDOM:
            return {"lb_policy": "RANDOM"}
        case Policy.RING_HASH:
            return {"lb_policy": "RING_HASH"}
        case Policy.MAGLEV:
            return {"lb_policy": "MAGLEV"}
        case _:
            assert_never(policy)


def _slow_start(field: str, window: float) -> Document:
    if not window:
        return {}
    return {field: {"slow_start_config": {"slow_start_window": seconds(window), "min_weight_percent": {"value": 10}}}}


def _node_protocol(fleet: Fleet) -> Document:
    """An Envoy node gets what the client spoke (so gRPC works); any other program HTTP/1.1, or HTTP/2 if it is gRPC."""
    if fleet.spec.health.kind is ProbeKind.GRPC:
        return _protocol({"http2_protocol_options": HTTP2}, _FOREIGN_IDLE)
    match fleet.spec.gateway.kind:
        case GatewayKind.ENVOY:
            both: Document = {"http_protocol_options": {}, "http2_protocol_options": HTTP2}
            return _protocol(both, _OWN_IDLE, field="use_downstream_protocol_config")
        case GatewayKind.COMMAND:
            return _protocol({"http_protocol_options": {}}, _FOREIGN_IDLE)
        case _:
            assert_never(fleet.spec.gateway.kind)


def _protocol(options: Document, idle: float, *, field: str = "explicit_http_config") -> Document:
    kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    common = {"idle_timeout": seconds(idle)}
    return {kind: typed(kind, common_http_protocol_options=common, **{field: options})}


def _check(health: HealthSpec) -> Document:
    document: Document = {
        "timeout": seconds(health.timeout),
        "interval": seconds(health.interval),
        "no_traffic_interval": seconds(health.interval),  # the default is 60 s until the first request
        "unhealthy_interval": seconds(max(0.05, health.interval / 5)),
        "unhealthy_threshold": health.unhealthy_threshold,
        "healthy_threshold": health.healthy_threshold,
    }
    match health.kind:
        case ProbeKind.HTTP:
            low, high = health.expect
            others = [(100, low), (high + 1, 600)]
            document["http_health_check"] = {
                "path": health.path,
                "expected_statuses": [{"start": low, "end": high + 1}],
                # the threshold only counts for statuses named here; any other ends a node's service at once
                "retriable_statuses": [{"start": start, "end": end} for start, end in others if start < end],
            }
        case ProbeKind.TCP:
            document["tcp_health_check"] = {}
        case ProbeKind.GRPC:
            document["grpc_health_check"] = {}
        case _:
            assert_never(health.kind)
    return document


def _service_check(health: ServiceHealthSpec, host: str, *, http2: bool) -> Document:
    document = _check(
        HealthSpec(
            path=health.path,
            interval=health.interval,
            timeout=health.timeout,
            unhealthy_threshold=health.unhealthy_threshold,
            healthy_threshold=health.healthy_threshold,
        )
    )
    more = {**({"codec_client_type": "HTTP2"} if http2 else {}), "host": host}
    return {**document, "http_health_check": {**cast(Document, document["http_health_check"]), **more}}


def _ejection(nodes: int) -> Document:
    """Ejection by local failures only. Never of all nodes at once: an empty cluster helps nobody.

    A check that succeeds ends an ejection, so its own length matters for nodes that stay dead.
    """
    return {
        "interval": "0.250s",
        "base_ejection_time": "2s",
        "max_ejection_time": "5s",
        "max_ejection_percent": 100 * (nodes - 1) // nodes if nodes else 0,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 2,
        "enforcing_consecutive_local_origin_failure": 100,
    }

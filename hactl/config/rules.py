"""What must hold between the keys of a `hactl.toml`. Not what each key by itself accepts: that is its `Kind`.

Those of services and routes are `traffic_rules`, those of alerts `alert_rules`. Pure: a spec in, problems out. Each
rule is a generator of problems; `broken_rules` runs them all.
"""

import re
from collections.abc import Iterator

from hactl.config.alert_rules import alerts
from hactl.config.overlay import misfits
from hactl.config.schedule_rules import schedules
from hactl.config.traffic_keys import MAX_NODES
from hactl.config.traffic_rules import rate_limit, routes, services, twice
from hactl.config.unfit import Problem, did_you_mean, quoted
from hactl.core.plural import counted
from hactl.core.spec import FleetSpec, GatewayKind

RESERVED = ("daemon", "edge", "edges")
"""No region may be called so: edges are named edge-1, edge-2, ..., and "daemon" names the daemon's own log."""
PLACEHOLDERS = ("port", "address", "name", "region", "dir")
"""What may stand in braces in `gateway.command`."""


def broken_rules(spec: FleetSpec) -> list[Problem]:
    """Everything about `spec` that cannot work, in the order of the tables; [] when it can."""
    rules = (
        _edge,
        _regions,
        _ports,
        _gateway,
        _health,
        _restart,
        _safety,
        services,
        routes,
        alerts,
        schedules,
        misfits,
    )
    return [problem for rule in rules for problem in rule(spec)]


def _edge(spec: FleetSpec) -> Iterator[Problem]:
    if spec.edge.policy.hashes and not spec.edge.hash_on:
        cause = f"must be given for the policy {quoted(spec.edge.policy)}"
        yield Problem(path="edge.hash_on", cause=cause, hint='"header:NAME", "cookie:NAME" or "source-ip"')
    if bool(spec.edge.tls.cert) != bool(spec.edge.tls.key):
        missing = "key" if spec.edge.tls.cert else "cert"
        hint = 'like { cert = "/path/cert.pem", key = "/path/key.pem" }'
        yield Problem(path="edge.tls", cause=f"wants a {missing}, too", hint=hint)
    yield from rate_limit(spec.edge.rate_limit, "edge.rate_limit")


def _regions(spec: FleetSpec) -> Iterator[Problem]:
    for name in twice(list(spec.region_names)):
        yield Problem(path=f"region[{name}].name", cause=f"two regions are called {quoted(name)}")
    for region in spec.regions:
        if region.name in RESERVED:
            cause = f"no region may be called {quoted(region.name)}"
            yield Problem(path=f"region[{region.name}].name", cause=cause, hint="hactl uses that name itself")
    if not any(region.weight for region in spec.regions):
        cause = "the weight of every region is 0"
        yield Problem(path="region", cause=cause, hint="at least one must be above 0 to get any traffic")
    if _nodes(spec) > MAX_NODES:
        yield Problem(path="region", cause=f"wants at most {MAX_NODES} nodes in all regions, found {_nodes(spec)}")


def _ports(spec: FleetSpec) -> Iterator[Problem]:
    first, last = spec.ports
    if last - first + 1 < _nodes(spec):
        cause = f"{last - first + 1} ports are not enough for {_nodes(spec)} nodes"
        yield Problem(path="fleet.ports", cause=cause, hint="every node needs one of its own")
    if first <= spec.edge.port <= last:
        cause = f"port {spec.edge.port} is one of fleet.ports ({first}-{last}), which are for nodes"
        yield Problem(path="edge.listen", cause=cause, hint="choose a port outside that range")


def _gateway(spec: FleetSpec) -> Iterator[Problem]:
    gateway = spec.gateway
    if gateway.kind is GatewayKind.ENVOY and gateway.command:
        hint = 'add kind = "command" to run a program of your own'
        yield Problem(path="gateway.command", cause='conflicts with kind = "envoy"', hint=hint)
    if gateway.kind is GatewayKind.ENVOY and gateway.directory:
        yield Problem(path="gateway.directory", cause='conflicts with kind = "envoy"')
    if gateway.kind is GatewayKind.COMMAND and not (gateway.command and gateway.command[0]):
        hint = 'like ["./gateway", "--port", "{port}"]'
        yield Problem(path="gateway.command", cause='must be given for kind = "command"', hint=hint)
    for name in re.findall(r"\{([A-Za-z_]\w*)\}", " ".join(gateway.command)):
        if name not in PLACEHOLDERS:
            cause = f"unknown placeholder {quoted('{' + name + '}')}"
            yield Problem(path="gateway.command", cause=cause, hint=did_you_mean(name, PLACEHOLDERS))


def _health(spec: FleetSpec) -> Iterator[Problem]:
    if spec.health.slow_weight < 100 and not spec.edge.policy.honours_node_weights:
        cause = f"conflicts with the policy {quoted(spec.edge.policy)}, which ignores node weights"
        yield Problem(path="health.slow_weight", cause=cause, hint="100, or another edge.policy")


def _restart(spec: FleetSpec) -> Iterator[Problem]:
    if spec.restart.max < spec.restart.base:
        yield Problem(path="restart.max", cause="must not be shorter than restart.base")


def _safety(spec: FleetSpec) -> Iterator[Problem]:
    in_rotation = sum(region.nodes for region in spec.regions)
    if spec.safety.min_serving_nodes > in_rotation:
        cause = f"wants {counted(spec.safety.min_serving_nodes, 'node')} serving, but the fleet has {in_rotation}"
        yield Problem(path="safety.min_serving_nodes", cause=cause)
    if spec.safety.min_serving_regions > len(spec.regions):
        cause = (
            f"wants {counted(spec.safety.min_serving_regions, 'region')} serving, but the fleet has {len(spec.regions)}"
        )
        yield Problem(path="safety.min_serving_regions", cause=cause)


def _nodes(spec: FleetSpec) -> int:
    return sum(region.nodes + region.spares for region in spec.regions)

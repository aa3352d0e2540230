"""Any configuration that an operator could mean: hypothesis strategies for FleetSpec and its parts."""

from hypothesis import strategies as st

from hactl.core.alert import AlertFormat, AlertKind, AlertSpec
from hactl.core.routing import (
    CorsSpec,
    HeadersSpec,
    LimitsSpec,
    RateLimitSpec,
    RedirectSpec,
    RouteSpec,
    ServiceHealthSpec,
    ServiceSpec,
    ServiceTlsSpec,
)
from hactl.core.spec import (
    EdgeSpec,
    EdgeTlsSpec,
    FailoverMode,
    FleetSpec,
    GatewayKind,
    GatewaySpec,
    HealthSpec,
    JournalSpec,
    LogsSpec,
    Policy,
    ProbeKind,
    RegionSpec,
    RestartSpec,
    SafetySpec,
)
from hactl.core.value import replace

names = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
ips = st.ip_addresses().map(str)
ports = st.integers(1, 65_535)
paths = st.from_regex(r"/[a-z0-9._~-]{1,10}", fullmatch=True)


def seconds(low: float, high: float) -> st.SearchStrategy[float]:
    """Durations, mostly in whole milliseconds, now and then finer ones."""
    fine = st.floats(low, high).map(lambda value: round(value, 12))
    return st.integers(int(low * 1000), int(high * 1000)).map(lambda ms: ms / 1000) | fine


def edges() -> st.SearchStrategy[EdgeSpec]:
    """Edges that listen below the node ports."""
    return st.builds(
        EdgeSpec,
        host=ips,
        port=st.integers(1, 1023),
        count=st.integers(1, 32),
        threads=st.integers(0, 256),
        policy=st.sampled_from(Policy),
        hash_on=st.sampled_from(["source-ip", "header:x-user", "cookie:id"]),
        sticky=st.booleans(),
        node_header=st.sampled_from(["", "x-hactl-node", "X-Served-By"]),
        max_connections=st.integers(1, 1_000_000),
        request_headers_timeout=seconds(0.1, 3600),
        idle_timeout=seconds(1, 86_400),
        max_body_retry=st.integers(0, 1 << 30),
        tls=st.sampled_from([EdgeTlsSpec(), EdgeTlsSpec(cert="/tls/cert.pem", key="/tls/key.pem")]),
        rate_limit=rate_limits(),
    )


def rate_limits() -> st.SearchStrategy[RateLimitSpec]:
    """None, and limits of every size."""
    many = st.integers(1, 1_000_000_000)
    limits = st.builds(RateLimitSpec, requests=many, per=seconds(0.1, 86_400), burst=st.just(0) | many)
    return st.just(RateLimitSpec()) | limits


@st.composite
def regions(draw: st.DrawFn) -> tuple[RegionSpec, ...]:
    """One to five regions, at least one with a weight, of at most 200 nodes together."""
    called = draw(
        st.lists(names.filter(lambda name: name not in ("edge", "daemon")), min_size=1, max_size=5, unique=True)
    )
    return tuple(
        RegionSpec(
            name=name,
            priority=draw(st.integers(0, 1000)),
            weight=draw(st.integers(0 if number else 1, 1000)),
            nodes=draw(st.integers(1, 30)),
            spares=draw(st.integers(0, 10)),
            bind=draw(ips),
        )
        for number, name in enumerate(called)
    )


def gateways() -> st.SearchStrategy[GatewaySpec]:
    """Envoys, and programs with all placeholders."""
    rest = {
        "stop_signal": st.sampled_from(["TERM", "INT", "QUIT", "HUP"]),
        "stop_timeout": seconds(0, 3600),
        "start_timeout": seconds(0.1, 3600),
        "capacity": st.integers(0, 1_000_000),
        "env": st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), texts, max_size=3),
    }
    plain = texts.map(lambda text: text.replace("{", "("))
    argv = st.lists(plain | st.sampled_from(["{port}", "--bind={address}", '{"a": 1}']), max_size=4)
    command = argv.map(lambda rest: ("./gateway", *rest))
    rest["env"] |= st.fixed_dictionaries({"TOKEN": st.sampled_from(["env:TOKEN", "file:keys/{name}"])})
    place = {"directory": st.just("") | paths}
    program = st.builds(GatewaySpec, kind=st.just(GatewayKind.COMMAND), command=command, **rest, **place)
    patches = (r'{"edge":{"http":{"via":"\"1\\"}}}', '{"node":{"bootstrap":{"enable_dispatcher_stats":null}}}')
    overlay = st.sampled_from(["", *patches])
    return st.builds(GatewaySpec, envoy_overlay=overlay, **rest) | program


def healths() -> st.SearchStrategy[HealthSpec]:
    """Health checks."""
    codes = st.lists(st.integers(100, 599), min_size=2, max_size=2).map(sorted).map(tuple)
    return st.builds(
        HealthSpec,
        kind=st.sampled_from([ProbeKind.HTTP, ProbeKind.TCP]),
        path=paths,
        expect=codes,
        interval=seconds(0.01, 3600),
        timeout=seconds(0.01, 60),
        unhealthy_threshold=st.integers(1, 100),
        healthy_threshold=st.integers(1, 100),
        probe=seconds(0.01, 60),
        hang_grace=seconds(0, 3600),
        slow_start=seconds(0, 3600),
        slow_weight=st.integers(1, 100),
    )


def header_changes() -> st.SearchStrategy[HeadersSpec]:
    """Headers set, added and removed, none of them twice."""
    values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10)
    return st.builds(
        HeadersSpec,
        set=st.dictionaries(st.sampled_from(["x-a", "X.B"]), values),
        add=st.dictionaries(st.just("x!c"), values),
        remove=st.sampled_from([(), ("server",)]),
    )


def changes() -> st.SearchStrategy[dict[str, object]]:
    """What routes to Envoy nodes may change about answers."""
    return st.fixed_dictionaries({}, optional={"response_headers": header_changes(), "websocket": st.booleans()})


@st.composite
def services_and_routes(draw: st.DrawFn) -> tuple[tuple[ServiceSpec, ...], tuple[RouteSpec, ...]]:
    """Services, and routes that lead to them or answer by themselves."""
    hosts = ips | st.sampled_from(["localhost", "app.internal", "a-b.example.com"])
    # shorter than half of the shortest start_timeout
    checks = st.builds(ServiceHealthSpec, path=paths, interval=seconds(0.01, 3600), timeout=seconds(0.01, 0.05))
    called = draw(st.lists(names, max_size=3, unique=True))
    services = tuple(
        ServiceSpec(
            name=name,
            endpoints=tuple(draw(st.lists(st.tuples(hosts, ports), min_size=1, max_size=3))),
            timeout=draw(seconds(0.01, 60)),
            limits=LimitsSpec(requests=draw(st.integers(1, 1_000_000))),
            health=draw(st.just(ServiceHealthSpec()) | checks),
            tls=draw(st.builds(ServiceTlsSpec, ca=st.sampled_from(["", "system", "/ca.pem"]), sni=st.just("app"))),
        )
        for name in called
    )
    answers = st.builds(lambda status, body: {"respond": status, "respond_body": body}, st.integers(200, 599), texts)
    elsewhere = st.builds(RedirectSpec, to=st.sampled_from(["/new", "https://b.example:8443/x?y"]))
    answers = answers | elsewhere.map(lambda redirect: {"redirect": redirect})
    cors = st.builds(CorsSpec, origins=st.just(("https://a.example", "http://b:8080")), credentials=st.booleans())
    forwards = st.builds(
        lambda name, path, headers, cors: {
            "service": name,
            "rewrite": path,
            "request_headers": headers,
            "cors": cors,
        },
        st.sampled_from(called or ["none"]),
        st.just("") | paths,
        header_changes(),
        cors | st.just(CorsSpec()),
    )
    matches = st.builds(lambda prefix: {"prefix": prefix}, paths) | st.builds(lambda path: {"path": path}, paths)
    methods = st.lists(st.sampled_from(["GET", "POST", "DELETE"]), max_size=3).map(tuple)
    route = st.builds(
        lambda match, action, changed, **rest: RouteSpec(**match, **action, **changed, **rest),
        match=matches,
        action=answers | forwards if called else answers,
        changed=changes(),
        host=st.sampled_from(["", "example.com", "*.example.com"]),
        methods=methods,
        timeout=seconds(0.01, 86_400),
        per_try_timeout=st.none() | seconds(0.01, 86_400),
        retries=st.integers(0, 20),
        rate_limit=rate_limits(),
    )
    return services, tuple(draw(st.lists(route, max_size=4)))


def alerts() -> st.SearchStrategy[tuple[AlertSpec, ...]]:
    """Receivers of alerts: webhooks and programs."""
    kinds = st.lists(st.sampled_from([kind for kind in AlertKind if kind is not AlertKind.TEST]), max_size=3)
    plain: dict[str, st.SearchStrategy[object]] = {
        "name": names,
        "on": kinds.map(tuple),
        "throttle": seconds(0, 86_400),
        "timeout": seconds(0.1, 60),
        "retries": st.integers(0, 10),
    }
    places = st.sampled_from(["https://a.example/hooks/1?x=y", "http://[::1]:8080", "env:HOOK", "file:/run/hook"])
    headers = st.sampled_from([{}, {"Authorization": "env:TOKEN", "x-team": "web"}, {"X-Key": "file:/run/key"}])
    webhooks = st.builds(AlertSpec, webhook=places, headers=headers, format=st.sampled_from(AlertFormat), **plain)
    programs = st.builds(AlertSpec, exec=st.sampled_from([("page",), ("/bin/page", "--team", "web")]), **plain)
    return st.lists(webhooks | programs, max_size=3, unique_by=lambda alert: alert.name).map(tuple)


@st.composite
def fleet_specs(draw: st.DrawFn) -> FleetSpec:
    """Whole configurations that keep every rule."""
    chosen = draw(regions())
    gateway = draw(gateways())
    services, routes = draw(services_and_routes())
    if gateway.kind is GatewayKind.COMMAND:
        routes = tuple(
            RouteSpec(prefix="/", methods=route.methods, respond=200, websocket=route.websocket) for route in routes
        )
    edge, health = draw(edges()), draw(healths())
    if not edge.policy.honours_node_weights:
        health = replace(health, slow_weight=100)
    first = draw(st.integers(1024, 65_000))
    base = draw(seconds(0.01, 3600))
    restart = RestartSpec(
        initial=draw(st.none() | seconds(0, 3600)),
        base=base,
        max=max(base, draw(seconds(0.01, 86_400))),
        budget=draw(st.integers(1, 1000)),
        window=draw(seconds(1, 86_400)),
    )
    safety = SafetySpec(
        min_serving_nodes=draw(st.integers(0, sum(region.nodes for region in chosen))),
        min_serving_regions=draw(st.integers(0, len(chosen))),
        max_unhealthy_share=draw(st.floats(0, 1) | st.sampled_from([1 / 3, 2 / 3, 1 / 7])),
        read_only=draw(st.booleans()),
    )
    return FleetSpec(
        name=draw(names),
        state_dir=draw(st.just("") | paths),
        ports=(first, draw(st.integers(first + 200, 65_535))),
        edge=edge,
        regions=chosen,
        failover_mode=draw(st.sampled_from(FailoverMode)),
        auto_failback=draw(st.booleans()),
        stable_for=draw(seconds(0, 86_400)),
        brownout=draw(st.booleans()),
        gateway=gateway,
        health=health,
        restart=restart,
        safety=safety,
        services=services,
        routes=routes,
        alerts=draw(alerts()),
        logs=LogsSpec(
            max_size=draw(st.integers(64 << 10, 1 << 34)),
            keep=draw(st.integers(1, 100)),
            max_age=draw(seconds(3600, 3650 * 86_400)),
        ),
        journal=JournalSpec(
            max_age=draw(seconds(3600, 3650 * 86_400)),
            max_size=draw(st.integers(1 << 20, 1 << 36)),
            checkpoint_every=draw(st.integers(1, 100_000)),
        ),
    )

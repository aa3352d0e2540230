"""Stories of files that operators write: right ones become specs, wrong ones are refused in one clear line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hactl.config import parse
from hactl.config.keys import PLANNED_TABLES, TABLES
from hactl.core.errors import ConfigError
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.spec import (
    EdgeSpec,
    EdgeTlsSpec,
    FailoverMode,
    FleetSpec,
    GatewayKind,
    HealthSpec,
    Policy,
    ProbeKind,
    RegionSpec,
    RestartSpec,
)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


def test_an_empty_file_is_the_default_fleet():
    assert parse("") == FleetSpec()
    assert parse("# nothing yet\n") == FleetSpec()


def test_a_file_with_something_in_every_table():
    """Every table reaches its place in the spec, in the units the spec has."""
    spec = parse("""
        [fleet]
        name = "shop"
        ports = "21000-21099"
        state_dir = "/var/lib/shop"
        [edge]
        listen = "[::1]:8443"
        threads = "auto"
        policy = "ring-hash"
        hash_on = "header:x-user"
        max_body_retry = "64KiB"
        tls = { cert = "/c.pem", key = "/k.pem" }
        [[region]]
        name = "eu"
        nodes = 2
        [[region]]
        name = "us"
        priority = 1
        bind = "127.0.0.2"
        [region_failover]
        mode = "spill-over"
        [gateway]
        stop_signal = "SIGQUIT"
        env = { LANG = "C" }
        [health]
        kind = "tcp"
        expect = "204"
        [restart]
        initial = "0s"
        budget = { restarts = 3 }
        [safety]
        max_unhealthy_share = "1/4"
        max_faulted_share = 0.5
        max_drill = "5m"
        [[service]]
        name = "app"
        endpoints = ["127.0.0.1:9000", "[::1]:9001", "localhost:9002"]
        [[route]]
        prefix = "/"
        methods = ["GET"]
        service = "app"
        timeout = "1.5s"
        [logs]
        max_size = "1MiB"
        max_age = "2d"
        [journal]
        max_age = "7d"
        max_size = "2GiB"
    """)

    assert (spec.name, spec.ports, spec.state_dir) == ("shop", (21_000, 21_099), "/var/lib/shop")
    assert spec.edge == EdgeSpec(
        host="::1",
        port=8443,
        policy=Policy.RING_HASH,
        hash_on="header:x-user",
        max_body_retry=65_536,
        tls=EdgeTlsSpec(cert="/c.pem", key="/k.pem"),
    )
    assert spec.regions == (RegionSpec(name="eu", nodes=2), RegionSpec(name="us", priority=1, bind="127.0.0.2"))
    assert spec.failover_mode is FailoverMode.SPILL_OVER
    assert (spec.gateway.stop_signal, spec.gateway.env) == ("QUIT", {"LANG": "C"})
    assert spec.health == HealthSpec(kind=ProbeKind.TCP, expect=(204, 204))
    assert spec.restart == RestartSpec(initial=0.0, budget=3, window=60.0)
    assert spec.safety.max_unhealthy_share == 0.25
    assert (spec.safety.max_faulted_share, spec.safety.max_drill) == (0.5, 300.0)
    endpoints = (("127.0.0.1", 9000), ("::1", 9001), ("localhost", 9002))
    assert spec.services == (ServiceSpec(name="app", endpoints=endpoints),)
    assert spec.routes == (RouteSpec(prefix="/", methods=("GET",), service="app", timeout=1.5),)
    assert (spec.logs.max_size, spec.logs.max_age) == (1 << 20, 2 * 86_400.0)
    assert (spec.journal.max_age, spec.journal.max_size) == (7 * 86_400.0, 2 << 30)


@pytest.mark.parametrize("rest", ["", "[health]\nunhealthy_threshold = 2\n"])
def test_programs_are_probed_more_patiently_unless_the_file_says_otherwise(rest: str):
    """A program is asked for "/", less often, and gets longer to answer; the gateway table may come last."""
    program = '[gateway]\nkind = "command"\ncommand = ["./serve", "{port}"]\n'

    spec = parse(rest + program)

    assert spec.gateway.kind is GatewayKind.COMMAND
    assert spec.health == HealthSpec(path="/", probe=0.25, hang_grace=5.0)
    assert parse(program + '[health]\nprobe = "1s"\n').health == HealthSpec(path="/", probe=1.0, hang_grace=5.0)


def test_the_home_directory_may_be_written_short(monkeypatch: pytest.MonkeyPatch):
    # The environment is the only place where the home directory comes from.
    monkeypatch.setenv("HOME", "/home/ops")
    assert parse('[fleet]\nstate_dir = "~/fleets"').state_dir == "/home/ops/fleets"


UNKNOWN = [
    ('[edge]\npolcy = "random"', 'edge.polcy: unknown key (did you mean "policy"?)'),
    ("[egde]", 'egde: unknown key (did you mean "edge"?)'),
    ('policy = "random"', 'policy: unknown key (did you mean "edge.policy"?)'),
    ("[safety]\nzzz = 1", "safety.zzz: unknown key (known: min_serving_nodes, min_serving_regions, "
     "max_unhealthy_share, read_only, max_faulted_share, max_drill, scheduled_drills)"),
    ('[[region]]\nname = "eu"\nnods = 3', 'region[eu].nods: unknown key (did you mean "nodes"?)'),
    ('[[route]]\nprefix = "/"\nrespond = 200\n[[route]]\nprefx = "/"',
     'route[2].prefx: unknown key (did you mean "prefix"?)'),
    ("[restart]\nbudget = { restart = 3 }", 'restart.budget: unknown key "restart" (did you mean "restarts"?)'),
    ('[edge]\n"a\\nb" = 1', 'edge."a\\nb": unknown key (known: listen, count, threads, policy, hash_on, sticky, '
     "node_header, max_connections, request_headers_timeout, idle_timeout, max_body_retry, rate_limit, tls)"),
]  # fmt: skip

NOT_BUILT = [
    ("[[region]]\nautoscale = {}", "region[1].autoscale"),
    ('[[route]]\nprefix = "/"\nrespond = 200\nauth = "jwt"', "route[1].auth"),
    ("[metrics]", "metrics"),
    ("[backup]", "backup"),
    ("[sessions]", "sessions"),
    ("[calls]", "calls"),
]

WRONG = [
    ('[edge]\ntls = { cert = "cert.pem", key = "/k" }', 'edge.tls: cert wants an absolute path, found "cert.pem"'),
    ("[edge.tls]", "edge.tls: wants cert and key "
     '(like { cert = "/path/cert.pem", key = "/path/key.pem" })'),
    ('[edge]\ntls = { crt = "/c" }', 'edge.tls: unknown key "crt" (did you mean "cert"?)'),
    ("[edge]\ncount = \"two\"", 'edge.count: wants a whole number from 1 to 32, found "two"'),
    ('[edge]\ncount = "2"', 'edge.count: wants a whole number from 1 to 32, found "2" (write it without quotes: 2)'),
    ("[edge]\ncount = true", "edge.count: wants a whole number from 1 to 32, found true"),
    ("[edge]\ncount = 0", "edge.count: wants a whole number from 1 to 32, found 0"),
    ("[edge]\ncount = 2.0", "edge.count: wants a whole number from 1 to 32, found 2.0"),
    ("[edge]\ncount = 2024-01-01", "edge.count: wants a whole number from 1 to 32, found a date or time"),
    ("[edge]\nthreads = 0", 'edge.threads: wants "auto" or a whole number from 1 to 256, found 0'),
    ("[edge]\nsticky = 1", "edge.sticky: wants true or false, found 1"),
    ('[edge]\nsticky = "True"', 'edge.sticky: wants true or false, found "True" (write it without quotes: true)'),
    ('[edge]\npolicy = "leastrequest"', 'edge.policy: wants one of "round-robin", "least-request", "random", '
     '"ring-hash", "maglev", found "leastrequest" (did you mean "least-request"?)'),
    ('[edge]\nlisten = "8080"', 'edge.listen: wants an address "ip:port", like "127.0.0.1:8080", found "8080"'),
    ('[edge]\nlisten = 8080', 'edge.listen: wants an address "ip:port", like "127.0.0.1:8080", found 8080'),
    ('[edge]\nlisten = "localhost:8080"', 'edge.listen: wants an address "ip:port", like "127.0.0.1:8080", found '
     '"localhost:8080" (write the IP address: names are not looked up here)'),
    ('[edge]\nlisten = "::1:8080"', 'edge.listen: wants an address "ip:port", like "127.0.0.1:8080", found '
     '"::1:8080" (add the port, with the address in brackets, like "[::1]:8080")'),
    ('[edge]\nlisten = "127.0.0.1"', 'edge.listen: wants an address "ip:port", like "127.0.0.1:8080", found '
     '"127.0.0.1" (add the port)'),
    ('[edge]\nlisten = "127.0.0.1:99999"', 'edge.listen: wants an address "ip:port", like "127.0.0.1:8080", found '
     '"127.0.0.1:99999" (ports are 1 to 65535)'),
    ('[edge]\nidle_timeout = 5', "edge.idle_timeout: wants a duration from 1s to 1d, found 5 "
     '(write a number and a unit (ms, s, m, h, d), like "250ms")'),
    ('[edge]\nidle_timeout = "-5s"', 'edge.idle_timeout: wants a duration from 1s to 1d, found "-5s" '
     '(write a number and a unit (ms, s, m, h, d), like "250ms")'),
    ('[edge]\nmax_body_retry = "1MB"', 'edge.max_body_retry: wants a size from 0B to 1GiB, found "1MB" '
     '(write a whole number and a unit (B, KiB, MiB, GiB), like "16MiB")'),
    ('[edge]\nmax_body_retry = "2GiB"', 'edge.max_body_retry: wants a size from 0B to 1GiB, found "2GiB"'),
    ('[edge]\nhash_on = "header:"', 'edge.hash_on: wants "header:NAME", "cookie:NAME" or "source-ip", found "header:"'),
    ('[health]\ninterval = "1ms"', 'health.interval: wants a duration from 10ms to 1h, found "1ms"'),
    ("[health]\nunhealthy_threshold = 0", "health.unhealthy_threshold: wants a whole number from 1 to 100, found 0"),
    ('[health]\nexpect = "299-200"', "health.expect: wants a range of status codes within 100-599, "
     'like "200-299", found "299-200"'),
    ("[health]\nexpect = 200", "health.expect: wants a range of status codes within 100-599, "
     'like "200-299", found 200'),
    ('[fleet]\nname = "a/b"', 'fleet.name: wants a name of 1 to 32 characters out of a-z, 0-9 and "-", found "a/b"'),
    ('[fleet]\nname = ".."', 'fleet.name: wants a name of 1 to 32 characters out of a-z, 0-9 and "-", found ".."'),
    ('[fleet]\nname = "a\\n"', 'fleet.name: wants a name of 1 to 32 characters out of a-z, 0-9 and "-", found "a\\n"'),
    ("[fleet]\nname = 7", 'fleet.name: wants a name of 1 to 32 characters out of a-z, 0-9 and "-", found 7 '
     '(write it in quotes: "7")'),
    ('[fleet]\nports = "80-90"', "fleet.ports: wants a range of ports within 1024-65535, "
     'like "20000-27999", found "80-90"'),
    ('[fleet]\nstate_dir = "here"', 'fleet.state_dir: wants an absolute path, or one that begins with "~/", '
     'found "here"'),
    ("[[region]]\nnodes = 0", "region[1].nodes: wants a whole number from 1 to 200, found 0"),
    ("[[region]]\nweight = -1", "region[1].weight: wants a whole number from 0 to 1000, found -1"),
    ("[[region]]\npriority = -1", "region[1].priority: wants a whole number from 0 to 1000, found -1"),
    ('[[region]]\nname = "eu"\nbind = "lo"', 'region[eu].bind: wants an IP address, like "127.0.0.1", found "lo"'),
    ('[[region]]\nname = "EU"', 'region[EU].name: wants a name of 1 to 32 characters out of a-z, 0-9 and "-", '
     'found "EU"'),
    ("[region]\nnodes = 3", "region: wants one table or more, found a table (write [[region]])"),
    ("region = []", "region: wants one table or more, found none (write [[region]])"),
    ("[[edge]]", "edge: wants a table, found an array (write [edge])"),
    ('edge = "x"', 'edge: wants a table, found "x" (write [edge])'),
    ('[gateway]\nstop_signal = "STAHP"', 'gateway.stop_signal: wants the name of a signal, like "TERM", '
     'found "STAHP"'),
    ('[gateway]\ncommand = "./serve"', 'gateway.command: wants an array of arguments, found "./serve" '
     '(write it in brackets: ["./serve"])'),
    ("[gateway]\ncommand = [1]", 'gateway.command: wants text, found 1 (write it in quotes: "1")'),
    ('[gateway]\nenv = { "A-B" = "x" }', 'gateway.env: "A-B" cannot name a variable '
     "(letters, digits and underscores only)"),
    ("[gateway]\nenv = { A = 1 }", "gateway.env: variable A wants text, found 1"),
    ('[gateway]\nenv = { A = "***" }', 'gateway.env: variable A is masked '
     '(write its value, "env:NAME" or "file:PATH")'),
    ('[gateway]\nenv = { A = "env:A-B" }', 'gateway.env: variable A refers to "env:A-B" '
     '(like "env:NAME", with the name of a variable)'),
    ('[gateway]\nenv = { A = "file:" }', 'gateway.env: variable A refers to "file:" '
     '(like "file:PATH", with the path of a file)'),
    ("[restart]\nbudget = { restarts = 0 }", "restart.budget: restarts wants a whole number from 1 to 1000, found 0"),
    ("[restart]\nbudget = 5", "restart.budget: wants a table with restarts (a whole number from 1 to 1000) "
     "and window (a duration from 1s to 1d), found 5"),
    ("[safety]\nmax_unhealthy_share = 1.5", 'safety.max_unhealthy_share: wants a number from 0 to 1, '
     'or a fraction like "1/3", found 1.5'),
    ("[safety]\nmax_unhealthy_share = nan", 'safety.max_unhealthy_share: wants a number from 0 to 1, '
     'or a fraction like "1/3", found nan'),
    ("[safety]\nmax_unhealthy_share = true", 'safety.max_unhealthy_share: wants a number from 0 to 1, '
     'or a fraction like "1/3", found true'),
    ('[[service]]\nname = "a"\nendpoints = ["9000"]', 'service[a].endpoints: wants an address "host:port", '
     'like "127.0.0.1:8080", found "9000"'),
    ('[[service]]\nname = "a"\nendpoints = ["10.0.0.300:80"]', 'service[a].endpoints: wants an address "host:port", '
     'like "127.0.0.1:8080", found "10.0.0.300:80"'),
    ('[[service]]\nname = "a"', 'service[a]: "endpoints" is missing'),
    ('[[service]]\nendpoints = ["127.0.0.1:1"]', 'service[1]: "name" is missing'),
    ('[[route]]\nprefix = "api"\nrespond = 200', 'route[1].prefix: wants a path that begins with "/", without blanks, '
     '"?" or "#", found "api"'),
    ('[[route]]\nprefix = "/"\nrespond = 200\nmethods = ["get"]', 'route[1].methods: wants one of "GET", "HEAD", '
     '"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", found "get" (did you mean "GET"?)'),
    ('[[route]]\nprefix = "/"\nrespond = 42', "route[1].respond: wants 0 or a whole number from 200 to 599, found 42"),
    ('[[route]]\nprefix = "/"\nrespond = 200\nhost = "a b"', 'route[1].host: wants a host name, like "example.com" '
     'or "*.example.com", found "a b"'),
    ("[journal]\ncheckpoint_every = 0xfffffffffffffffffffff", "journal.checkpoint_every: wants a whole number from 1 "
     "to 100000, found a huge number"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), UNKNOWN + WRONG)
def test_a_wrong_key_is_refused_by_its_path_with_what_is_wanted(text: str, message: str):
    assert refusal(text) == f"hactl.toml: {message}"


@pytest.mark.parametrize(("text", "path"), NOT_BUILT)
def test_a_key_of_a_part_to_come_is_refused_by_name_and_not_as_a_misspelling(text: str, path: str):
    assert refusal(text) == f"hactl.toml: {path} is not built yet in this version of hactl"


def test_no_key_is_both_built_and_planned():
    assert not set(PLANNED_TABLES) & set(TABLES)
    for table in TABLES.values():
        assert not {key.name for key in table.keys} & set(table.planned)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[edge]\ncount = ", "hactl.toml:2:9: not valid TOML: invalid value"),
        ("[edge", "hactl.toml:1:6: not valid TOML: expected ']' at the end of a table declaration"),
        (
            "[edge]\ncount = 1\ncount = 2",
            "hactl.toml:3:10: not valid TOML: cannot overwrite a value "
            "(the same key or table appears twice in the file)",
        ),
        (
            "[edge]\n[edge]",
            "hactl.toml:2:6: not valid TOML: cannot declare ('edge',) twice "
            "(the same key or table appears twice in the file)",
        ),
        ("a = " + "[" * 5000, "hactl.toml: not valid TOML: nested too deeply"),
    ],
)
def test_a_syntax_error_is_refused_at_its_line_and_column(text: str, message: str):
    assert refusal(text) == message


def test_a_number_too_long_for_python_is_refused_and_not_a_crash():
    assert refusal("a = " + "1" * 5000).startswith("hactl.toml: not valid TOML: ")
    assert "found a huge number" in refusal("[edge]\ncount = 0x" + "f" * 5000)


def test_everything_wrong_is_told_at_once_and_the_first_in_the_file_comes_first():
    with pytest.raises(ConfigError) as caught:
        parse('[health]\nprobe = 5\n[edge]\ncount = 0\npolcy = "x"', "prod.toml")

    assert caught.value.message == "prod.toml: health.probe: wants a duration from 10ms to 1m, found 5"
    assert caught.value.hint.endswith("; 2 more problems in this file")
    assert caught.value.also == (
        "prod.toml: edge.count: wants a whole number from 1 to 32, found 0",
        'prod.toml: edge.polcy: unknown key (did you mean "policy"?)',
    )


_names = {key.name for table in TABLES.values() for key in table.keys}
_keys = st.sampled_from(sorted(_names | {"tls", "x", '"a b"'}))
_scalars = ["0", "1", "-1", "true", "1.5", "inf", '""', '"5s"', '"a"', '"/"', "1979-05-27", "'"]
_values = st.sampled_from([*_scalars, "[]", "[1]", "{}", "{ a = 1 }"])
_headers = st.sampled_from([f"[{name}]" for name in TABLES] + [f"[[{name}]]" for name in TABLES] + ["[a.b]", "[["])
_lines = _headers | st.builds("{} = {}".format, _keys, _values) | st.text(max_size=10)


@given(st.lists(_lines, max_size=12).map("\n".join) | st.text(max_size=60))
def test_whatever_stands_in_the_file_it_is_a_spec_or_a_refusal_in_one_line(text: str):
    """No text makes anything but a FleetSpec or a ConfigError; each problem fits in one line that names the file."""
    try:
        spec = parse(text)
    except ConfigError as error:
        for line in (str(error), *error.also):
            assert line.startswith("hactl.toml")
            assert len(line.splitlines()) == 1
    else:
        assert isinstance(spec, FleetSpec)

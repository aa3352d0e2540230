"""Stories of files whose keys are right one by one and still do not fit together."""

import pytest

from hactl.config import parse
from hactl.core.errors import ConfigError

OK = '[[route]]\nprefix = "/"\nrespond = 200\n'
APP = '[[service]]\nname = "app"\nendpoints = ["127.0.0.1:9000"]\n'
PROGRAM = '[gateway]\nkind = "command"\ncommand = ["./serve", "{port}"]\n'

MISFITS = [
    ('[edge]\npolicy = "maglev"', 'edge.hash_on: must be given for the policy "maglev" '
     '("header:NAME", "cookie:NAME" or "source-ip")'),
    ('[edge]\nlisten = "127.0.0.1:20500"', "edge.listen: port 20500 is one of fleet.ports (20000-27999), "
     "which are for nodes (choose a port outside that range)"),
    ('[edge]\ntls = { cert = "/c" }', "edge.tls: wants a key, too "
     '(like { cert = "/path/cert.pem", key = "/path/key.pem" })'),
    ('[edge]\ntls = { key = "/k" }', "edge.tls: wants a cert, too "
     '(like { cert = "/path/cert.pem", key = "/path/key.pem" })'),
    ('[fleet]\nports = "20000-20001"', "fleet.ports: 2 ports are not enough for 3 nodes "
     "(every node needs one of its own)"),
    ('[[region]]\nname = "eu"\n[[region]]\nname = "eu"', 'region[eu].name: two regions are called "eu"'),
    ("[[region]]\n[[region]]", 'region[local].name: two regions are called "local"'),
    ('[[region]]\nname = "edge"', 'region[edge].name: no region may be called "edge" (hactl uses that name itself)'),
    ('[[region]]\nname = "edges"', 'region[edges].name: no region may be called "edges" (hactl uses that name itself)'),
    ('[[region]]\nname = "daemon"', 'region[daemon].name: no region may be called "daemon" '
     "(hactl uses that name itself)"),
    ("[[region]]\nweight = 0", "region: the weight of every region is 0 "
     "(at least one must be above 0 to get any traffic)"),
    ('[[region]]\nname = "a"\nnodes = 101\n[[region]]\nname = "b"\nnodes = 100',
     "region: wants at most 200 nodes in all regions, found 201"),
    ('[gateway]\ncommand = ["./serve"]', 'gateway.command: conflicts with kind = "envoy" '
     '(add kind = "command" to run a program of your own)'),
    ('[gateway]\nkind = "command"', 'gateway.command: must be given for kind = "command" '
     '(like ["./gateway", "--port", "{port}"])'),
    ('[gateway]\nkind = "command"\ncommand = ["./serve", "--port={prot}"]',
     'gateway.command: unknown placeholder "{prot}" (did you mean "port"?)'),
    ('[gateway]\ndirectory = "/srv"', 'gateway.directory: conflicts with kind = "envoy"'),
    ('[edge]\npolicy = "random"\n[health]\nslow_weight = 50', "health.slow_weight: conflicts with the policy "
     '"random", which ignores node weights (100, or another edge.policy)'),
    ('[restart]\nbase = "10s"\nmax = "5s"', "restart.max: must not be shorter than restart.base"),
    ("[safety]\nmin_serving_nodes = 4", "safety.min_serving_nodes: wants 4 nodes serving, but the fleet has 3"),
    ("[safety]\nmin_serving_regions = 2", "safety.min_serving_regions: wants 2 regions serving, but the fleet has 1"),
    (APP + APP, 'service[app].name: two services are called "app"'),
    ('[[service]]\nname = "app"\nendpoints = []', "service[app].endpoints: wants at least one address "
     '(like ["127.0.0.1:9000"])'),
    ('[[route]]\nrespond = 200', 'route[1]: has neither prefix nor path (add prefix = "/" for all requests)'),
    ('[[route]]\nprefix = "/"\npath = "/a"\nrespond = 200', "route[1]: has both prefix and path (keep one)"),
    (OK + '[[route]]\nprefix = "/"', "route[2]: has neither service nor respond nor redirect (add one of them)"),
    (APP + '[[route]]\nprefix = "/"\nservice = "app"\nrespond = 200',
     "route[1]: has both service and respond (keep one)"),
    (APP + '[[route]]\nprefix = "/"\nservice = "ap"', 'route[1].service: no service is called "ap" '
     '(did you mean "app"?)'),
    ('[[route]]\nprefix = "/"\nservice = "app"', 'route[1].service: no service is called "app" '
     "(add a [[service]] of that name)"),
    (APP + '[[route]]\nprefix = "/"\nservice = "app"\nrespond_body = "x"', "route[1].respond_body: needs "
     "respond (like respond = 200)"),
    ('[[route]]\npath = "/-/ready"\nrespond = 200', 'route[1].path: paths below "/-/" are answered by hactl itself'),
    ('[[route]]\nprefix = "/"\nrespond = 200\nrespond_body = "' + "é" * 2049 + '"',
     "route[1].respond_body: wants text of at most 4096 bytes, found 4098 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISFITS)
def test_what_does_not_fit_together_is_refused_in_one_line(text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value) == f"hactl.toml: {message}"


@pytest.mark.parametrize(
    "text",
    [
        '[edge]\npolicy = "ring-hash"\nhash_on = "cookie:id"',
        '[edge]\nhash_on = "source-ip"',  # for a later `hactl policy`
        '[fleet]\nports = "20000-20002"',
        '[[region]]\nname = "a"\nweight = 0\n[[region]]\nname = "b"',
        '[[region]]\nname = "a"\npriority = 7\n[[region]]\nname = "b"\npriority = 2',
        '[[region]]\nname = "many"\nnodes = 200',
        PROGRAM.replace('"{port}"', '"{port}", "{address}", "{name}", "{region}", "{dir}", "{\\"a\\": 1}"'),
        '[health]\nkind = "grpc"',
        PROGRAM + '[health]\nkind = "grpc"',
        "[safety]\nmin_serving_nodes = 3",
        OK + OK,
        APP + '[[route]]\npath = "/a"\nservice = "app"\nprefix = ""\nrespond = 0',
    ],
)
def test_what_only_looks_odd_is_accepted(text: str):
    assert parse(text) == parse(text + "\n")


def test_all_misfits_of_a_file_are_told_together():
    with pytest.raises(ConfigError) as caught:
        parse('[edge]\npolicy = "maglev"\n[restart]\nbase = "10s"\nmax = "5s"')
    assert caught.value.hint.endswith("; 1 more problem in this file")
    assert caught.value.also == ("hactl.toml: restart.max: must not be shorter than restart.base",)

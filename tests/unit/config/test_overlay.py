"""Stories of patches for Envoy's documents: what may be said, and what hactl keeps to itself."""

import json

import pytest

from hactl.config import dump, parse
from hactl.config.overlay import canonical
from hactl.config.unfit import Unfit
from hactl.core.errors import ConfigError

GOOD = {
    "edge": {
        "bootstrap": {"node": {"metadata": {"team": "web"}}, "overload_manager": None},
        "listener": {"listener_filters": [{"name": "envoy.filters.listener.proxy_protocol"}]},
        "http": {"xff_num_trusted_hops": 1, "local_reply_config": {"body_format": {"text_format": "x"}}},
        "routes": {"request_headers_to_remove": ["x-secret"]},
        "clusters": {"gw": {"connect_timeout": "2s"}, "authz": {"load_assignment": {}}},
        "http_filters": [{"name": "envoy.filters.http.ext_authz"}, {"name": "mine"}],
        "access_logs": [{"name": "envoy.access_loggers.stdout"}],
    },
    "node": {"clusters": {"app": {"dns_refresh_rate": "1s"}}},
}
APP = '[[service]]\nname = "app"\nendpoints = ["127.0.0.1:9000"]\n'


def written(patch: object, more: str = "") -> str:
    """A configuration with `patch` in it."""
    return f"[gateway]\nenvoy_overlay = {json.dumps(json.dumps(patch))}\n{more}"


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value).removeprefix("hactl.toml: gateway.envoy_overlay: ")


def test_a_patch_is_kept_in_one_spelling_and_survives_being_written():
    spec = parse(written(GOOD, APP))
    assert json.loads(spec.gateway.envoy_overlay) == GOOD
    assert parse(dump(spec)) == spec
    assert canonical(json.dumps(GOOD, indent=3)) == canonical(spec.gateway.envoy_overlay) == spec.gateway.envoy_overlay


def test_a_patch_that_says_nothing_is_none():
    assert parse(written({})).gateway.envoy_overlay == ""
    assert parse('[gateway]\nenvoy_overlay = ""').gateway.envoy_overlay == ""


def test_a_configuration_from_nowhere_can_name_no_file():
    said = refusal('[gateway]\nenvoy_overlay = "more.json"')
    assert said == 'the file "more.json" cannot be read here (put its content in its place)'


OWN = [
    {"edge": {"bootstrap": {"admin": {"address": {}}}}},
    {"node": {"bootstrap": {"node": {"id": "me"}}}},
    {"node": {"bootstrap": {"node": {"cluster": "x"}}}},
    {"node": {"bootstrap": {"node": None}}},
    {"node": {"bootstrap": {"node": "x"}}},
    {"edge": {"bootstrap": {"static_resources": {}}}},
    {"edge": {"bootstrap": {"dynamic_resources": None}}},
    {"edge": {"bootstrap": {"stats_config": {"stats_matcher": {"reject_all": True}}}}},
    {"edge": {"listener": {"address": {}}}},
    {"edge": {"listener": {"enable_reuse_port": False}}},
    {"node": {"listener": {"enable_reuse_port": True}}},
    {"node": {"listener": {"filter_chains": []}}},
    {"edge": {"http": {"http_filters": []}}},
    {"edge": {"http": {"rds": None}}},
    {"node": {"http": {"stat_prefix": "x"}}},
    {"edge": {"http": {"local_reply_config": None}}},
    {"edge": {"http": {"local_reply_config": {"mappers": []}}}},
    {"node": {"routes": {"virtual_hosts": []}}},
    {"edge": {"routes": {"response_headers_to_remove": None}}},
]


@pytest.mark.parametrize("patch", OWN, ids=json.dumps)
def test_what_hactl_relies_on_is_refused_by_name(patch: dict):
    """Sockets, identity, the proof listener, shared ports, and what own paths are answered by."""
    ((role, ((part, inside),)),) = ((role, tuple(layer.items())) for role, layer in patch.items())
    said = refusal(written(patch))
    assert said.startswith(f"{role}.{part}.{next(iter(inside))}")
    assert ": hactl relies on it, and it cannot be changed" in said


WRONG = [
    ({"edges": {}}, '"edges": unknown key (did you mean "edge"?)'),
    ({"edge": []}, "edge: wants an object, found an array"),
    ({"edge": None}, "edge: wants an object, found null"),
    ({"node": {"route": {}}}, 'node."route": unknown part (did you mean "routes"?)'),
    ({"node": {"http": 1}}, "node.http: wants an object, found 1"),
    ({"node": {"http_filters": {}}}, "node.http_filters: wants an array, found an object"),
    ({"node": {"http_filters": [{}]}}, "node.http_filters[1]: wants an object with a name"),
    ({"edge": {"http_filters": [{"name": "envoy.filters.http.router"}]}},
     'edge.http_filters[1]: "envoy.filters.http.router" is added by hactl itself'),
    ({"edge": {"http_filters": [{"name": "a"}, {"name": "a"}]}},
     'edge.http_filters[2]: two filters are called "a" (Envoy lets you choose the names)'),
    ({"edge": {"clusters": {"gw": []}}}, "edge.clusters.gw: wants an object, found an array"),
    ({"edge": {"clusters": {"gw": {"type": "STATIC"}}}},
     "edge.clusters.gw.type: hactl relies on it, and it cannot be changed"),
    ({"edge": {"clusters": {"gw-hedged": {"load_assignment": {}}}}},
     'edge.clusters."gw-hedged": that name is reserved'),
    ({"node": {"clusters": {"app": {"load_assignment": {}}}}}, "node.clusters.app.load_assignment: hactl relies on it, "
     "and it cannot be changed (a [[service]] has endpoints)"),
    ({"node": {"clusters": {"ap": {}}}}, "node.clusters.ap: no cluster has that name, and a new one needs a "
     'load_assignment (did you mean "app"?)'),
    ({"edge": {"http": {"merge_slashes": False}}},
     "http.merge_slashes: edge and node must interpret paths the same way (set the same value in both)"),
]  # fmt: skip


@pytest.mark.parametrize(("patch", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_no_patch_is_refused_in_one_line(patch: dict, said: str):
    assert refusal(written(patch, APP)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"edge": {}, "edge": {}}', '"edge" appears twice in one object'),
        ('{"edge": NaN}', "not valid JSON: NaN is not a number"),
        ('{"edge": {"\\ud800": 1}}', "not valid JSON: half of a surrogate pair"),
        ("{" * 100_000, "not valid JSON: expecting property name enclosed in double quotes (line 1, column 2)"),
        ('{"edge": ' + "[" * 100_000, "not valid JSON: nested too deeply, or a number too long"),
        ('{"edge": ' + "9" * 5000 + "}", "not valid JSON: nested too deeply, or a number too long"),
    ],
)
def test_no_text_breaks_the_reading(text: str, said: str):
    with pytest.raises(Unfit) as caught:
        canonical(text)
    assert caught.value.cause == said


def test_a_program_has_no_documents_to_patch():
    program = 'kind = "command"\ncommand = ["./serve"]\n'
    assert refusal(written({"node": {}}, program)).startswith('node: conflicts with kind = "command"')
    assert parse(written({"edge": {"http": {"merge_slashes": False}}}, program))

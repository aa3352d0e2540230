"""What routes change on the way."""

import re

import pytest

from hactl.core.routing import CorsSpec, HeadersSpec, RedirectSpec, RouteSpec
from hactl.engines.envoy.changes import CORS, on_route, redirecting, rewriting


@pytest.mark.parametrize(
    ("prefix", "wanted", "asked", "arrives"),
    [
        ("/api", "", "/api/x", "/x"),
        ("/api", "", "/api", "/"),
        ("/api/", "", "/api/x", "/x"),
        ("/api", "/v1", "/api/x", "/v1/x"),
        ("/api", "/v1/", "/api/x", "/v1/x"),
        ("/api/", "/v1", "/api/x", "/v1/x"),
        ("/", "/v1", "/x", "/v1/x"),
        ("/a.b", "/c", "/a.b/a.b", "/c/a.b"),
    ],
)
def test_a_prefix_is_replaced_without_doubled_or_missing_slashes(
    prefix: str, wanted: str, asked: str, arrives: str
) -> None:
    """Whether prefix and its replacement end in a slash or not; "" stands for a prefix that is stripped."""
    action = rewriting(RouteSpec(prefix=prefix, rewrite=wanted, strip_prefix=not wanted))["regex_rewrite"]
    assert re.sub(action["pattern"]["regex"], action["substitution"], asked) == arrives


def test_nothing_is_rewritten_unless_asked_for() -> None:
    """A route without changes has none in its document; an exact path is replaced as a whole."""
    assert rewriting(RouteSpec(prefix="/x")) == {}
    assert on_route(RouteSpec(prefix="/x")) == {}
    assert rewriting(RouteSpec(path="/x", rewrite="/y")) == {"prefix_rewrite": "/y"}


def test_what_a_url_does_not_say_stays() -> None:
    """A path alone keeps the host, a host alone keeps the path."""
    assert redirecting(RedirectSpec(to="/new", status=308)) == {
        "response_code": "PERMANENT_REDIRECT",
        "path_redirect": "/new",
    }
    assert redirecting(RedirectSpec(to="https://b.test:8443")) == {
        "response_code": "FOUND",
        "scheme_redirect": "https",
        "host_redirect": "b.test",
        "port_redirect": 8443,
    }


def test_header_values_are_literal() -> None:
    """A percent sign, which begins a variable in Envoy, is written so that it stays one."""
    made = on_route(RouteSpec(response_headers=HeadersSpec(add={"x-a": "%HOSTNAME%"}, remove=("server",))))
    (added,) = made["response_headers_to_add"]
    assert added["header"]["value"] == "%%HOSTNAME%%"
    assert added["append_action"] == "APPEND_IF_EXISTS_OR_ADD"
    assert made["response_headers_to_remove"] == ["server"]


def test_an_origin_is_matched_as_a_whole() -> None:
    """A name is no pattern; a star is everybody."""
    named, everybody = [
        on_route(RouteSpec(cors=CorsSpec(origins=(origin,))))["typed_per_filter_config"][CORS]
        for origin in ("https://a.test", "*")
    ]
    assert named["allow_origin_string_match"] == [{"exact": "https://a.test"}]
    assert everybody["allow_origin_string_match"] == [{"safe_regex": {"regex": ".*"}}]
    assert (named["max_age"], named["forward_not_matching_preflights"]) == ("600", False)

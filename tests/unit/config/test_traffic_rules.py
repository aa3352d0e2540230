"""Stories of services and routes whose keys are right one by one and still do not fit together."""

import pytest

from hactl.config import parse
from hactl.core.errors import ConfigError
from hactl.core.routing import HeadersSpec, RedirectSpec, ServiceTlsSpec

APP = '[[service]]\nname = "app"\nendpoints = ["127.0.0.1:9000"]\n'
ROUTE = '[[route]]\nprefix = "/"\n'
TO_APP = APP + ROUTE + 'service = "app"\n'
PROGRAM = '[gateway]\nkind = "command"\ncommand = ["./serve", "{port}"]\n'

MISFITS = [
    (ROUTE + 'respond = 200\nredirect = { to = "/x" }', "route[1]: has both respond and redirect (keep one)"),
    (TO_APP + 'redirect = { to = "/x" }', "route[1]: has both service and redirect (keep one)"),
    (TO_APP + 'strip_prefix = true\nrewrite = "/x"', "route[1]: has both strip_prefix and rewrite (keep one)"),
    (APP + '[[route]]\npath = "/x"\nservice = "app"\nstrip_prefix = true',
     "route[1].strip_prefix: needs prefix"),
    (ROUTE + 'respond = 200\nrewrite = "/x"', "route[1].rewrite: needs service"),
    (ROUTE + 'respond = 200\ncors = { origins = ["*"] }', "route[1].cors: needs service"),
    (ROUTE + 'respond = 200\nrequest_headers = { remove = ["x"] }',
     "route[1].request_headers: needs service"),
    (TO_APP + "cors = { credentials = true }", 'route[1].cors: wants origins (like origins = '
     '["https://app.example.com"])'),
    (TO_APP + 'cors = { origins = ["*"], credentials = true }', 'route[1].cors: credentials conflict with the origin '
     '"*" (any page could act for its visitors: name the origins)'),
    (TO_APP + 'request_headers = { set = { Host = "x" } }', 'route[1].request_headers: the header "Host" cannot be '
     "changed"),
    (TO_APP + 'response_headers = { set = { X-A = "x" }, remove = ["x-a"] }', 'route[1].response_headers: the header '
     '"x-a" appears twice'),
    (TO_APP + 'request_headers = { set = { "x a" = "x" } }', 'route[1].request_headers: set "x a" cannot name a '
     "header"),
    (TO_APP + 'request_headers = { set = { x-a = "a\\nb" } }', "route[1].request_headers: set header x-a wants text, "
     'found "a\\nb"'),
    (ROUTE + 'redirect = { to = "/x", status = 303 }', "route[1].redirect: status wants one of 301, 302, 307, 308, "
     "found 303"),
    (PROGRAM + ROUTE + 'redirect = { to = "/x" }', 'route[1].redirect: conflicts with kind = "command": your program '
     "decides"),
    (TO_APP + 'rate_limit = { per = "1m" }', "route[1].rate_limit: wants requests (like requests = 100)"),
    ("[edge]\nrate_limit = { burst = 5 }", "edge.rate_limit: wants requests (like requests = 100)"),
    ("[edge]\nrate_limit = { requests = 5, per = \"1ms\" }",
     'edge.rate_limit: per wants a duration from 100ms to 1d, found "1ms"'),
    (ROUTE + 'respond = 200\nhedge = "1s"', "route[1].hedge: needs service"),
    (TO_APP + 'hedge = "1s"\nretries = 0', "route[1].hedge: conflicts with retries = 0 (the second request is one of "
     "them)"),
    (TO_APP + 'hedge = "1s"\nper_try_timeout = "2s"', "route[1].hedge: conflicts with per_try_timeout (keep one: a "
     "hedged try is not given up)"),
    (TO_APP + 'hedge = "5s"', "route[1].hedge: must be shorter than timeout"),
    (TO_APP + 'hedge = "1s"\nmethods = ["POST", "PATCH"]', "route[1].hedge: does nothing for POST, PATCH (only GET, "
     "HEAD, OPTIONS, PUT, DELETE may be sent twice)"),
    (APP + 'health = { interval = "1s" }', 'service[app].health: wants a path (like path = "/healthz")'),
    ('[gateway]\nstart_timeout = "1s"\n' + APP + 'health = { path = "/", timeout = "600ms" }',
     "service[app].health: timeout wants at most half of gateway.start_timeout"),
    (APP.replace('"]', '", "a:1"]') + "tls = {}", "service[app].tls: wants an sni, because the endpoints have several "
     "names (the name that all their certificates bear)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISFITS)
def test_what_does_not_fit_together_is_refused_in_one_line(text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value) == f"hactl.toml: {message}"


@pytest.mark.parametrize("url", ["//b.example", "ftp://b", "https://", "https://b:65536", "https://b:x", "/a b", "x"])
def test_a_redirect_leads_somewhere(url: str):
    with pytest.raises(ConfigError, match=r"^hactl\.toml: route\[1\]\.redirect: to wants a path or a URL"):
        parse(ROUTE + f'redirect = {{ to = "{url}" }}')


def test_what_a_small_table_leaves_out_has_defaults():
    (route,) = parse(
        ROUTE + 'redirect = { to = "https://b:65535/x?y" }\nresponse_headers = { set = { a = "" } }'
    ).routes
    assert route.redirect == RedirectSpec(to="https://b:65535/x?y", status=302)
    assert route.response_headers == HeadersSpec(set={"a": ""})


def test_tls_without_more_trusts_whom_this_machine_trusts():
    assert parse(APP).services[0].tls == ServiceTlsSpec(ca="")
    assert parse(APP + "tls = {}").services[0].tls == ServiceTlsSpec(ca="system")

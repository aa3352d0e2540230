"""The kinds of value that services and routes have of their own. Not the keys they belong to: `traffic_keys`."""

from hactl.config import kinds, quantities
from hactl.core.routing import (
    SYSTEM_CA,
    CorsSpec,
    HeadersSpec,
    LimitsSpec,
    RateLimitSpec,
    RedirectSpec,
    ServiceHealthSpec,
    ServiceTlsSpec,
)
from hactl.core.spec import EdgeTlsSpec

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
"""The methods of RFC 9110 without CONNECT, which asks for a tunnel and not for a resource; and PATCH."""
NAME = "[a-z0-9-]{1,32}"
"""What fleets, regions and services may be called."""
TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}"
"""Names of headers and cookies, as RFC 9110 has them."""
BELOW_ROOT = kinds.text('a path that begins with "/", without blanks, "?" or "#"', r"|/[^\s?#\x00-\x1f\x7f]*")
"""Paths without a query; "" for none."""

_PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_ORIGIN = rf"https?://{quantities.HOSTNAME}(?::{_PORT})?"
_NO_BLANK = r"[^\s#\x00-\x1f\x7f]*"
_many = kinds.whole(1, 1_000_000)
_token = kinds.text("the name of a header", TOKEN)
_header_texts = kinds.named_texts(
    'a table of headers, like { x-team = "web" }', "header", TOKEN, value=r"[^\x00-\x08\x0a-\x1f\x7f]*"
)
_beat = quantities.duration("10ms", "5s")

methods = kinds.many(kinds.choice(METHODS), 'methods, like ["GET"]')
"""Some methods."""

limits = kinds.record(
    LimitsSpec,
    {
        "connections": (_many, LimitsSpec().connections),
        "pending": (_many, LimitsSpec().pending),
        "requests": (_many, LimitsSpec().requests),
    },
)
"""What a node asks of a service at a time."""

rate_limit = kinds.record(
    RateLimitSpec,
    {
        "requests": (kinds.whole(1, 1_000_000_000, off=True), 0),
        "per": (quantities.duration("100ms", "1d"), RateLimitSpec().per),
        "burst": (kinds.whole(1, 1_000_000_000, off=True), 0),
    },
)
"""How many requests are let in."""

service_health = kinds.record(
    ServiceHealthSpec,
    {
        "path": (kinds.text('a path that begins with "/"', f"|/{_NO_BLANK}"), ""),
        "interval": (quantities.duration("10ms", "1h"), ServiceHealthSpec().interval),
        "timeout": (_beat, ServiceHealthSpec().timeout),
        "unhealthy_threshold": (kinds.whole(1, 100), ServiceHealthSpec().unhealthy_threshold),
        "healthy_threshold": (kinds.whole(1, 100), ServiceHealthSpec().healthy_threshold),
    },
)
"""How endpoints are checked. The time-out is short because a node that starts waits for its first checks."""

tls = kinds.record(
    ServiceTlsSpec,
    {
        "ca": (kinds.text('"system" or an absolute path', rf"|{SYSTEM_CA}|/[^\x00-\x1f\x7f]*"), SYSTEM_CA),
        "sni": (kinds.text("a host name", f"|{quantities.HOSTNAME}"), ""),
    },
)
"""How services are spoken to; `{}` is TLS with the authorities of this machine."""

_file = kinds.text("an absolute path", r"|/[^\x00-\x1f\x7f]*")

edge_tls = kinds.filled(
    kinds.record(EdgeTlsSpec, {"cert": (_file, ""), "key": (_file, "")}),
    "wants cert and key",
    'like { cert = "/path/cert.pem", key = "/path/key.pem" }',
)
"""The files that edges speak TLS with. Whether there are such files is not asked here: nothing here reads any."""

redirect = kinds.record(
    RedirectSpec,
    {
        "to": (
            kinds.text(
                'a path or a URL, like "https://example.com/"', f"|/(?!/){_NO_BLANK}|{_ORIGIN}(?:/{_NO_BLANK})?"
            ),
            "",
        ),
        "status": (kinds.one_of(301, 302, 307, 308), RedirectSpec().status),
    },
)
"""Where clients are sent."""

headers = kinds.record(
    HeadersSpec,
    {
        "set": (_header_texts, {}),
        "add": (_header_texts, {}),
        "remove": (kinds.many(_token, "names of headers"), ()),
    },
)
"""Changes to headers."""

cors = kinds.record(
    CorsSpec,
    {
        "origins": (kinds.many(kinds.text('an origin, like "https://example.com"', rf"\*|{_ORIGIN}"), "origins"), ()),
        "methods": (methods, CorsSpec().methods),
        "headers": (kinds.many(_token, "names of headers"), ()),
        "credentials": (kinds.flag(), False),
        "max_age": (quantities.duration("0s", "1d"), CorsSpec().max_age),
    },
)
"""Who may ask from other origins."""

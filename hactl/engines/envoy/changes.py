"""What a route changes on the way: paths, headers, CORS, redirects. Not which requests it takes: that is `routes`.

Nodes do all of it, so that an edge may send a request again as it came.
"""

import re
from urllib.parse import urlsplit

from hactl.core.routing import CorsSpec, HeadersSpec, RedirectSpec, RouteSpec
from hactl.engines.envoy.document import Document, typed

CORS = "envoy.filters.http.cors"
"""The filter that answers preflight requests."""
PREFLIGHT = [{"name": name, "present_match": True} for name in ("origin", "access-control-request-method")]
"""Conditions that only a preflight request meets, besides its method."""
_STATUSES = {301: "MOVED_PERMANENTLY", 302: "FOUND", 307: "TEMPORARY_REDIRECT", 308: "PERMANENT_REDIRECT"}


def rewriting(route: RouteSpec) -> Document:
    """What of a route's action gives the service another path."""
    wanted = "/" if route.strip_prefix else route.rewrite
    if not wanted:
        return {}
    if route.path:
        return {"prefix_rewrite": wanted}
    # Envoy's own prefix_rewrite makes "//x" out of "/api/x" for "/", and "/v1x" for "/v1" when the prefix ends in "/"
    before, after = route.prefix.rstrip("/"), wanted.rstrip("/")
    pattern = f"^{re.escape(before)}" + ("" if after else "/?")
    return {"regex_rewrite": {"pattern": {"regex": pattern}, "substitution": (after or "/").replace("\\", "\\\\")}}


def redirecting(redirect: RedirectSpec) -> Document:
    """The action of a route that sends clients elsewhere."""
    url = urlsplit(redirect.to)
    document: Document = {"response_code": _STATUSES[redirect.status]}
    if url.scheme:
        document |= {"scheme_redirect": url.scheme, "host_redirect": url.hostname}
    if url.port:
        document["port_redirect"] = url.port
    if url.path:
        document["path_redirect"] = url.path + (f"?{url.query}" if url.query else "")
    return document


def on_route(route: RouteSpec) -> Document:
    """What stands beside a route's match and action."""
    document = {
        **_headers("request", route.request_headers),
        **_headers("response", route.response_headers),
    }
    if route.cors.origins:
        document["typed_per_filter_config"] = {CORS: _cors(route.cors)}
    return document


def _headers(which: str, headers: HeadersSpec) -> Document:
    put = [_header(name, value, "OVERWRITE_IF_EXISTS_OR_ADD") for name, value in headers.set.items()]
    put += [_header(name, value, "APPEND_IF_EXISTS_OR_ADD") for name, value in headers.add.items()]
    document: Document = {f"{which}_headers_to_add": put} if put else {}
    if headers.remove:
        document[f"{which}_headers_to_remove"] = list(headers.remove)
    return document


def _header(name: str, value: str, action: str) -> Document:
    # "%" begins a variable of Envoy
    header = {"key": name, "value": value.replace("%", "%%")}
    return {"header": header, "append_action": action, "keep_empty_value": True}


def _cors(cors: CorsSpec) -> Document:
    document = typed(
        "envoy.extensions.filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[_origin(origin) for origin in cors.origins],
        allow_methods=",".join(cors.methods),
        allow_credentials=cors.credentials,
        max_age=str(int(cors.max_age)),
        # what the list does not allow, no service can
        forward_not_matching_preflights=False,
    )
    return document | ({"allow_headers": ",".join(cors.headers)} if cors.headers else {})


def _origin(origin: str) -> Document:
    return {"safe_regex": {"regex": ".*"}} if origin == "*" else {"exact": origin}

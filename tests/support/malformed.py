"""Requests over HTTP/1.1 that are malformed, or that two programs could understand differently.

Each asks for `/case-000`, which `numbered` makes a path of its own. `/case-000smuggled` is what only a program asks
for that was led astray.
"""

_POST = b"POST /case-000 HTTP/1.1\r\nhost: x\r\n"
_GET = b"GET /case-000 HTTP/1.1\r\nhost: x\r\n"
_CHUNKED = _POST + b"transfer-encoding: chunked\r\n\r\n"
_SMUGGLED = b"GET /case-000smuggled HTTP/1.1\r\nhost: x\r\n\r\n"

CASES: dict[str, bytes] = {
    # where a request begins
    "no request line": b"GARBAGE\r\n\r\n",
    "tls where none is spoken": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "http 0.9": b"GET /case-000\r\n\r\n",
    "http 1.2": b"GET /case-000 HTTP/1.2\r\nhost: x\r\n\r\n",
    "http 2.0 in words": b"GET /case-000 HTTP/2.0\r\nhost: x\r\n\r\n",
    "too many dots": b"GET /case-000 HTTP/1.1.1\r\nhost: x\r\n\r\n",
    "lower case method": b"get /case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "method nobody knows": b"BREW /case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "two spaces": b"GET  /case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "space in the path": b"GET /case-000 /case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "space before the method": b" GET /case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "empty lines first": b"\r\n\r\n" + _GET + b"\r\n",
    "line feeds alone": b"GET /case-000 HTTP/1.1\nhost: x\n\n",
    "carriage returns alone": b"GET /case-000 HTTP/1.1\rhost: x\r\r",
    # what is asked for
    "fragment": b"GET /case-000#b HTTP/1.1\r\nhost: x\r\n\r\n",
    "path without a slash": b"GET case HTTP/1.1\r\nhost: x\r\n\r\n",
    "star for a method but OPTIONS": b"GET * HTTP/1.1\r\nhost: x\r\n\r\n",
    "connect": b"CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n",
    "whole url": b"GET http://x/case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "whole url of another host": b"GET http://y/case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "whole url with a user": b"GET http://me:secret@x/case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "url of another kind": b"GET file://x/case-000 HTTP/1.1\r\nhost: x\r\n\r\n",
    "zero byte in the path": b"GET /case-000\0a HTTP/1.1\r\nhost: x\r\n\r\n",
    "escaped zero byte": b"GET /case-000%00a HTTP/1.1\r\nhost: x\r\n\r\n",
    "broken escape": b"GET /case-000%zz HTTP/1.1\r\nhost: x\r\n\r\n",
    "escaped dots and slash": b"GET /case-000/%2e%2e%2fetc/passwd HTTP/1.1\r\nhost: x\r\n\r\n",
    "escaped backslash": b"GET /case-000%5c..%5cetc HTTP/1.1\r\nhost: x\r\n\r\n",
    "high bytes in the path": b"GET /case-000\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
    "huge path": b"GET /case-000" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    # whom it is for
    "no host": b"GET /case-000 HTTP/1.1\r\n\r\n",
    "empty host": b"GET /case-000 HTTP/1.1\r\nhost:\r\n\r\n",
    "two hosts": b"GET /case-000 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "the same host twice": b"GET /case-000 HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
    "two hosts in one": b"GET /case-000 HTTP/1.1\r\nhost: a, b\r\n\r\n",
    "host with a space": b"GET /case-000 HTTP/1.1\r\nhost: a b\r\n\r\n",
    "host with a path": b"GET /case-000 HTTP/1.1\r\nhost: a/b\r\n\r\n",
    "host with a user": b"GET /case-000 HTTP/1.1\r\nhost: a@b\r\n\r\n",
    # headers
    "space before the colon": _GET + b"x-a : 1\r\n\r\n",
    "header without a name": _GET + b": 1\r\n\r\n",
    "header without a colon": _GET + b"x-a\r\n\r\n",
    "folded header": _GET + b"x-a: 1\r\n more\r\n\r\n",
    "folded first header": b"GET /case-000 HTTP/1.1\r\n host: x\r\n\r\n",
    "zero byte in a value": _GET + b"x-a: a\0b\r\n\r\n",
    "zero byte in a name": _GET + b"x\0a: b\r\n\r\n",
    "carriage return in a value": _GET + b"x-a: a\rb\r\n\r\n",
    "parenthesis in a name": _GET + b"x(a): b\r\n\r\n",
    "huge header": _GET + b"x-a: " + b"a" * 100_000 + b"\r\n\r\n",
    "many headers": _GET + b"".join(b"x-%d: 1\r\n" % n for n in range(200)) + b"\r\n",
    "expects what nobody knows": _GET + b"expect: miracles\r\n\r\n",
    "upgrade to what nobody speaks": _GET + b"connection: upgrade\r\nupgrade: cow\r\n\r\n",
    # where it ends
    "length and chunks": _POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + _SMUGGLED,
    "chunks and length": _POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + _SMUGGLED,
    "two lengths": _POST + b"content-length: 0\r\ncontent-length: 43\r\n\r\n" + _SMUGGLED,
    "the same length twice": _POST + b"content-length: 3\r\ncontent-length: 3\r\n\r\nabc",
    "two lengths in one": _POST + b"content-length: 3, 3\r\n\r\nabc",
    "negative length": _POST + b"content-length: -1\r\n\r\n",
    "length with a sign": _POST + b"content-length: +3\r\n\r\nabc",
    "length in hex": _POST + b"content-length: 0x3\r\n\r\nabc",
    "length beyond all numbers": _POST + b"content-length: 99999999999999999999999\r\n\r\nabc",
    "unknown coding": _POST + b"transfer-encoding: cow\r\n\r\n" + _SMUGGLED,
    "chunked, then something else": _POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + _SMUGGLED,
    "something else, then chunked": _POST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": _POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in disguise": _POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + _SMUGGLED,
    "chunked behind a tab": _POST + b"transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + _SMUGGLED,
    "chunked with a space before the colon": _POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + _SMUGGLED,
    "chunked in a folded header": _POST + b"x-a: 1\r\n transfer-encoding: chunked\r\n\r\n" + _SMUGGLED,
    "chunked and named for removal": _POST
    + b"connection: transfer-encoding\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "length named for removal": _POST + b"connection: content-length\r\ncontent-length: 3\r\n\r\nabc",
    "chunk without a size": _CHUNKED + b"xyz\r\n",
    "chunk of negative size": _CHUNKED + b"-1\r\n\r\n",
    "chunk size in the wrong hex": _CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "chunk size beyond all numbers": _CHUNKED + b"f" * 40 + b"\r\nabc",
    "chunk longer than its size": _CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n",
    "chunk lines that end in line feeds": _CHUNKED + b"3\nabc\n0\n\n" + _SMUGGLED,
    "chunk extension without end": _CHUNKED + b"3;" + b"a" * 100_000,
    "chunks without end": _CHUNKED + b"1\r\na\r\n" * 200,
    "trailer that says where to go": _CHUNKED + b"0\r\nhost: y\r\ncontent-length: 3\r\n\r\n",
    "trailers without end": _CHUNKED + b"0\r\n" + b"x-a: 1\r\n" * 5000,
    "body of a GET": _GET + b"content-length: 3\r\n\r\nabc" + _SMUGGLED,
}

PASSED_ON = {
    "http 0.9",
    "http 1.2",
    "http 2.0 in words",
    "two spaces",
    "empty lines first",
    "line feeds alone",
    "whole url",
    "whole url of another host",
    "whole url with a user",
    "broken escape",
    "empty host",
    "host with a user",
    "folded header",
    "carriage return in a value",
    "expects what nobody knows",
    "chunked in a folded header",
    "chunked and named for removal",
    "length named for removal",
    "chunk longer than its size",
    "trailer that says where to go",
    "body of a GET",
}
"""Cases in which Envoy makes one plain request of what it is sent, and passes that on."""
ENDLESS = {"carriage returns alone", "chunk extension without end", "chunks without end", "trailers without end"}
"""Cases that never come to an end."""
REFUSED = {case: request for case, request in CASES.items() if case not in PASSED_ON | ENDLESS}
"""All others."""


def numbered(request: bytes, number: int) -> bytes:
    """`request` with a path that tells it from all others, of the same length."""
    return request.replace(b"/case-000", b"/case-%03d" % number)

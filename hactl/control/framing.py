"""One question, one connection: the little of HTTP that our clients speak to a control socket. Pure.

In HTTP/1.0 an answer ends with its connection, so that reading one takes no more than a loop. Who reads it, blocking
or not, is `client` and `aclient`.
"""

from hactl.control.api import PROTOCOL_HEADER
from hactl.core.errors import HactlError
from hactl.core.talk import PROTOCOL

END = (b"\r\n", b"")
"""What follows the last line of a head."""
LONGEST = 65536
"""Bytes of a line of a head."""


def request(method: str, path: str, body: bytes) -> bytes:
    """What is sent."""
    return (
        f"{method} {path} HTTP/1.0\r\nhost: hactl\r\n{PROTOCOL_HEADER}: {PROTOCOL}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode("ascii") + body


def status(line: bytes) -> int:
    """What the first line of an answer says. Raises ConnectionResetError for none, HactlError for none of HTTP."""
    if not line:
        raise ConnectionResetError
    first = line.split(maxsplit=2)
    if len(first) < 2 or not first[0].startswith(b"HTTP/1.") or not first[1].isdigit():
        raise HactlError("what answers on the control socket is not a hactl daemon", "hactl up")
    return int(first[1])


def length(line: bytes) -> int | None:
    """How many bytes the body has, if that is what a further line says."""
    name, _, value = line.partition(b":")
    return int(value) if name.lower() == b"content-length" and value.strip().isdigit() else None

"""What goes over a control socket, byte by byte."""

import pytest

from hactl.control.framing import length, request, status
from hactl.core.errors import HactlError
from hactl.core.talk import PROTOCOL


def test_a_request_says_what_protocol_it_speaks_and_how_long_it_is() -> None:
    """Its head is ASCII, its body whatever bytes there are."""
    head, _, body = request("POST", "/v1/x", "é".encode()).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /v1/x HTTP/1.0"
    assert f"x-hactl-protocol: {PROTOCOL}".encode() in head.split(b"\r\n")
    assert b"content-length: 2" in head.split(b"\r\n")
    assert body == "é".encode()


def test_the_first_line_is_a_status_or_somebody_else_answers() -> None:
    """Nothing at all is a daemon that went away; anything but HTTP is no daemon."""
    assert status(b"HTTP/1.0 200 OK\r\n") == 200
    assert status(b"HTTP/1.1 503\r\n") == 503
    with pytest.raises(ConnectionResetError):
        status(b"")
    for line in (b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n", b"HTTP/2 200\r\n", b"\r\n"):
        with pytest.raises(HactlError, match="is not a hactl daemon"):
            status(line)


def test_only_a_length_that_is_a_number_is_one() -> None:
    """However its name is written."""
    assert length(b"Content-Length: 10\r\n") == 10
    assert length(b"content-length: ten\r\n") is None
    assert length(b"content-type: application/json\r\n") is None

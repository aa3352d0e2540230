"""What a client asks is what the daemon reads."""

from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hactl.control.api import HISTORY, STATUS, Code, ErrorBody, Fault, HistoryParams, read_error, target
from hactl.core.codec import encode
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.talk import Query

positions = st.integers(0, 2**63 - 1)
queries = st.builds(
    Query,
    after=positions,
    before=positions,
    since=st.floats(0, 1e12),
    kinds=st.lists(st.from_regex(r"[A-Za-z]+", fullmatch=True), max_size=3).map(tuple),
    limit=st.integers(1, 10_000),
)


@settings(max_examples=200)
@given(queries)
def test_a_query_survives_its_address(query: Query) -> None:
    """Every number and every list of kinds comes out of the query string as it went in."""
    address = urlsplit(target(HISTORY, HistoryParams.of(query)))
    assert address.path == HISTORY
    given_ = dict(parse_qsl(address.query, keep_blank_values=True))
    assert msgspec.convert(given_, HistoryParams, strict=False).query() == query


@pytest.mark.parametrize("code", list(Code))
def test_every_fault_arrives_as_the_error_it_was(code: Code) -> None:
    """Message, hint and guard survive; what the core or a read-only socket refused is a rejection."""
    fault = Fault(code=code, message="m", hint="h", guard=True)
    error = read_error(STATUS[code], encode(ErrorBody(error=fault)))
    assert (error.message, error.hint) == ("m", "h")
    assert isinstance(error, CommandRejected) is (code in (Code.REJECTED, Code.READ_ONLY))
    assert not isinstance(error, CommandRejected) or error.guard


@pytest.mark.parametrize("body", [b"", b"Bad Gateway", b"{}", b'{"error": {"code": "new", "message": "m"}}', b"\xff"])
def test_an_unknown_answer_is_an_error_all_the_same(body: bytes) -> None:
    """Something else on the socket, or a newer daemon: the status is said."""
    error = read_error(502, body)
    assert type(error) is HactlError
    assert "502" in error.message

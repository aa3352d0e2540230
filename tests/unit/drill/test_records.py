"""Rows in columns: what goes in comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hactl.core.errors import HactlError
from hactl.drill.records import Records, Row

times = st.floats(0, 1e9)
rows = st.lists(
    st.builds(
        Row,
        times,
        times,
        times,
        st.integers(0, 599),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "x"]),
        st.integers(1, 9),
    )
)


@given(rows)
def test_columns_keep_every_row_exactly(given_rows: list[Row]) -> None:
    """Rows survive the columns and the file, bit for bit and in order."""
    records = Records(given_rows)
    assert list(records) == given_rows
    assert list(Records.decode(records.encode())) == given_rows
    assert len(records) == len(given_rows)
    assert records.failed == sum(not row.ok for row in given_rows)
    assert records.last_failed == max((row.intended for row in given_rows if not row.ok), default=None)
    assert records.latencies(1) == [row.done - row.intended for row in given_rows[1:]]


def test_a_file_from_before_anybody_tried_again_is_read() -> None:
    """Each of its requests was sent once, and one without such requests is still written so."""
    once = Row(1.0, 1.0, 2.0, 200, "a", "")
    old = Records([once]).encode()
    assert b'"attempts":[]' in old
    assert list(Records.decode(old.replace(b',"attempts":[]', b""))) == [once]


def test_a_file_of_something_else_is_refused() -> None:
    """A broken file is an error that says so, never an empty measurement."""
    with pytest.raises(HactlError, match="not a valid"):
        Records.decode(b'{"rows": []}')

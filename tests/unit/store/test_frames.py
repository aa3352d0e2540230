"""How measurements are encoded: whole ones come back, cut and damaged ones cost themselves and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.measurements import AT, moment

from hactl.core.model import Sample
from hactl.core.talk import Measured, Pulse
from hactl.store.frames import MAGIC, Encoder, read

number = st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False)
whole = st.none() | st.integers(0, 1 << 24)


def segment(*moments: Measured) -> bytes:
    encoder = Encoder()
    return MAGIC + b"".join(encoder.encode(each, seq) for seq, each in enumerate(moments))


def shown(data: bytes) -> list[float]:
    return [frame.at - AT for frame in read(data).frames]


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            Sample, node=st.text(max_size=40), at=st.just(AT), requests=number, errors=number, share=number,
            p50_ms=number, p99_ms=number, active=whole, cpu=number, rss=whole,
        ),
        max_size=4,
    )
)  # fmt: skip
def test_whatever_was_measured_comes_back(samples):
    """Unknown stays unknown, and whole numbers stay whole."""
    measured = Measured(at=AT, samples=tuple(samples), pulse=Pulse(lag_ms=1.5, cpu=0.5, rss=1 << 20))
    found = read(MAGIC + Encoder().encode(measured, 7))
    assert not found.damaged
    (frame,) = found.frames
    assert (frame.at, frame.seq, frame.samples, frame.pulse) == (AT, 7, measured.samples, measured.pulse)
    assert frame.requests == {sample.node: sample.requests for sample in samples}


def test_names_are_written_once_until_they_change():
    once, twice = segment(moment(1)), segment(moment(1), moment(2))
    other = segment(moment(1), moment(2, nodes=("edge-1", "osaka-1")))
    assert len(twice) - len(once) < len(once) - len(MAGIC)
    assert [frame.names for frame in read(other).frames] == [("edge-1", "seoul-1"), ("edge-1", "osaka-1")]
    encoder = Encoder()
    first = encoder.encode(moment(1), 1)
    encoder.forget()
    assert len(encoder.encode(moment(2), 2)) == len(first)


def test_a_segment_that_is_cut_at_any_byte_loses_only_what_was_cut():
    """As kill -9 leaves it: nothing is damaged, the last moment is missing."""
    moments = [moment(number) for number in range(3)]
    whole, ends = segment(*moments), [len(segment(*moments[:count])) for count in range(1, 4)]
    for cut in range(len(whole) + 1):
        found = read(whole[:cut])
        assert not found.damaged
        assert len(found.frames) == sum(end <= cut for end in ends)


def test_a_damaged_byte_costs_its_frame_or_what_follows_and_is_noticed():
    """Never a wrong number; what was written before is there."""
    moments = [moment(number, nodes=("a", "b") if number < 2 else ("c", "d")) for number in range(4)]
    data = segment(*moments)
    ends = [len(segment(*moments[:count])) for count in range(1, 5)]
    for at in range(len(data)):
        spoilt = bytearray(data)
        spoilt[at] ^= 0x40
        found = read(bytes(spoilt))
        before = sum(end <= at for end in ends)
        assert found.frames[:before] == read(data).frames[:before]
        assert all((frame.at, frame.samples) in [(each.at, each.samples) for each in moments] for frame in found.frames)
        assert len(found.frames) < 4
        assert found.damaged or len(found.frames) == before, "only a length may hide damage, as a torn end"


def test_zeros_behind_the_end_are_damage():
    """As a power cut may leave it."""
    found = read(segment(moment(1)) + bytes(100))
    assert found.damaged
    assert len(found.frames) == 1


@pytest.mark.parametrize(
    ("data", "damaged"), [(b"", False), (MAGIC[:5], False), (MAGIC, False), (b"SQLite format", True)]
)
def test_what_is_no_segment_has_no_frames(data, damaged):
    assert read(data) == ([], damaged)


def test_frames_keep_their_order():
    assert shown(segment(*(moment(number) for number in range(5)))) == [0, 1, 2, 3, 4]

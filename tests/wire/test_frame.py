"""A stream cut anywhere gives the same frames, and a lie about a length is caught."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.errors import FrameTooLongError
from alvh_trader.wire.frame import FRAME_BYTES_MAX, FrameReader, frame

payloads = st.lists(st.binary(max_size=300), max_size=12)


@given(payloads, st.data())
def test_frames_survive_every_cut_of_the_stream(
    sent: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frame(payload) for payload in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
    bounds = [0, *sorted(cuts), len(stream)]
    reader = FrameReader()
    got = [f for a, b in pairwise(bounds) for f in reader.feed(stream[a:b])]
    assert got == sent
    assert reader.pending == 0


def test_frames_survive_being_read_byte_by_byte() -> None:
    reader = FrameReader()
    stream = frame(b"") + frame(b"one") + frame(b"two")
    got = [f for i in range(len(stream)) for f in reader.feed(stream[i : i + 1])]
    assert got == [b"", b"one", b"two"]


def test_a_length_beyond_the_limit_is_refused_before_its_bytes_come() -> None:
    reader = FrameReader()
    with pytest.raises(FrameTooLongError, match="at most"):
        list(reader.feed((FRAME_BYTES_MAX + 1).to_bytes(4, "big")))


def test_frames_before_a_broken_one_are_still_delivered() -> None:
    reader = FrameReader()
    got = reader.feed(frame(b"good") + b"\xff\xff\xff\xff")
    assert next(got) == b"good"
    with pytest.raises(FrameTooLongError):
        next(got)


def test_a_reader_abandoned_half_way_does_not_repeat_a_frame() -> None:
    reader = FrameReader()
    first = next(iter(reader.feed(frame(b"one") + frame(b"two"))))
    assert first == b"one"
    assert list(reader.feed(b"")) == [b"two"]

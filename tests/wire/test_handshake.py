"""The version spoken is the lesser of what both know, and nobody is misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.errors import FrameTooLongError, ProtocolError
from alvh_trader.wire.frame import frame
from alvh_trader.wire.handshake import (
    VERSION_MAX,
    VERSION_MIN,
    ClientStream,
    Hello,
    agree,
    read_hello,
    write_hello,
    write_welcome,
)


@pytest.mark.parametrize(
    ("lowest", "highest", "version"),
    [
        (157, 176, 176),
        (157, 178, 178),
        (100, 157, 157),
        (100, 225, 178),
        (178, 200, 178),
    ],
)
def test_the_version_is_the_lesser_of_both(
    lowest: int, highest: int, version: int
) -> None:
    assert agree(Hello(lowest, highest)) == version


@pytest.mark.parametrize(("lowest", "highest"), [(100, 156), (179, 225), (201, 201)])
def test_a_client_out_of_reach_is_refused(lowest: int, highest: int) -> None:
    with pytest.raises(ProtocolError, match=r"157\.\.178"):
        agree(Hello(lowest, highest))


@given(st.integers(1, 300), st.integers(1, 300))
def test_an_agreed_version_is_one_that_both_speak(a: int, b: int) -> None:
    hello = Hello(min(a, b), max(a, b))
    try:
        version = agree(hello)
    except ProtocolError:
        return
    assert VERSION_MIN <= version <= VERSION_MAX
    assert hello.lowest <= version <= hello.highest


@given(
    st.integers(0, 9999),
    st.integers(0, 9999),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
)
def test_a_hello_is_read_as_it_was_written(low: int, high: int, options: str) -> None:
    hello = Hello(low, high, options)
    stream = ClientStream()
    (payload,) = stream.feed(write_hello(hello))
    assert read_hello(payload) == hello


@pytest.mark.parametrize(
    "payload", [b"", b"v157", b"157..176", b"v157..", b"v1..99999", b"71\x002\x001\0"]
)
def test_what_is_not_a_version_range_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match="version range"):
        read_hello(payload)


@given(st.data())
def test_the_opening_survives_every_cut(data: st.DataObject) -> None:
    sent = write_hello(Hello(157, 176)) + frame(b"71\x002\x007\0\0")
    cut = data.draw(st.integers(0, len(sent)))
    stream = ClientStream()
    got = [*stream.feed(sent[:cut]), *stream.feed(sent[cut:])]
    assert got == [b"v157..176", b"71\x002\x007\0\0"]


@pytest.mark.parametrize(
    "opening", [b"GET / HTTP/1.1\r\n", b"63\0", b"A\0", b"\x16\3\1"]
)
def test_another_protocol_is_noticed_at_its_first_bytes(opening: bytes) -> None:
    with pytest.raises(ProtocolError, match="opened with"):
        list(ClientStream().feed(opening))


def test_a_wild_length_after_the_preamble_is_refused() -> None:
    with pytest.raises(FrameTooLongError):
        list(ClientStream().feed(b"API\0\xff\xff\xff\xff"))


def test_the_welcome_has_two_fields_and_no_message_number() -> None:
    welcome = write_welcome(176, "20180205 09:30:00 EST")
    assert welcome[4:] == b"176\x0020180205 09:30:00 EST\0"
    assert int.from_bytes(welcome[:4], "big") == len(welcome) - 4

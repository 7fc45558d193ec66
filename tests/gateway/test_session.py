"""One client's conversation: opening it, breaking it, and being turned away."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.gateway import handle_unserved
from alvh_trader.gateway.session import Stage
from alvh_trader.wire import codec, request
from alvh_trader.wire.account_reply import Error, ManagedAccounts, NextValidId
from alvh_trader.wire.field import join
from alvh_trader.wire.frame import frame
from alvh_trader.wire.handshake import Hello, write_hello
from tests.gateway.peer import Peer, errors, floor, kinds


def test_a_start_is_answered_in_the_recorded_order() -> None:
    peer = Peer(floor())
    assert kinds(peer.greeting) == ["ManagedAccounts", "NextValidId", *["Error"] * 3]
    assert peer.greeting[0] == ManagedAccounts(peer.floor.account_id)
    assert peer.greeting[1] == NextValidId(1)
    assert errors(peer.greeting) == [(-1, 2104), (-1, 2106), (-1, 2158)]


@pytest.mark.parametrize(("asked", "spoken"), [(157, 157), (176, 176), (225, 178)])
def test_the_welcome_names_the_version_and_the_simulated_time(
    asked: int, spoken: int
) -> None:
    peer = Peer(floor(), version=asked, start=False)
    (welcome,) = peer.welcome
    assert welcome == f"{spoken}\0".encode() + b"20180122 09:30:00 EST\0"


@pytest.mark.parametrize(
    "opening",
    [
        write_hello(Hello(100, 156)),
        write_hello(Hello(179, 225)),
        b"GET / HTTP/1.1\r\n\r\n",
        b"API\0" + frame(b"hello"),
        b"API\0\xff\xff\xff\xff",
    ],
)
def test_a_client_that_cannot_be_spoken_with_is_dropped_without_a_word(
    opening: bytes,
) -> None:
    peer = Peer(floor(), start=False)
    stranger = Peer(peer.floor, start=False)
    fresh = type(stranger.session)(peer.floor, {}, lambda *_: False)
    fresh.receive(opening)
    assert fresh.is_closing
    assert fresh.take_output() == b""


def test_a_client_id_in_use_is_refused_with_326_and_closed() -> None:
    on = floor()
    first, second = Peer(on, 7), Peer(on, 7)
    assert errors(second.greeting) == [(-1, 326)]
    assert second.session.is_closing
    assert errors(first.ask(request.RequestIds(1))) == []


def test_a_client_id_is_free_again_when_its_client_is_gone() -> None:
    on = floor()
    Peer(on, 7).session.close()
    assert errors(Peer(on, 7).greeting) == [(-1, 2104), (-1, 2106), (-1, 2158)]


def test_a_refused_client_does_not_free_the_id_of_the_other() -> None:
    on = floor()
    first, second = Peer(on, 7), Peer(on, 7)
    second.session.close()
    assert on.clients[7] is first.session


def test_a_request_before_the_start_ends_the_conversation() -> None:
    peer = Peer(floor(), start=False)
    assert errors(peer.ask(request.RequestPositions())) == [(-1, 321)]
    assert peer.session.stage is Stage.CLOSING


def test_a_second_start_is_an_error_and_no_more() -> None:
    peer = Peer(floor(), 3)
    assert errors(peer.ask(request.StartApi(4))) == [(-1, 321)]
    assert peer.ask(request.RequestIds(1)) == [NextValidId(1)]


@pytest.mark.parametrize(
    "payload", [b"", b"x\0", b"8\x001\0", b"8\x001\0many\0", b"999\x001\0", b"\xff\xfe"]
)
def test_a_malformed_request_gets_320_and_the_conversation_goes_on(
    payload: bytes,
) -> None:
    peer = Peer(floor())
    (answer,) = peer.read(peer.raw(frame(payload)))
    assert isinstance(answer, Error)
    assert (answer.req_id, answer.code) == (-1, 320)
    assert peer.ask(request.RequestIds(1)) == [NextValidId(1)]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_answers_do_not_depend_on_where_the_stream_is_cut(data: st.DataObject) -> None:
    asked = (
        request.StartApi(1),
        request.RequestPositions(),
        request.RequestAccountUpdates(subscribe=True, account=""),
        request.RequestIds(1),
        request.RequestCurrentTime(),
    )
    stream = b"".join(codec.encode(it, 176) for it in asked)
    whole = b"".join(Peer(floor(), start=False).raw(stream))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    peer = Peer(floor(), start=False)
    parts = [
        payload
        for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for payload in peer.raw(stream[a:b])
    ]
    assert b"".join(parts) == whole


@cache
def veteran() -> Peer:
    return Peer(floor())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("0123456789.-ABE\n", max_size=6), min_size=1, max_size=40))
def test_no_sequence_of_fields_breaks_the_gateway(fields: list[str]) -> None:
    peer = veteran()
    for number in (*(h.number for h in codec.REQUESTS.values()), *handle_unserved.ROWS):
        if number in (49, 71):
            continue
        peer.raw(frame(join([str(number), *fields])))
    assert peer.ask(request.RequestIds(1))

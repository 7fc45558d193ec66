"""How much a client may ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.pacing import MessageRate
from alvh_trader.gateway.session import PACED
from alvh_trader.wire import codec, request
from tests.gateway.peer import Peer, errors, floor


def said(times: list[float], most: int = 50) -> list[int]:
    rate = MessageRate(most)
    return [notice.code for at in times if (notice := rate.count(at))]


def test_fifty_messages_a_second_are_served_with_a_warning() -> None:
    assert said([n / 50 for n in range(500)]) == [0] * 10


def test_forty_five_are_served_without_a_word() -> None:
    assert said([n / 45 for n in range(450)]) == []


def test_a_burst_is_told_once_a_second_and_counted() -> None:
    rate = MessageRate(50)
    heard = [notice for _ in range(108) if (notice := rate.count(7.0))]
    assert [it.code for it in heard] == [0, 100]
    assert heard[0].text == "Warning: Approaching max rate of 50 messages per second"
    assert heard[1].text == (
        "Max rate of messages per second has been exceeded:max=50 rec=51 (1)"
    )
    assert not rate.is_over


@given(st.lists(st.floats(0, 5), max_size=300).map(sorted), st.integers(1, 60))
def test_the_third_violation_and_no_earlier_one_is_too_many(
    times: list[float], most: int
) -> None:
    rate = MessageRate(most)
    hundreds = 0
    for at in times:
        notice = rate.count(at)
        hundreds += notice is not None and notice.code == 100
        assert rate.is_over == (hundreds >= 3)


class Wall:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def burst(peer: Peer, count: int) -> list[tuple[int, int]]:
    return [
        row for _ in range(count) for row in errors(peer.ask(request.RequestIds(1)))
    ]


@pytest.fixture
def on() -> Floor:
    it = floor(settings=ApiSettings(messages_per_second=10))
    it.wall = Wall()
    return it


def test_a_client_that_stays_too_fast_is_disconnected(on: Floor) -> None:
    peer = Peer(on)
    assert burst(peer, 12) == [(-1, 0), (-1, 100)]
    Wall.now = 1.5
    assert burst(peer, 12) == [(-1, 0), (-1, 100)]
    Wall.now = 3.0
    peer.session.receive(12 * codec.encode(request.RequestIds(1), 176))
    assert peer.session.is_closing
    assert on.clients == {}
    assert errors(peer.hear()) == [(-1, 0), (-1, 100)]


def test_a_client_that_asks_to_be_slowed_down_is_not_told(on: Floor) -> None:
    peer = Peer(on, options=PACED)
    assert burst(peer, 100) == []


def test_in_lockstep_nobody_is_too_fast() -> None:
    assert burst(Peer(floor()), 200) == []

"""Bars of five seconds as they are completed."""

from itertools import pairwise

import pytest

from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, kinds, only

SPX = ContractSpec(symbol="SPX", sec_type="IND", exchange="CBOE", currency="USD")


def test_five_second_bars_follow_each_other_without_gaps() -> None:
    peer = Peer(floor())
    peer.ask(ask.RequestRealTimeBars(req_id=6, contract=SPX))
    heard = [it for _ in range(6) for it in peer.pulse()]
    times = [it.time for it in only(wire.RealTimeBar, heard)]
    assert len(times) > 10
    assert {b - a for a, b in pairwise(times)} == {5}
    peer.ask(ask.CancelRealTimeBars(6))
    assert kinds(peer.pulse()) == ["CurrentTime"]


@pytest.mark.parametrize(
    ("what", "code"), [("MIDPOINT", 420), ("BID", 420), ("FEELINGS", 321)]
)
def test_an_index_has_only_bars_of_its_values(what: str, code: int) -> None:
    asked = ask.RequestRealTimeBars(req_id=6, contract=SPX, what=what)
    assert errors(Peer(floor()).ask(asked)) == [(6, code)]


def test_they_are_paced_like_the_past() -> None:
    peer = Peer(floor())
    peer.floor.wall = lambda: 7.0
    asked = ask.RequestRealTimeBars(req_id=6, contract=SPX)
    (told,) = only(Error, [*peer.ask(asked), *peer.ask(asked)])
    assert (told.req_id, told.code) == (6, 420)
    assert told.text == (
        "Invalid Real-time Query:Historical data request pacing violation"
    )

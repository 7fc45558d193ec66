"""Where the past begins, and single ticks of it."""

import pytest

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.entitlement import Entitlement
from alvh_trader.sim.products import SPY
from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, only, vix_call

SPX = ContractSpec(symbol="SPX", sec_type="IND", exchange="CBOE")


def past(peer: Peer, **changes: object) -> list:  # type: ignore[type-arg]
    question = {"req_id": 4, "contract": SPX, "count": 10}
    return peer.ask(ask.RequestHistoricalTicks(**(question | changes)))  # type: ignore[arg-type]


def test_the_head_timestamp_is_the_first_bar_in_utc_or_as_epoch() -> None:
    peer = Peer(floor())
    (text,) = peer.ask(ask.RequestHeadTimestamp(req_id=4, contract=SPX))
    (epoch,) = peer.ask(ask.RequestHeadTimestamp(req_id=4, contract=SPX, date_format=2))
    (bars,) = only(
        wire.HistoricalData,
        peer.ask(ask.RequestHistoricalData(req_id=3, contract=SPX, duration="50 Y")),
    )
    assert isinstance(text, wire.HeadTimestamp)
    # Half past nine in New York, in summer.
    assert text.time == f"{bars.rows[0].date}-13:30:00"
    assert isinstance(epoch, wire.HeadTimestamp)
    assert int(epoch.time) == 1476970200


def test_ticks_before_an_end_are_the_newest_ones() -> None:
    (answer,) = past(Peer(floor()), end="20180119 12:00:00 US/Eastern")
    assert isinstance(answer, wire.PastTrades)
    assert answer.done
    times = [row.time for row in answer.rows]
    noon = 1516381200
    assert times == list(range(noon - 45, noon + 1, 5))
    assert all(row.size == 0 for row in answer.rows)


def test_ticks_after_a_start_are_the_oldest_ones() -> None:
    (answer,) = past(Peer(floor()), start="20180119 12:00:00 US/Eastern", count=1000)
    assert len(answer.rows) == 1000
    assert answer.rows[0].time == 1516381205
    (monday,) = past(Peer(floor()), start="20180119 17:00:00 US/Eastern", count=5)
    assert monday.rows == ()


def test_both_ways_meet_in_the_same_prices() -> None:
    peer = Peer(floor())
    (late,) = past(peer, end="20180119 12:00:00 US/Eastern", count=12)
    (early,) = past(peer, start="20180119 11:59:00 US/Eastern", count=12)
    assert late.rows == early.rows


def test_no_tick_lies_in_the_future() -> None:
    peer = Peer(floor())
    for _ in range(3):
        peer.pulse()
    now = peer.floor.exchange.now.timestamp()
    (answer,) = past(peer, start="20180122 09:30:00 US/Eastern", count=1000)
    assert answer.rows[-1].time == now
    (same,) = past(peer, end="20190101-00:00:00", count=len(answer.rows))
    assert same.rows == answer.rows


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 321),
        ({"start": "20180119-12:00:00", "end": "20180119-13:00:00"}, 321),
        ({"end": "yesterday"}, 321),
        ({"end": "20180119-13:00:00", "count": 1001}, 321),
        ({"end": "20180119-13:00:00", "what": "FEELINGS"}, 321),
        ({"end": "20180119-13:00:00", "what": "BID_ASK"}, 162),
        ({"end": "20180119-13:00:00", "contract": ContractSpec(con_id=5)}, 200),
    ],
)
def test_what_cannot_be_answered_says_why(
    changes: dict[str, object], code: int
) -> None:
    assert errors(past(Peer(floor()), **changes)) == [(4, code)]


@pytest.mark.parametrize("what", ["call", "future", "stock"])
def test_quotes_of_the_past_are_those_that_were_streamed(what: str) -> None:
    peer = Peer(floor())
    exchange = peer.floor.exchange
    con_id = {
        "call": vix_call(exchange).con_id,
        "future": exchange.find(symbol="VIX", sec_type="FUT")[0].con_id,
        "stock": SPY,
    }[what]
    streamed = {}
    for _ in range(6):
        streamed[int(exchange.now.timestamp())] = exchange.tops([con_id])[0]
        peer.pulse()
    of = {"contract": ContractSpec(con_id=con_id), "count": 1000}
    begin = "20180122 09:30:00 US/Eastern"
    (quotes,) = past(peer, **of, start=begin, what="BID_ASK")
    (middles,) = past(peer, **of, start=begin, what="MIDPOINT")
    assert isinstance(quotes, wire.PastQuotes)
    assert isinstance(middles, wire.PastTicks)
    times = [row.time for row in quotes.rows]
    assert times == list(range(min(streamed), int(exchange.now.timestamp()) + 1, 5))
    found = {row.time: row for row in quotes.rows}
    for at, top in streamed.items():
        row = found[at]
        assert [f"{row.bid:.2f}", f"{row.ask:.2f}"] == [
            f"{top.bid:.2f}",
            f"{top.ask:.2f}",
        ]
        assert (row.bid_size, row.ask_size) == (top.bid_size, top.ask_size)
    for middle, quote in zip(middles.rows, quotes.rows, strict=True):
        assert middle.time == quote.time
        expected = (float(quote.bid) + float(quote.ask)) / 2
        assert float(middle.price) == pytest.approx(expected)
    (last,) = past(peer, **(of | {"count": 7}), end="20190101-00:00:00", what="BID_ASK")
    assert last.rows == quotes.rows[-7:]


def test_options_have_no_trades_of_the_past_and_begin_nowhere() -> None:
    peer = Peer(floor())
    call = ContractSpec(con_id=vix_call(peer.floor.exchange).con_id)
    asked = past(peer, end="20180119-13:00:00", contract=call)
    assert errors(asked) == [(4, 162)]
    head = ask.RequestHeadTimestamp(req_id=4, contract=call)
    assert errors(peer.ask(head)) == [(4, 162)]


def test_without_a_subscription_there_are_no_ticks_and_they_are_paced() -> None:
    poor = Peer(floor(settings=ApiSettings(market_data=Entitlement.DELAYED)))
    assert errors(past(poor, end="20180119-13:00:00")) == [(4, 10187)]
    hasty = Peer(floor())
    hasty.floor.wall = lambda: 7.0
    assert errors(past(hasty, end="20180119-20:00:00")) == []
    assert errors(past(hasty, end="20180119-20:00:00")) == [(4, 162)]

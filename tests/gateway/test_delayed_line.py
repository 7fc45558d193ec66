"""Delayed data: who gets it, under which kinds, and how late."""

from datetime import timedelta

import pytest

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.entitlement import Entitlement
from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, kinds, only, vix_call

SPX = ContractSpec(symbol="SPX", sec_type="IND", exchange="CBOE", currency="USD")
DELAYED = ApiSettings(market_data=Entitlement.DELAYED)


def late(kind: int = 3) -> Peer:
    peer = Peer(floor(settings=DELAYED))
    assert peer.ask(ask.RequestMarketDataType(kind)) == []
    return peer


def test_the_words_and_the_type_of_data_come_before_the_first_tick() -> None:
    heard = late().ask(ask.RequestMarketData(req_id=11, contract=SPX))
    assert kinds(heard)[:3] == ["Error", "TickReqParams", "MarketDataType"]
    assert only(Error, heard)[0].text == (
        "Requested market data is not subscribed. Displaying delayed market data."
    )
    assert errors(heard) == [(11, 10167)]
    assert heard[2] == wire.MarketDataType(11, 3)
    assert {it.kind for it in only(wire.TickPrice, heard)} == {68, 72, 73, 75, 76}


def test_an_option_has_delayed_sizes_and_greeks() -> None:
    peer = late()
    call = ContractSpec(con_id=vix_call(peer.floor.exchange).con_id)
    heard = peer.ask(ask.RequestMarketData(req_id=11, contract=call))
    assert {66, 67, 68, 75} <= {it.kind for it in only(wire.TickPrice, heard)}
    assert {69, 70, 71, 74} == {it.kind for it in only(wire.TickSize, heard)}
    greeks = {it.kind for it in only(wire.TickOptionComputation, heard)}
    assert {80, 81, 83} <= greeks <= {80, 81, 82, 83}


def test_prices_come_a_quarter_of_an_hour_late_with_their_time() -> None:
    on = floor(settings=DELAYED)
    peer, reader = Peer(on, 1), Peer(on, 2)
    peer.ask(ask.RequestMarketDataType(3))
    peer.ask(ask.RequestMarketData(req_id=11, contract=SPX))
    true = {int(on.exchange.now.timestamp()): on.exchange.tops([416904])[0].last}
    shown = 0
    for _ in range(120):
        reader.pulse()
        true[int(on.exchange.now.timestamp())] = on.exchange.tops([416904])[0].last
        heard = peer.hear()
        times = [it for it in only(wire.TickString, heard) if it.kind == 88]
        prices = [it for it in only(wire.TickPrice, heard) if it.kind == 68]
        assert len(times) == len(prices)
        for time, price in zip(times, prices, strict=True):
            shown += 1
            at = int(time.value)
            assert float(true[at] or 0) == price.price
            assert on.exchange.now.timestamp() - at == timedelta(minutes=15).seconds
    assert shown > 30


def test_a_snapshot_ends_with_delayed_prices() -> None:
    asked = ask.RequestMarketData(req_id=11, contract=SPX, snapshot=True)
    heard = late().ask(asked)
    assert heard[-1] == wire.TickSnapshotEnd(11)
    assert {it.kind for it in only(wire.TickPrice, heard)} == {68, 72, 73, 75, 76}


@pytest.mark.parametrize("kind", [1, 2])
def test_who_does_not_ask_for_delayed_data_is_told_that_there_is_some(
    kind: int,
) -> None:
    peer = late(kind)
    (told,) = only(Error, peer.ask(ask.RequestMarketData(req_id=11, contract=SPX)))
    assert told.code == 10089
    assert told.text.endswith("Delayed market data is available.SPX CBOE/TOP/ALL")
    assert errors(peer.ask(ask.CancelMarketData(11))) == [(11, 300)]
    assert errors(peer.ask(ask.RequestRealTimeBars(req_id=12, contract=SPX))) == [
        (12, 10089)
    ]


@pytest.mark.parametrize("kind", [1, 3])
def test_without_any_data_there_is_only_a_refusal(kind: int) -> None:
    peer = Peer(floor(settings=ApiSettings(market_data=Entitlement.NONE)))
    peer.ask(ask.RequestMarketDataType(kind))
    assert errors(peer.ask(ask.RequestMarketData(req_id=11, contract=SPX))) == [
        (11, 354)
    ]


def test_delayed_data_of_a_closed_market_can_be_frozen() -> None:
    peer = late(4)
    while peer.floor.exchange.is_open:
        peer.pulse()
    heard = peer.ask(ask.RequestMarketData(req_id=13, contract=SPX))
    assert heard[2] == wire.MarketDataType(13, 4)

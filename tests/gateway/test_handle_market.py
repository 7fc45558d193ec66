"""Market data: streams, snapshots, combos."""

import pytest

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.contract import ContractSpec, LegSpec
from tests.gateway.peer import Peer, errors, floor, kinds, only, spx_puts, vix_call

SPX = ContractSpec(symbol="SPX", sec_type="IND", exchange="CBOE", currency="USD")


def subscribed(peer: Peer, req_id: int, spec: ContractSpec) -> list:  # type: ignore[type-arg]
    return peer.ask(ask.RequestMarketData(req_id=req_id, contract=spec))


def test_a_stream_opens_with_its_parameters_and_its_kind_of_data() -> None:
    peer = Peer(floor())
    call = vix_call(peer.floor.exchange)
    heard = subscribed(peer, 11, ContractSpec(con_id=call.con_id, exchange="SMART"))
    assert heard[0] == wire.TickReqParams(11, 0.01, "9c0001", 3)
    assert heard[1] == wire.MarketDataType(11, 1)
    by_kind = {it.kind: it for it in only(wire.TickPrice, heard)}
    top = peer.floor.exchange.tops([call.con_id])[0]
    assert top.bid is not None
    assert top.ask is not None
    assert (by_kind[1].price, by_kind[1].size) == (float(top.bid), top.bid_size)
    assert (by_kind[2].price, by_kind[2].size) == (float(top.ask), top.ask_size)
    greeks = {it.kind: it for it in only(wire.TickOptionComputation, heard)}
    assert {10, 11, 13} <= set(greeks)
    model = peer.floor.exchange.greeks([call.con_id])[0]
    assert model is not None
    assert greeks[13].delta == model.delta
    assert greeks[13].vega == model.vega


def test_an_index_has_no_bid_no_ask_and_a_last_without_size() -> None:
    peer = Peer(floor())
    heard = subscribed(peer, 11, SPX)
    prices = {it.kind: it for it in only(wire.TickPrice, heard)}
    assert set(prices) == {4, 6, 7, 9, 14}
    assert prices[4].size is None
    assert only(wire.TickOptionComputation, heard) == []


def test_only_what_changed_is_sent() -> None:
    peer = Peer(floor())
    subscribed(peer, 11, SPX)
    for _ in range(20):
        before = peer.floor.exchange.tops([416904])[0]
        heard = peer.pulse()
        after = peer.floor.exchange.tops([416904])[0]
        sent = {it.kind for it in only(wire.TickPrice, heard)}
        changed = {
            kind
            for kind, name in ((4, "last"), (6, "high"), (7, "low"))
            if getattr(before, name) != getattr(after, name)
        }
        assert sent == changed


def test_ticks_come_before_the_time_that_they_belong_to() -> None:
    peer = Peer(floor())
    subscribed(peer, 11, SPX)
    heard = [it for _ in range(5) for it in peer.pulse()]
    assert kinds(heard)[-1] == "CurrentTime"
    assert kinds(heard).count("CurrentTime") == 5


def test_a_snapshot_ends_and_does_not_go_on() -> None:
    peer = Peer(floor())
    asked = ask.RequestMarketData(req_id=11, contract=SPX, snapshot=True)
    assert peer.ask(asked)[-1] == wire.TickSnapshotEnd(11)
    assert kinds(peer.pulse()) == ["CurrentTime"]


def test_a_combo_has_a_net_quote_that_can_be_negative() -> None:
    peer = Peer(floor())
    upper, lower = spx_puts(peer.floor.exchange)
    legs = (
        LegSpec(upper.con_id, 1, "SELL", "SMART"),
        LegSpec(lower.con_id, 1, "BUY", "SMART"),
    )
    spec = ContractSpec(symbol="SPX", sec_type="BAG", exchange="SMART")
    heard = peer.ask(ask.RequestMarketData(req_id=11, contract=spec, legs=legs))
    prices = {it.kind: it.price for it in only(wire.TickPrice, heard)}
    assert prices[1] < prices[2] < 0
    empty = peer.ask(ask.RequestMarketData(req_id=12, contract=spec))
    assert errors(empty) == [(12, 321)]
    strange = (LegSpec(1, 1, "BUY", "SMART"),)
    asked = ask.RequestMarketData(req_id=13, contract=spec, legs=strange)
    assert errors(peer.ask(asked)) == [(13, 200)]


@pytest.mark.parametrize(
    "spec", [ContractSpec(con_id=5), ContractSpec(symbol="SPX", sec_type="OPT")]
)
def test_an_unknown_or_ambiguous_contract_gets_200(spec: ContractSpec) -> None:
    assert errors(subscribed(Peer(floor()), 11, spec)) == [(11, 200)]


def test_a_cancelled_stream_is_silent_and_its_id_is_free() -> None:
    peer = Peer(floor())
    subscribed(peer, 11, SPX)
    assert errors(subscribed(peer, 11, SPX)) == [(11, 322)]
    assert peer.ask(ask.CancelMarketData(11)) == []
    assert kinds(peer.pulse()) == ["CurrentTime"]
    assert errors(peer.ask(ask.CancelMarketData(11))) == [(11, 300)]
    assert errors(subscribed(peer, 11, SPX)) == []


def test_all_clients_together_have_a_limited_number_of_lines() -> None:
    on = floor(settings=ApiSettings(market_data_lines=3))
    first, second = Peer(on, 1), Peer(on, 2)
    assert errors(subscribed(first, 1, SPX)) == []
    assert errors(subscribed(first, 2, SPX)) == []
    assert errors(subscribed(second, 1, SPX)) == []
    assert errors(subscribed(second, 2, SPX)) == [(2, 101)]
    first.ask(ask.CancelMarketData(2))
    assert errors(subscribed(second, 2, SPX)) == []


def test_delayed_data_is_live_data_here_and_frozen_only_when_closed() -> None:
    peer = Peer(floor())
    peer.ask(ask.RequestMarketDataType(3))
    assert subscribed(peer, 11, SPX)[1] == wire.MarketDataType(11, 1)
    peer.ask(ask.RequestMarketDataType(2))
    assert subscribed(peer, 12, SPX)[1] == wire.MarketDataType(12, 1)
    while peer.floor.exchange.is_open:
        peer.pulse()
    assert subscribed(peer, 13, SPX)[1] == wire.MarketDataType(13, 2)


def test_a_client_that_does_not_read_gets_no_ticks_until_it_does() -> None:
    peer = Peer(floor())
    subscribed(peer, 11, SPX)
    peer.session.is_behind = True
    assert [kinds(peer.pulse()) for _ in range(5)] == [["CurrentTime"]] * 5
    peer.session.is_behind = False
    last = only(wire.TickPrice, peer.pulse())[0]
    assert last.price == float(peer.floor.exchange.tops([416904])[0].last or 0)

"""Single ticks: of which contracts there are any, how many streams, and their order."""

import pytest

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.entitlement import Entitlement
from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, kinds, only, vix_call

VX = ContractSpec(symbol="VIX", sec_type="FUT", expiry="201802", trading_class="VX")
SPX = ContractSpec(symbol="SPX", sec_type="IND")
BAG = ContractSpec(symbol="SPX", sec_type="BAG")


def ticks(
    req_id: int, contract: ContractSpec = VX, kind: str = "BidAsk"
) -> ask.RequestTickByTick:
    return ask.RequestTickByTick(req_id=req_id, contract=contract, kind=kind)


@pytest.mark.parametrize(
    ("kind", "number"), [("BidAsk", 3), ("MidPoint", 4), ("AllLast", 2), ("Last", 1)]
)
def test_single_ticks_follow_the_book(kind: str, number: int) -> None:
    peer = Peer(floor())
    assert errors(peer.ask(ticks(5, kind=kind))) == []
    heard = only(wire.TickByTick, [it for _ in range(60) for it in peer.pulse()])
    assert heard
    assert {it.kind for it in heard} == {number}
    assert errors(peer.ask(ask.RequestMarketData(req_id=5, contract=SPX))) == [(5, 322)]
    peer.ask(ask.CancelTickByTick(5))
    assert kinds(peer.pulse()) == ["CurrentTime"]
    assert errors(peer.ask(ask.CancelTickByTick(5))) == [(5, 300)]


def test_options_and_indexes_have_no_single_ticks() -> None:
    peer = Peer(floor())
    call = ContractSpec(con_id=vix_call(peer.floor.exchange).con_id)
    assert errors(peer.ask(ticks(5, call))) == [(5, 10189)]
    (told,) = only(Error, peer.ask(ticks(5, SPX)))
    assert told.text == (
        "Failed to request tick-by-tick data."
        "BidAsk tick-by-tick requests are not supported for SPX"
    )


def test_combos_and_unknown_kinds_get_321() -> None:
    peer = Peer(floor())
    assert errors(peer.ask(ticks(5, kind="Every"))) == [(5, 321)]
    assert errors(peer.ask(ticks(5, BAG))) == [(5, 321)]


def test_all_clients_together_have_a_limited_number_of_streams() -> None:
    on = floor(settings=ApiSettings(single_tick_streams=2))
    first, second = Peer(on, 1), Peer(on, 2)
    assert errors(first.ask(ticks(1))) == errors(second.ask(ticks(1))) == []
    assert errors(second.ask(ticks(2))) == [(2, 10190)]
    first.session.close()
    assert errors(second.ask(ticks(2))) == []


def test_without_a_subscription_there_are_none() -> None:
    peer = Peer(floor(settings=ApiSettings(market_data=Entitlement.DELAYED)))
    (told,) = only(Error, peer.ask(ticks(5)))
    assert (told.req_id, told.code) == (5, 10189)
    assert told.text.endswith("data.No market data permissions for CFE FUT.")

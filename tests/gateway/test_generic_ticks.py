"""Ticks that are asked for by number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.gateway.generic_ticks import LEGAL, read_list
from alvh_trader.gateway.notices import Notice
from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, kinds, only, vix_call

SPX = ContractSpec(symbol="SPX", sec_type="IND", exchange="CBOE")


def asked_for(
    peer: Peer, ticks: str, contract: ContractSpec = SPX, **more: object
) -> list:  # type: ignore[type-arg]
    return peer.ask(
        ask.RequestMarketData(
            req_id=11,
            contract=contract,
            generic_ticks=ticks,
            **more,  # type: ignore[arg-type]
        )
    )


def call_of(peer: Peer) -> ContractSpec:
    return ContractSpec(con_id=vix_call(peer.floor.exchange).con_id)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ()),
        ("233, 236 ,,mdoff", (233, 236)),
        ("MDOFF,292:BRFG+DJNL", (292,)),
        ("221,220,47,104", (232, 221, 258, 512)),
        ("100,100", (100,)),
    ],
)
def test_lists_are_read_as_the_broker_reads_them(
    text: str, codes: tuple[int, ...]
) -> None:
    assert read_list(text, "STK") == codes


@pytest.mark.parametrize(
    ("text", "sec_type"),
    [("999", "STK"), ("512", "STK"), ("233,13", "OPT"), ("abc", "OPT"), ("292:", "OPT"),
     ("162", "OPT"), ("595", "IND"), ("456", "CASH"), ("1 0", "STK")],
)  # fmt: skip
def test_one_wrong_number_makes_the_list_wrong(text: str, sec_type: str) -> None:
    notice = read_list(text, sec_type)
    assert isinstance(notice, Notice)
    assert notice.code == 321
    head = f"Incorrect generic tick list of {text}.  Legal ones for ({sec_type}) are: "
    assert head in notice.text
    assert "221/220(Creditman Mark Price),225(Auction),232/221(Pl Price)" in notice.text


@given(st.lists(st.sampled_from(sorted(LEGAL)), unique=True))
def test_every_legal_list_of_an_option_is_read_whole(codes: list[int]) -> None:
    fitting = [code for code in codes if LEGAL[code].fits("OPT") and code != 221]
    text = ",".join(map(str, fitting))
    assert read_list(text, "OPT") == tuple(fitting)


def test_a_wrong_list_opens_no_line() -> None:
    peer = Peer(floor())
    assert errors(asked_for(peer, "13")) == [(11, 321)]
    assert kinds(peer.pulse()) == ["CurrentTime"]


def test_a_snapshot_takes_no_generic_ticks() -> None:
    told = asked_for(Peer(floor()), "101", snapshot=True)
    assert only(Error, told)[0].text.endswith(
        "Snapshot market data subscription is not applicable to generic ticks"
    )


def test_an_option_tells_volume_open_interest_and_volatility() -> None:
    peer = Peer(floor())
    heard = asked_for(peer, "100,101,106,221,233", call_of(peer))
    sizes = {it.kind: it.size for it in only(wire.TickSize, heard)}
    assert sizes[27] > 0
    assert sizes[28] == sizes[30] == 0
    assert sizes[29] == sizes[8]
    model = next(it for it in only(wire.TickOptionComputation, heard) if it.kind == 13)
    (implied,) = [it for it in only(wire.TickGeneric, heard) if it.kind == 24]
    assert implied.value == pytest.approx(model.implied_volatility)
    prices = {it.kind: it.price for it in only(wire.TickPrice, heard)}
    assert prices[1] <= prices[37] <= prices[2]
    (trade,) = [it for it in only(wire.TickString, heard) if it.kind == 48]
    price, size, at, volume, average, single = trade.value.split(";")
    assert (float(price), int(volume), single) == (prices[4], sizes[8], "true")
    assert int(at) == int(peer.floor.exchange.now.timestamp() * 1000)
    assert int(size) > 0
    assert float(average) > 0


def test_an_index_tells_its_volatilities_and_its_year() -> None:
    heard = asked_for(Peer(floor()), "104,106,165,411")
    values = {it.kind: it.value for it in only(wire.TickGeneric, heard)}
    assert 0.02 < values[23] == values[58] < 0.2
    assert 0.05 < values[24] < 0.2
    prices = {it.kind: it.price for it in only(wire.TickPrice, heard)}
    assert prices[19] <= prices[17] <= prices[15] < prices[4]
    assert prices[4] <= prices[16] <= prices[18] <= prices[20]


def test_what_does_not_change_is_not_told_again() -> None:
    peer = Peer(floor())
    asked_for(peer, "101,165", call_of(peer))
    heard = [it for _ in range(10) for it in peer.pulse()]
    assert not {27, 28} & {it.kind for it in only(wire.TickSize, heard)}


def test_without_prices_only_what_was_asked_for_comes() -> None:
    peer = Peer(floor())
    heard = asked_for(peer, "mdoff,106")
    assert kinds(heard) == ["TickReqParams", "MarketDataType", "TickGeneric"]
    assert errors(asked_for(peer, "")) == [(11, 322)]
    later = [it for _ in range(20) for it in peer.pulse()]
    assert set(kinds(later)) == {"TickGeneric", "CurrentTime"}
    assert peer.ask(ask.CancelMarketData(11)) == []
    assert kinds(peer.pulse()) == ["CurrentTime"]

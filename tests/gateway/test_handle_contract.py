"""Contract details, option chains and market rules."""

from functools import cache

import pytest

from alvh_trader.wire import contract_reply, request
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, only, vix_call


@cache
def peer() -> Peer:
    """Return one client for all these questions: they change nothing."""
    return Peer(floor())


def details(spec: ContractSpec) -> list[contract_reply.ContractData]:
    heard = peer().ask(request.RequestContractDetails(req_id=5, contract=spec))
    assert heard[-1] == contract_reply.ContractDataEnd(5)
    return only(contract_reply.ContractData, heard)


def refusals(spec: ContractSpec) -> list[tuple[int, int]]:
    return errors(peer().ask(request.RequestContractDetails(req_id=5, contract=spec)))


def test_an_index_is_found_by_symbol_and_by_id() -> None:
    (spx,) = details(ContractSpec(symbol="SPX", sec_type="IND", exchange="CBOE"))
    assert (spx.con_id, spx.exchange, spx.time_zone) == (416904, "CBOE", "US/Central")
    assert details(ContractSpec(con_id=416904)) == [spx]


def test_a_series_is_described_whole_when_the_strike_is_left_out() -> None:
    found = details(
        ContractSpec(symbol="VIX", sec_type="OPT", exchange="SMART", expiry="201804")
    )
    assert len(found) > 100
    assert {row.right for row in found} == {"C", "P"}
    assert {row.under_symbol for row in found} == {"VIX"}


def test_am_settled_options_expire_the_day_after_their_last_trade() -> None:
    call = vix_call(peer().floor.exchange)
    (row,) = details(ContractSpec(con_id=call.con_id))
    assert row.expiry < row.real_expiration
    assert row.local_symbol == call.local_symbol
    assert row.market_rules.split(",") == ["110"] * len(row.valid_exchanges.split(","))


def test_a_contract_is_found_again_by_what_its_details_say() -> None:
    call = vix_call(peer().floor.exchange)
    (row,) = details(ContractSpec(con_id=call.con_id))
    again = details(
        ContractSpec(
            symbol=row.symbol, sec_type="OPT", expiry=row.expiry, strike=row.strike,
            right="CALL", multiplier="100", exchange="CBOE", currency="USD",
            trading_class=row.trading_class,
        )
    )  # fmt: skip
    assert [it.con_id for it in again] == [call.con_id]


@pytest.mark.parametrize(
    "spec",
    [
        ContractSpec(),
        ContractSpec(con_id=1),
        ContractSpec(symbol="AAPL", sec_type="STK", exchange="SMART"),
        ContractSpec(symbol="SPX", sec_type="IND", currency="EUR"),
        ContractSpec(symbol="SPX", sec_type="IND", exchange="EUREX"),
        ContractSpec(symbol="SPX", sec_type="OPT", strike=2701.0),
    ],
)
def test_what_is_not_listed_gets_200(spec: ContractSpec) -> None:
    assert refusals(spec) == [(5, 200)]


@pytest.mark.parametrize("sec_type", ["BAG", "SPREAD"])
def test_what_cannot_be_asked_for_gets_321(sec_type: str) -> None:
    assert refusals(ContractSpec(symbol="SPX", sec_type=sec_type)) == [(5, 321)]


def test_option_chains_have_a_row_for_each_exchange_and_class() -> None:
    heard = peer().ask(request.RequestOptionParameters(6, "SPX", "", "IND", 416904))
    rows = only(contract_reply.OptionParameters, heard)
    assert heard[-1] == contract_reply.OptionParametersEnd(6)
    assert {(row.exchange, row.trading_class) for row in rows} == {
        ("SMART", "SPX"), ("SMART", "SPXW"), ("CBOE", "SPX"), ("CBOE", "SPXW"),
        ("IBUSOPT", "SPX"), ("IBUSOPT", "SPXW"),
    }  # fmt: skip
    assert all(len(day) == 8 for row in rows for day in row.expirations)


def test_an_option_chain_of_another_contract_id_gets_321() -> None:
    asked = request.RequestOptionParameters(6, "SPX", "", "IND", 1)
    assert errors(peer().ask(asked)) == [(6, 321)]


def test_an_unknown_underlying_has_an_empty_chain() -> None:
    asked = request.RequestOptionParameters(6, "AAPL", "", "STK", 265598)
    assert peer().ask(asked) == [contract_reply.OptionParametersEnd(6)]


def test_a_market_rule_gives_the_real_steps_of_spx_options() -> None:
    (rule,) = peer().ask(request.RequestMarketRule(109))
    assert isinstance(rule, contract_reply.MarketRule)
    assert [(row.low_edge, row.increment) for row in rule.rows] == [(0, 0.05), (3, 0.1)]
    assert errors(peer().ask(request.RequestMarketRule(1))) == [(-1, 321)]


def test_symbols_are_found_by_their_beginning() -> None:
    (found,) = peer().ask(request.RequestMatchingSymbols(9, "vix"))
    assert isinstance(found, contract_reply.SymbolSamples)
    assert {row.symbol for row in found.rows} == {
        "VIX", "VIX1D", "VIX9D", "VIX3M", "VIX6M", "VIX1Y",
    }  # fmt: skip
    assert ("FUT", "OPT", "BAG") in {row.derivatives for row in found.rows}


def test_questions_without_content_get_their_empty_answers() -> None:
    (depth,) = peer().ask(request.RequestDepthExchanges())
    assert depth == contract_reply.DepthExchanges()
    (components,) = peer().ask(request.RequestSmartComponents(3, "9c0001"))
    assert isinstance(components, contract_reply.SmartComponents)
    assert [row.exchange for row in components.rows] == ["CBOE"]


def test_spy_is_a_stock_with_its_listing_exchange_and_its_own_options() -> None:
    asked = ContractSpec(
        symbol="SPY", sec_type="STK", exchange="SMART", primary_exchange="ARCA"
    )
    (spy, _) = peer().ask(request.RequestContractDetails(req_id=5, contract=asked))
    assert isinstance(spy, contract_reply.ContractData)
    assert (spy.con_id, spy.exchange, spy.primary_exchange) == (756733, "SMART", "ARCA")
    assert (spy.stock_type, spy.multiplier, spy.under_con_id) == ("ETF", "", 0)
    assert len(spy.market_rules.split(",")) == len(spy.valid_exchanges.split(","))
    chain = ContractSpec(
        symbol="SPY", sec_type="OPT", exchange="SMART", expiry="20180216", right="P"
    )
    puts = only(
        contract_reply.ContractData,
        peer().ask(request.RequestContractDetails(req_id=6, contract=chain)),
    )
    assert len(puts) > 40
    assert {it.under_symbol for it in puts} == {"SPY"}
    assert {it.under_sec_type for it in puts} == {"STK"}
    assert {it.under_con_id for it in puts} == {756733}

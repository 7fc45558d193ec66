"""XSP and SPY: chains, prices that hang together with SPX, delivery of shares."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from alvh_trader.sim import minis, products
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import Accepted, Listing, SimOrder
from alvh_trader.sim.scenario import scenario
from tests.sim.orders import market_order

MARKET = scenario("volmageddon-2018")


@pytest.fixture(scope="module")
def resting() -> Exchange:
    """An exchange that nobody moves or trades on."""
    return Exchange(MARKET, 1)


def option(
    exchange: Exchange, symbol: str, strike: float, right: str, expiry: str = "20180309"
) -> Listing:
    (it,) = exchange.find(
        symbol=symbol,
        sec_type="OPT",
        trading_class="SPXW" if symbol == "SPX" else symbol,
        month_or_day=expiry,
        strike=strike,
        right=right,
    )
    return it


def buy(it: Listing, quantity: int, action: str = "BUY") -> SimOrder:
    return market_order(it, quantity=quantity, action=action)


def mid(exchange: Exchange, it: Listing) -> float:
    (top,) = exchange.tops([it.con_id])
    assert top.bid is not None
    assert top.ask is not None
    return float(top.bid + top.ask) / 2


def held(exchange: Exchange) -> dict[int, int]:
    rows = exchange.account().holdings
    return {it.holding.con_id: it.holding.quantity for it in rows}


def test_spy_is_a_tenth_of_the_index_and_gathers_dividends_until_it_pays_them() -> None:
    before = minis.spy_scale(date(2018, 3, 15), 0.0185)
    after = minis.spy_scale(date(2018, 3, 16), 0.0185)
    assert before / after - 1 == pytest.approx(0.0185 * 90 / 365, rel=0.02)
    assert after == pytest.approx(0.1, rel=0.005)


def test_the_stock_is_quoted_a_cent_wide_and_has_bars(resting: Exchange) -> None:
    spx, xsp, spy = resting.tops([products.SPX, products.XSP, products.SPY])
    assert spx.last is not None
    assert xsp.last == pytest.approx(spx.last / 10, abs=Decimal("0.006"))
    assert spy.bid is not None
    assert spy.ask == spy.bid + Decimal("0.01")
    assert spy.last is not None
    assert spy.bid <= spy.last <= spy.ask
    assert float(spy.last / spx.last) == pytest.approx(0.1, rel=0.005)
    days = resting.bars(products.SPY, timedelta(days=1), sessions=30)
    index = resting.bars(products.SPX, timedelta(days=1), sessions=30)
    assert [row.day for row in days] == [row.day for row in index]
    assert all(
        row.close == pytest.approx(it.close / 10, rel=0.006)
        for row, it in zip(days, index, strict=True)
    )
    assert resting.bars(products.SPY, timedelta(minutes=1), sessions=2)


@pytest.mark.parametrize("right", ["C", "P"])
def test_an_xsp_option_costs_a_tenth_of_the_same_spx_option(
    resting: Exchange, right: str
) -> None:
    small, large = (
        option(resting, "XSP", 280.0, right),
        option(resting, "SPX", 2800.0, right),
    )
    assert mid(resting, small) == pytest.approx(mid(resting, large) / 10, abs=0.02)
    mini, full = resting.greeks([small.con_id, large.con_id])
    assert mini is not None
    assert full is not None
    assert mini.delta == pytest.approx(full.delta, abs=1e-6)
    assert mini.gamma == pytest.approx(full.gamma * 10, rel=1e-6)
    assert mini.vega == pytest.approx(full.vega / 10, rel=1e-6)
    assert mini.underlying == pytest.approx(full.underlying / 10)
    assert mini.implied_volatility == pytest.approx(full.implied_volatility)


def test_spy_calls_less_puts_are_the_forward_that_pays_the_dividend(
    resting: Exchange,
) -> None:
    (spot,) = resting.tops([products.SPY])
    for expiry, pays in (("20180309", 0.0), ("20180329", 0.0185 * 90 / 365)):
        call = option(resting, "SPY", 280.0, "C", expiry)
        put = option(resting, "SPY", 280.0, "P", expiry)
        settles = date.fromisoformat(expiry)
        years = (settles - resting.session_day).days / 365
        forward = float(spot.last or 0) * (1 + 0.016 * years - pays)
        gap = mid(resting, call) - mid(resting, put)
        assert gap == pytest.approx((forward - 280) * (1 - 0.016 * years), abs=0.06)


def test_what_may_be_exercised_now_costs_at_least_what_that_pays(
    resting: Exchange,
) -> None:
    (spot,) = resting.tops([products.SPY])
    assert spot.last is not None
    for strike, right in ((315.0, "P"), (200.0, "C")):
        deep = option(resting, "SPY", strike, right)
        (top,) = resting.tops([deep.con_id])
        assert top.ask is not None
        assert top.ask >= abs(spot.last - Decimal(strike))


def test_spy_options_have_the_exchanges_and_the_tick_of_the_penny_program(
    resting: Exchange,
) -> None:
    rows = resting.option_parameters("SPY")
    assert {row.underlying for row in rows} == {products.SPY}
    assert {"SMART", "CBOE", "ISE"} <= {row.exchange for row in rows}
    it = option(resting, "SPY", 280.0, "C")
    assert products.market_rule(it.market_rule) == ((Decimal(0), Decimal("0.01")),)
    assert resting.listing(it.con_id) is it


def test_an_spy_call_in_the_money_becomes_shares_at_its_strike() -> None:
    exchange = Exchange(MARKET, 1)
    call = option(exchange, "SPY", 270.0, "C", "20180126")
    for it, count, action in ((call, 2, "BUY"),):
        (report,) = exchange.submit(buy(it, count, action))
        assert isinstance(report, Accepted)
    exchange.advance(datetime(2018, 1, 22, 15, 0, tzinfo=UTC))
    cash = exchange.account().cash
    exchange.advance(datetime(2018, 1, 26, 21, 15, tzinfo=UTC))
    account = exchange.account()
    assert account.cash == cash - 200 * 270
    assert held(exchange)[products.SPY] == 200
    assert not held(exchange)[call.con_id]
    row = next(it for it in account.holdings if it.holding.con_id == products.SPY)
    assert row.holding.average_cost == 270
    exchange.advance(datetime(2018, 1, 29, 15, 0, tzinfo=UTC))
    assert held(exchange)[products.SPY] == 200
    (report,) = exchange.submit(buy(products.STOCK, 200, "SELL"))
    assert isinstance(report, Accepted)
    exchange.advance(datetime(2018, 1, 29, 15, 1, tzinfo=UTC))
    assert not held(exchange)[products.SPY]


def test_a_put_out_of_the_money_ends_with_nothing() -> None:
    exchange = Exchange(MARKET, 1)
    put = option(exchange, "SPY", 270.0, "P", "20180126")
    exchange.submit(buy(put, 1))
    exchange.advance(datetime(2018, 1, 22, 15, 0, tzinfo=UTC))
    cash = exchange.account().cash
    exchange.advance(datetime(2018, 1, 26, 21, 15, tzinfo=UTC))
    assert exchange.account().cash == cash
    assert products.SPY not in held(exchange)


def test_a_stock_needs_half_its_value_to_buy_and_a_quarter_to_keep() -> None:
    exchange = Exchange(MARKET, 1)
    before = exchange.account()
    exchange.submit(buy(products.STOCK, 500))
    exchange.advance(datetime(2018, 1, 22, 14, 31, tzinfo=UTC))
    after = exchange.account()
    (top,) = exchange.tops([products.SPY])
    assert top.last is not None
    value = 500 * top.last
    assert after.initial_margin - before.initial_margin == value / 2
    assert after.maintenance_margin - before.maintenance_margin == value / 4


@pytest.mark.parametrize("symbol", ["VIX1D", "VIX9D", "VIX3M", "VIX6M", "VIX1Y"])
def test_every_volatility_index_is_quoted_and_has_a_past(
    resting: Exchange, symbol: str
) -> None:
    (index,) = resting.find(symbol=symbol, sec_type="IND")
    (top,) = resting.tops([index.con_id])
    assert top.last is not None
    assert 3 < top.last < 30
    assert len(resting.bars(index.con_id, timedelta(days=1), sessions=50)) == 50


def test_skew_is_quoted_where_it_always_is(resting: Exchange) -> None:
    (top,) = resting.tops([products.SKEW])
    assert top.last is not None
    assert 105 < top.last < 175

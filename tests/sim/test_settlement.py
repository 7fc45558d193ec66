"""How options and futures end: at the open, at the close, on a half day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from alvh_trader.sim import products
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import Listing
from alvh_trader.sim.scenario import scenario
from tests.sim.orders import market_order


def bought(exchange: Exchange, it: Listing) -> Decimal:
    """Buy one, and return the cash that is left."""
    exchange.submit(market_order(it))
    exchange.advance(exchange.now + timedelta(minutes=1))
    assert exchange.executions(), "it traded"
    return exchange.account().cash


def option(exchange: Exchange, trading_class: str, strike: float, day: str) -> Listing:
    (it,) = exchange.find(
        sec_type="OPT",
        trading_class=trading_class,
        month_or_day=day,
        strike=strike,
        right="C",
    )
    return it


def last(exchange: Exchange, con_id: int) -> Decimal:
    (top,) = exchange.tops([con_id])
    assert top.last is not None
    return top.last


def held(exchange: Exchange, it: Listing) -> int:
    rows = exchange.account().holdings
    return sum(r.holding.quantity for r in rows if r.holding.con_id == it.con_id)


def test_an_am_option_on_spx_pays_what_the_opening_says() -> None:
    exchange = Exchange(scenario("2018-02-14..2018-02-16"), 1)
    call = option(exchange, "SPX", 2600.0, "20180215")
    cash = bought(exchange, call)
    exchange.advance(datetime(2018, 2, 15, 21, 15, tzinfo=UTC))
    assert exchange.account().cash == cash
    assert held(exchange, call) == 1
    assert exchange.tops([call.con_id])[0].bid is None, "its last day is over"
    exchange.advance(datetime(2018, 2, 16, 14, 30, tzinfo=UTC))
    assert exchange.account().cash == cash + 100 * (last(exchange, products.SPX) - 2600)
    assert held(exchange, call) == 0
    assert exchange.listing(call.con_id) is None


@pytest.mark.parametrize(
    ("trading_class", "strike", "index"),
    [("SPXW", 2550.0, products.SPX), ("XSP", 255.0, products.XSP)],
)
def test_a_pm_option_pays_at_the_close_also_of_a_half_day(
    trading_class: str, strike: float, index: int
) -> None:
    exchange = Exchange(scenario("2017-11-22..2017-11-27"), 1)
    call = option(exchange, trading_class, strike, "20171124")
    cash = bought(exchange, call)
    exchange.advance(datetime(2017, 11, 24, 17, 59, tzinfo=UTC))
    assert exchange.tops([call.con_id])[0].bid is not None
    exchange.advance(datetime(2017, 11, 24, 18, 1, tzinfo=UTC))
    assert exchange.tops([call.con_id])[0].bid is None, "stocks closed at 13:00"
    assert exchange.next_instant(timedelta(hours=1)) == datetime(
        2017, 11, 24, 18, 15, tzinfo=UTC
    ), "other series trade on"
    exchange.advance(datetime(2017, 11, 24, 18, 15, tzinfo=UTC))
    assert not exchange.is_open
    pays = last(exchange, index) - Decimal(strike)
    assert pays > 0
    assert exchange.account().cash == cash + 100 * pays
    assert held(exchange, call) == 0


def test_thanksgiving_has_no_session() -> None:
    exchange = Exchange(scenario("2017-11-22..2017-11-27"), 1)
    exchange.advance(datetime(2017, 11, 22, 21, 15, tzinfo=UTC))
    friday = datetime(2017, 11, 24, 14, 30, tzinfo=UTC)
    assert exchange.next_instant(timedelta(seconds=20)) == friday


def test_a_mini_future_settles_with_its_options_and_pays_the_difference() -> None:
    exchange = Exchange(scenario("2018-02-12..2018-02-14"), 1)
    future = exchange.find(symbol="VXM", sec_type="FUT")[0]
    before = exchange.account().cash
    bought(exchange, future)
    (row,) = exchange.executions()
    assert row.commission is not None
    exchange.advance(datetime(2018, 2, 14, 14, 30, tzinfo=UTC))
    settled = exchange.tops([products.VIX])[0].open
    assert settled is not None
    gained = 100 * (settled - row.price) - row.commission
    assert exchange.account().cash == before + gained
    assert held(exchange, future) == 0

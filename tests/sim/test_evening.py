"""The curb and the night: time, prices, orders that may trade in them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alvh_trader.errors import ConfigError
from alvh_trader.sim import products
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.handling import Handling
from alvh_trader.sim.model import Ended, Listing, Report, SimOrder, Top, Traded
from alvh_trader.sim.scenario import scenario
from tests.sim.orders import market_order

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
WEEK = scenario("2018-02-01..2018-02-07+nights")
OUTSIDE = Handling(outside_hours=True)


def instants(exchange: Exchange, step: timedelta) -> Iterator[datetime]:
    while (to := exchange.next_instant(step)) is not None:
        yield to
        exchange.advance(to)


def put(exchange: Exchange, symbol: str = "SPX", strike: float = 2700.0) -> Listing:
    found = exchange.find(
        symbol=symbol,
        sec_type="OPT",
        trading_class={"SPX": "SPXW"}.get(symbol, symbol),
        month_or_day="20180309" if symbol == "SPX" else "20180216",
        strike=strike,
        right="P",
    )
    return found[0]


def order(it: Listing, handling: Handling = OUTSIDE, tif: str = "GTC") -> SimOrder:
    return market_order(
        it, order_type="LMT", limit=Decimal(400), tif=tif, handling=handling
    )


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of February 2018, given in UTC."""
    return datetime(2018, 2, day, hour, minute, tzinfo=UTC)


def test_without_nights_the_next_session_follows_the_close() -> None:
    exchange = Exchange(replace(WEEK, nights=False), 1)
    exchange.advance(at(1, 21, 15))
    assert exchange.next_instant(timedelta(minutes=5)) == at(2, 14, 30)
    assert not exchange.is_trading


def test_time_leads_through_the_night_of_2018_and_stops_at_every_edge() -> None:
    exchange = Exchange(WEEK, 1)
    exchange.advance(at(1, 21, 15))
    assert exchange.next_instant(timedelta(minutes=5)) == at(2, 8)
    night = []
    for to in instants(exchange, timedelta(minutes=5)):
        if to >= at(2, 14, 30):
            break
        night.append(to)
    assert night[0] == at(2, 8)
    assert night[1] == at(2, 8, 5)
    assert night[-1] == at(2, 14, 15)
    assert len(night) == 76


def test_the_regular_sessions_are_the_same_with_and_without_nights() -> None:
    ids = [products.SPX, products.VIX, products.SPY]
    plain, both = Exchange(replace(WEEK, nights=False), 1), Exchange(WEEK, 1)
    ids.append(put(plain).con_id)
    for to in (at(1, 15), at(1, 21), at(2, 14, 30), at(2, 18), at(5, 20, 30)):
        for exchange in (plain, both):
            exchange.advance(to)
        assert plain.tops(ids) == both.tops(ids)
        assert plain.account() == both.account()


def test_options_on_the_index_are_quoted_wider_and_all_else_stands_still() -> None:
    exchange = Exchange(WEEK, 1)
    puts = [put(exchange, strike=2700.0 + 10 * n).con_id for n in range(8)]
    ids = [*puts, put(exchange, "SPY", 270.0).con_id, products.SPX, products.SPY]

    def width(tops: Sequence[Top]) -> Decimal:
        """Return how wide all the index's options together are quoted."""
        return sum((x.ask - x.bid for x in tops[:8] if x.ask and x.bid), Decimal(0))

    exchange.advance(at(1, 21, 14))
    day = exchange.tops(ids)
    exchange.advance(at(1, 21, 15))
    assert not width(exchange.tops(ids))
    exchange.advance(at(2, 9))
    assert (exchange.is_trading, exchange.is_open) == (True, False)
    night = exchange.tops(ids)
    assert all(top.bid is not None for top in (*day[:9], *night[:8]))
    assert width(night) > 2 * width(day)
    assert night[0].ask_size < day[0].ask_size
    assert night[8].bid is None
    assert night[9].last == day[9].last
    assert night[10].bid is None
    exchange.advance(at(2, 14, 20))
    assert not exchange.is_trading
    assert exchange.tops(ids)[0].bid is None


def test_the_night_ends_where_the_next_session_opens() -> None:
    exchange = Exchange(WEEK, 1)
    option = put(exchange)
    exchange.advance(at(5, 14, 14))
    (before,) = exchange.greeks([option.con_id])
    exchange.advance(at(5, 14, 30))
    (after,) = exchange.greeks([option.con_id])
    assert before is not None
    assert after is not None
    assert before.underlying == pytest.approx(after.underlying, rel=1e-3)
    assert before.price == pytest.approx(after.price, rel=0.05)


def test_only_orders_that_may_trade_outside_regular_hours_do() -> None:
    exchange = Exchange(WEEK, 1)
    option = put(exchange)
    exchange.advance(at(2, 9))
    exchange.submit(order(option, Handling()))
    exchange.submit(order(option))
    plain, outside = exchange.open_orders()
    assert (plain.status, outside.status) == ("PreSubmitted", "Submitted")
    reports = exchange.advance(at(2, 9, 5))
    traded = [it.order.perm_id for it in reports if isinstance(it, Traded)]
    assert traded == [outside.perm_id]
    reports = exchange.advance(at(2, 14, 35))
    assert plain.perm_id in {it.order.perm_id for it in reports}


def test_a_day_order_of_the_night_lasts_until_the_next_close() -> None:
    exchange = Exchange(WEEK, 1)
    option = put(exchange)
    exchange.advance(at(2, 9))
    exchange.submit(replace(order(option, tif="DAY"), limit=Decimal(1)))
    assert not ended(exchange.advance(at(2, 21)))
    assert ended(exchange.advance(at(2, 21, 15)))


def ended(reports: tuple[Report, ...]) -> list[Ended]:
    return [it for it in reports if isinstance(it, Ended)]


def test_the_account_is_marked_to_the_night() -> None:
    exchange = Exchange(WEEK, 1)
    exchange.advance(at(2, 21, 15))
    close = exchange.account().net_liquidation
    exchange.advance(at(5, 14))
    assert exchange.account().net_liquidation != close


@pytest.mark.skipif(not SHARED.exists(), reason="needs the real history in ../shared")
def test_since_2022_a_curb_follows_the_close_and_day_orders_may_trade_in_it() -> None:
    name = "2022-09-12..2022-09-14"
    exchange = Exchange(scenario(f"{name}+nights", SHARED), 1)
    option = exchange.find(
        symbol="SPX",
        sec_type="OPT",
        trading_class="SPXW",
        month_or_day="20221014",
        strike=4000.0,
        right="P",
    )[0]
    close = datetime(2022, 9, 12, 20, 15, tzinfo=UTC)
    exchange.submit(replace(order(option, tif="DAY"), limit=Decimal(1)))
    reports = exchange.advance(close)
    assert not ended(reports)
    assert exchange.is_trading
    exchange.advance(close + timedelta(minutes=5))
    assert exchange.tops([option.con_id])[0].bid is not None
    assert ended(exchange.advance(close + timedelta(minutes=45)))
    following = exchange.next_instant(timedelta(minutes=5))
    assert following == datetime(2022, 9, 13, 0, 15, tzinfo=UTC)
    assert exchange.session_day == date(2022, 9, 12)


def test_the_name_of_a_scenario_asks_for_nights() -> None:
    assert scenario("calm-2017+nights").nights
    assert not scenario("calm-2017").nights
    with pytest.raises(ConfigError, match=r"2018-02-01\.\.2018-02-07\+days"):
        scenario("2018-02-01..2018-02-07+days")

"""Bars of quotes are those of the quotes that were streamed."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from alvh_trader.sim import products
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import BarRow, Listing, Shown, Top
from alvh_trader.sim.past_quotes import SESSIONS_MAX, four_of
from alvh_trader.sim.scenario import scenario

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SCENARIO = scenario("volmageddon-2018")
SILENT = scenario("volmageddon-2018-no-vix-quotes")


def listing(exchange: Exchange, what: str) -> Listing:
    wanted = {
        "call": {"symbol": "VIX", "sec_type": "OPT", "right": "C", "strike": 15.0,
                 "month_or_day": "20180213", "trading_class": "VIX"},
        "put": {"symbol": "SPX", "sec_type": "OPT", "right": "P", "strike": 2700.0,
                "month_or_day": "20180309", "trading_class": "SPXW"},
        "future": {"symbol": "VIX", "sec_type": "FUT", "month_or_day": "201802",
                   "trading_class": "VX"},
        "stock": {"symbol": "SPY", "sec_type": "STK"},
    }  # fmt: skip
    (found,) = exchange.find(**wanted[what])  # type: ignore[arg-type]
    return found


def price(top: Top, shown: Shown) -> Decimal:
    assert top.bid is not None
    assert top.ask is not None
    middle = (top.bid + top.ask) / 2
    return {Shown.BID: top.bid, Shown.ASK: top.ask, Shown.MIDPOINT: middle}[shown]


def prices(row: BarRow) -> tuple[float, ...]:
    return row.open, row.high, row.low, row.close


@pytest.mark.parametrize("what", ["call", "put", "future", "stock"])
def test_a_bar_begins_and_ends_with_what_was_streamed(what: str) -> None:
    exchange = Exchange(SCENARIO, 1)
    con_id, begin = listing(exchange, what).con_id, exchange.now
    streamed = {exchange.now: exchange.tops([con_id])[0]}
    while exchange.now < begin + 12 * MINUTE:
        exchange.advance(exchange.now + MINUTE / 3)
        streamed[exchange.now] = exchange.tops([con_id])[0]
    for shown in (Shown.BID, Shown.ASK, Shown.MIDPOINT):
        rows = exchange.bars(con_id, MINUTE, sessions=1, shown=shown)
        assert [row.start for row in rows] == [begin + n * MINUTE for n in range(12)]
        for row in rows:
            ends = (row.start, row.start + MINUTE)
            expected = [float(price(streamed[at], shown)) for at in ends]
            assert [row.open, row.close] == pytest.approx(expected, abs=1e-9)
            assert row.low <= min(expected)
            assert row.high >= max(expected)
            assert row.volume == -1


@pytest.mark.parametrize("what", ["call", "put", "future", "stock"])
def test_sides_of_longer_bars_lie_as_sides_do(what: str) -> None:
    exchange = Exchange(SCENARIO, 1)
    con_id = listing(exchange, what).con_id
    for size in (HOUR, DAY) if what in ("future", "stock") else (HOUR,):
        bid, mid, ask, both = (
            exchange.bars(con_id, size, sessions=3, shown=shown)
            for shown in (Shown.BID, Shown.MIDPOINT, Shown.ASK, Shown.BID_ASK)
        )
        assert len(bid) == len(mid) == len(ask) == len(both) > 2
        for low, middle, high, wide in zip(bid, mid, ask, both, strict=True):
            for one, two in pairwise((prices(low), prices(middle), prices(high))):
                assert all(a < b for a, b in zip(one, two, strict=True))
            assert (wide.high, wide.low) == (high.high, low.low)
            assert low.low <= wide.open <= low.high
            assert high.low <= wide.close <= high.high


def test_trades_of_an_option_are_its_prints_and_their_volume() -> None:
    exchange = Exchange(SCENARIO, 1)
    con_id = listing(exchange, "put").con_id
    while (to := exchange.next_instant(timedelta(minutes=5))) and exchange.is_open:
        if to.day != exchange.now.day:
            break
        exchange.advance(to)
    top = exchange.tops([con_id])[0]
    rows = exchange.bars(con_id, timedelta(minutes=15), sessions=1)
    assert sum(row.volume for row in rows) == top.volume
    assert rows[0].open == float(top.open or 0)
    assert rows[-1].close == float(top.last or 0)
    assert max(row.high for row in rows) == float(top.high or 0)
    minutes = exchange.bars(con_id, MINUTE, sessions=1)
    assert sum(row.volume for row in minutes) == top.volume
    # Nothing is said of minutes in which nothing printed; the last print is the bell's.
    assert len(minutes) == len(rows) + 1


def test_trades_of_a_future_are_at_the_bid() -> None:
    exchange = Exchange(SCENARIO, 1)
    con_id = listing(exchange, "future").con_id
    traded, bid = (
        exchange.bars(con_id, HOUR, sessions=2, shown=shown)
        for shown in (Shown.TRADES, Shown.BID)
    )
    assert [prices(row) for row in traded] == [prices(row) for row in bid]
    assert {row.volume for row in traded} == {0}


def test_what_was_not_quoted_has_no_bars() -> None:
    exchange = Exchange(SCENARIO, 1)
    put = listing(exchange, "put").con_id
    assert exchange.bars(put, DAY, sessions=5) == ()
    assert exchange.bars(products.AD_NYSE, MINUTE, sessions=1) == ()
    month = exchange.bars(put, HOUR, sessions=100, shown=Shown.BID)
    assert len({row.day for row in month}) <= SESSIONS_MAX
    silent = Exchange(SILENT, 1)
    call = listing(silent, "call").con_id
    assert silent.bars(call, HOUR, sessions=3, shown=Shown.ASK) == ()


def test_of_one_side_there_is_no_middle() -> None:
    worthless = [(None, 0.05), (None, 0.1)]
    assert four_of(Shown.ASK, worthless) == (0.05, 0.1, 0.05, 0.1)
    for shown in (Shown.BID, Shown.MIDPOINT, Shown.BID_ASK):
        assert four_of(shown, worthless) is None

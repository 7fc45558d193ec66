"""Historical bars: daily to monthly from history, shorter ones from the tape."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from alvh_trader.domain.calendar import OPENS, instant
from alvh_trader.sim import products
from alvh_trader.sim.expirations import monthly_vix
from alvh_trader.sim.market import Market, Session, future_price
from alvh_trader.sim.model import BarRow, Listing, Shown
from alvh_trader.sim.past_quotes import PastQuotes, as_quoted
from alvh_trader.sim.path import STEP
from alvh_trader.sim.surface import State

Floats = NDArray[np.float64]
Four = tuple[float, float, float, float]

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
MONTH = timedelta(days=30)
"""Stands for a month of the calendar, whatever its length."""

_BETA = 6.0


class History:
    """Bars of a market; session numbers below 0 lie before the window."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.quotes = PastQuotes(market)

    def bars(
        self,
        listing: Listing,
        size: timedelta,
        last: int,
        at: float,
        count: int,
        shown: Shown = Shown.TRADES,
    ) -> tuple[BarRow, ...]:
        """Return bars of `size` of `count` sessions up to `last`, cut off at `at`."""
        last = self._market.newest(at, last)
        if size < DAY and listing.sec_type in ("OPT", "FUT"):
            node = self._market.session(last).tape.node(at)
            step = max(int(size.total_seconds()) // STEP, 1)
            return self.quotes.bars(listing, shown, step, last, node, count)
        rows = self._traded(listing, size, last, at, count)
        if shown is Shown.TRADES:
            return rows
        return tuple(as_quoted(row, listing, shown) for row in rows)

    def _traded(
        self, listing: Listing, size: timedelta, last: int, at: float, count: int
    ) -> tuple[BarRow, ...]:
        # Before the window a day is known whole, and has a tape only if it must.
        is_whole = last < 0 and size >= DAY
        node = 0 if is_whole else self._market.session(last).tape.node(at)
        if size >= MONTH:
            return self.monthly(listing, last, node, count)
        if size >= WEEK:
            return self.weekly(listing, last, node, count)
        if size >= DAY:
            return self.daily(listing, last, node, count)
        return self.intraday(listing, last, node, count, size)

    def daily(
        self, listing: Listing, last: int, node: int, count: int
    ) -> tuple[BarRow, ...]:
        """Return the daily bars of `count` sessions up to `last`, that one to `node`.

        Sessions that history does not reach are left out; so is everything of an
        instrument that has no bars.
        """
        if listing.con_id == products.AD_NYSE or listing.sec_type == "OPT":
            return ()
        end = self._end_of(listing, last)
        first = max(end - count + 1, 1 - self._market.scenario.start)
        is_over = end < last or last < 0
        rows = [self._daily_row(listing, s) for s in range(first, end + is_over)]
        if not is_over:
            rows.append(self._so_far(listing, last, node))
        return tuple(rows)

    def weekly(
        self, listing: Listing, last: int, node: int, count: int
    ) -> tuple[BarRow, ...]:
        """Return weekly bars (Monday to Friday) of `count` sessions up to `last`."""
        days = self.daily(listing, last, node, count)
        weeks = groupby(days, key=lambda row: row.day.isocalendar()[:2])
        return tuple(_merged(list(rows)) for _, rows in weeks)

    def monthly(
        self, listing: Listing, last: int, node: int, count: int
    ) -> tuple[BarRow, ...]:
        """Return bars of calendar months of `count` sessions up to `last`."""
        days = self.daily(listing, last, node, count)
        months = groupby(days, key=lambda row: (row.day.year, row.day.month))
        return tuple(_merged(list(rows)) for _, rows in months)

    def intraday(
        self, listing: Listing, last: int, node: int, count: int, size: timedelta
    ) -> tuple[BarRow, ...]:
        """Return bars of `size` of `count` sessions; of indexes and the stock."""
        if listing.sec_type not in ("IND", "STK") or listing.con_id == products.AD_NYSE:
            return ()
        first = max(last - count + 1, 1 - self._market.scenario.start)
        step = max(int(size.total_seconds()) // STEP, 1)
        rows: list[BarRow] = []
        for number in range(first, last + 1):
            session = self._market.session(number)
            until = node if number == last else session.tape.nodes - 1
            rows += _cut(session, listing.symbol, step, until)
        return tuple(rows)

    # ------------------------------------------------------------------- daily ---

    def _end_of(self, listing: Listing, last: int) -> int:
        """Return the newest session up to `last` that has a bar.

        A future settles before the open of its last day: that day has none.
        """
        if listing.sec_type != "FUT" or listing.expiry is None:
            return last
        while (
            last > -self._market.scenario.start
            and self._market.day(last).day >= listing.expiry
        ):
            last -= 1
        return last

    def _daily_row(self, listing: Listing, number: int) -> BarRow:
        day = self._market.day(number).day
        if number >= 0:
            last = self._market.session(number).tape.nodes - 1
            return self._so_far(listing, number, last)
        return _row(instant(day, OPENS), day, self._before_window(listing, number))

    def _before_window(self, listing: Listing, number: int) -> Four:
        market = self._market
        if listing.symbol in ("SPX", "XSP", "SPY"):
            spx, scale = market.day(number).spx, market.over_spx(listing.symbol, number)
            return (
                spx.open * scale,
                spx.high * scale,
                spx.low * scale,
                spx.close * scale,
            )
        vix = self._vix(number)
        if listing.symbol == "VIX" and listing.sec_type == "IND":
            return vix
        state = market.closing(number)
        if listing.sec_type == "IND":
            return market.term_prices(listing.symbol.lower(), number, vix)
        v6 = market.term_prices("vix6m", number, vix)
        price = self._future(listing, number)
        four = [
            price(replace(state, vix=v, vix6m=s)) for v, s in zip(vix, v6, strict=True)
        ]
        return _ordered(four[0], four[1], four[2], four[3])

    def _vix(self, number: int) -> Four:
        """Return VIX prices of a session; what history lacks, SPX tells roughly."""
        day, before = self._market.day(number), self._market.day(number - 1)
        if day.vix is not None:
            return day.vix.open, day.vix.high, day.vix.low, day.vix.close
        base = np.log([day.spx.open, day.spx.low, day.spx.high, day.spx.close])
        moved = -_BETA * (base - np.log(before.spx.close))
        rest = np.log(day.vix_close / before.vix_close) - moved[3]
        share = np.array([0.2, 0.6, 0.6, 1.0])
        opened, high, low, close = before.vix_close * np.exp(moved + rest * share)
        return _ordered(float(opened), float(high), float(low), float(close))

    def _future(self, listing: Listing, number: int) -> Callable[[State], float]:
        """Return the pricer of a future; the continuous one is the front of its day."""
        expiry = listing.expiry
        if listing.con_id == products.VX_CONTINUOUS:
            day = self._market.day(number).day
            expiry = monthly_vix(self._market.scenario.calendar, day, 1)[0].settles
        assert expiry is not None, "a future without expiry"
        settles, fit = expiry, self._market.fit
        return lambda state: round(future_price(state, settles, fit), 2)

    def _so_far(self, listing: Listing, number: int, node: int) -> BarRow:
        """Return the bar of a session of the window, from its tape up to `node`."""
        session = self._market.session(number)
        start = datetime.fromtimestamp(session.tape.opens_at, UTC)
        four: Four
        if listing.sec_type in ("IND", "STK"):
            part = session.series[listing.symbol][: node + 1]
            four = (part[0], part.max(), part.min(), part[-1])
        else:
            price = self._future(listing, number)
            marks = [*range(0, node, 60), node]
            prices = [price(session.state(mark)) for mark in marks]
            four = (prices[0], max(prices), min(prices), prices[-1])
        return _row(start, session.tape.day, four)


def _ordered(opened: float, high: float, low: float, close: float) -> Four:
    every = (opened, high, low, close)
    return opened, max(every), min(every), close


def _row(start: datetime, day: date, four: Sequence[float]) -> BarRow:
    opened, high, low, close = (round(float(price), 2) for price in four)
    return BarRow(
        start=start, day=day, open=opened, high=high, low=low, close=close, volume=0
    )


def _merged(rows: list[BarRow]) -> BarRow:
    return replace(
        rows[0],
        high=max(row.high for row in rows),
        low=min(row.low for row in rows),
        close=rows[-1].close,
    )


def _cut(session: Session, symbol: str, step: int, until: int) -> list[BarRow]:
    """Cut a session into bars of `step` nodes, the last one as far as it has got."""
    series, tape = session.series[symbol], session.tape
    rows = []
    end = min(until, tape.index_close if symbol in ("SPX", "XSP") else tape.nodes - 1)
    for first in range(0, end, step):
        part = series[first : min(first + step, end) + 1]
        start = datetime.fromtimestamp(tape.opens_at + STEP * first, UTC)
        rows.append(_row(start, tape.day, (part[0], part.max(), part.min(), part[-1])))
    return rows

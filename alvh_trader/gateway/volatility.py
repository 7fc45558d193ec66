"""Volatilities that are asked for as if they were prices: of the past, and implied.

That of the past is of thirty daily returns, a year. What the options on an index
imply is the volatility index made of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import log, sqrt
from statistics import stdev

from alvh_trader.sim.bars import DAY
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import BarRow, Listing

PAST, IMPLIED = "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY"

_RETURNS = 30
_INDEX = {"SPX": "VIX", "VIX": "VVIX"}


def implied_index(exchange: Exchange, listing: Listing) -> Listing | None:
    """Return the volatility index of the options on an index, None without one."""
    name = _INDEX.get(listing.symbol) if listing.sec_type == "IND" else None
    found = exchange.find(symbol=name, sec_type="IND") if name else ()
    return found[0] if found else None


def past_volatility(closes: Sequence[float]) -> float | None:
    """Return the volatility of the last thirty returns; None of fewer than two."""
    part = closes[-_RETURNS - 1 :]
    returns = [log(after / before) for before, after in pairwise(part)]
    return stdev(returns) * sqrt(252) if len(returns) > 1 else None


def rows(
    exchange: Exchange,
    listing: Listing,
    what: str,
    size: timedelta,
    sessions: int,
    end: datetime,
) -> tuple[BarRow, ...]:
    """Return bars of a volatility, as decimals a year; of the past only daily ones."""
    if what == IMPLIED:
        index = implied_index(exchange, listing)
        if index is None:
            return ()
        levels = exchange.bars(index.con_id, size, sessions=sessions, end=end)
        return tuple(_scaled(row) for row in levels)
    if size != DAY:
        return ()
    days = exchange.bars(listing.con_id, DAY, sessions=sessions + _RETURNS, end=end)
    return tuple(_past(days))[-sessions:]


def _scaled(row: BarRow) -> BarRow:
    opened, high, low, close = (
        level / 100 for level in (row.open, row.high, row.low, row.close)
    )
    return replace(row, open=opened, high=high, low=low, close=close)


def _past(days: Sequence[BarRow]) -> Iterator[BarRow]:
    closes = [row.close for row in days]
    for count, row in enumerate(days, 1):
        value = past_volatility(closes[:count])
        if count > _RETURNS and value is not None:
            yield replace(row, open=value, high=value, low=value, close=value)

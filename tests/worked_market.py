"""The market of the worked example (alvh.md §12) as a feed would show it.

Everything is a pure function of a `Market` value, so a test moves the market by
replacing a number and every quote, forward and surface follows consistently.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.domain.calendar import Calendar, new_york_date, nyse
from alvh_trader.domain.instrument import Future, Index, Instrument, Option, Right
from alvh_trader.domain.market import Bar, Breadth, Quote
from alvh_trader.pricing.black76 import LAST_DAY, price
from tests.strategy.worked import (
    NEW_EXPIRY,
    OLD_EXPIRY,
    RATE,
    VIX_EXPIRY,
    option,
    spx_mids,
)

SPX, VIX, VIX9D, BREADTH = (
    Index(1, "SPX"),
    Index(2, "VIX"),
    Index(3, "VIX9D"),
    Index(4, "AD-NYSE", "NYSE"),
)
NEAR_EXPIRY, NEXT_EXPIRY = date(2026, 5, 26), date(2026, 5, 28)
"""Series of a few days, for what does not hold 45 to 60."""

INDEXES = (SPX, VIX, VIX9D, BREADTH)

FINE_STRIKES = (*range(6000, 6300, 5), *range(7500, 7800, 5))
SPX_STRIKES = tuple(sorted({*map(float, range(5700, 8101, 25)), *FINE_STRIKES}))
VIX_STRIKES = (*map(float, range(10, 31)), 32.5, 35.0, 37.5, 40.0)

SERIES: Mapping[str, tuple[tuple[str, date], ...]] = {
    "SPX": (
        ("SPXW", OLD_EXPIRY),
        ("SPXW", NEW_EXPIRY),
        ("SPXW", NEAR_EXPIRY),
        ("SPXW", NEXT_EXPIRY),
    ),
    "VIX": (("VIXW", VIX_EXPIRY - timedelta(days=1)),),
}
"""By the last trading day, as the broker lists them."""

NEXT = ("VIXW", date(2026, 6, 9))
"""A weekly VIX series that settles a week after the example's."""

LONGER = ("VIX", date(2026, 6, 23))
"""A monthly VIX series of 34 days, which a test may list beside the others."""


class Market(Struct, frozen=True, kw_only=True):
    """What every quote follows from; the defaults are those of T2.

    `vix_forward` and `vix_sigma` are those of the 13-day VIX series. `net` is the
    breadth of today, advances less declines. A series in `dark` shows no quote.
    `dear` is by how many points every SPX call breaks put-call parity.
    """

    spot: float = 6860.0
    vix: float = 21.20
    vix_forward: float = 21.05
    vix_sigma: float = 1.15
    net: int = -1200
    spx_half: float = 0.05
    vix_half: float = 0.005
    shown: float = 200.0
    dark: frozenset[str] = frozenset()
    dear: float = 0.0


T2 = Market()
APPROACH = Market(spot=6875.0, vix=21.0, vix_forward=20.9)
CALM = Market(spot=7000.0, vix=17.0, vix_forward=17.5)


@cache
def calendar() -> Calendar:
    """Return the sessions around the example."""
    return nyse(date(2026, 1, 1), date(2026, 11, 1))


@cache
def listed(symbol: str, trading_class: str, last_trade: date) -> tuple[Option, ...]:
    """Return every option of one series; nothing where there is no such series."""
    series = (trading_class, last_trade)
    more = (NEXT, LONGER) if symbol == "VIX" else ()
    if series not in (*SERIES.get(symbol, ()), *more):
        return ()
    is_vix = symbol == "VIX"
    expiry = last_trade + timedelta(days=1) if is_vix else last_trade
    return tuple(
        replace(
            option(symbol, expiry, float(k), right),
            last_trade=last_trade,
            trading_class=trading_class,
        )
        for k in (VIX_STRIKES if is_vix else SPX_STRIKES)
        for right in (Right.PUT, Right.CALL)
    )


@cache
def _mids(market: Market, symbol: str, expiry: date, day: date) -> dict[int, float]:
    known = (*SERIES[symbol], *((NEXT, LONGER) if symbol == "VIX" else ()))
    series = next(s for s in known if listed(symbol, *s)[0].expiry == expiry)
    options = listed(symbol, *series)
    strikes = np.array([o.strike for o in options])
    is_call = np.array([o.is_call for o in options])
    dte = max((expiry - day).days, LAST_DAY)
    if symbol == "SPX":
        mids = spx_mids(market.spot, market.vix, dte, strikes, is_call)
        mids = mids + np.where(is_call, market.dear, 0.0)
    else:
        level, sigma = market.vix_forward, market.vix_sigma
        mids = price(level, strikes, sigma, dte / 365, RATE, is_call)
    return {o.con_id: float(m) for o, m in zip(options, mids, strict=True)}


def mid(market: Market, what: Option | Future, day: date) -> float:
    """Return the model's price of an option; every future is at the VIX forward."""
    if isinstance(what, Future):
        return market.vix_forward
    return _mids(market, what.symbol, what.expiry, day)[what.con_id]


def quotes(
    market: Market, instruments: Iterable[Instrument], at: datetime
) -> dict[int, Quote]:
    """Return the quotes that a feed shows at `at`, those of indexes included."""
    levels = {
        SPX.con_id: market.spot,
        VIX.con_id: market.vix,
        VIX9D.con_id: market.vix + 0.1,
    }
    day = new_york_date(at)
    found: dict[int, Quote] = {}
    for each in instruments:
        if isinstance(each, Index) and each.con_id in levels:
            found[each.con_id] = Quote(at, last=levels[each.con_id])
        elif isinstance(each, Option | Future) and each.symbol not in market.dark:
            if each.expiry < day:
                continue
            middle = mid(market, each, day)
            most = market.spx_half if each.symbol == "SPX" else market.vix_half
            half = min(most, 0.5 * middle)
            found[each.con_id] = Quote(
                at, middle - half, middle + half, market.shown, market.shown
            )
    return found


def breadth(market: Market, at: datetime) -> Breadth:
    """Return the exchange's counts: 2900 issues that moved, 100 that did not."""
    return Breadth(at, 1450 + market.net // 2, 1450 - market.net // 2, 100)


STRESSED_LINE = (*(200 for _ in range(40)), *(-400 for _ in range(12)))
"""Net advances of sessions that end in broad stress."""

ROTATING_LINE = tuple(300 for _ in range(52))
"""Net advances of sessions in which the line stays above its mean."""


def bars(symbol: str, day: date, *, is_aligned: bool = True) -> tuple[Bar, ...]:
    """Return 120 sessions before `day`; by their MACD a fall of SPX is under way.

    Not aligned: SPX fell and rises again, so momentum does not confirm a threat.
    The wobble gives SPX a realised volatility above 0.85 times the implied one.
    """
    days = [d for d in calendar().days if d < day][-90:]
    count = len(days)
    closes = []
    for i in range(count):
        left = count - i
        if symbol == "VIX":
            trend = 16.0 + (5.0 * (1 - left / 12) if left < 12 else 0.0)
            wobble = 0.2 * math.sin(2.1 * i)
        else:
            trend = 7050.0 + i - (200.0 * (1 - left / 12) if left < 12 else 0.0)
            wobble = 55.0 * (-1) ** i
        closes.append(trend + wobble)
    if not is_aligned:
        # A fall is over, and a recovery gains speed; VIX comes down.
        turns = [i / count for i in range(count)]
        closes = [
            24.0 - 4.0 * x if symbol == "VIX" else 6880.0 - 600.0 * (1 - x) * x * 2
            for x in turns
        ]
    return tuple(
        Bar(d, c, c * 1.01, c * 0.99, c) for d, c in zip(days, closes, strict=True)
    )

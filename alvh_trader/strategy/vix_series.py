"""Which VIX option series, and the forward that its options are priced on.

Source: alvh.md §4.6. Forwards are VIX points; dates are New York's.
"""

import math
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from alvh_trader.domain.calendar import Calendar
from alvh_trader.pricing.chain import Chain
from alvh_trader.pricing.forward import interpolated_forward
from alvh_trader.strategy.params import HedgeParams

MONTHLY = "VIX"


class Series(Struct, frozen=True, kw_only=True):
    """One VIX option series; `expiry` is the settlement date."""

    trading_class: str
    expiry: date
    last_trade: date
    open_interest: int | None = None


class Forward(Struct, frozen=True, array_like=True):
    """A VIX forward in points, and what it was read from."""

    value: float
    source: str


def series_of(listed: Sequence[tuple[str, date]], calendar: Calendar) -> list[Series]:
    """Return series of (class, last trading day) pairs.

    A VIX option settles on the trading day after its last one; contract details
    confirm it before anything is sent (§13.1).
    """
    return [
        Series(
            trading_class=trading_class,
            expiry=calendar.next_session(last_trade),
            last_trade=last_trade,
        )
        for trading_class, last_trade in listed
    ]


def choose_series(
    series: Sequence[Series], today: date, calendar: Calendar, params: HedgeParams
) -> tuple[Series, ...]:
    """Return the series that may be bought, best first; empty where there is none.

    Those settling in 7 to 14 days (else 5 to 18) whose last trade is four trading
    days away; the monthly first, then by open interest, then the longest.
    """
    tradable = [
        s
        for s in series
        if calendar.sessions_until(today, s.last_trade) >= params.sessions_left
    ]
    for low, high in (
        (params.dte_low, params.dte_high),
        (params.dte_low_wide, params.dte_high_wide),
    ):
        window = [s for s in tradable if low <= (s.expiry - today).days <= high]
        if window:
            return tuple(sorted(window, key=_preference, reverse=True))
    return ()


def choose_forward(
    expiry: date,
    futures: Sequence[tuple[date, float]],
    chain: Chain | None,
    today: date,
) -> Forward | None:
    """Return the VIX forward of a settlement date; None forbids to trade.

    The future of the same settlement, else put-call parity of `chain`, else linear
    in time between futures (settlement, mid). Never spot VIX.
    """
    for settles, mid in futures:
        if settles == expiry and math.isfinite(mid):
            return Forward(mid, "future")
    if chain is not None:
        parity = chain.forward()
        if math.isfinite(parity):
            return Forward(parity, "parity")
    known = [
        (float((settles - today).days), mid)
        for settles, mid in futures
        if math.isfinite(mid)
    ]
    between = interpolated_forward(float((expiry - today).days), known)
    return None if between is None else Forward(between, "neighbouring futures")


def _preference(series: Series) -> tuple[bool, int, date]:
    return (
        series.trading_class == MONTHLY,
        series.open_interest or 0,
        series.expiry,
    )

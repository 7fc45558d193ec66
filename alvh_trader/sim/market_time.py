"""Market time: how fast variance accrues from one day to the next.

A day of trading counts as one day; a weekend day or a holiday counts as `CLOSED` of
one, because less happens then. Each counts evenly from one 16:00 in New York to the
next. So an option that lives over a weekend is cheaper than calendar days say, and
loses little on it.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from alvh_trader.domain.calendar import CLOSES, Calendar, instant

Floats = NDArray[np.float64]

CLOSED = 0.5
"""What a day without trading counts (docs/market-model.md says how it was chosen)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MarketTime:
    """Market days that have passed (`run`) at instants (`at`, POSIX seconds)."""

    at: Floats
    run: Floats


def market_time(calendar: Calendar) -> MarketTime:
    """Return market time over all days of a calendar; it stands still outside them."""
    first, last = calendar.days[0], calendar.days[-1]
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    counts = [1.0 if calendar.is_session(day) else CLOSED for day in days]
    return MarketTime(
        at=np.array([instant(day, CLOSES).timestamp() for day in days]),
        run=np.cumsum(counts),
    )

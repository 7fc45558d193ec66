"""Published figures: inflation spread, real exchange rate, committee, and their mean.

Values are per cent and percentage points of monthly series (alvh.md §9.5 to §9.8).
A macro signal scales the second engine; it never blocks a hedge.
"""

import math
from datetime import date, datetime

from msgspec import Struct

from alvh_trader.domain.inputs import FomcCalendar
from alvh_trader.signals.macd import Macd
from alvh_trader.signals.series import Series

PRICE_LEVELS = (50.0, 1000.0)
EXCHANGE_LEVELS = (20.0, 300.0)
"""Index points that CPI and PPI, and the real exchange rate, are believed to have.

A series given in per cent a year, or as fractions, lies outside.
"""

YEARLY_MAX = 30.0
"""Per cent by which no such index changes within a year."""

Z_MONTHS = 36
Z_LEAST = 30
"""Months that the spread is compared with, and how few will do (gaps happen)."""


class Spread(Struct, frozen=True, kw_only=True):
    """CPI less PPI, both year on year, in percentage points.

    `z` is against the 36 months before, `change` against three months before.
    """

    value: float
    z: float
    change: float | None
    month: date


class Exchange(Struct, frozen=True, kw_only=True):
    """The real effective exchange rate: changes in per cent.

    `slope` is three months' change a year, `curvature` that less twelve months' change.
    """

    change: float
    slope: float
    curvature: float
    month: date


class Macro(Struct, frozen=True, kw_only=True):
    """The four opinions, -1 to +1 (None: weight 0), their mean, and the scale.

    `scale` multiplies what the second engine may hold (alvh.md §9).
    """

    spread: int | None = None
    exchange: int | None = None
    weekly: int | None = None
    committee: int | None = None

    @property
    def opinions(self) -> tuple[int, ...]:
        """Those that there are."""
        four = (self.spread, self.exchange, self.weekly, self.committee)
        return tuple(x for x in four if x is not None)

    @property
    def composite(self) -> float | None:
        """M: their mean; None without any."""
        found = self.opinions
        return sum(found) / len(found) if found else None

    @property
    def scale(self) -> float:
        """The scale 1 + 0.25 M, 0.5 to 1.25; at most 1 where fewer than two speak."""
        composite = self.composite
        if composite is None:
            return 1.0
        scale = min(max(1.0 + 0.25 * composite, 0.5), 1.25)
        return scale if len(self.opinions) >= 2 else min(scale, 1.0)


def inflation_spread(cpi: Series, ppi: Series) -> Spread | None:
    """Return the newest spread; None where a series is too short or odd."""
    consumer, producer = (_changes(_months(s, PRICE_LEVELS), 12) for s in (cpi, ppi))
    spreads = {m: consumer[m] - producer[m] for m in consumer.keys() & producer.keys()}
    if not spreads:
        return None
    newest = max(spreads)
    past = [spreads[m] for m in range(newest - Z_MONTHS, newest) if m in spreads]
    if len(past) < Z_LEAST:
        return None
    mean = math.fsum(past) / len(past)
    spread = math.sqrt(math.fsum((x - mean) ** 2 for x in past) / (len(past) - 1))
    if spread <= 0.0:
        return None
    before = spreads.get(newest - 3)
    return Spread(
        value=spreads[newest],
        z=(spreads[newest] - mean) / spread,
        change=None if before is None else spreads[newest] - before,
        month=_first_of(newest),
    )


def exchange_rate(series: Series) -> Exchange | None:
    """Return the newest reading; None where the series is too short or odd."""
    months = _months(series, EXCHANGE_LEVELS)
    quarter, year = _changes(months, 3), _changes(months, 12)
    newest = max(months, default=0)
    if newest not in quarter or newest not in year:
        return None
    slope = 100.0 * ((1.0 + quarter[newest] / 100.0) ** 4 - 1.0)
    return Exchange(
        change=quarter[newest],
        slope=slope,
        curvature=slope - year[newest],
        month=_first_of(newest),
    )


def of_spread(found: Spread | None) -> int | None:
    """Return the opinion: a falling spread squeezes, a usual one that rises helps."""
    if found is None:
        return None
    if found.z <= -1.0:
        return -1
    if found.change is None:
        return None
    if found.change <= -0.5:
        return -1
    return 1 if abs(found.z) < 1.0 and found.change >= 0.0 else 0


def of_exchange(found: Exchange | None) -> int | None:
    """Return the opinion: a rate that moves 3 % in three months is unrest."""
    if found is None:
        return None
    if abs(found.change) >= 3.0:
        return -1
    return 1 if abs(found.change) < 1.0 else 0


def of_weekly(found: Macd | None) -> int | None:
    """Return the opinion of weekly VX: rising above its signal is unrest."""
    if found is None:
        return None
    if found.histogram < 0.0:
        return 1
    return -1 if found.histogram > 0.0 and found.is_rising else 0


def divergence_score(fomc: FomcCalendar | None, at: datetime) -> int | None:
    """Return the operator's score of the newest meeting, -2 to +2.

    None without a file, or where the newest meeting that was released by `at` has no
    score, or one that is none.
    """
    if fomc is None:
        return None
    released = [m for m in fomc.meetings if m.released <= at]
    if not released:
        return None
    score = max(released, key=lambda m: m.released).score
    return score if score is not None and abs(score) <= 2 else None


def of_committee(score: int | None) -> int | None:
    """Return the opinion: the sign of the score."""
    return None if score is None else (score > 0) - (score < 0)


def _months(series: Series, bounds: tuple[float, float]) -> dict[int, float]:
    """Return the values by month number; nothing where one is not to be believed."""
    low, high = bounds
    if not all(low <= value <= high for _, value in series):
        return {}
    return {_number(day): value for day, value in sorted(series)}


def _changes(months: dict[int, float], back: int) -> dict[int, float]:
    """Return the change in per cent over so many months; nothing where one is wild."""
    found = {
        m: 100.0 * (value / months[m - back] - 1.0)
        for m, value in months.items()
        if m - back in months
    }
    return found if all(abs(x) <= YEARLY_MAX for x in found.values()) else {}


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)

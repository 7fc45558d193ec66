"""Which expiries a condor may be rolled to.

An expiry is known by its last trading day, which for a series that settles in the
morning is the day before. Source: alvh.md §5.1, §6.2, §6.4, §6.6.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from alvh_trader.portfolio.case import Case
from alvh_trader.strategy.params import CondorParams, RollParams
from alvh_trader.strategy.reason import Reason

Listed = Sequence[tuple[str, date]]
"""(trading class, last trading day) of every listed series."""


def choose_expiries(
    listed: Listed,
    case: Case,
    today: date,
    condor: CondorParams,
    roll: RollParams,
    reason: Reason | None = None,
) -> tuple[date, ...]:
    """Return the last trading days to roll to, the best first; often one, or none.

    Only the case's own class, and more than a week later than the case. For a
    time-shift the next monthly cycle, else 45 to 60 days out, near the target first.
    """
    later = _later(listed, case, today, roll)
    if reason is Reason.FOMC_TIME_SHIFT:
        return tuple(sorted(later & monthlies(later)))[:1]
    fits = {d for d in later if condor.dte_low <= (d - today).days <= condor.dte_high}
    return tuple(
        sorted(fits, key=lambda d: (abs((d - today).days - condor.dte_target), d))
    )


def _later(
    listed: Listed, case: Case, today: date, roll: RollParams
) -> frozenset[date]:
    classes = {v.short.trading_class for v in case.verticals}
    soonest = max(case.last_trade, today) + timedelta(days=roll.dte_later)
    return frozenset(
        day
        for trading_class, day in listed
        if trading_class in classes and day > soonest
    )


def monthlies(days: frozenset[date]) -> frozenset[date]:
    """Return those of the last trading days of one class that are monthly.

    A cycle ends on the third Friday; where that is a holiday, or where the class
    settles in the morning, its last trading day is the last one before.

    >>> from datetime import date
    >>> weekly = frozenset(date(2026, 7, d) for d in (10, 15, 16, 17, 20, 24))
    >>> sorted(monthlies(weekly))
    [datetime.date(2026, 7, 17)]
    """
    found = set()
    for year, month in {(d.year, d.month) for d in days}:
        third = third_friday(year, month)
        near = [d for d in days if third - timedelta(days=2) <= d <= third]
        found |= {max(near)} if near else set()
    return frozenset(found)


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month, holiday or not."""
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)

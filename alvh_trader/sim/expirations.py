"""When index options and VIX futures expire, by the exchanges' rules.

Sources: Cboe's SPX, SPXW and VIX option specifications; CFE's VX specification.
A series has a last trading day and a settlement day; they are one and the same for
PM-settled options and for futures, and neighbouring sessions for the rest.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from alvh_trader.domain.calendar import Calendar

SPXW_DAYS = 130
"""How far ahead, in calendar days, Fridays and month ends are listed."""

SPXW_DENSE_DAYS = 36
"""How far ahead every weekday is listed that has weeklies at all."""

_WEEKLIES_SINCE = {
    0: date(2016, 8, 15),
    1: date(2022, 4, 18),
    2: date(2016, 2, 23),
    3: date(2022, 5, 11),
}
"""When weeklies of each weekday but Friday were first listed (Cboe's notices)."""

SPX_MONTHS = 9
VIX_MONTHS = 7
VIX_WEEKS = 6
VX_MONTHS = 9

_DAY = timedelta(days=1)
_FRIDAY = 4


@dataclass(frozen=True, slots=True, order=True)
class Expiry:
    """The settlement day of a series and the last day on which it trades."""

    settles: date
    last_trade: date


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month, holiday or not."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def session_at_or_before(calendar: Calendar, day: date) -> date:
    """Return `day` if it is a session, else the last session before it."""
    while not calendar.is_session(day):
        day -= _DAY
    return day


def spx_monthly(calendar: Calendar, year: int, month: int) -> Expiry:
    """Return the AM-settled SPX series: it last trades the session before."""
    settles = session_at_or_before(calendar, third_friday(year, month))
    return Expiry(settles, session_at_or_before(calendar, settles - _DAY))


def spxw(calendar: Calendar, today: date) -> tuple[Expiry, ...]:
    """Return the PM-settled series listed on `today`, today's own included."""
    days = set()
    # A Monday's series may live on after the Monday, on the Tuesday it moved to.
    for ahead in range(-4, SPXW_DAYS + 1):
        day = today + ahead * _DAY
        weekday = day.weekday()
        since = _WEEKLIES_SINCE.get(weekday)
        is_dense = ahead <= SPXW_DENSE_DAYS and since is not None and today >= since
        if weekday == _FRIDAY or is_dense:
            days.add(_near_session(calendar, day))
        if (day + _DAY).month != day.month:
            days.add(session_at_or_before(calendar, day))
    return tuple(Expiry(day, day) for day in sorted(days) if day >= today)


def _near_session(calendar: Calendar, day: date) -> date:
    """Return the session a weekly moves to: Mondays forward, other days back."""
    if calendar.is_session(day):
        return day
    if day.weekday() == 0:
        return calendar.next_session(day)
    return session_at_or_before(calendar, day)


def vix_for(calendar: Calendar, friday: date) -> Expiry:
    """Return the VIX series that settles 30 days before the SPX options of `friday`.

    That is a Wednesday; the session before where that Wednesday or the Friday is a
    holiday. It last trades the session before it settles.
    """
    settles = friday - timedelta(days=30)
    if not calendar.is_session(settles) or not calendar.is_session(friday):
        settles = session_at_or_before(calendar, settles - _DAY)
    return Expiry(settles, session_at_or_before(calendar, settles - _DAY))


def vix_monthly(calendar: Calendar, year: int, month: int) -> Expiry:
    """Return the monthly VIX series of a month: of next month's third Friday."""
    following = date(year, month, 28) + timedelta(days=7)
    return vix_for(calendar, third_friday(following.year, following.month))


def months(today: date, count: int) -> tuple[tuple[int, int], ...]:
    """Return `count` (year, month) pairs from the month of `today`."""
    start = today.year * 12 + today.month - 1
    return tuple(divmod(m, 12) for m in range(start, start + count))


def monthly_spx(calendar: Calendar, today: date) -> tuple[Expiry, ...]:
    """Return the AM-settled SPX series listed on `today`."""
    series = (spx_monthly(calendar, y, m + 1) for y, m in months(today, SPX_MONTHS))
    return tuple(e for e in series if e.last_trade >= today)


def monthly_vix(
    calendar: Calendar, today: date, count: int = VIX_MONTHS
) -> tuple[Expiry, ...]:
    """Return the next monthly VIX expiries; the futures have the same."""
    series = (vix_monthly(calendar, y, m + 1) for y, m in months(today, count + 1))
    return tuple(e for e in series if e.last_trade >= today)[:count]


def weekly_vix(calendar: Calendar, today: date) -> tuple[Expiry, ...]:
    """Return the weekly VIX series listed on `today`: no monthly among them."""
    monthly = set(monthly_vix(calendar, today, count=3))
    friday = today + timedelta(days=(_FRIDAY - today.weekday()) % 7 + 21)
    series: list[Expiry] = []
    while len(series) < VIX_WEEKS:
        expiry = vix_for(calendar, friday)
        if expiry.last_trade >= today and expiry not in monthly:
            series.append(expiry)
        friday += timedelta(days=7)
    return tuple(series)

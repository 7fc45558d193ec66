"""Exchange sessions: when one may trade, and how many sessions lie between two days.

A `Calendar` is a value: the sessions of a span of years, from exchange-calendars
(XNYS). Index options trade 15 minutes longer than the stocks.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

NEW_YORK = ZoneInfo("America/New_York")
OPENS = time(9, 30)
CLOSES = time(16, 0)
OPTIONS_LATER = timedelta(minutes=15)


class Hours(Struct, frozen=True):
    """When an exchange says that it is open on a day; None where it is closed."""

    day: date
    opens: datetime | None
    closes: datetime | None


class Calendar(Struct, frozen=True):
    """The trading days of a span, and those of them that close early (13:00)."""

    days: tuple[date, ...]
    half_days: frozenset[date]

    def is_session(self, day: date) -> bool:
        """Return whether the exchange is open at all on `day`."""
        i = bisect_left(self.days, day)
        return i < len(self.days) and self.days[i] == day

    def next_session(self, day: date) -> date:
        """Return the first trading day after `day`."""
        return self.days[bisect_right(self.days, day)]

    def last_before(self, day: date) -> date | None:
        """Return the last trading day before `day`; None where the span begins."""
        i = bisect_left(self.days, day)
        return self.days[i - 1] if i else None

    def last(self, day: date, count: int) -> tuple[date, ...]:
        """Return up to `count` trading days before `day`, oldest first."""
        i = bisect_left(self.days, day)
        return self.days[max(i - count, 0) : i]

    def sessions_until(self, today: date, day: date) -> int:
        """Return how many trading days lie in (today, day]."""
        return bisect_right(self.days, day) - bisect_right(self.days, today)

    def close_of(self, day: date) -> time:
        """Return the New York time at which stocks, and so the index, stop."""
        return time(13, 0) if day in self.half_days else CLOSES

    def is_open(self, at: datetime) -> bool:
        """Return whether the index is being calculated at `at` (regular hours)."""
        local = at.astimezone(NEW_YORK)
        return self.is_session(local.date()) and OPENS <= local.time() < self.close_of(
            local.date()
        )


def disagreement(calendar: Calendar, told: tuple[Hours, ...], day: date) -> str:
    """Return how what the broker told of `day` contradicts our calendar, or "".

    Two sources must agree that the market is open, and until when; what neither of
    them knows beforehand is noticed by its missing prices (reliability.md F103).
    """
    hours = next((h for h in told if h.day == day), None)
    if hours is None:
        return f"the broker told no hours of {day}"
    is_session = calendar.is_session(day)
    if hours.opens is None or hours.closes is None:
        return f"the broker says that {day} is closed" if is_session else ""
    if not is_session:
        return f"the broker says that {day} is open"
    opens, closes = instant(day, OPENS), instant(day, calendar.close_of(day))
    if hours.opens > opens:
        return f"the broker opens later on {day} than our calendar says"
    if hours.closes < closes:
        return f"the broker closes earlier on {day} than our calendar says"
    if hours.closes > closes + OPTIONS_LATER:
        return f"the broker closes later on {day} than our calendar says"
    return ""


def new_york_date(at: datetime) -> date:
    """Return the exchange's calendar day of an instant."""
    return at.astimezone(NEW_YORK).date()


def instant(day: date, clock: time) -> datetime:
    """Return the UTC instant of a New York wall-clock time."""
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


def nyse(first: date, last: date) -> Calendar:
    """Return the calendar of all sessions in [first, last]."""
    # The import costs as much as all others together; only builders of a calendar pay.
    import exchange_calendars  # noqa: PLC0415

    xnys = exchange_calendars.get_calendar(
        "XNYS", start=first.isoformat(), end=last.isoformat()
    )
    early = xnys.early_closes
    return Calendar(
        days=tuple(s.date() for s in xnys.sessions),
        half_days=frozenset(s.date() for s in early),
    )

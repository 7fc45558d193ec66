"""When each product trades: its sessions, as they were on any day.

Cboe's index options have a night before the regular session (GTH) and, since April
2022, a curb session after it; VIX futures trade nearly around the clock. Sources:
Cboe's announcements of extended hours (2015, 2021, 2022), CFE's of 2018; that the
night has ended at 09:25 since 2022, that futures have had no pause since October 2020,
and that a half day has neither curb nor evening, are assumptions.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from alvh_trader.domain.calendar import (
    NEW_YORK,
    OPENS,
    OPTIONS_LATER,
    Calendar,
    instant,
    new_york_date,
)
from alvh_trader.sim.model import Listing

CHICAGO_ZONE, NEW_YORK_ZONE = "US/Central", "US/Eastern"


class Kind(StrEnum):
    """What a session is to its product."""

    NIGHT = "GTH"
    REGULAR = "RTH"
    CURB = "CURB"


@dataclass(frozen=True, slots=True)
class Span:
    """One session of a trading day, in New York time."""

    kind: Kind
    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class _Plan:
    """The sessions of a usual day, as times since its midnight; None: no such one.

    `after` is how long beyond the stocks' close the regular session lasts.
    """

    night: tuple[timedelta, timedelta] | None = None
    after: timedelta = timedelta()
    curb: tuple[timedelta, timedelta] | None = None


def _clock(hour: int, minute: int = 0) -> timedelta:
    """Return a time since midnight; negative hours are of the evening before."""
    return timedelta(hours=hour, minutes=minute)


_NO_TIME = timedelta()
_BEGINNING = date.min
_EVENING = _clock(-4, 15)
_OPENS = _clock(9, 30)

_Plans = tuple[tuple[date, _Plan], ...]
"""Newest first: since when, and what."""

_STOCKS: _Plans = ((_BEGINNING, _Plan()),)
_OPTIONS: _Plans = ((_BEGINNING, _Plan(after=OPTIONS_LATER)),)
_ROUND_THE_CLOCK: _Plans = (
    (
        date(2022, 4, 25),
        _Plan((_EVENING, _clock(9, 25)), OPTIONS_LATER, (_clock(16, 15), _clock(17))),
    ),
    (date(2021, 11, 22), _Plan((_EVENING, _clock(9, 15)), OPTIONS_LATER)),
)
_INDEX_OPTIONS: _Plans = (
    *_ROUND_THE_CLOCK,
    (date(2015, 3, 9), _Plan((_clock(3), _clock(9, 15)), OPTIONS_LATER)),
    *_OPTIONS,
)
_FUND: _Plans = (
    (
        _BEGINNING,
        _Plan((_clock(4), _OPENS), _NO_TIME, (_clock(16), _clock(20))),
    ),
)
_FUTURES: _Plans = (
    (
        date(2020, 10, 26),
        _Plan((_clock(-6), _OPENS), _NO_TIME, (_clock(16), _clock(17))),
    ),
    (
        date(2018, 2, 26),
        _Plan((_clock(-6), _OPENS), OPTIONS_LATER, (_clock(16, 30), _clock(17))),
    ),
    (_BEGINNING, _Plan((_clock(-6), _OPENS), OPTIONS_LATER)),
)
_VIX: _Plans = (
    (date(2022, 4, 25), _Plan((_clock(3, 15), _clock(9, 25)), OPTIONS_LATER)),
    (date(2016, 4, 15), _Plan((_clock(3, 15), _clock(9, 15)), OPTIONS_LATER)),
    *_OPTIONS,
)
_PLANS: dict[tuple[str, str], _Plans] = {
    ("IND", "AD-NYSE"): _STOCKS,
    ("IND", "VIX"): _VIX,
    ("STK", "SPY"): _FUND,
    ("OPT", "SPY"): _OPTIONS,
    ("OPT", "XSP"): (*_ROUND_THE_CLOCK, *_OPTIONS),
}
_OTHERS = {
    "IND": _OPTIONS,
    "OPT": _INDEX_OPTIONS,
    "FUT": _FUTURES,
    "CONTFUT": _FUTURES,
}
_SETTLES = time(9)
"""When a future that settles on a morning stops trading (CFE)."""


def zone(listing: Listing) -> str:
    """Return the zone in which the broker gives a product's hours (gateway.md §5.7)."""
    return zone_of(listing.symbol)


def zone_of(symbol: str) -> str:
    """Return the zone of everything that is called by a symbol, combos too."""
    return NEW_YORK_ZONE if symbol in ("SPY", "AD-NYSE") else CHICAGO_ZONE


def sessions(listing: Listing, calendar: Calendar, day: date) -> tuple[Span, ...]:
    """Return the sessions of a trading day, earliest first; none on other days."""
    if not calendar.is_session(day):
        return ()
    ends = listing.expiry == day == listing.last_trade
    spans = _spans(_plan(listing, day), calendar, day)
    if not ends:
        return spans
    if listing.sec_type == "FUT":
        settles = datetime.combine(day, _SETTLES, NEW_YORK)
        return (replace(spans[0], closes=settles),)
    stocks_close = datetime.combine(day, calendar.close_of(day), NEW_YORK)
    return tuple(
        replace(it, closes=stocks_close) if it.kind is Kind.REGULAR else it
        for it in spans
        if it.kind is not Kind.CURB
    )


def trading_days(calendar: Calendar, end: datetime, count: int) -> tuple[date, ...]:
    """Return up to `count` trading days that opened by `end`, oldest first."""
    days = calendar.last(new_york_date(end) + timedelta(days=1), count + 1)
    return tuple(d for d in days if instant(d, OPENS) <= end)[-count:]


def has_nights(listing: Listing, day: date) -> bool:
    """Return whether an option traded at night in those days."""
    return _plan(listing, day).night is not None


def between(calendar: Calendar, day: date, following: date) -> tuple[Span, ...]:
    """Return the curb of index options on a day and their night before the next."""
    before = [it for it in _index_spans(calendar, day) if it.kind is Kind.CURB]
    after = [it for it in _index_spans(calendar, following) if it.kind is Kind.NIGHT]
    return (*before, *after)


def _index_spans(calendar: Calendar, day: date) -> tuple[Span, ...]:
    return _spans(_since(_INDEX_OPTIONS, day), calendar, day)


def _spans(plan: _Plan, calendar: Calendar, day: date) -> tuple[Span, ...]:
    stocks_close = datetime.combine(day, calendar.close_of(day))
    return _planned(plan, stocks_close, is_half=day in calendar.half_days)


@lru_cache(maxsize=256)
def _planned(plan: _Plan, stocks_close: datetime, *, is_half: bool) -> tuple[Span, ...]:
    """Return the spans of a day; hundreds of options of a class have the same."""
    midnight = datetime.combine(stocks_close, datetime.min.time())
    spans = []
    if plan.night is not None:
        spans.append((Kind.NIGHT, midnight + plan.night[0], midnight + plan.night[1]))
    spans.append((Kind.REGULAR, midnight + _OPENS, stocks_close + plan.after))
    if plan.curb is not None and not is_half:
        opens, closes = (midnight + at for at in plan.curb)
        spans.append((Kind.CURB, opens, closes))
    return tuple(
        Span(kind, opens.replace(tzinfo=NEW_YORK), closes.replace(tzinfo=NEW_YORK))
        for kind, opens, closes in spans
    )


def _plan(listing: Listing, day: date) -> _Plan:
    own = _PLANS.get((listing.sec_type, listing.symbol))
    return _since(own or _OTHERS[listing.sec_type], day)


def _since(plans: _Plans, day: date) -> _Plan:
    return next(plan for since, plan in plans if day >= since)

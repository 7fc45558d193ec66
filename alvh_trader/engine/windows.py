"""When a roll may be sent: the day's window, the last day, and scheduled releases.

Each question is answered by a finding, whether it holds or not (alvh.md §2.5, §3.2,
§6.6).
"""

from datetime import datetime, timedelta

from alvh_trader.domain.calendar import NEW_YORK, OPENS, instant
from alvh_trader.domain.inputs import FomcCalendar
from alvh_trader.engine.case import Case
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.finding import Finding

AFTER_OPEN = timedelta(minutes=15)
BEFORE_CLOSE = timedelta(minutes=15)
"""A roll is sent from 09:45 to 15:45, on a half day to 12:45 (alvh.md §6.6)."""

BEFORE_LAST_CLOSE = timedelta(minutes=30)
"""Within a session of expiry none is begun after 15:30 (§3.2)."""


def window(turn: Turn, case: Case, *, begins: bool) -> tuple[Finding, ...]:
    """Return what the clock says of sending a roll now.

    `begins` asks for the first order of a roll, not for the rest of one.
    """
    at, day = turn.at, turn.at.astimezone(NEW_YORK).date()
    close = instant(day, turn.rules.calendar.close_of(day))
    clock, releases = hours(turn)
    found = [clock]
    left = turn.rules.calendar.sessions_until(day, case.condor.last_trade)
    if begins and left <= 1:
        end = close - BEFORE_LAST_CLOSE
        bound = f"< {_clock(end)} within a session of expiry"
        found.append(Finding("time before expiry", _clock(at), bound, at < end))
    return (*found, releases)


def hours(turn: Turn) -> tuple[Finding, Finding]:
    """Return what the clock and the scheduled releases say of any new risk now."""
    day = turn.at.astimezone(NEW_YORK).date()
    close = instant(day, turn.rules.calendar.close_of(day))
    first, end = instant(day, OPENS) + AFTER_OPEN, close - BEFORE_CLOSE
    pause = timedelta(minutes=turn.rules.params.roll.release_minutes)
    releases = _releases(turn.state.inputs.fomc, turn.at, pause)
    return _between(turn.at, first, end), releases


def _between(at: datetime, first: datetime, end: datetime) -> Finding:
    bound = f"{_clock(first)} to {_clock(end)}"
    return Finding("time", _clock(at), bound, first <= at < end)


def _releases(calendar: FomcCalendar | None, at: datetime, pause: timedelta) -> Finding:
    """Return whether no scheduled release is near; without a file none is known."""
    minutes = pause.total_seconds() / 60
    bound = f"more than {minutes:.0f} min away"
    if calendar is None:
        return Finding("scheduled releases", "no file", bound, True)
    known = (*calendar.releases, *(m.released for m in calendar.meetings))
    nearest = min(known, key=lambda r: abs(r - at), default=None)
    if nearest is None:
        return Finding("scheduled releases", "none known", bound, True)
    return Finding(
        "nearest scheduled release",
        f"{nearest:%Y-%m-%d %H:%M} UTC",
        bound,
        abs(nearest - at) > pause,
    )


def _clock(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%H:%M}"

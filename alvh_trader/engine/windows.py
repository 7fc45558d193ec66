"""When a roll may be sent: the day's window, the last day, releases, and the regime.

Each question is answered by a finding, whether it holds or not (alvh.md §2.5, §3.2,
§6.6).
"""

from datetime import datetime, timedelta

from alvh_trader.domain.calendar import NEW_YORK, OPENS, instant
from alvh_trader.domain.inputs import FomcCalendar
from alvh_trader.engine.case import Ask, Case
from alvh_trader.engine.consent import ask_person, is_allowed
from alvh_trader.engine.evaluation import regime_of
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.regimes import allowance

AFTER_OPEN = timedelta(minutes=15)
BEFORE_CLOSE = timedelta(minutes=15)
"""A roll is sent from 09:45 to 15:45, on a half day to 12:45 (alvh.md §6.6)."""

REGIME = "VIX regime"
"""The finding that a person's acknowledgement can make hold."""

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


def is_in_window(turn: Turn, case: Case) -> bool:
    """Return whether the rest of a roll under way may be sent now."""
    return all(f.holds for f in window(turn, case, begins=False))


def is_window_over(turn: Turn) -> bool:
    """Return whether today's window has closed."""
    day = turn.at.astimezone(NEW_YORK).date()
    close = instant(day, turn.rules.calendar.close_of(day))
    return turn.at >= close - BEFORE_CLOSE


def may_start(turn: Turn, case: Case) -> tuple[Finding, ...]:
    """Return whether a roll may start now, whatever the candidates are."""
    return (*window(turn, case, begins=True), _regime(turn, case))


def hindrance_of(turn: Turn, case: Case) -> Finding | None:
    """Return the first thing in the way of a roll that would start now, or None."""
    return next((f for f in may_start(turn, case) if not f.holds), None)


def ask_regime(turn: Turn, case: Case, hindrance: Finding) -> Case:
    """Ask a person for the roll, where only VIX's regime is in its way."""
    ask = _question(turn)
    if hindrance.what != REGIME or ask is None:
        return case
    return ask_person(turn, case, ask)


def _question(turn: Turn) -> Ask | None:
    """Return what the regime of VIX has a person asked before a roll, if anything."""
    regime = regime_of(turn.state)
    if allowance(regime).rolls_alone:
        return None
    return Ask.STRESS if regime is Regime.STRESS else Ask.CRISIS


def _regime(turn: Turn, case: Case) -> Finding:
    regime, ask = regime_of(turn.state), _question(turn)
    bound = "below STRESS, or a person's acknowledgement"
    value = "unknown" if regime is None else regime.name
    good = ask is None or is_allowed(turn, case, ask)
    return Finding(REGIME, value, bound, good)


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

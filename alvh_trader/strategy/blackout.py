"""The sessions around releases in which no condor is opened (alvh.md §5.1)."""

from datetime import datetime

from alvh_trader.domain.calendar import Calendar, new_york_date
from alvh_trader.domain.freshness import Part, age_of
from alvh_trader.domain.inputs import Inputs
from alvh_trader.strategy.finding import Finding


def blackout(
    inputs: Inputs, at: datetime, calendar: Calendar, sessions: int
) -> Finding:
    """Return whether no decision or release is within so many sessions of today.

    Without a fresh calendar nobody knows, and that does not hold. No sessions ask for
    no calendar.
    """
    bound = f"more than {sessions} sessions away"
    if sessions == 0:
        return Finding("releases", "not asked", "any", True)
    age = age_of(inputs, Part.FOMC, at)
    if inputs.fomc is None or not age.is_fresh:
        return Finding("releases", f"the calendar is {age.verdict}", bound, False)
    today = new_york_date(at)
    meetings = [m.released for m in inputs.fomc.meetings]
    days = [new_york_date(r) for r in (*meetings, *inputs.fomc.releases)]
    near = [
        day
        for day in sorted(days)
        if max(calendar.sessions_until(today, day), calendar.sessions_until(day, today))
        <= sessions
    ]
    value = ", ".join(day.isoformat() for day in near) or "none near"
    return Finding("releases", value, bound, not near)

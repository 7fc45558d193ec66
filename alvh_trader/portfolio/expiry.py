"""When an option or future is settled, and so is held no longer without a trade.

It is read from the contract: one whose settlement day is later than its last trading
day is settled in that morning's opening, any other at the close. The weekday says
nothing (reliability.md F107-F112).
"""

from datetime import datetime

from alvh_trader.domain.calendar import OPENS, Calendar, instant
from alvh_trader.domain.instrument import Future, Option


def is_morning(instrument: Option | Future) -> bool:
    """Return whether it is settled at the opening prices of its settlement day."""
    return instrument.expiry > instrument.last_trade


def settles(instrument: Option | Future, calendar: Calendar) -> datetime:
    """Return the instant from which on it may be gone without a trade."""
    if is_morning(instrument):
        return instant(instrument.expiry, OPENS)
    return instant(instrument.expiry, calendar.close_of(instrument.expiry))

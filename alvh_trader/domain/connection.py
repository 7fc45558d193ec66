"""The states of the way to the market, and when the broker is away by plan.

Every night the broker restarts its servers and the gateway itself, and from Friday to
Sunday it may be away for hours. On Sunday the gateway's login ends, and only a person
can log in again (reliability.md F29-F32, P18). All times here are New York's.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum

from alvh_trader.domain.calendar import NEW_YORK

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6

NIGHT_BEGINS, NIGHT_ENDS = time(23, 30), time(1, 0)
WEEKEND_BEGINS, WEEKEND_ENDS = time(22, 45), time(2, 0)
"""From Friday to Sunday. Both windows have a quarter of an hour to spare."""

LOGIN_ENDS = time(1, 0)
"""On Sunday; after it a gateway wants a password and a second factor."""


class Connection(StrEnum):
    """What stands between us and the market, the worst first."""

    LOGIN_REQUIRED = "LOGIN_REQUIRED"  # The weekly login has ended.
    DISCONNECTED = "DISCONNECTED"  # No session with the gateway.
    RESET_EXPECTED = "RESET_EXPECTED"  # The broker is, or soon will be, away by plan.
    LINK_LOST = "LINK_LOST"  # The gateway is there and has lost the broker.
    RECONCILING = "RECONCILING"  # No complete picture agreed with our books yet.
    HALTED = "HALTED"  # The exchange has halted trading.
    BLIND = "BLIND"  # The market is open and we do not see it.
    DEGRADED = "DEGRADED"  # Something is wrong that takes no sight and no order.
    CONNECTED = "CONNECTED"


class Trouble(StrEnum):
    """What the data streams as a whole suffer from."""

    FARM_DOWN = "a market data farm is down"
    OTHER_SESSION = "another session has the market data"
    NO_LINES = "no market data line is left"
    HALTED = "trading is halted"


def is_reset(at: datetime) -> bool:
    """Return whether the broker may be away by plan at `at`, or soon, or was just now.

    >>> from datetime import UTC
    >>> is_reset(datetime(2026, 3, 4, 4, 45, tzinfo=UTC))  # Tuesday 23:45
    True
    >>> is_reset(datetime(2026, 3, 4, 15, 0, tzinfo=UTC))
    False
    """
    local = at.astimezone(NEW_YORK)
    day, clock = local.weekday(), local.time()
    return (
        clock >= NIGHT_BEGINS
        or clock < NIGHT_ENDS
        or (day == FRIDAY and clock >= WEEKEND_BEGINS)
        or day == SATURDAY
        or (day == SUNDAY and clock < WEEKEND_ENDS)
    )


def login_ended(at: datetime) -> datetime:
    """Return the newest instant up to `at` at which a login of the week before ended.

    Where clocks go back the hour comes twice; the first time counts.
    """
    local = at.astimezone(NEW_YORK)
    sunday = local.date() - timedelta(days=(local.weekday() + 1) % 7)
    ended = datetime.combine(sunday, LOGIN_ENDS, NEW_YORK)
    if ended > at:
        ended = datetime.combine(sunday - timedelta(days=7), LOGIN_ENDS, NEW_YORK)
    return ended

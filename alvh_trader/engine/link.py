"""What is remembered of the way to the market; `engine.connection` names its state."""

from datetime import datetime, timedelta

from msgspec import Struct

from alvh_trader.domain.calendar import Hours
from alvh_trader.domain.connection import Connection, Trouble


class Link(Struct, frozen=True, kw_only=True):
    """The way from here over the gateway and the broker to the market's prices."""

    name: Connection = Connection.DISCONNECTED
    why: str = ""
    since: datetime | None = None
    up: datetime | None = None
    """When the newest session came up."""

    seen: datetime | None = None
    """When the broker himself was last known to be there; true to the hour."""

    away: datetime | None = None
    """Since when there has been no session."""

    reason: str = ""
    in_use: datetime | None = None
    """Since when our client id has been another program's."""

    down: datetime | None = None
    """Since when the broker's own link has been lost."""

    was_reset: bool = False
    """Whether the newest loss was in a reset that has not settled since."""

    settled: datetime | None = None
    """The first clean report after that."""

    is_late: bool = False
    clock: str = ""
    """What is wrong with our clock."""

    troubles: tuple[Trouble, ...] = ()
    hours: tuple[Hours, ...] = ()
    resubscribe: datetime | None = None
    """Not before then are all streams asked for again."""

    pause: timedelta = timedelta(seconds=30)
    told: tuple[str, ...] = ()
    """The alerts of this outage."""

    reset_told: datetime | None = None
    reminded: datetime | None = None
    """When a person was last reminded of the weekly login."""

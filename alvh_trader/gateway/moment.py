"""Dates and times as the gateway prints and reads them.

From protocol 174 on a time names its zone: that of the instrument, or that of the
login, or it is in UTC, as the owner of the gateway has set it [doc]. Before 174 it is
the login's, without a name [cap].
"""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONE_NAME = "US/Eastern"
ZONE = ZoneInfo(ZONE_NAME)

ZONE_SINCE = 174
"""The first protocol version in which times carry their zone."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2999

_TIME = re.compile(r"(\d{8})([ -])\s*(\d{1,2}:\d{2}:\d{2})(?:\s+(\S.*))?")


def day_text(day: date | None) -> str:
    """Return `20180205`, or nothing for no day."""
    return "" if day is None else f"{day:%Y%m%d}"


class TimesIn(StrEnum):
    """In which zone the times that belong to an instrument are."""

    INSTRUMENT = "instrument"
    LOGIN = "login"
    UTC = "utc"


class Times(NamedTuple):
    """How one client is told times, and what it means by its own.

    `zone` is that of the instrument which is spoken of; see `of`.
    """

    version: int
    style: TimesIn = TimesIn.INSTRUMENT
    login_zone: str = ZONE_NAME
    zone: str = ZONE_NAME

    def of(self, zone: str) -> "Times":
        """Return the same for an instrument that is at home in `zone`."""
        return self._replace(zone=zone)

    def text(self, at: datetime) -> str:
        """Return `20180205 09:30:00 US/Eastern`, in the instrument's zone.

        Before 174 that is `20180205  09:30:00` in the login's, in UTC
        `20180205-14:30:00`.
        """
        if self.version < ZONE_SINCE:
            return f"{at.astimezone(ZoneInfo(self.login_zone)):%Y%m%d  %H:%M:%S}"
        if self.style is TimesIn.UTC:
            return f"{at.astimezone(UTC):%Y%m%d-%H:%M:%S}"
        of_login = self.style is TimesIn.LOGIN
        return _named(at, self.login_zone if of_login else self.zone)

    def login_text(self, at: datetime) -> str:
        """Return a time that belongs to the login, with its zone in every version."""
        return _named(at, self.login_zone)

    def clock_text(self, at: datetime) -> str:
        """Return the time of day of the login, `14:34`."""
        return f"{at.astimezone(ZoneInfo(self.login_zone)):%H:%M}"

    def read(self, text: str) -> datetime:
        """Read a time of the client; one without a zone is the login's.

        Raises:
            ValueError: It is not a time.
        """
        return read_time(text, self.login_zone)


def _named(at: datetime, zone_name: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone_name)):%Y%m%d %H:%M:%S} {zone_name}"


def welcome_text(at: datetime, login_zone: str = ZONE_NAME, shown_as: str = "") -> str:
    """Return the time of day of the handshake, `20180205 09:30:00 EST`.

    Real gateways name the zone as their computer does, such as `GMT+01:00` or
    `Central European Standard Time` [cap]; `shown_as` does so.
    """
    local = at.astimezone(ZoneInfo(login_zone))
    return f"{local:%Y%m%d %H:%M:%S} {shown_as or local.tzname()}"


def read_time(text: str, login_zone: str = ZONE_NAME) -> datetime:
    """Read a time that a client sent, in UTC.

    `20180205 16:00:00 US/Eastern` names its zone, `20180205-21:00:00` is UTC, and
    without a zone it is that of the login.

    Raises:
        ValueError: It is none of these.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a time: {text!r}")
    day, separator, clock, zone_name = match.groups()
    at = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=UTC)
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        # At the ends of the calendar not every zone has a time.
        raise ValueError(f"not a time of this age: {text!r}")
    if separator == "-" and not zone_name:
        return at
    try:
        zone = ZoneInfo(zone_name or login_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"not a time zone: {zone_name!r}") from None
    return at.replace(tzinfo=zone).astimezone(UTC)

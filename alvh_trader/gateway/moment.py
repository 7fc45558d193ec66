"""Dates and times as the gateway prints and reads them.

Every time is printed in the exchange's zone, New York, which is also the zone of the
simulated login. From protocol 174 on a time names its zone.
"""

import re
from datetime import UTC, date, datetime, timedelta
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


def time_text(at: datetime, version: int) -> str:
    """Return `20180205 09:30:00 US/Eastern`, before 174 with two spaces, no zone."""
    local = at.astimezone(ZONE)
    if version < ZONE_SINCE:
        return f"{local:%Y%m%d  %H:%M:%S}"
    return f"{local:%Y%m%d %H:%M:%S} {ZONE_NAME}"


def welcome_text(at: datetime) -> str:
    """Return the time of day of the handshake, `20180205 09:30:00 EST`."""
    return f"{at.astimezone(ZONE):%Y%m%d %H:%M:%S %Z}"


def read_time(text: str) -> datetime:
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
        zone = ZoneInfo(zone_name) if zone_name else ZONE
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"not a time zone: {zone_name!r}") from None
    return at.replace(tzinfo=zone).astimezone(UTC)


_DURATION = re.compile(r"(\d+)\s*([SDWMY])")
_SESSIONS = {"D": 1, "W": 5, "M": 21, "Y": 252}

_BAR_SIZES = {
    **{f"{n} secs": timedelta(seconds=n) for n in (5, 10, 15, 30)},
    "1 min": timedelta(minutes=1),
    **{f"{n} mins": timedelta(minutes=n) for n in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": timedelta(hours=1),
    "1 day": timedelta(days=1),
    "1 week": timedelta(weeks=1),
    "1W": timedelta(weeks=1),
}


def read_bar_size(text: str) -> timedelta:
    """Read a bar size.

    Raises:
        ValueError: There are no bars of that size.
    """
    size = _BAR_SIZES.get(text.strip())
    if size is None:
        raise ValueError(f"not a bar size: {text!r}")
    return size


def read_duration(text: str) -> tuple[int, timedelta | None]:
    """Read a duration: how many sessions, and a shorter span inside the last one.

    >>> read_duration("1 M"), read_duration("1800 S")
    ((21, None), (1, datetime.timedelta(seconds=1800)))

    Raises:
        ValueError: It is not a number and a unit of S, D, W, M, Y.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"not a duration: {text!r}")
    count, unit = int(match[1]), match[2]
    if unit == "S":
        return 1 + count // 86_400, timedelta(seconds=count)
    return count * _SESSIONS[unit], None

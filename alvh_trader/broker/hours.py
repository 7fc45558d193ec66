"""Read the hours that contract details tell of: `20180205:0930-20180205:1600;...`."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from alvh_trader.broker.translate import day
from alvh_trader.domain.calendar import Hours

_OLD_ZONES = {"EST": "America/New_York", "CST": "America/Chicago"}
"""Older gateways name zones so, and mean daylight saving time as well."""


def hours_of(text: str, zone_name: str) -> tuple[Hours, ...]:
    """Return the hours of each day told of; none where they cannot be read.

    >>> hours_of("20180704:CLOSED", "US/Eastern")[0].opens is None
    True
    >>> hours_of("20180705:0930-1600", "EST (Eastern Standard Time)")[0].opens.hour
    9
    >>> hours_of("20180705:0930-1600", "Atlantis"), hours_of("", "US/Eastern")
    ((), ())
    """
    name = zone_name.partition(" ")[0]
    try:
        zone = ZoneInfo(_OLD_ZONES.get(name, name))
        spans = [_span(part, zone) for part in text.split(";") if part]
    except (ValueError, KeyError, OSError):
        return ()
    days: dict[date, list[datetime]] = {}
    for at, ticks in spans:
        days.setdefault(at, []).extend(ticks)
    return tuple(
        Hours(at, min(ticks, default=None), max(ticks, default=None))
        for at, ticks in sorted(days.items())
    )


def _span(text: str, zone: ZoneInfo) -> tuple[date, tuple[datetime, ...]]:
    first, _, rest = text.strip().partition(":")
    begins = day(first)
    if begins is None:
        raise ValueError(text)
    if rest == "CLOSED":
        return begins, ()
    opens, _, closes = rest.partition("-")
    last, _, clock = closes.rpartition(":")
    return begins, (_at(first, opens, zone), _at(last or first, clock, zone))


def _at(digits: str, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(digits + clock, "%Y%m%d%H%M").replace(tzinfo=zone)

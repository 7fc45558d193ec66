"""How long and how fine: the durations and sizes of bars that a client asks for."""

import re
from calendar import monthrange
from datetime import datetime, timedelta

from alvh_trader.sim.bars import DAY, MONTH, WEEK

_DURATION = re.compile(r"(\d{1,5})\s*([SDWMY])")
_SESSIONS = {"D": 1, "W": 5, "M": 21, "Y": 252}
_DAYS = {"D": 1, "W": 7}
_MONTHS = {"M": 1, "Y": 12}
_MOST = {"D": (365, "365 days"), "W": (52, "52 weeks"), "M": (12, "12 months")}

LEGAL_BAR_SIZES = (
    "1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, 5 mins, "
    "10 mins, 15 mins, 20 mins, 30 mins, 1 hour, 2 hours, 3 hours, 4 hours, 8 hours, "
    "1 day, 1W, 1M"
)
"""The sizes that the broker names when one is asked for that there is not [iss]."""

_BAR_SIZES = {
    **{f"{n} secs": timedelta(seconds=n) for n in (1, 5, 10, 15, 30)},
    "1 min": timedelta(minutes=1),
    **{f"{n} mins": timedelta(minutes=n) for n in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": timedelta(hours=1),
    **{f"{n} hours": timedelta(hours=n) for n in (2, 3, 4, 8)},
    "1 day": DAY,
    **dict.fromkeys(("1 week", "1W"), WEEK),
    **dict.fromkeys(("1 month", "1M"), MONTH),
}


def read_bar_size(text: str) -> timedelta:
    """Read a bar size.

    Raises:
        ValueError: There are no bars of that size.
    """
    size = _BAR_SIZES.get(text.strip())
    if size is None:
        raise ValueError(
            "Historical data bar size setting is invalid. "
            f"Legal ones are: {LEGAL_BAR_SIZES}"
        )
    return size


def read_duration(text: str) -> tuple[int, timedelta | None]:
    """Read a duration: how many sessions, and a shorter span inside the last one.

    >>> read_duration("1 M"), read_duration("1800 S")
    ((21, None), (1, datetime.timedelta(seconds=1800)))

    Raises:
        ValueError: It is not a number and a unit of S, D, W, M, Y, or so long that it
            must be given in years [iss].
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError("Invalid duration")
    count, unit = int(match[1]), match[2]
    most, words = _MOST.get(unit, (count, ""))
    if count > most:
        raise ValueError(
            f"Historical data request for durations longer than {words} "
            "must be made in years."
        )
    if unit == "S":
        return 1 + count // 86_400, timedelta(seconds=count)
    return count * _SESSIONS[unit], None


def span_start(end: datetime, duration: str) -> datetime:
    """Return where the span of a duration before `end` begins, by the calendar [cap].

    >>> span_start(datetime(2023, 4, 15, 16, 31, 22), "2 D")
    datetime.datetime(2023, 4, 13, 16, 31, 22)
    """
    match = _DURATION.fullmatch(duration.strip())
    assert match is not None, "a duration that was read before"
    count, unit = int(match[1]), match[2]
    if unit == "S":
        return end - timedelta(seconds=count)
    if unit in _DAYS:
        return end - timedelta(days=count * _DAYS[unit])
    months = max(end.year * 12 + end.month - 1 - count * _MONTHS[unit], 12)
    year, month = divmod(months, 12)
    day = min(end.day, monthrange(year, month + 1)[1])
    return end.replace(year=year, month=month + 1, day=day)

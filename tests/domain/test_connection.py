"""When the broker is away by plan, in every year and whenever clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.calendar import (
    NEW_YORK,
    OPENS,
    Hours,
    disagreement,
    instant,
    nyse,
)
from alvh_trader.domain.connection import is_reset, login_ended

# exchange-calendars reads a series in a way that the newest pandas is giving up.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Series.values returning an ndarray:DeprecationWarning"
)

FIRST, LAST = date(2020, 1, 1), date(2035, 12, 31)
CALENDAR = nyse(FIRST, LAST)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.covers("F29", "F32")
@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("2026-03-03 23:30", "2026-03-04 01:00"),
        ("2026-03-06 22:45", "2026-03-08 03:00"),  # Clocks skip the hour from two.
        ("2026-10-30 22:45", "2026-11-01 02:00"),  # Clocks go back at two.
    ],
)
def test_a_reset_is_expected_from_its_first_minute_to_its_last(
    begins: str, ends: str
) -> None:
    first, last = new_york(begins), new_york(ends)
    second = timedelta(seconds=1)
    assert not is_reset(first - second)
    assert is_reset(first)
    assert is_reset(last - second)
    assert not is_reset(last)


@pytest.mark.covers("F29", "F101")
def test_no_reset_is_expected_while_the_exchange_is_open() -> None:
    for day in CALENDAR.days:
        for clock in (OPENS, CALENDAR.close_of(day), time(16, 15)):
            assert not is_reset(instant(day, clock)), day


@pytest.mark.covers("F32", "F101")
@given(st.integers(0, 16 * 365 * 86_400))
def test_a_login_ends_once_a_week_also_where_the_hour_comes_twice(
    seconds: int,
) -> None:
    at = new_york("2020-01-06 00:00") + timedelta(seconds=seconds)
    ended = login_ended(at)
    assert ended <= at
    assert at - ended < timedelta(days=7, hours=1)
    here = ended.astimezone(NEW_YORK)
    assert (here.weekday(), here.time(), here.fold) == (6, time(1), 0)
    assert login_ended(ended) == ended


@pytest.mark.covers("F101")
def test_the_bell_rings_at_half_past_nine_in_new_york_all_year() -> None:
    offsets = set()
    for day in CALENDAR.days:
        bell = instant(day, OPENS)
        offsets.add(bell.hour)
        assert CALENDAR.is_open(bell)
        assert not CALENDAR.is_open(bell - timedelta(seconds=1))
    assert offsets == {13, 14}


def half_days(year: int) -> set[date]:
    """Return the early closes by the exchange's rule, not by a list."""
    thanksgiving = next(
        date(year, 11, d) for d in range(22, 29) if date(year, 11, d).weekday() == 3
    )
    found = {thanksgiving + timedelta(days=1)}
    eve = date(year, 12, 24)
    if eve.weekday() < 4:
        found.add(eve)
    third = date(year, 7, 3)
    if third.weekday() < 4:
        found.add(third)
    return found


@pytest.mark.covers("F102")
@pytest.mark.parametrize("year", range(2020, 2036))
def test_half_days_are_those_of_the_exchanges_rule(year: int) -> None:
    ours = {day for day in CALENDAR.half_days if day.year == year}
    assert ours == half_days(year)
    for day in ours:
        assert not CALENDAR.is_open(instant(day, time(13)))
        assert CALENDAR.is_open(instant(day, time(12, 59)))


@pytest.mark.covers("F104")
def test_the_night_session_is_closed_to_us() -> None:
    for clock in (time(3), time(9, 15), time(16, 1), time(20, 15)):
        assert not CALENDAR.is_open(instant(date(2026, 3, 4), clock))


DAY, HOLIDAY = date(2026, 3, 4), date(2026, 7, 3)
HALF = date(2026, 11, 27)


def told(day: date, opens: str | None, closes: str | None) -> tuple[Hours, ...]:
    if opens is None or closes is None:
        return (Hours(day, None, None),)
    first, last = time.fromisoformat(opens), time.fromisoformat(closes)
    return (Hours(day, instant(day, first), instant(day, last)),)


@pytest.mark.covers("F102", "F103")
@pytest.mark.parametrize(
    ("day", "opens", "closes", "words"),
    [
        (DAY, "09:30", "16:00", ""),
        (DAY, "09:30", "16:15", ""),
        (DAY, None, None, "is closed"),
        (DAY, "09:30", "13:00", "closes earlier"),
        (DAY, "10:00", "16:00", "opens later"),
        (DAY, "09:30", "16:16", "closes later"),
        (HOLIDAY, None, None, ""),
        (HOLIDAY, "09:30", "16:00", "is open"),
        (HALF, "09:30", "13:00", ""),
        (HALF, "09:30", "13:15", ""),
        (HALF, "09:30", "16:00", "closes later"),
    ],
)
def test_two_sources_must_agree_on_the_hours_of_a_day(
    day: date, opens: str | None, closes: str | None, words: str
) -> None:
    found = disagreement(CALENDAR, told(day, opens, closes), day)
    assert (words in found) if words else (found == "")


@pytest.mark.covers("F103")
def test_a_day_that_nobody_told_of_is_not_confirmed() -> None:
    assert "no hours" in disagreement(CALENDAR, (), DAY)
    assert "no hours" in disagreement(CALENDAR, told(HALF, None, None), DAY)

"""Expiry rules, against known dates and the whole published VIX calendar."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from alvh_trader.domain.calendar import Calendar, nyse
from alvh_trader.sim.expirations import (
    SPXW_DENSE_DAYS,
    monthly_vix,
    spx_monthly,
    spxw,
    vix_for,
    vix_monthly,
    weekly_vix,
)

CALENDAR = (
    Path(__file__).resolve().parents[3] / "shared/data/calendars/vix_expirations.csv"
)


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return nyse(date(2013, 12, 1), date(2027, 11, 30))


@pytest.mark.skipif(not CALENDAR.exists(), reason="needs ../shared/data/calendars")
def test_every_vix_expiry_of_the_published_calendar_follows_the_rule(
    calendar: Calendar,
) -> None:
    checked = 0
    with CALENDAR.open() as file:
        for row in csv.DictReader(file):
            settles = date.fromisoformat(row["expiry"])
            if not date(2014, 1, 1) <= settles <= date(2027, 9, 1):
                continue
            reference = date.fromisoformat(row["spx_ref_expiry"])
            friday = reference + timedelta(days=(4 - reference.weekday()) % 7)
            expiry = vix_for(calendar, friday)
            assert expiry.settles == settles
            assert expiry.last_trade.isoformat() == row["last_trade_day_options"]
            if row["kind"] == "monthly":
                assert vix_monthly(calendar, settles.year, settles.month) == expiry
            checked += 1
    assert checked == 650


def test_a_holiday_on_the_friday_moves_the_vix_expiry_to_tuesday(
    calendar: Calendar,
) -> None:
    # Good Friday 2018 is 30 days after Wednesday 28 February.
    expiry = vix_for(calendar, date(2018, 3, 30))
    assert expiry.settles == date(2018, 2, 27)
    assert expiry.last_trade == date(2018, 2, 26)
    # 2026-06-19 is a holiday and the third Friday of its month.
    assert vix_monthly(calendar, 2026, 5).settles == date(2026, 5, 19)


def test_am_settled_spx_last_trades_the_session_before(calendar: Calendar) -> None:
    march = spx_monthly(calendar, 2018, 3)
    assert (march.settles, march.last_trade) == (date(2018, 3, 16), date(2018, 3, 15))
    june = spx_monthly(calendar, 2026, 6)
    assert (june.settles, june.last_trade) == (date(2026, 6, 18), date(2026, 6, 17))


def test_spxw_has_mondays_wednesdays_fridays_and_month_ends(
    calendar: Calendar,
) -> None:
    listed = [e.settles for e in spxw(calendar, date(2018, 2, 5))]
    assert listed[:6] == [date(2018, 2, d) for d in (5, 7, 9, 12, 14, 16)]
    assert date(2018, 2, 20) in listed, "Monday the 19th is a holiday"
    assert date(2018, 3, 29) in listed, "Good Friday moves back, and it is month end"
    assert date(2018, 4, 30) in listed
    assert listed == sorted(set(listed))


def test_what_is_listed_stays_listed_until_it_expires(calendar: Calendar) -> None:
    day = date(2018, 1, 22)
    before = set(spxw(calendar, day)) | set(weekly_vix(calendar, day))
    before |= set(monthly_vix(calendar, day))
    while day < date(2018, 3, 29):
        day = calendar.next_session(day)
        listed = set(spxw(calendar, day)) | set(weekly_vix(calendar, day))
        listed |= set(monthly_vix(calendar, day))
        assert {e for e in before if e.last_trade >= day} <= listed
        before = listed


def test_weeklies_of_every_weekday_came_in_2022() -> None:
    calendar = nyse(date(2021, 1, 1), date(2023, 1, 31))
    for today, weekdays in (
        (date(2022, 3, 1), {0, 2, 3, 4}),  # Thursday: the month end of March.
        (date(2022, 6, 1), {0, 1, 2, 3, 4}),
    ):
        near = [
            e.settles
            for e in spxw(calendar, today)
            if (e.settles - today).days <= SPXW_DENSE_DAYS
        ]
        assert {day.weekday() for day in near} == weekdays
        assert all(calendar.is_session(day) for day in near)

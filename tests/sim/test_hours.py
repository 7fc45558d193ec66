"""When products trade: nights, curbs, half days, last days, as they were."""

from datetime import date, time, timedelta

import pytest

from alvh_trader.domain.calendar import nyse
from alvh_trader.sim import products
from alvh_trader.sim.hours import Kind, Span, sessions, zone
from alvh_trader.sim.listings import Listings, Wanted
from alvh_trader.sim.model import Listing

CALENDAR = nyse(date(2017, 1, 1), date(2024, 6, 30))


def text(spans: tuple[Span, ...]) -> list[str]:
    return [f"{it.kind} {it.opens:%a %H:%M}-{it.closes:%a %H:%M}" for it in spans]


def listed(day: date, **wanted: str) -> Listing:
    found = Listings(CALENDAR, day, 2600.0, 2800.0).find(Wanted(**wanted))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2018, 2, 5), ["GTH Mon 03:00-Mon 09:15", "RTH Mon 09:30-Mon 16:15"]),
        (date(2021, 11, 29), ["GTH Sun 20:15-Mon 09:15", "RTH Mon 09:30-Mon 16:15"]),
        (
            date(2023, 7, 14),
            [
                "GTH Thu 20:15-Fri 09:25",
                "RTH Fri 09:30-Fri 16:15",
                "CURB Fri 16:15-Fri 17:00",
            ],
        ),
        (date(2022, 11, 25), ["GTH Thu 20:15-Fri 09:25", "RTH Fri 09:30-Fri 13:15"]),
        (date(2023, 7, 4), []),
        (date(2023, 7, 8), []),
    ],
)
def test_index_options_got_their_nights_and_their_curb(
    day: date, expected: list[str]
) -> None:
    far = listed(day, symbol="SPX", sec_type="OPT", trading_class="SPX")
    assert far.last_trade != day
    assert text(sessions(far, CALENDAR, day)) == expected


def test_a_series_that_settles_at_the_close_ends_with_the_stocks() -> None:
    day = date(2023, 7, 14)
    last = listed(day, symbol="SPX", sec_type="OPT", month_or_day="20230714")
    assert last.trading_class == "SPXW"
    assert text(sessions(last, CALENDAR, day)) == [
        "GTH Thu 20:15-Fri 09:25",
        "RTH Fri 09:30-Fri 16:00",
    ]


def test_the_am_series_still_has_its_curb_on_its_last_day() -> None:
    day = date(2023, 7, 20)
    last = listed(day, symbol="SPX", sec_type="OPT", trading_class="SPX")
    assert last.last_trade == day
    assert text(sessions(last, CALENDAR, day))[-1] == "CURB Thu 16:15-Thu 17:00"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2018, 2, 6), ["GTH Mon 18:00-Tue 09:30", "RTH Tue 09:30-Tue 16:15"]),
        (
            date(2018, 3, 6),
            [
                "GTH Mon 18:00-Tue 09:30",
                "RTH Tue 09:30-Tue 16:15",
                "CURB Tue 16:30-Tue 17:00",
            ],
        ),
        (date(2018, 2, 14), ["GTH Tue 18:00-Wed 09:00"]),
    ],
)
def test_vix_futures_trade_around_the_clock_and_stop_before_they_settle(
    day: date, expected: list[str]
) -> None:
    front = listed(day - timedelta(days=1), symbol="VIX", sec_type="FUT")
    assert text(sessions(front, CALENDAR, day)) == expected


def test_spy_trades_from_four_to_eight_and_its_options_until_a_quarter_past() -> None:
    day = date(2018, 2, 5)
    hours = sessions(products.STOCK, CALENDAR, day)
    assert (hours[0].opens.hour, hours[-1].closes.hour) == (4, 20)
    option = listed(day, symbol="SPY", sec_type="OPT", month_or_day="201803")
    assert text(sessions(option, CALENDAR, day)) == ["RTH Mon 09:30-Mon 16:15"]
    assert zone(option) == "US/Eastern"


def test_every_product_has_hours_on_every_kind_of_day() -> None:
    for day in (date(2018, 7, 3), date(2018, 7, 5), date(2023, 11, 24)):
        everything = Listings(CALENDAR, day, 2600.0, 2800.0).find(Wanted())
        for it in {(o.sec_type, o.trading_class): o for o in everything}.values():
            spans = sessions(it, CALENDAR, day)
            assert [s for s in spans if s.kind is Kind.REGULAR]
            ends = [moment for s in spans for moment in (s.opens, s.closes)]
            assert ends == sorted(ends)
            if day in CALENDAR.half_days:
                close = max(s.closes for s in spans if s.kind is Kind.REGULAR)
                assert close.time() <= time(13, 15)

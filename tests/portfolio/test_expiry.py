"""When an option or future is gone without a trade: read from the contract."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.portfolio.expiry import is_morning, settles

DAYS = tuple(date(2026, 6, 1) + timedelta(days=n) for n in range(200))
CALENDAR = Calendar(
    days=tuple(d for d in DAYS if d.weekday() < 5),
    half_days=frozenset({date(2026, 11, 27)}),
)


def option(trading_class: str, last_trade: date, expiry: date) -> Option:
    symbol = "VIX" if trading_class.startswith("VIX") else "SPX"
    return Option(1, symbol, trading_class, expiry, last_trade, 20.0, Right.CALL)


@pytest.mark.parametrize(
    ("held", "gone"),
    [
        pytest.param(
            # Settled on Friday morning, last traded on Thursday.
            option("SPX", date(2026, 6, 18), date(2026, 6, 19)),
            datetime(2026, 6, 19, 13, 30, tzinfo=UTC),
            marks=pytest.mark.covers("F107"),
        ),
        pytest.param(
            option("SPXW", date(2026, 6, 30), date(2026, 6, 30)),
            datetime(2026, 6, 30, 20, 0, tzinfo=UTC),
            marks=pytest.mark.covers("F108"),
        ),
        pytest.param(
            # A half day, in winter.
            option("SPXW", date(2026, 11, 27), date(2026, 11, 27)),
            datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
            marks=pytest.mark.covers("F102", "F108"),
        ),
        pytest.param(
            option("VIX", date(2026, 6, 16), date(2026, 6, 17)),
            datetime(2026, 6, 17, 13, 30, tzinfo=UTC),
            marks=pytest.mark.covers("F110"),
        ),
        pytest.param(
            Future(2, "VIX", "VX", date(2026, 6, 17), date(2026, 6, 16), 1000),
            datetime(2026, 6, 17, 13, 30, tzinfo=UTC),
            marks=pytest.mark.covers("F110"),
        ),
    ],
)
def test_settlement_is_that_of_the_contract(
    held: Option | Future, gone: datetime
) -> None:
    assert settles(held, CALENDAR) == gone


@pytest.mark.covers("F112")
@given(
    day=st.sampled_from(CALENDAR.days[:-10]),
    gap=st.integers(0, 3),
    name=st.sampled_from(["SPX", "SPXW", "VIX", "VIXW"]),
)
def test_no_weekday_and_no_class_decides_how_a_series_is_settled(
    day: date, gap: int, name: str
) -> None:
    held = option(name, day, day + timedelta(days=gap))
    assert is_morning(held) == (gap > 0)

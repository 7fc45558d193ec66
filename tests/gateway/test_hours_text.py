"""Trading hours in the broker's form."""

from datetime import date

from alvh_trader.gateway.hours_text import hours_texts, schedule_rows
from alvh_trader.sim import products
from tests.gateway.peer import floor


def test_days_are_in_the_products_zone_and_days_without_a_session_closed() -> None:
    exchange = floor().exchange
    (call,) = exchange.find(
        symbol="SPX",
        sec_type="OPT",
        trading_class="SPX",
        month_or_day="201803",
        strike=2700.0,
        right="C",
    )
    trading, liquid = hours_texts(exchange, call)
    assert trading.split(";")[:2] == [
        "20180122:0200-20180122:0815",
        "20180122:0830-20180122:1515",
    ]
    assert "20180127:CLOSED" in trading.split(";")
    assert liquid.split(";")[0] == "20180122:0830-20180122:1515"
    assert len(liquid.split(";")) == 7


def test_the_sessions_of_a_stock_touch_and_are_one_as_recorded() -> None:
    trading, liquid = hours_texts(floor().exchange, products.STOCK)
    assert trading.split(";")[0] == "20180122:0400-20180122:2000"
    assert liquid.split(";")[0] == "20180122:0930-20180122:1600"


def test_a_future_that_opened_on_sunday_leaves_no_closed_sunday() -> None:
    exchange = floor().exchange
    (front, *_) = exchange.find(symbol="VIX", sec_type="FUT")
    trading, _ = hours_texts(exchange, front)
    parts = trading.split(";")
    assert parts[0] == "20180121:1700-20180122:1515"
    assert "20180128:CLOSED" not in parts, "it opens for Monday"
    assert "20180127:CLOSED" in parts


def test_a_schedule_knows_half_days_and_may_hold_the_night() -> None:
    exchange = floor().exchange
    (call, *_) = exchange.find(
        symbol="SPX", sec_type="OPT", trading_class="SPX", month_or_day="201803"
    )
    days = (date(2017, 11, 23), date(2017, 11, 24), date(2017, 11, 27))
    regular = schedule_rows(exchange, call, days, regular=True)
    assert [(row.start, row.end) for row in regular] == [
        ("20171124-08:30:00", "20171124-12:15:00"),
        ("20171127-08:30:00", "20171127-15:15:00"),
    ]
    whole = schedule_rows(exchange, call, days, regular=False)
    assert [row.start for row in whole] == ["20171124-02:00:00", "20171127-02:00:00"]

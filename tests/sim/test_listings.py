"""Listings: stable ids, filters, ranges, rules."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.calendar import nyse
from alvh_trader.sim import products
from alvh_trader.sim.listings import Listings, Wanted

CALENDAR = nyse(date(2017, 1, 1), date(2019, 6, 30))
LISTED = Listings(CALENDAR, date(2018, 2, 5), 2575.0, 2872.87)


def test_the_indexes_have_the_brokers_own_ids_where_these_are_known() -> None:
    (spx,) = LISTED.find(Wanted(symbol="SPX", sec_type="IND"))
    (vix,) = LISTED.find(Wanted(symbol="VIX", sec_type="IND"))
    assert (spx.con_id, vix.con_id) == (416904, 13455763)


def test_one_option_is_found_by_all_its_facts_and_again_by_its_id() -> None:
    (option,) = LISTED.find(
        Wanted(
            symbol="SPX",
            sec_type="OPT",
            month_or_day="20180309",
            strike=2625.0,
            right="P",
            trading_class="SPXW",
        )
    )
    assert option.local_symbol == "SPXW  180309P02625000"
    assert option.multiplier == 100
    assert LISTED.by_id(option.con_id) == option


def test_the_am_and_the_pm_series_of_a_third_friday_are_two_contracts() -> None:
    both = LISTED.find(
        Wanted(symbol="SPX", month_or_day="20180316", strike=2700.0, right="C")
    )
    assert [o.trading_class for o in both] == ["SPX", "SPXW"]
    am, pm = both
    assert (am.expiry, am.last_trade) == (date(2018, 3, 16), date(2018, 3, 15))
    assert (pm.expiry, pm.last_trade) == (date(2018, 3, 16), date(2018, 3, 16))


def test_all_ids_are_unique_and_decode_to_their_listing() -> None:
    everything = LISTED.find(Wanted())
    ids = {listing.con_id for listing in everything}
    assert len(ids) == len(everything) > 10_000
    fresh = Listings(CALENDAR, LISTED.day, LISTED.low, LISTED.high)
    assert all(fresh.by_id(o.con_id) == o for o in everything)
    assert max(ids) < 2**31


@given(st.integers(min_value=0, max_value=2**31))
def test_any_number_is_a_listing_with_that_id_or_none(con_id: int) -> None:
    found = LISTED.by_id(con_id)
    assert found is None or found.con_id == con_id


def test_strikes_reach_35_percent_down_and_20_percent_up() -> None:
    strikes = LISTED.strikes("SPXW")
    assert strikes[0] <= 0.65 * 2575.0
    assert strikes[-1] >= 1.20 * 2872.87
    assert all(float(k) in strikes for k in range(2300, 2900, 5))
    assert {b - a for a, b in pairwise(strikes)} == {5.0, 25.0}


def test_vix_strikes_are_on_the_four_grids() -> None:
    strikes = LISTED.strikes("VIX")
    steps = {b - a for a, b in pairwise(strikes)}
    assert steps == {0.5, 1.0, 2.5, 5.0}


def test_a_months_futures_are_found_by_month_and_know_their_last_day() -> None:
    (vx,) = LISTED.find(Wanted(symbol="VIX", sec_type="FUT", month_or_day="201802"))
    (vxm,) = LISTED.find(Wanted(symbol="VXM", sec_type="FUT", month_or_day="20180214"))
    assert (vx.local_symbol, vx.multiplier) == ("VXG8", 1000)
    assert (vxm.local_symbol, vxm.multiplier) == ("VXMG8", 100)
    assert vx.last_trade == vx.expiry == date(2018, 2, 14)


def test_option_classes_come_once_an_exchange_with_last_trade_days() -> None:
    rows = LISTED.option_classes("VIX")
    assert {(r.exchange, r.trading_class) for r in rows} == {
        ("SMART", "VIX"),
        ("SMART", "VIXW"),
        ("CBOE", "VIX"),
        ("CBOE", "VIXW"),
        ("IBUSOPT", "VIX"),
        ("IBUSOPT", "VIXW"),
    }
    assert all(r.underlying == 13455763 for r in rows)
    assert date(2018, 2, 13) in rows[0].expirations
    assert LISTED.option_classes("AAPL") == ()


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        (109, ((Decimal(0), Decimal("0.05")), (Decimal(3), Decimal("0.10")))),
        (110, ((Decimal(0), Decimal("0.01")), (Decimal(3), Decimal("0.05")))),
        (26, ((Decimal(0), Decimal("0.01")),)),
        (67, ((Decimal(0), Decimal("0.05")),)),
        (1, ()),
    ],
)
def test_market_rules_are_the_products_tick_grids(
    rule: int, rows: tuple[tuple[Decimal, Decimal], ...]
) -> None:
    assert products.market_rule(rule) == rows

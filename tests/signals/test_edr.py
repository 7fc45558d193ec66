"""The Expected Delta Ratio and its table of worked numbers (alvh.md §2.3)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Right
from alvh_trader.signals.edr import (
    Mode,
    blend,
    by_mode,
    daily_range,
    daily_range_biased,
    delta_drift,
    delta_ratio,
    delta_risk,
    gamma_risk,
    of_book,
)

TABLE = [
    (14.00, 0.7328, 0.8819, 0.9048, (0.1965, 0.2088, 0.2309, 0.2702)),
    (16.00, 0.8375, 1.0079, 1.0341, (0.1719, 0.1827, 0.2020, 0.2364)),
    (17.95, 0.9395, 1.1307, 1.1601, (0.1533, 0.1628, 0.1801, 0.2107)),
    (18.00, 0.9422, 1.1339, 1.1634, (0.1528, 0.1624, 0.1796, 0.2102)),
    (20.00, 1.0468, 1.2599, 1.2926, (0.1376, 0.1462, 0.1616, 0.1891)),
    (21.20, 1.1097, 1.3355, 1.3702, (0.1298, 0.1379, 0.1525, 0.1784)),
    (25.00, 1.3086, 1.5749, 1.6158, (0.1100, 0.1169, 0.1293, 0.1513)),
    (30.00, 1.5703, 1.8898, 1.9390, (0.0917, 0.0974, 0.1078, 0.1261)),
]


@pytest.mark.parametrize(("vix", "e2", "e3", "e4", "deltas"), TABLE)
def test_table_of_ranges_and_trigger_deltas(
    vix: float, e2: float, e3: float, e4: float, deltas: tuple[float, ...]
) -> None:
    assert daily_range(vix) == pytest.approx(e2, abs=5e-4)
    assert daily_range(vix, 252) == pytest.approx(e3, abs=5e-4)
    assert daily_range_biased(vix) == pytest.approx(e4, abs=5e-4)
    for level, delta in zip((0.80, 0.85, 0.94, 1.10), deltas, strict=True):
        # The table's deltas have four places, which is 4e-4 of the ratio.
        assert delta_ratio(vix, delta, 0).value == pytest.approx(level, abs=5e-4)


@pytest.mark.parametrize(
    ("vix", "level"),
    [(15.284, 0.80), (16.239, 0.85), (17.959, 0.94), (21.015, 1.10), (22.926, 1.20)],
)
def test_vix_at_which_the_daily_range_meets_each_level(
    vix: float, level: float
) -> None:
    assert daily_range(vix) == pytest.approx(level, abs=5e-5)


def test_vix_that_other_readings_need_for_the_sentinel() -> None:
    assert daily_range(14.922, 252) == pytest.approx(0.94, abs=5e-5)
    assert daily_range_biased(14.544) == pytest.approx(0.94, abs=5e-5)
    mean_move = math.sqrt(2 / math.pi) * daily_range(18.702, 252)
    assert mean_move == pytest.approx(0.94, abs=5e-5)


def test_the_larger_delta_is_the_tested_side() -> None:
    call = delta_ratio(13.5, -0.05, 0.2406)
    assert call.tested is Right.CALL
    assert call.delta == pytest.approx(0.2406)
    assert call.value == pytest.approx(0.9447, abs=5e-4)
    assert delta_ratio(20, -0.15, 0.15).tested is Right.PUT


def test_one_sided_and_empty_books_have_a_ratio() -> None:
    assert delta_ratio(18, None, 0.18).tested is Right.CALL
    assert delta_ratio(18, None, None).value == 0.0


@given(st.floats(5, 90), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_delta_never_lowers_the_ratio(
    vix: float, put: float, call: float, more: float
) -> None:
    before = delta_ratio(vix, -put, call).value
    assert delta_ratio(vix, -(put + more), call).value >= before
    assert delta_ratio(vix + more, -put, call).value >= before


def test_blend_holds_the_regime_within_bounds() -> None:
    assert blend(16.2, 11.8) == pytest.approx((0.65 * 16.2 + 0.35 * 11.8) / 365**0.5)
    assert blend(16.2, 11.8, regime=9) == pytest.approx(2 * blend(16.2, 11.8))
    assert blend(16.2, 11.8, basis=252) > blend(16.2, 11.8)


def test_delta_and_gamma_risk_of_the_worked_example() -> None:
    assert delta_risk(17.931, 76.1226, 50_000) == pytest.approx(2.730, abs=5e-4)
    assert gamma_risk(-0.05423, 76.1226, 50_000) == pytest.approx(0.314, abs=5e-4)


def test_drift_is_one_at_entry() -> None:
    assert delta_drift(-0.15285, -0.07887) == pytest.approx(1.94, abs=5e-3)
    assert delta_drift(-0.1, 0.1) == 1.0


def test_modes_combine_the_ratio_and_the_range() -> None:
    assert by_mode(Mode.DELTA_RATIO, 0.9, 1.1) == 0.9
    assert by_mode(Mode.DAILY_RANGE, 0.9, 1.1) == 1.1
    assert by_mode(Mode.BOTH_AND, 0.9, 1.1) == 0.9
    assert by_mode(Mode.BOTH_OR, 0.9, 1.1) == 1.1


def test_the_ratio_of_a_book_is_the_greatest_and_the_mean_by_quantity() -> None:
    highest, mean = of_book([(0.4, 10), (0.9, 5)])
    assert highest == 0.9
    assert mean == pytest.approx(8.5 / 15)
    assert of_book([]) == (0.0, 0.0)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), min_size=1))
def test_the_mean_of_a_book_is_within_its_ratios(book: list[tuple[float, int]]) -> None:
    highest, mean = of_book(book)
    assert highest == max(r for r, _ in book)
    assert min(r for r, _ in book) - 1e-9 <= mean <= highest + 1e-9

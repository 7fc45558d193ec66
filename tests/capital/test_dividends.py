"""The dividend discount model of the strategy, and the index fine-tune."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.capital.dividends import index_factor, strategy_value, stream_value
from alvh_trader.capital.params import CapitalParams
from alvh_trader.domain.inputs import IndexFundamentals

PARAMS = CapitalParams()
INDEX = IndexFundamentals(
    top_ten_weight=0.40,
    pe_percentile=60.0,
    dividends=275.0,
    growth=4.75,
    as_of=date(2026, 5, 1),
)


def test_value_of_the_worked_stream() -> None:
    assert stream_value(18_000, 12.0, 2.5) == pytest.approx(189_474, abs=0.5)
    # 24 000 of income, a quarter reinvested at 10 %, is that stream.
    assert strategy_value(24_000, 10.0, PARAMS) == pytest.approx(189_474, abs=0.5)


def test_a_stream_that_grows_too_fast_has_no_value() -> None:
    assert stream_value(18_000, 12.0, 10.0) == pytest.approx(900_000)
    assert stream_value(18_000, 12.0, 10.1) is None
    assert stream_value(18_000, 12.0, 14.0) is None


def test_what_is_not_known_has_no_value() -> None:
    assert strategy_value(None, 10.0, PARAMS) is None
    assert strategy_value(18_000, None, PARAMS) is None


def test_a_dear_index_lifts_the_hedge_by_a_quarter_of_its_deviation() -> None:
    # 275 / (3.75 + 5 - 4.75) % = 6 875; SPX 10 % above it.
    assert index_factor(7_562.5, INDEX, 3.75, PARAMS) == pytest.approx(1.025)
    assert index_factor(6_000.0, INDEX, 3.75, PARAMS) == 1.0
    assert index_factor(70_000.0, INDEX, 3.75, PARAMS) == 1.25


def test_the_fine_tune_needs_concentration_or_a_dear_multiple() -> None:
    broad = replace(INDEX, top_ten_weight=0.349)
    assert index_factor(7_562.5, broad, 3.75, PARAMS) == 1.0
    dear = replace(broad, pe_percentile=75.0)
    assert index_factor(7_562.5, dear, 3.75, PARAMS) == pytest.approx(1.025)


def test_missing_or_undefined_is_no_fine_tune() -> None:
    assert index_factor(7_000.0, None, 3.75, PARAMS) == 1.0
    assert index_factor(7_000.0, replace(INDEX, growth=7.0), 3.75, PARAMS) == 1.0
    assert index_factor(7_000.0, replace(INDEX, dividends=0.0), 3.75, PARAMS) == 1.0
    # A missing rate is 4 %: 275 / 4.25 %.
    assert index_factor(7_562.5, INDEX, None, PARAMS) == pytest.approx(
        1 + 0.25 * (7_562.5 * 0.0425 / 275 - 1)
    )


@given(
    st.floats(1, 1e5),
    st.floats(0, 1),
    st.floats(0, 100),
    st.floats(-1e4, 1e4),
    st.floats(-50, 50),
    st.none() | st.floats(-5, 20),
)
def test_the_fine_tune_is_between_one_and_a_quarter_more(
    spot: float,
    weight: float,
    percentile: float,
    dividends: float,
    growth: float,
    rate: float | None,
) -> None:
    index = IndexFundamentals(
        top_ten_weight=weight,
        pe_percentile=percentile,
        dividends=dividends,
        growth=growth,
        as_of=date(2026, 5, 1),
    )
    assert 1.0 <= index_factor(spot, index, rate, PARAMS) <= 1.25

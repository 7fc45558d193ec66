"""How VIX, its forwards and longer volatilities move together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.pricing.vix import (
    beta_vx,
    expected_move,
    vega_factor,
    vix_after,
    vix_slope,
)


@pytest.mark.parametrize(
    ("dte", "beta"),
    [
        (7, 0.811),
        (12, 0.714),
        (13, 0.698),
        (14, 0.682),
        (30, 0.5),
        (60, 0.333),
        (110, 0.214),
        (150, 0.167),
    ],
)
def test_forward_beta_of_the_specification(dte: float, beta: float) -> None:
    assert float(beta_vx(dte)) == pytest.approx(beta, abs=5e-4)


def test_vega_factor_is_held_between_its_bounds() -> None:
    assert float(vega_factor(40)) == pytest.approx(0.75**0.5)
    assert float(vega_factor(0)) == pytest.approx(1.2)
    assert float(vega_factor(1000)) == pytest.approx(0.4)


def test_expected_move_of_the_worked_example() -> None:
    assert expected_move(6860, 21.20) == pytest.approx(76.12, abs=0.005)


def test_slope_of_vix_in_spot() -> None:
    assert vix_slope(6860, 21.20) == pytest.approx(-0.0154519, abs=1e-7)


@pytest.mark.parametrize(
    ("move", "change"),
    [(-0.026707, 2.83), (0.026707, -1.42), (-0.059718, 6.33), (0.059718, -3.17)],
)
def test_shocks_of_the_worked_example(move: float, change: float) -> None:
    assert vix_after(21.20, move) - 21.20 == pytest.approx(change, abs=0.005)


@given(st.floats(5, 90), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_a_lower_index_never_means_a_lower_vix(vix: float, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert vix_after(vix, low) >= vix_after(vix, high) >= min(vix, 10.0)

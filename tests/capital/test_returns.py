"""Expected and realised returns."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from alvh_trader.capital.returns import (
    expected_irr,
    expected_payout,
    real_world_volatility,
    xirr,
)


def test_expected_payout_of_the_worked_example() -> None:
    sigma = real_world_volatility(0.836 * 0.212, None)
    assert sigma == pytest.approx(0.15065, abs=5e-6)
    tau = 57 / 365
    payout = expected_payout(
        np.array([6125.0, 6070.0, 7600.0, 7655.0]),
        np.array([False, False, True, True]),
        np.array([-1.0, 1.0, -1.0, 1.0]),
        mean=6860 * math.exp((0.0375 - 0.012) * tau),
        sigma=sigma,
        tau=tau,
    )
    assert -payout == pytest.approx(3.4445, abs=5e-5)
    assert (5.6264 + payout) * 1000 == pytest.approx(2181.9, abs=0.1)


def test_expected_irr_of_the_worked_example() -> None:
    with_hedge = expected_irr(2181.9 - 994.93 - 120, 55_000, 57)
    assert with_hedge == pytest.approx(13.09, abs=5e-3)
    assert expected_irr(2181.9 - 120, 55_000, 57) == pytest.approx(26.6, abs=0.05)


def test_expected_irr_has_bounds() -> None:
    assert expected_irr(100, 0, 57) is None
    assert expected_irr(100, 1000, 0) is None
    assert expected_irr(-2000, 1000, 57) == -100.0
    assert expected_irr(900, 1000, 1) == 999.0


def test_realised_volatility_caps_the_implied() -> None:
    assert real_world_volatility(0.20, 0.10) == 0.10
    assert real_world_volatility(0.20, 0.30) == pytest.approx(0.17)


def test_realised_return_of_the_worked_example() -> None:
    flows = [(0.0, -46_922.07), (33.0, 48_438.54)]
    assert xirr(flows) == pytest.approx(42.16, abs=5e-3)
    assert xirr([*flows, (14.0, -1_001.93)]) == pytest.approx(12.66, abs=5e-3)


@pytest.mark.parametrize(
    "flows",
    [
        [],
        [(0.0, -100.0)],
        [(0.0, -100.0), (10.0, -5.0)],
        [(0.0, -100.0), (0.0, 110.0)],
        [(0.0, -100.0), (365.0, 230.0), (730.0, -131.0)],
    ],
)
def test_flows_without_one_return_have_none(
    flows: list[tuple[float, float]],
) -> None:
    assert xirr(flows) is None


def test_a_few_days_are_not_annualised_into_nonsense() -> None:
    assert xirr([(0.0, -100.0), (2.0, 110.0)]) == 999.0


@given(st.floats(1, 1e6), st.floats(-0.5, 2.0), st.floats(8, 900))
def test_two_flows_have_the_return_that_made_them(
    paid: float, rate: float, days: float
) -> None:
    back = paid * (1 + rate) ** (days / 365)
    assume(abs(back - paid) > 1e-6 * paid)
    found = xirr([(0.0, -paid), (days, back)])
    assert found == pytest.approx(100 * rate, rel=1e-6, abs=1e-6)


@given(
    st.lists(
        st.tuples(st.integers(7, 700), st.floats(-1e5, 1e5)), min_size=1, max_size=8
    ),
    st.floats(1e3, 1e6),
)
def test_an_independent_search_finds_the_same_return(
    later: list[tuple[int, float]], paid: float
) -> None:
    flows = [(0.0, -paid), *((float(day), usd) for day, usd in later)]
    found = xirr(flows)
    assume(found is not None and -90.0 < found < 900.0)
    assert found is not None

    def present_value(rate: float) -> float:
        return math.fsum(usd / (1.0 + rate) ** (day / 365.0) for day, usd in flows)

    root = brentq(present_value, -0.95, 10.0, xtol=1e-13, maxiter=500)
    assert found == pytest.approx(100.0 * root, rel=1e-6, abs=1e-6)


def test_rounding_near_the_root_ends_the_search_and_nothing_else() -> None:
    rng = np.random.default_rng(7)
    for _ in range(300):
        days = np.cumsum(rng.integers(1, 20, 12)).tolist()
        usd = rng.normal(0.0, 1000.0, 11).tolist()
        found = xirr([(0.0, -50_000.0), *zip(days, [*usd, 50_500.0], strict=True)])
        assert found is None or math.isfinite(found)

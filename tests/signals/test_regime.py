"""Regimes by VIX, and their hysteresis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.signals.regime import BOUNDS, Regime, regime


@pytest.mark.parametrize(
    ("vix", "expected"),
    [
        (11.9, Regime.COMPLACENT),
        (12.0, Regime.CALM),
        (17.95, Regime.TRANSITION),
        (21.2, Regime.ELEVATED),
        (26.0, Regime.STRESS),
        (36.0, Regime.CRISIS),
    ],
)
def test_first_regime_is_where_vix_stands(vix: float, expected: Regime) -> None:
    assert regime(vix) is expected


def test_a_regime_is_left_half_a_point_beyond_its_bound() -> None:
    assert regime(20.4, Regime.TRANSITION) is Regime.TRANSITION
    assert regime(20.5, Regime.TRANSITION) is Regime.ELEVATED
    assert regime(19.5, Regime.ELEVATED) is Regime.ELEVATED
    assert regime(19.4, Regime.ELEVATED) is Regime.TRANSITION
    assert regime(20.2, Regime.CALM) is Regime.TRANSITION


def test_missing_vix_is_one_regime_worse() -> None:
    assert regime(None, Regime.TRANSITION) is Regime.ELEVATED
    assert regime(None, Regime.CRISIS) is Regime.CRISIS
    assert regime(None) is None


@given(
    st.sampled_from(BOUNDS),
    st.lists(st.floats(-0.49, 0.49), min_size=1, max_size=30),
)
def test_within_half_a_point_of_a_bound_nothing_changes(
    bound: float, steps: list[float]
) -> None:
    first = regime(bound + steps[0])
    now = first
    for step in steps:
        now = regime(bound + step, now)
    assert now is first

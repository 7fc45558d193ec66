"""Forwards from parity and from neighbours, and the volatility at the forward."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.pricing.black76 import price
from alvh_trader.pricing.forward import (
    Pair,
    atm_volatility,
    carry_forward,
    interpolated_forward,
    parity_forward,
    parity_residuals,
)

STRIKES = np.arange(80.0, 125.0, 5.0)


def _mids(forward: float) -> tuple[np.ndarray, np.ndarray]:
    call = price(forward, STRIKES, 0.25, 0.2, 0.04, is_call=True)
    put = price(forward, STRIKES, 0.25, 0.2, 0.04, is_call=False)
    return call, put


def _pairs(call: np.ndarray, put: np.ndarray) -> list[Pair]:
    gaps = [
        Pair(float(k), float(c - p), 0.1)
        for k, c, p in zip(STRIKES, call, put, strict=True)
    ]
    return sorted(gaps, key=lambda pair: abs(pair.gap))


@given(st.floats(85, 120))
def test_parity_finds_the_forward_that_priced_the_chain(forward: float) -> None:
    call, put = _mids(forward)
    assert parity_forward(_pairs(call, put), 0.2, 0.04) == pytest.approx(forward)


def test_one_wild_quote_does_not_move_the_forward() -> None:
    call, put = _mids(101.0)
    call[4] += 3.0
    assert parity_forward(_pairs(call, put), 0.2, 0.04) == pytest.approx(101.0)
    residuals = parity_residuals(_pairs(call, put), 101.0, 0.2, 0.04)
    assert sorted(residuals) == pytest.approx([0.0] * 8 + [3.0], abs=1e-9)


def test_fewer_than_three_pairs_give_no_forward() -> None:
    pairs = _pairs(*_mids(101.0))
    assert math.isnan(parity_forward(pairs[:2], 0.2, 0.04))
    assert parity_forward(pairs[:3], 0.2, 0.04) == pytest.approx(101.0)


def test_carry_of_the_worked_example() -> None:
    forward = carry_forward(7138.80, 54 / 365, 0.0375, 0.012)
    assert forward == pytest.approx(7138.80 * math.exp(0.0255 * 54 / 365))


def test_a_forward_between_two_futures_is_linear_in_time() -> None:
    known = [(40.0, 21.0), (12.0, 19.0)]
    assert interpolated_forward(26, known) == pytest.approx(20.0)
    assert interpolated_forward(41, known) is None
    assert interpolated_forward(26, []) is None


def test_volatility_at_the_forward_lies_between_its_neighbours() -> None:
    strikes = np.array([105.0, 95.0, 100.0, 100.0])
    sigmas = np.array([0.18, 0.22, 0.19, 0.21])
    assert atm_volatility(strikes, sigmas, 102.5) == pytest.approx(0.19)
    assert math.isnan(atm_volatility(strikes, sigmas, 106.0))
    assert math.isnan(atm_volatility(strikes, np.full(4, math.nan), 100.0))

"""The beta of the volatility complex and the series it is taken of (alvh.md §7.5)."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from alvh_trader.signals.beta import VolBeta, VolSource, spot_beta, vol_beta
from alvh_trader.signals.constant_maturity import constant_maturity, contango

FIRST = date(2026, 1, 5)


def _series(log_returns: np.ndarray, start: float) -> list[tuple[date, float]]:
    values = start * np.exp(np.concatenate([[0.0], np.cumsum(log_returns)]))
    return [(FIRST + timedelta(days=i), float(v)) for i, v in enumerate(values)]


def _moves(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, count)


@pytest.mark.parametrize(
    ("beta", "factor"), [(-3.4, 1.1333), (-1.2, 0.5), (-6.0, 1.5), (-3.0, 1.0)]
)
def test_the_factor_of_the_specification(beta: float, factor: float) -> None:
    assert VolBeta(beta).factor == pytest.approx(factor, abs=5e-5)


def test_a_future_that_answers_threefold_has_a_beta_of_three() -> None:
    moves = _moves(1, 60)
    spx, vx = _series(moves, 7000.0), _series(-3.0 * moves, 20.0)
    found = vol_beta(vx, [], spx)
    assert found.value == pytest.approx(-3.0)
    assert found.source is VolSource.VX
    assert found.r2 == pytest.approx(1.0)
    assert not found.is_loose


def test_without_futures_half_of_vix_stands_in_and_then_the_default() -> None:
    moves = _moves(2, 60)
    spx, vix = _series(moves, 7000.0), _series(-5.0 * moves, 20.0)
    assert vol_beta([], vix, spx).value == pytest.approx(-2.5)
    assert vol_beta([], vix, spx).source is VolSource.VIX
    assert vol_beta([], [], spx) == VolBeta(-3.0, None, VolSource.DEFAULT)
    # Forty returns are enough, thirty-nine are not.
    assert vol_beta(vix[:41], [], spx[:41]).source is VolSource.VX
    assert vol_beta(vix[:40], [], spx[:40]).source is VolSource.DEFAULT


def test_the_slope_of_vix_in_spx_is_held_within_three_and_nine() -> None:
    moves = _moves(3, 60)
    spx = _series(moves, 7000.0)
    slopes = [spot_beta(_series(-b * moves, 20.0), spx) for b in (1.0, 5.0, 12.0)]
    assert slopes == [3.0, pytest.approx(5.0), 9.0]


def test_thirty_days_lie_between_two_contracts() -> None:
    near, far = FIRST + timedelta(days=20), FIRST + timedelta(days=48)
    woven = dict(constant_maturity({near: [(FIRST, 18.0)], far: [(FIRST, 21.0)]}))
    assert woven[FIRST] == pytest.approx(18.0 + (21.0 - 18.0) * 10 / 28)
    assert constant_maturity({far: [(FIRST, 21.0)]}) == ()


def test_contango_is_the_second_month_over_the_first() -> None:
    assert contango(18.0, 18.9) == pytest.approx(0.05)
    assert contango(None, 18.9) is None
    assert contango(18.0, math.nan) is None

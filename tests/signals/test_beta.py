"""Slopes of the volatility complex: the seeds' numbers, fallbacks, bounds, slips."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.signals.beta import (
    DEFAULT_VOL,
    VolBeta,
    VolSource,
    spot_beta,
    vol_beta,
    vx_scale,
)

FIRST = date(2026, 1, 5)
Points = list[tuple[date, float]]


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(count)]


def spx(count: int, seed: int = 1) -> Points:
    moves = np.random.default_rng(seed).normal(0.0, 0.01, count)
    return list(
        zip(days(count), (7000 * np.exp(np.cumsum(moves))).tolist(), strict=True)
    )


def follow(index: Points, slope: float, level: float = 18.0) -> Points:
    """Return a series whose log returns are `slope` times those of the index."""
    return [(d, level * (p / index[0][1]) ** slope) for d, p in index]


@pytest.mark.parametrize(
    ("beta", "factor", "increased"),
    [(-3.4, 1.1333, 111_333), (-1.2, 0.5, 105_000), (-6.0, 1.5, 115_000)],
)
def test_worked_factors(beta: float, factor: float, increased: float) -> None:
    found = VolBeta(beta)
    assert found.factor == pytest.approx(factor, abs=5e-5)
    assert 100_000 * (1 + 0.10 * found.factor) == pytest.approx(increased, abs=0.5)


def test_the_worst_day_of_2011() -> None:
    # 8 August 2011: SPX -6.88 %, VIX +40.6 % (alvh.md §7.5): within the clip.
    assert 3 < -math.log(1.406) / math.log(1 - 0.0688) < 9


def test_the_slope_of_what_follows_exactly() -> None:
    index = spx(70)
    found = vol_beta(follow(index, -3.4), follow(index, -7.0), index)
    assert found.value == pytest.approx(-3.4)
    assert found.r2 == pytest.approx(1.0)
    assert found.source is VolSource.VX
    assert not found.is_loose
    assert spot_beta(follow(index, -4.5), index) == pytest.approx(4.5)


def test_without_futures_half_of_vix_and_without_vix_the_default() -> None:
    index = spx(70)
    found = vol_beta([], follow(index, -7.0), index)
    assert found.source is VolSource.VIX
    assert found.value == pytest.approx(-3.5)
    assert vol_beta([], [], index) == VolBeta(DEFAULT_VOL, None, VolSource.DEFAULT)
    assert vol_beta(follow(index, -3.0), follow(index, -7.0), []) == VolBeta()
    assert VolBeta().is_loose


def test_forty_returns_will_do_and_thirty_nine_will_not() -> None:
    index = spx(41)
    vx = follow(index, -3.0)
    assert vol_beta(vx, [], index).source is VolSource.VX
    assert vol_beta(vx[1:], [], index).source is VolSource.DEFAULT
    assert spot_beta(vx[1:], index) is None


def test_what_spx_does_not_explain_is_loose() -> None:
    index, noise = spx(70), spx(70, seed=2)
    other = [(d, 18 * (p / 7000) ** 3) for d, p in noise]
    assert vol_beta(other, [], index).is_loose


@pytest.mark.parametrize(("slope", "clipped"), [(-1.0, 3.0), (2.0, 3.0), (-20.0, 9.0)])
def test_the_spot_beta_is_clipped(slope: float, clipped: float) -> None:
    index = [(d, 7000 + 10 * math.sin(i)) for i, d in enumerate(days(70))]
    assert spot_beta(follow(index, slope), index) == clipped


def test_what_is_not_explained_is_no_refit() -> None:
    index, noise = spx(130), spx(130, seed=2)
    other = [(d, 18 * (p / 7000) ** 3) for d, p in noise]
    assert spot_beta(other, index) is None
    assert vx_scale(other, follow(index, -1.0)) is None


def test_the_vx_scale_is_the_slope_over_the_formulas_half() -> None:
    vix = [(d, 20 + 2 * math.sin(i)) for i, d in enumerate(days(130))]

    def vx(slope: float) -> Points:
        return [(d, 21 + slope * (v - 20)) for d, v in vix]

    assert vx_scale(vx(0.55), vix) == pytest.approx(1.1)
    assert vx_scale(vx(0.9), vix) == pytest.approx(1.4)
    assert vx_scale(vx(0.1), vix) == pytest.approx(0.6)
    assert vx_scale(vx(0.55)[:61], vix) == pytest.approx(1.1)
    assert vx_scale(vx(0.55)[:60], vix) is None
    assert vx_scale([], vix) is None


@given(st.integers(0, 69), st.sampled_from([0.01, 0.1, 10.0, 100.0, 1000.0, math.nan]))
def test_one_slip_of_units_never_makes_a_slope_up(at: int, factor: float) -> None:
    index = spx(70)
    vix = follow(index, -4.5)
    vix[at] = (vix[at][0], vix[at][1] * factor)
    found = spot_beta(vix, index)
    assert found is None or found == pytest.approx(4.5)


@given(st.floats(0.001, 1000.0))
def test_a_whole_series_in_other_units_is_right_or_not_there(factor: float) -> None:
    index = spx(70)
    vix = [(d, v * factor) for d, v in follow(index, -4.5)]
    found = spot_beta(vix, index)
    assert found is None or found == pytest.approx(4.5, rel=0.2)


def test_an_index_that_never_moves_has_no_slope() -> None:
    flat = [(d, 7000.0) for d in days(70)]
    assert spot_beta(follow(spx(70), -4.0), flat) is None
    assert vx_scale(follow(spx(130), -1.0), [(d, 18.0) for d in days(130)]) is None


@pytest.mark.parametrize(
    ("beta", "factor"), [(-3.4, 1.1333), (-1.2, 0.5), (-6.0, 1.5), (-3.0, 1.0)]
)
def test_the_factor_of_the_specification(beta: float, factor: float) -> None:
    assert VolBeta(beta).factor == pytest.approx(factor, abs=5e-5)


def test_a_future_that_answers_threefold_has_a_beta_of_three() -> None:
    index = spx(61)
    found = vol_beta(follow(index, -3.0), [], index)
    assert found.value == pytest.approx(-3.0)
    assert found.source is VolSource.VX
    assert found.r2 == pytest.approx(1.0)
    assert not found.is_loose


def test_without_futures_half_of_vix_stands_in_and_then_the_default() -> None:
    index = spx(61, seed=2)
    vix = follow(index, -5.0)
    assert vol_beta([], vix, index).value == pytest.approx(-2.5)
    assert vol_beta([], vix, index).source is VolSource.VIX
    assert vol_beta([], [], index) == VolBeta(-3.0, None, VolSource.DEFAULT)
    # Forty returns are enough, thirty-nine are not.
    assert vol_beta(vix[:41], [], index[:41]).source is VolSource.VX
    assert vol_beta(vix[:40], [], index[:40]).source is VolSource.DEFAULT


def test_the_slope_of_vix_in_spx_is_held_within_three_and_nine() -> None:
    index = spx(61, seed=3)
    slopes = [spot_beta(follow(index, -b), index) for b in (1.0, 5.0, 12.0)]
    assert slopes == [3.0, pytest.approx(5.0), 9.0]

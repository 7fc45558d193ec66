"""RSI and MACD held against TA-Lib, which has nothing of ours in it."""

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.signals.macd import macd
from alvh_trader.signals.rsi import rsi

WARM_UP = 300
"""Bars after which it no longer matters how an average was seeded.

TA-Lib seeds the slow average with a mean of 26 bars, the specification with the first
value: after 300 bars the difference has shrunk by (1 - 2/27)**274, below 1e-9."""


def walk(seed: int, bars: int, sigma: float = 0.012) -> np.ndarray:
    """Return closes of a random walk that starts at 7000."""
    steps = np.random.default_rng(seed).normal(0.0, sigma, bars)
    return np.asarray(7000.0 * np.exp(np.cumsum(steps)))


@given(st.integers(0, 2**32 - 1), st.integers(15, 400))
def test_rsi_is_that_of_an_independent_library(seed: int, bars: int) -> None:
    closes = walk(seed, bars)
    assert rsi(closes.tolist()) == pytest.approx(talib.RSI(closes, 14)[-1], abs=1e-8)


@given(st.integers(0, 2**32 - 1), st.integers(0, 200))
def test_macd_is_that_of_an_independent_library_after_warm_up(
    seed: int, more: int
) -> None:
    closes = walk(seed, WARM_UP + more)
    found = macd(closes.tolist())
    assert found is not None
    line, signal, histogram = talib.MACD(closes, 12, 26, 9)
    assert found.macd == pytest.approx(line[-1], abs=1e-5)
    assert found.signal == pytest.approx(signal[-1], abs=1e-5)
    assert found.rows == pytest.approx(tuple(histogram[-3:]), abs=1e-5)


def test_before_warm_up_the_seeds_differ() -> None:
    """Else the test above would show nothing about the warm-up."""
    closes = walk(1, 60)
    found = macd(closes.tolist())
    assert found is not None
    assert abs(found.macd - talib.MACD(closes, 12, 26, 9)[0][-1]) > 1e-5


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_neither_depends_on_the_unit_of_the_price_but_macd_carries_it(
    seed: int, scale: float
) -> None:
    closes = walk(seed, 120)
    one, other = macd(closes.tolist()), macd((closes * scale).tolist())
    assert one is not None
    assert other is not None
    assert other.histogram == pytest.approx(one.histogram * scale, rel=1e-6, abs=1e-9)
    assert rsi((closes * scale).tolist()) == pytest.approx(rsi(closes.tolist()))

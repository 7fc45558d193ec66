"""Realised volatility."""

import math

import pytest

from alvh_trader.signals.volatility import hv20


def test_alternating_returns_have_a_known_volatility() -> None:
    closes = [100.0]
    for i in range(20):
        closes.append(closes[-1] * math.exp(0.01 if i % 2 else -0.01))
    expected = 0.01 * math.sqrt(20 / 19) * math.sqrt(252) * 100
    assert hv20(closes) == pytest.approx(expected)


def test_only_the_last_twenty_returns_count() -> None:
    quiet = [100.0] * 21
    assert hv20([50.0, *quiet]) == 0.0
    assert hv20(quiet[:-1]) is None

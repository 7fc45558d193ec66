"""Prices that are none: an indicator says that it does not know, and never raises."""

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.signals.breadth import Divergence, is_divergence
from alvh_trader.signals.layer2 import is_calm
from alvh_trader.signals.macd import macd
from alvh_trader.signals.rsi import rsi
from alvh_trader.signals.volatility import hv20

Indicator = Callable[[Sequence[float]], object]
INDICATORS: tuple[Indicator, ...] = (rsi, macd, hv20)
PRICES = [7000.0 + 3 * t + 40 * math.sin(t / 3) for t in range(100)]


@pytest.mark.parametrize("indicator", INDICATORS)
@given(at=st.integers(80, 99), odd=st.sampled_from([math.nan, math.inf, -math.inf]))
def test_what_is_no_number_gives_none(
    indicator: Indicator, at: int, odd: float
) -> None:
    assert indicator(PRICES) is not None
    assert indicator([*PRICES[:at], odd, *PRICES[at + 1 :]]) is None


@pytest.mark.parametrize("odd", [0.0, -7000.0])
def test_a_price_that_is_not_positive_has_no_volatility(odd: float) -> None:
    assert hv20([*PRICES[:-1], odd]) is None


@given(st.lists(st.floats(), max_size=70), st.lists(st.integers(), max_size=70))
def test_nothing_raises_whatever_is_given(closes: list[float], net: list[int]) -> None:
    for indicator in INDICATORS:
        indicator(closes)
    is_calm(closes, net)
    found = [is_divergence(closes, net, form) for form in Divergence]
    if min(len(closes), len(net)) < 22:
        assert found == [None, None]
